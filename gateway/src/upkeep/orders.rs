//! Orders about the due times of open cases: each is recorded first, then worked off case by case, and what is left of one when a
//! gateway dies is gone on with by the next that looks.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::case::{Case, HistoryError};
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{AgreementId, CaseId, DueOrderId};
use tokio::time::sleep;

use super::{Housekeeping, UpkeepError};
use crate::store::upkeep::OpenQuery;
use crate::store::{CommitError, HouseEntry, HouseKind, HouseQuery, ReadError};

/// Cases looked for in one read: a few milliseconds.
const PAGE: usize = 200;

/// Cases that are read and written at once. More would take the queue's places from checks.
const AT_ONCE: usize = 32;

/// How often a case is tried whose state changes meanwhile, or for which the store has no room.
const ATTEMPTS_MAX: usize = 20;

/// Between two attempts. 20 attempts are the second in which a full queue drains.
const PAUSE: Duration = Duration::from_millis(50);

/// The same order of the same operator within this time is the same order. A minute: a terminal that lost its answer is
/// started again by then, and who means it twice says why in other words.
pub(super) const REPEAT: SignedDuration = SignedDuration::from_mins(1);

/// Orders looked at for those that were left, the newest; an order is finished long before so many follow it.
pub(super) const LOOKED_AT: usize = 100;

/// How far an order is gone with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Only what it would do is looked at.
    Look,
    /// Cases are moved.
    Move,
}

/// What an order makes of one case.
pub(super) enum Effect<M> {
    /// It moves its due time, or has moved it.
    Moves(AgreementId, M),
    /// It does not mean it.
    NotMeant,
    /// It means it, and the case cannot be moved so.
    Refused,
}

/// An order.
pub(super) trait Order: Sync {
    /// How a case is moved.
    type Move: Send;

    /// The one agreement whose cases are meant; none means all.
    fn agreement(&self) -> Option<&AgreementId>;

    /// What it makes of `case` at `now`, and the steps that do it; no steps where it is done.
    fn effect(&self, case: &Case, now: Timestamp) -> (Effect<Self::Move>, Vec<ClockEvent>);
}

impl Housekeeping {
    /// Goes through every open case that may be meant, page by page, and counts what becomes of each.
    pub(super) async fn walk<O: Order>(
        &self,
        order: &O,
        depth: Depth,
        mut count: impl FnMut(Effect<O::Move>),
    ) -> Result<(), UpkeepError> {
        let mut after = None;
        loop {
            let query = OpenQuery {
                agreement: order.agreement().cloned(),
                after,
                limit: PAGE,
            };
            let page = self.store.open(query).await?;
            let Some(last) = page.last().copied() else {
                return Ok(());
            };
            after = Some(last);
            let step = |id| self.move_case(order, id, depth);
            let mut steps = stream::iter(page).map(step).buffer_unordered(AT_ONCE);
            while let Some(moved) = steps.next().await {
                count(moved?);
            }
        }
    }

    /// Moves one case, behind whatever others do with it meanwhile, or says what would become of it.
    async fn move_case<O: Order>(
        &self,
        order: &O,
        id: CaseId,
        depth: Depth,
    ) -> Result<Effect<O::Move>, UpkeepError> {
        for _ in 0..ATTEMPTS_MAX {
            let case = match self.store.case(id).await {
                Ok(Some(case)) => case,
                Ok(None) => return Ok(Effect::NotMeant),
                Err(ReadError::Full) => {
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let now = self.clock.now();
            let (effect, steps) = order.effect(&case, now);
            if steps.is_empty() || depth == Depth::Look {
                return Ok(effect);
            }
            let change = case
                .change(now, steps.into_iter().map(EventKind::Clock))
                .and_then(|(change, after)| self.told(&case, change, after))
                .map_err(|_no_history| CommitError::Malformed)?;
            match self.store.commit_behind(change).await {
                Ok(()) => return Ok(effect),
                Err(CommitError::Stale | CommitError::Full) => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Full.into())
    }

    /// The change that takes `case` to `after`, with what its caller is told of it.
    fn told(&self, case: &Case, change: Change, after: Case) -> Result<Change, HistoryError> {
        match &self.outbox {
            Some(outbox) => outbox.telling(case, change, after).map(|(change, _)| change),
            None => Ok(change),
        }
    }

    /// Goes on with every order that was not finished.
    pub(super) async fn finish_orders(&self) -> Result<(), UpkeepError> {
        self.finish_extensions().await?;
        self.finish_recounts().await
    }

    /// Orders of the kind `given`, oldest first, of which no entry of the kind `done` says that they were finished.
    pub(super) async fn unfinished(
        &self,
        given: HouseKind,
        done: HouseKind,
    ) -> Result<Vec<HouseEntry>, UpkeepError> {
        let mut given = self.noted(given, None, LOOKED_AT).await?;
        let Some(oldest) = given.last() else {
            return Ok(Vec::new());
        };
        let before = oldest
            .time
            .saturating_sub(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MIN);
        let done = self.noted(done, Some(before), usize::MAX).await?;
        let done: Vec<_> = done.iter().filter_map(order_of).collect();
        given.retain(|entry| order_of(entry).is_none_or(|order| !done.contains(&order)));
        given.reverse();
        Ok(given)
    }

    /// The newest entries of a kind.
    pub(super) async fn noted(
        &self,
        kind: HouseKind,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<HouseEntry>, ReadError> {
        let query = HouseQuery {
            kind,
            after,
            before: None,
            limit,
        };
        self.store.noted(query).await
    }
}

/// Which order `entry` is about.
pub(super) fn order_of(entry: &HouseEntry) -> Option<DueOrderId> {
    entry.details.get("order")?.as_str()?.parse().ok()
}

/// A time of its own for an order that is given `now`, after the newest of its kind.
pub(super) fn given_at(now: Timestamp, newest: Option<Timestamp>) -> Timestamp {
    let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
    after.map_or(now, |after| after.max(now))
}
