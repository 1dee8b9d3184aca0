//! Measures of an agreement, counted from the ledger: every case of it that was received in a time, as it stood at a time.
//!
//! A case is unsealed and folded for it, page by page, on threads that may block, and nothing is written anywhere for it when
//! checks are made; a case that was purged left its course in the open. So a count costs what its cases cost, and is bounded.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Deserialize;
use statuscheck_domain::agreement::Agreement;
use statuscheck_domain::clock::{SharedClock, london, london_day};
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::measures::{Course, Figures, Tally};
use statuscheck_domain::quota::Month;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

use crate::error::Error;
use crate::register::RegisterChanges;
use crate::store::{CourseQuery, Store};

/// Cases of one page: some milliseconds of a thread, after which a reader's place is free for others.
const PAGE: usize = 200;

/// When to come again where others are counting.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// The longest time that is asked about: ten years, for nothing is kept longer.
pub(crate) const SPAN_MAX: SignedDuration = SignedDuration::from_hours(24 * 3_653);

/// What counting measures may cost.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct MeasureSettings {
    /// Cases of one count. 200,000: some thirteen seconds of one processor, and ten megabytes; who wants more asks for shorter
    /// times.
    pub cases_max: u64,
    /// Counts at once. 1: they read what checks read too, and can wait.
    pub at_once_max: usize,
}

impl Default for MeasureSettings {
    fn default() -> Self {
        Self {
            cases_max: 200_000,
            at_once_max: 1,
        }
    }
}

/// What is to be counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wanted {
    /// Checks under that agreement,
    pub(crate) agreement: AgreementId,
    /// received at or after this,
    pub(crate) from: Timestamp,
    /// and before this; none means up to `as_of`.
    pub(crate) to: Option<Timestamp>,
    /// As they stood then; none means now.
    pub(crate) as_of: Option<Timestamp>,
}

/// What was counted.
pub(crate) struct Measured {
    pub(crate) figures: Figures,
    /// Most questions under quotas in the months that the time is in.
    pub(crate) quota_limit: u64,
    /// The time as of which it was counted.
    pub(crate) as_of: Timestamp,
}

/// The figures of some days, and of each.
pub(crate) struct ByDay {
    pub(crate) all: Figures,
    /// One for each day in London, in order.
    pub(crate) days: Vec<(Date, Figures)>,
}

/// Counts measures.
pub(crate) struct Measures {
    store: Arc<dyn Store>,
    register: Arc<RegisterChanges>,
    clock: SharedClock,
    cases_max: u64,
    turns: Semaphore,
    /// Between two pages.
    rest: Duration,
}

impl Measures {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        register: Arc<RegisterChanges>,
        settings: MeasureSettings,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            register,
            clock,
            cases_max: settings.cases_max,
            turns: Semaphore::new(settings.at_once_max),
            rest: Duration::ZERO,
        }
    }

    /// The same, which rests between two pages: for counts that nobody waits for.
    pub(crate) fn resting(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    /// Counts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time that is to come, or in which there are too many cases; [`Error::NoSuchAgreement`];
    /// [`Error::Overloaded`] where as many count as may.
    pub(crate) async fn count(&self, wanted: Wanted) -> Result<Measured, Error> {
        let _turn = self.turn()?;
        let now = self.clock.now();
        let as_of = wanted.as_of.unwrap_or(now);
        if as_of > now {
            return Err(Error::field("as_of", "must not be in the future"));
        }
        // What is received at that very instant is known then.
        let known = as_of.saturating_add(1.nanosecond()).unwrap_or(as_of);
        let to = wanted.to.map_or(known, |to| to.min(known));
        let register = self.register.as_of(as_of).await?;
        let agreement = register.agreement(&wanted.agreement);
        let mut tally = Tally::as_of(as_of);
        self.each(&wanted.agreement, wanted.from..to, |course| tally.add(course))
            .await?;
        let figures = tally.figures();
        if agreement.is_none() && figures.checks == 0 {
            return Err(Error::NoSuchAgreement(wanted.agreement));
        }
        Ok(Measured {
            figures,
            quota_limit: agreement.map_or(0, |agreement| quota_limit(agreement, wanted.from, to)),
            as_of,
        })
    }

    /// Counts the checks that were received in the last `count` days of London, today among them, as they stand now: all, and
    /// those of each day.
    ///
    /// # Errors
    /// As of [`Measures::count`].
    pub(crate) async fn by_day(&self, agreement: &AgreementId, count: u16) -> Result<ByDay, Error> {
        let _turn = self.turn()?;
        let now = self.clock.now();
        let today = london_day(now);
        let back = (1..count).rev().map(|days| i64::from(days).days());
        let days = back.map(|days| today.saturating_sub(days)).chain([today]);
        let mut days: Vec<_> = days.map(|day| (day, Tally::as_of(now))).collect();
        let mut all = Tally::as_of(now);
        let first = days.first().and_then(|(day, _)| day.to_zoned(london()).ok());
        let from = first.map_or(now, |first| first.timestamp());
        let to = now.saturating_add(1.nanosecond()).unwrap_or(now);
        self.each(agreement, from..to, |course| {
            all.add(course);
            let received = london_day(course.received);
            if let Ok(place) = days.binary_search_by_key(&received, |(day, _)| *day) {
                days[place].1.add(course);
            }
        })
        .await?;
        Ok(ByDay {
            all: all.figures(),
            days: days
                .into_iter()
                .map(|(day, tally)| (day, tally.figures()))
                .collect(),
        })
    }

    fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.turns.try_acquire().map_err(|_taken| Error::Overloaded {
            retry_after: BUSY_RETRY,
        })
    }

    /// The courses of all checks that were received in that time.
    async fn each(
        &self,
        agreement: &AgreementId,
        received: Range<Timestamp>,
        mut add: impl FnMut(&Course),
    ) -> Result<(), Error> {
        let mut query = CourseQuery {
            agreement: agreement.clone(),
            from: received.start,
            to: received.end,
            after: None,
            limit: PAGE,
        };
        let mut cases = 0;
        while query.from < query.to {
            let page = self.store.courses(query.clone()).await?;
            cases += page.courses.len() as u64;
            if cases > self.cases_max {
                let most = self.cases_max;
                let what = format!("leaves more than {most} checks to count; ask for a shorter time");
                return Err(Error::field("to", &what));
            }
            page.courses.iter().for_each(&mut add);
            if page.next.is_none() {
                break;
            }
            query.after = page.next;
            if !self.rest.is_zero() {
                sleep(self.rest).await;
            }
        }
        Ok(())
    }
}

/// What the agreement's quotas allow in all months of London that have a part in `from..to`, each by its last day.
fn quota_limit(agreement: &Agreement, from: Timestamp, to: Timestamp) -> u64 {
    let months = std::iter::successors(Some(Month::of(from)), |month| Some(month.next()));
    let months = months.take_while(|month| month.start() < to);
    let of_month = |month: Month| {
        let last = month.end().saturating_sub(1.nanosecond()).unwrap_or(to);
        agreement
            .quotas
            .iter()
            .map(|quota| quota.on(london_day(last)))
            .fold(0, u64::saturating_add)
    };
    months.map(of_month).fold(0, u64::saturating_add)
}

#[cfg(test)]
#[path = "measures_tests.rs"]
mod tests;
