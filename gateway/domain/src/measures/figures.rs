//! Counting courses.

use std::time::Duration;

use jiff::Timestamp;

use super::{Course, Milestone, Stage};

/// The figures of an agreement's checks that were received in a time, as known at a time.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// Checks that were received.
    pub checks: u64,
    /// Of those answered in time, those that were answered in the call.
    pub answered_at_once: u64,
    /// Whose first answer was not late, those at once included.
    pub answered_in_time: u64,
    /// Whose first answer came after it was due.
    pub answered_late: u64,
    /// That somebody still has to do something about; those whose answer is disputed too.
    pub open: u64,
    /// That are late, or were when the time last ran.
    pub breached: u64,
    /// That are answered, and established.
    pub established: u64,
    /// That are answered, and not established.
    pub not_established: u64,
    /// That were referred to the taskforce.
    pub referred: u64,
    /// Whose answer was disputed.
    pub disputed: u64,
    /// Of which the caller said what came of the answer.
    pub feedback_given: u64,
    /// From receipt to the first answer, pauses included; none where nothing was answered.
    pub turnaround: Option<Turnaround>,
    /// Questions that these checks were charged with under quotas, less those given back.
    pub quota_used: u64,
    /// Where the time of calls to departments went.
    pub calls: Percentiles,
}

/// From receipt to the first answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turnaround {
    /// Half were answered within that.
    pub p50: Duration,
    /// 95 of 100 were.
    pub p95: Duration,
    /// All were.
    pub max: Duration,
}

/// Within what 95 of 100 calls were done, by whose time it was; each by itself, none where it is known of no call.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Percentiles {
    /// Ours.
    pub gateway_p95: Option<Duration>,
    /// The department's.
    pub department_p95: Option<Duration>,
    /// The network's.
    pub network_p95: Option<Duration>,
}

/// Figures under way: some 8 bytes for each answer and 12 for each call.
pub struct Tally {
    as_of: Timestamp,
    figures: Figures,
    answered_after: Vec<u64>,
    gateway: Vec<u32>,
    department: Vec<u32>,
    network: Vec<u32>,
    charged: u64,
    refunded: u64,
}

impl Tally {
    /// Counts what was known at `as_of`, changes of that very instant included.
    pub fn as_of(as_of: Timestamp) -> Self {
        Self {
            as_of,
            figures: Figures::default(),
            answered_after: Vec::new(),
            gateway: Vec::new(),
            department: Vec::new(),
            network: Vec::new(),
            charged: 0,
            refunded: 0,
        }
    }

    /// Counts one case.
    pub fn add(&mut self, course: &Course) {
        if course.received > self.as_of {
            return;
        }
        let mut standing = Standing::of(course.received);
        for mark in course.marks.iter().filter(|mark| mark.time <= self.as_of) {
            standing.pass(mark.time, mark.change);
            match mark.change {
                Milestone::Charged => self.charged += 1,
                Milestone::Refunded => self.refunded += 1,
                Milestone::Called(timing) => {
                    self.gateway.push(timing.gateway_us);
                    self.department.extend(timing.department_us);
                    self.network.extend(timing.network_us);
                }
                _ => {}
            }
        }
        let figures = &mut self.figures;
        let count = |figure: &mut u64, counts: bool| *figure += u64::from(counts);
        figures.checks += 1;
        if let Some(answer) = &standing.answer {
            self.answered_after.push(answer.after);
            count(&mut figures.answered_at_once, answer.at_once && !answer.late);
            count(&mut figures.answered_in_time, !answer.late);
            count(&mut figures.answered_late, answer.late);
        }
        let stage = standing.stage;
        let is_over = stage.is_some_and(|stage| stage.is_answer() || stage == Stage::Withdrawn);
        count(&mut figures.open, !is_over);
        count(&mut figures.breached, standing.is_late(self.as_of));
        count(&mut figures.established, stage == Some(Stage::Established));
        count(&mut figures.not_established, stage == Some(Stage::NotEstablished));
        count(&mut figures.referred, standing.referred);
        count(&mut figures.disputed, standing.disputed);
        count(&mut figures.feedback_given, standing.feedback);
    }

    /// The figures of all that was counted.
    pub fn figures(mut self) -> Figures {
        let after = &mut self.answered_after;
        after.sort_unstable();
        let turnaround = |after: &[u64]| {
            Some(Turnaround {
                p50: Duration::from_nanos(percentile(after, 50)?),
                p95: Duration::from_nanos(percentile(after, 95)?),
                max: Duration::from_nanos(percentile(after, 100)?),
            })
        };
        let p95 = |parts: &mut Vec<u32>| {
            parts.sort_unstable();
            percentile(parts, 95).map(|us| Duration::from_micros(us.into()))
        };
        Figures {
            turnaround: turnaround(after),
            quota_used: self.charged.saturating_sub(self.refunded),
            calls: Percentiles {
                gateway_p95: p95(&mut self.gateway),
                department_p95: p95(&mut self.department),
                network_p95: p95(&mut self.network),
            },
            ..self.figures
        }
    }
}

/// The smallest of `sorted` that so many percent of them are not above (nearest rank); none of nothing.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// How a case stands after some of its marks.
struct Standing {
    received: Timestamp,
    stage: Option<Stage>,
    due: Timestamp,
    /// When the time last stood still; none while it runs.
    stood_at: Option<Timestamp>,
    answer: Option<FirstAnswer>,
    referred: bool,
    disputed: bool,
    feedback: bool,
}

struct FirstAnswer {
    /// Nanoseconds since the receipt.
    after: u64,
    at_once: bool,
    late: bool,
}

impl Standing {
    fn of(received: Timestamp) -> Self {
        Self {
            received,
            stage: None,
            due: Timestamp::MAX,
            stood_at: None,
            answer: None,
            referred: false,
            disputed: false,
            feedback: false,
        }
    }

    fn pass(&mut self, at: Timestamp, change: Milestone) {
        match change {
            Milestone::Due(due) => {
                self.due = due;
                self.stood_at = None;
            }
            Milestone::Stood(due) => {
                self.due = due;
                self.stood_at = self.stood_at.or(Some(at));
            }
            Milestone::Stage(stage) => {
                if stage.is_answer() && self.answer.is_none() {
                    let after = at.duration_since(self.received).as_nanos().max(0);
                    self.answer = Some(FirstAnswer {
                        after: u64::try_from(after).unwrap_or(u64::MAX),
                        at_once: self.stage.is_none(),
                        late: self.is_late(at),
                    });
                }
                self.referred |= stage == Stage::Referred;
                self.stage = Some(stage);
            }
            Milestone::Disputed => self.disputed = true,
            Milestone::Feedback => self.feedback = true,
            Milestone::Charged | Milestone::Refunded | Milestone::Called(_) => {}
        }
    }

    /// Due at the instant, late strictly after it.
    fn is_late(&self, now: Timestamp) -> bool {
        self.stood_at.unwrap_or(now) > self.due
    }
}
