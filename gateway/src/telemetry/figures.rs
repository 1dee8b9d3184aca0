//! Where the gateway counts. What is on a check's way is bound to its labels beforehand, so that to count is to add to a few
//! numbers: nothing is looked up by text, and nothing is allocated.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Gauge, Histogram, Meter};
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::case_clock::{CaseClock, Step};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::{Facts, Outcome, Unavailable};
use statuscheck_domain::timing::Timing;

use super::catalogue::{
    CALLS, CLOCK_LATENESS, DEPARTMENT_DURATION, DEPARTMENT_PARTS, LEDGER_BATCH, PART_DURATION, QUOTA_LIMIT,
    QUOTA_USED, REASONS, REFUSED, RESULTS, STAGE_DURATION, STAGES, TIME_LEFT,
};
use super::hour::{Hour, Load, Minute};
use super::trace;
use super::under::Agreements;
use crate::departments::Asked;
use crate::error::Error;
use crate::quota::Usage;

pub(super) mod calls;

use self::calls::Calls;

/// A stage of a check's way.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    /// Whether this kind of peer may call this.
    Peer,
    /// From bytes to a permit.
    Authorise,
    /// A place in the rates, and a seat.
    Reserve,
    /// A step made durable.
    Record,
    /// Departments, until there is a decision.
    Ask,
}

/// When something began that is measured; nothing where nobody reads the figures.
#[derive(Clone, Copy)]
pub(crate) struct Began(Option<Duration>);

/// What is counted while the gateway works.
pub(crate) struct Figures {
    clock: SharedClock,
    is_read: bool,
    calls: Calls,
    stages: [BoundHistogram<f64>; STAGES.len()],
    departments: [[BoundHistogram<f64>; RESULTS.len()]; DepartmentId::ALL.len()],
    parts: [[BoundHistogram<f64>; DEPARTMENT_PARTS.len()]; DepartmentId::ALL.len()],
    refused: [BoundCounter<u64>; REASONS.len()],
    agreements: Agreements,
    time_left: [BoundHistogram<f64>; CheckKind::ALL.len()],
    lateness: Histogram<f64>,
    batch: Histogram<f64>,
    quota_used: Gauge<u64>,
    quota_limit: Gauge<u64>,
    hour: Hour,
    /// Seconds since 1970 when a department's newest feed was loaded; 0 where no reply has told.
    feeds: [AtomicI64; DepartmentId::ALL.len()],
    /// Milliseconds on the monotonic clock when the timekeeper last took a turn.
    beat_at: AtomicU64,
    /// The same, when due work was last looked at.
    looked_at: AtomicU64,
    /// How long the oldest due case waited then, in milliseconds.
    overdue: AtomicU64,
}

impl Figures {
    pub(super) fn new(meter: &Meter, clock: SharedClock, is_read: bool) -> Self {
        let stage = STAGE_DURATION.histogram(meter);
        let department = DEPARTMENT_DURATION.histogram(meter);
        let part = PART_DURATION.histogram(meter);
        let parts = |id: DepartmentId| {
            DEPARTMENT_PARTS.map(|name| part.bind(&PART_DURATION.with([id.as_str().into(), name.into()])))
        };
        let refused = REFUSED.counter(meter);
        let time_left = TIME_LEFT.histogram(meter);
        let results = |id: DepartmentId| {
            RESULTS
                .map(|result| department.bind(&DEPARTMENT_DURATION.with([id.as_str().into(), result.into()])))
        };
        Self {
            is_read,
            calls: Calls::new(CALLS.histogram(meter)),
            stages: STAGES.map(|name| stage.bind(&STAGE_DURATION.with([name.into()]))),
            departments: DepartmentId::ALL.map(results),
            parts: DepartmentId::ALL.map(parts),
            refused: REASONS.map(|reason| refused.bind(&REFUSED.with([reason.into()]))),
            agreements: Agreements::new(meter),
            time_left: CheckKind::ALL.map(|kind| time_left.bind(&TIME_LEFT.with([kind.as_str().into()]))),
            lateness: CLOCK_LATENESS.histogram(meter),
            batch: LEDGER_BATCH.histogram(meter),
            quota_used: QUOTA_USED.gauge(meter),
            quota_limit: QUOTA_LIMIT.gauge(meter),
            hour: Hour::new(clock.elapsed()),
            feeds: Default::default(),
            beat_at: AtomicU64::new(millis(clock.elapsed())),
            looked_at: AtomicU64::new(millis(clock.elapsed())),
            overdue: AtomicU64::new(0),
            clock,
        }
    }

