//! Retention: a closed case is purged when its agreement's time is over. An open one never is, nor one that is held, nor
//! one whose agreement is in the register no longer: nobody says then for how long it is kept.

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use statuscheck_domain::retention::Retention;

use super::{Housekeeping, UpkeepError};
use crate::store::upkeep::{ClosedCase, ClosedQuery, Terms};
use crate::store::{CommitError, HouseKind};

/// Cases purged in one run. 100,000 take some seconds; a clock that jumped years ahead has done no more harm than that
/// when somebody looks at what the run says.
const PURGES_MAX: u64 = 100_000;

/// Cases looked at in one read: a few milliseconds.
const PAGE: usize = 500;

/// Purges that wait for the writer together, which commits them as one. More would take the queue's places from checks.
const AT_ONCE: usize = 64;

/// Attempts to empty the log, of five seconds each at most: readers are done long before.
const EMPTYINGS_MAX: usize = 3;

/// What a run did under one agreement for one check, or would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetentionLine {
    /// Under what the cases were asked.
    pub terms: Terms,
    /// How long they are kept; none where the agreement is in the register no longer.
    pub retention: Option<Retention>,
    /// Cases whose time is over and that are not held.
    pub due: u64,
    /// Of these, how many were purged.
    pub purged: u64,
    /// Cases whose time is over and that are held.
    pub held: u64,
    /// When the oldest of all these had its last event; none where there are none.
    pub oldest: Option<Timestamp>,
}

/// A run of retention.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetentionRun {
    /// By agreement and check, in order.
    pub lines: Vec<RetentionLine>,
    /// The most that one run purges was reached: run again.
    pub more: bool,
    /// What was deleted is in no file any longer. False where a reader was in the way: run again. True where nothing was.
    pub log_emptied: bool,
}

impl RetentionRun {
    /// Cases purged in all.
    pub fn purged(&self) -> u64 {
        self.lines.iter().map(|line| line.purged).sum()
    }
}

impl Housekeeping {
    /// Purges every case whose time is over; with `dry_run` only counts them, and records nothing.
    ///
    /// # Errors
    /// [`UpkeepError`]; what was purged before stays purged, and the next run goes on.
    pub async fn run_retention(&self, actor: &str, dry_run: bool) -> Result<RetentionRun, UpkeepError> {
        let now = self.clock.now();
        if !dry_run {
            let begun = self.entry(HouseKind::RetentionRun, actor, [("stage", "begun".into())]);
            self.store.note(begun).await?;
        }
        let mut run = RetentionRun {
            lines: Vec::new(),
            more: false,
            log_emptied: true,
        };
        for terms in self.store.terms().await? {
            let left = PURGES_MAX.saturating_sub(run.purged());
            let line = self.line(terms, now, (!dry_run).then_some(left)).await?;
            run.more |= !dry_run && line.due > line.purged;
            run.lines.push(line);
        }
        if !dry_run {
            let details = [("stage", "done".into()), ("purged", run.purged().into())];
            let done = self.entry(HouseKind::RetentionRun, actor, details);
            self.store.note(done).await?;
            run.log_emptied = self.empty_log().await?;
        }
        Ok(run)
    }

    /// Counts the cases of `terms` that are due at `now`, and purges as many as `purges_max` says.
    async fn line(
        &self,
        terms: Terms,
        now: Timestamp,
        purges_max: Option<u64>,
    ) -> Result<RetentionLine, UpkeepError> {
        let mut line = RetentionLine {
            retention: self.retention(&terms),
            terms,
            due: 0,
            purged: 0,
            held: 0,
            oldest: None,
        };
        let Some(retention) = line.retention else {
            return Ok(line);
        };
        let mut after = None;
        loop {
            let query = ClosedQuery {
                terms: line.terms.clone(),
                after,
                limit: PAGE,
            };
            let page = self.store.closed(query).await?;
            // A case's last event is not before its first, so from here on none is due.
            let is_young = |case: &&ClosedCase| retention.ends(case.created) > now;
            let is_last = page.is_empty() || page.iter().any(|case| is_young(&case));
            after = page.last().map(|case| case.id);
            let mut due = page;
            due.retain(|case| retention.ends(case.updated) <= now);
            let oldest = due.iter().map(|case| case.updated).min();
            line.oldest = line.oldest.into_iter().chain(oldest).min();
            let all = due.len();
            due.retain(|case| !case.held);
            line.held += (all - due.len()) as u64;
            line.due += due.len() as u64;
            if let Some(max) = purges_max {
                let left = max.saturating_sub(line.purged);
                due.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                line.purged += self.purge(due, now).await?;
            }
            if is_last || purges_max.is_some_and(|max| line.purged >= max) {
                return Ok(line);
            }
        }
    }

    fn retention(&self, terms: &Terms) -> Option<Retention> {
        let version = self.register.now();
        let agreement = version.register.agreement(&terms.agreement)?;
        Some(agreement.retention(terms.check))
    }

    /// How many of `cases` were purged. One that changed, or was held, since it was read is left for another run.
    async fn purge(&self, cases: Vec<ClosedCase>, now: Timestamp) -> Result<u64, UpkeepError> {
        let purge = |case: ClosedCase| async move {
            match self.store.purge(case.id, case.version, now).await {
                Ok(()) => Ok(1),
                Err(CommitError::Stale) => Ok(0),
                Err(error) => Err(error),
            }
        };
        let mut outcomes = stream::iter(cases).map(purge).buffer_unordered(AT_ONCE);
        let mut purged = 0;
        while let Some(outcome) = outcomes.next().await {
            purged += outcome?;
        }
        Ok(purged)
    }

    async fn empty_log(&self) -> Result<bool, UpkeepError> {
        for _ in 0..EMPTYINGS_MAX {
            if self.store.empty_log().await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
