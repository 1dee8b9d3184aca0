//! Where the gateway counts. What is on a check's way is noted, and many notes at a time are given to their series, which are
//! bound to their labels beforehand: to count is to write a few bytes.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use opentelemetry::metrics::{BoundCounter, Gauge, Histogram, Meter};
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::case_clock::{CaseClock, Step};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::{Facts, Outcome, Unavailable};
use statuscheck_domain::timing::Timing;

use super::catalogue::{CLOCK_LATENESS, QUOTA_LIMIT, QUOTA_USED, REASONS, REFUSED, RESULTS, STAGES};
use super::hour::{Load, Minute};
use super::{trace, under};
use crate::departments::Asked;
use crate::error::Error;
use crate::quota::Usage;

pub(super) mod calls;
mod notes;
mod series;

use self::notes::Notes;
use self::series::{Note, Of, Series};

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
    notes: Notes<Note>,
    series: Series,
    refused: [BoundCounter<u64>; REASONS.len()],
    lateness: Histogram<f64>,
    quota_used: Gauge<u64>,
    quota_limit: Gauge<u64>,
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
        let refused = REFUSED.counter(meter);
        Self {
            is_read,
            notes: Notes::new(),
            series: Series::new(meter, clock.elapsed()),
            refused: REASONS.map(|reason| refused.bind(&REFUSED.with([reason.into()]))),
            lateness: CLOCK_LATENESS.histogram(meter),
            quota_used: QUOTA_USED.gauge(meter),
            quota_limit: QUOTA_LIMIT.gauge(meter),
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
        began.0.map(|began| self.clock.elapsed().saturating_sub(began))
    }

    fn note(&self, notes: impl IntoIterator<Item = Note>) {
        self.notes.add(notes, |notes| self.series.give(notes));
    }

    /// Has everything told that was noted before.
    pub(super) fn give(&self) {
        self.notes.give(|notes| self.series.give(notes));
    }

    /// The minutes of the last hour, the oldest first; none where nothing is measured.
    pub(crate) fn minutes(&self, load: Load) -> Option<Vec<Minute>> {
        self.give();
        let now = self.clock.elapsed();
        self.is_read.then(|| self.series.hour.minutes(load, now))
    }

    /// Minutes go by, whether or not anything happens in them.
    pub(super) fn turn(&self) {
        // So a minute has what ended in it.
        self.give();
        self.series.hour.turn(self.clock.elapsed());
    }

    /// A call to `path` that began then.
    pub(crate) fn call(self: &std::sync::Arc<Self>, path: &str, began: Began) -> Option<calls::Call> {
        began.0.map(|_| calls::Call::new(self, path, began))
    }

    /// A stage has ended.
    pub(crate) fn stage(&self, stage: Stage, began: Began) {
        if let Some(took) = self.since(began) {
            self.note([Of::Stage(stage).took(took)]);
            trace::stage(STAGES[stage as usize], took);
        }
    }

    /// A question to a department has ended.
    pub(crate) fn replied(&self, department: DepartmentId, asked: &Asked, began: Began) {
        let reply = &asked.reply;
        if let Some(took) = self.since(began) {
            let failed = matches!(reply.outcome, Outcome::Unavailable(_));
            let question = Of::Question(department, result(&reply.outcome), failed).took(took);
            let parts = asked.timing.map(|timing| parted(department, timing));
            self.note(std::iter::once(question).chain(parts.into_iter().flatten()));
        }
        if let Outcome::Found(Facts::EducationEligibility(found)) = &reply.outcome
            && let (Some(source), Some(loaded_at)) = (found.source, found.loaded_at)
        {
            self.feeds[source as usize].fetch_max(loaded_at.as_second(), Ordering::Relaxed);
        }
    }

    /// A check was answered in its call.
    pub(crate) fn answered(&self, case: &Case) {
        if self.is_read {
            let under = self.series.agreements.under(&case.receipt.agreement_id);
            let place = under::place(&case.answer.outcome);
            self.note([Of::Check(under, case.receipt.check.kind(), place).times(1)]);
        }
    }

    fn promised(&self, case: &Case, kept: bool) {
        let under = self.series.agreements.under(&case.receipt.agreement_id);
        self.note([Of::Promise(under, case.receipt.check.kind(), kept).times(1)]);
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
            self.note([Of::TimeLeft(kind).took(left.unsigned_abs())]);
        }
        let has_breached = |clock: &CaseClock| clock.fired().any(|step| step == Step::Breached);
        // What was late was counted when its due time passed.
        if !after.clock.as_ref().is_some_and(has_breached) {
            self.promised(after, !after.is_breached(now));
        }
    }

    /// Steps of a case's clock were fired that were due at `due`; `breached` where one said that the answer is late.
    pub(crate) fn fired(&self, case: &Case, due: Timestamp, now: Timestamp, breached: bool) {
        self.lateness
            .record(now.duration_since(due).as_secs_f64().max(0.0), &[]);
        if breached && self.is_read {
            self.promised(case, false);
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
        if self.is_read {
            self.note([Of::Batch.times(changes as u64)]);
        }
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
    RESULTS[result(outcome) as usize]
}

/// The place of a reply in [`RESULTS`].
const fn result(outcome: &Outcome) -> u8 {
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

/// Of a question, whose time was what.
fn parted(department: DepartmentId, timing: Timing) -> impl Iterator<Item = Note> {
    let parts = [Some(timing.gateway_us), timing.department_us, timing.network_us];
    (0..).zip(parts).filter_map(move |(part, us)| {
        let took = Duration::from_micros(us?.into());
        Some(Of::Part(department, part).took(took))
    })
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
        assert_eq!(result_name(&Outcome::NoRecord), "no_record");
        assert_eq!(result_name(&Outcome::Closed { until: None }), "closed");
        let unavailable = [
            (Unavailable::Failed, "failed"),
            (Unavailable::Slow, "slow"),
            (Unavailable::Garbage, "garbage"),
            (Unavailable::Throttled, "throttled"),
            (Unavailable::Refused, "refused"),
            (Unavailable::BreakerOpen, "breaker_open"),
        ];
        for (why, name) in unavailable {
            assert_eq!(result_name(&Outcome::Unavailable(why)), name);
        }
        assert_eq!(REASONS[reason(&Error::busy())], "queue");
        assert_eq!(REASONS[reason(&Error::DeadlineTooShort)], "too_late");
        assert_eq!(REASONS[reason(&Error::CannotRecord)], "cannot_record");
        assert_eq!(REASONS[reason(&Error::NotServed)], "internal");
        assert_eq!(STAGES[Stage::Ask as usize], "ask");
    }
}