    /// Now, where anybody reads the figures: to read the clock is most of what measuring costs.
    pub(crate) fn begin(&self) -> Began {
        Began(self.is_read.then(|| self.clock.elapsed()))
    }

    fn since(&self, began: Began) -> Option<Duration> {
        Some(self.clock.elapsed().saturating_sub(began.0?))
    }

    /// The minutes of the last hour, the oldest first; none where nothing is measured.
    pub(crate) fn minutes(&self, load: Load) -> Option<Vec<Minute>> {
        let now = self.clock.elapsed();
        self.is_read.then(|| self.hour.minutes(load, now))
    }

    /// Minutes go by, whether or not anything happens in them.
    pub(super) fn turn(&self) {
        self.hour.turn(self.clock.elapsed());
    }

    /// A call to `path` that began then.
    pub(crate) fn call(self: &std::sync::Arc<Self>, path: &str, began: Began) -> Option<calls::Call> {
        began.0.map(|_| self.calls.begin(self, path, began))
    }

    /// A stage has ended.
    pub(crate) fn stage(&self, stage: Stage, began: Began) {
        if let Some(took) = began.0.map(|began| self.clock.elapsed().saturating_sub(began)) {
            self.stages[stage as usize].record(took.as_secs_f64());
            trace::stage(STAGES[stage as usize], took);
        }
    }

    /// A question to a department has ended.
    pub(crate) fn replied(&self, department: DepartmentId, asked: &Asked, began: Began) {
        let reply = &asked.reply;
        if let Some(took) = self.since(began) {
            self.departments[department as usize][result(&reply.outcome)].record(took.as_secs_f64());
            let failed = matches!(reply.outcome, Outcome::Unavailable(_));
            self.hour.count(Load::Questions(department), took, failed);
            if let Some(timing) = asked.timing {
                self.parted(department, timing);
            }
        }
        if let Outcome::Found(Facts::EducationEligibility(found)) = &reply.outcome
            && let (Some(source), Some(loaded_at)) = (found.source, found.loaded_at)
        {
            self.feeds[source as usize].fetch_max(loaded_at.as_second(), Ordering::Relaxed);
        }
    }

    fn parted(&self, department: DepartmentId, timing: Timing) {
        let parts = [Some(timing.gateway_us), timing.department_us, timing.network_us];
        for (part, us) in self.parts[department as usize].iter().zip(parts) {
            if let Some(us) = us {
                part.record(f64::from(us) / 1e6);
            }
        }
    }

    /// A check was answered in its call.
    pub(crate) fn answered(&self, case: &Case) {
        if self.is_read {
            self.agreements.answered(case);
        }
    }

    /// A check was not taken.
    pub(crate) fn refused(&self, error: &Error) {
        self.refused[reason(error)].add(1);
    }

    /// A step of a case was recorded, from `before` to `after`: where that answered it, the promise was kept or not.
    pub(crate) fn stepped(&self, before: &Case, after: &Case, now: Timestamp) {
        if !self.is_read || before.is_over() || after.state != CaseState::Answered {
            return;
        }
        let kind = after.receipt.check.kind();
        let due_at = after
            .clock
            .as_ref()
            .map_or(after.receipt.clock.due_at, CaseClock::due_at);
        if after.clock.is_some() {
            let left = due_at.duration_since(now).max(SignedDuration::ZERO);
            self.time_left[kind as usize].record(left.as_secs_f64());
        }
        let has_breached = |clock: &CaseClock| clock.fired().any(|step| step == Step::Breached);
        // What was late was counted when its due time passed.
        if !after.clock.as_ref().is_some_and(has_breached) {
            self.agreements.promised(after, !after.is_breached(now));
        }
    }

    /// Steps of a case's clock were fired that were due at `due`; `breached` where one said that the answer is late.
    pub(crate) fn fired(&self, case: &Case, due: Timestamp, now: Timestamp, breached: bool) {
        self.lateness
            .record(now.duration_since(due).as_secs_f64().max(0.0), &[]);
        if breached && self.is_read {
            self.agreements.promised(case, false);
        }
    }

    /// The timekeeper takes a turn.
    pub(crate) fn beat(&self) {
        self.beat_at
            .store(millis(self.clock.elapsed()), Ordering::Relaxed);
    }

    /// Due work was looked at, and the oldest of it has been waiting for so long.
    pub(crate) fn looked(&self, overdue: Duration) {
        self.looked_at
            .store(millis(self.clock.elapsed()), Ordering::Relaxed);
        self.overdue.store(millis(overdue), Ordering::Relaxed);
    }

    /// So many changes were recorded in one commit.
    pub(crate) fn committed(&self, changes: usize) {
        self.batch
            .record(u32::try_from(changes).unwrap_or(u32::MAX).into(), &[]);
    }

    /// How a quota stands.
    pub(crate) fn quota(&self, usage: &Usage) {
        let Usage { key, used, limit } = usage;
        let labels = || [key.agreement.to_string().into(), key.department.as_str().into()];
        self.quota_used.record(*used, &QUOTA_USED.with(labels()));
        self.quota_limit.record(*limit, &QUOTA_LIMIT.with(labels()));
    }

    /// How long ago the timekeeper took a turn.
    pub(super) fn stillness(&self) -> Duration {
        self.ago(&self.beat_at)
    }

    /// How long ago due work was looked at.
    pub(super) fn silence(&self) -> Duration {
        self.ago(&self.looked_at)
    }

    fn ago(&self, at: &AtomicU64) -> Duration {
        let at = Duration::from_millis(at.load(Ordering::Relaxed));
        self.clock.elapsed().saturating_sub(at)
    }

    pub(super) fn overdue(&self) -> Duration {
        Duration::from_millis(self.overdue.load(Ordering::Relaxed))
    }

    /// When the newest feed of each department was loaded that a reply told of, to the second.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = (DepartmentId, Timestamp)> {
        let feeds = DepartmentId::ALL.into_iter().zip(&self.feeds);
        feeds.filter_map(|(department, loaded_at)| {
            let loaded_at = Some(loaded_at.load(Ordering::Relaxed)).filter(|at| *at != 0)?;
            Some((department, Timestamp::from_second(loaded_at).ok()?))
        })
    }

    /// How old they are.
    pub(super) fn feed_ages(&self) -> impl Iterator<Item = (DepartmentId, Duration)> {
        let now = self.clock.now().as_second();
        self.feeds().map(move |(department, loaded_at)| {
            let age = u64::try_from(now.saturating_sub(loaded_at.as_second())).unwrap_or(0);
            (department, Duration::from_secs(age))
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What came of a question, in a word.
pub(crate) const fn result_name(outcome: &Outcome) -> &'static str {
    RESULTS[result(outcome)]
}

/// The place of a reply in [`RESULTS`].
const fn result(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Found(_) => 0,
        Outcome::NoRecord => 1,
        Outcome::Ambiguous { .. } => 2,
        Outcome::Deferred { .. } => 3,
        Outcome::Closed { .. } => 4,
        Outcome::Unavailable(Unavailable::Failed) => 5,
        Outcome::Unavailable(Unavailable::Slow) => 6,
        Outcome::Unavailable(Unavailable::Garbage) => 7,
        Outcome::Unavailable(Unavailable::Throttled) => 8,
        Outcome::Unavailable(Unavailable::Refused) => 9,
        Outcome::Unavailable(Unavailable::BreakerOpen) => 10,
    }
}

/// The place of a refusal in [`REASONS`]. What is about other calls than checks is never asked, and counts as ours.
const fn reason(error: &Error) -> usize {
    match error {
        Error::RateLimited { .. } => 0,
        Error::QuotaSpent { .. } => 1,
        Error::ProbingLimit { .. } => 2,
        Error::Overloaded { .. } => 3,
        Error::Busy { .. } => 4,
        Error::Invalid(_) => 5,
        Error::Refused { .. } => 6,
        Error::RequestIdTaken => 7,
        Error::NoSuchCase(_) | Error::NotNow(_) | Error::CaseChanged => 8,
        Error::DeadlineTooShort => 9,
        Error::CannotRecord => 10,
        _ => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_and_refusal_counts_under_its_own_name() {
        assert_eq!(RESULTS[result(&Outcome::NoRecord)], "no_record");
        assert_eq!(RESULTS[result(&Outcome::Closed { until: None })], "closed");
        let unavailable = [
            (Unavailable::Failed, "failed"),
            (Unavailable::Slow, "slow"),
            (Unavailable::Garbage, "garbage"),
            (Unavailable::Throttled, "throttled"),
            (Unavailable::Refused, "refused"),
            (Unavailable::BreakerOpen, "breaker_open"),
        ];
        for (why, name) in unavailable {
            assert_eq!(RESULTS[result(&Outcome::Unavailable(why))], name);
        }
        assert_eq!(REASONS[reason(&Error::busy())], "queue");
        assert_eq!(REASONS[reason(&Error::DeadlineTooShort)], "too_late");
        assert_eq!(REASONS[reason(&Error::CannotRecord)], "cannot_record");
        assert_eq!(REASONS[reason(&Error::NotServed)], "internal");
        assert_eq!(STAGES[Stage::Ask as usize], "ask");
    }
}
