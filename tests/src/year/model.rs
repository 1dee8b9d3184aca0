//! What clocks have to do, reckoned from what happened to a case, without the gateway's own clocks and calendars: times are added
//! up stretch by stretch, and working hours day by day.

use std::collections::HashSet;
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::answer::Outcome as Told;
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::event::{Event, EventKind};
use statuscheck_domain::reply::{Facts, Outcome};

/// The steps of every clock, in their order.
pub(super) const PERCENTS: [u8; 3] = [50, 80, 100];

const REFUGEE: Measure = Measure::Elapsed(SignedDuration::from_hours(48));
const OPENS: i8 = 9;
const CLOSES: i8 = 17;

/// How long an answer may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    Elapsed(SignedDuration),
    WorkingDays(i64),
}

impl Measure {
    /// What the agreements promise; their files say the same.
    fn promised(agreement: &str) -> Self {
        match agreement {
            "section-95" => REFUGEE,
            "iecas" => Self::WorkingDays(5),
            _ => Self::Elapsed(SignedDuration::from_hours(5 * 24)),
        }
    }

    fn length(self) -> SignedDuration {
        match self {
            Self::Elapsed(length) => length,
            Self::WorkingDays(days) => SignedDuration::from_hours(8 * days),
        }
    }
}

/// A stretch of time in which a clock ran; without an end where it runs still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

/// One clock of a case, as what happened to the case has it run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Clock {
    pub(super) ran: Vec<Stretch>,
    /// What was promised, each from when on.
    promised: Vec<(Timestamp, Measure)>,
    /// What was fired, and when.
    pub(super) fired: Vec<(u8, Timestamp)>,
}

impl Clock {
    pub(super) fn new(start: Timestamp, measure: Measure) -> Self {
        Self {
            ran: vec![Stretch {
                from: start,
                to: None,
            }],
            promised: vec![(start, measure)],
            fired: Vec::new(),
        }
    }

    fn pause(&mut self, at: Timestamp) {
        if let Some(last) = self.ran.last_mut() {
            last.to.get_or_insert(at);
        }
    }

    fn resume(&mut self, at: Timestamp) {
        if !self.runs() {
            self.ran.push(Stretch { from: at, to: None });
        }
    }

    fn runs(&self) -> bool {
        self.ran.last().is_some_and(|last| last.to.is_none())
    }

    /// When the answer is due by the last promise; it may be after the clock stopped.
    pub(super) fn due_at(&self, holidays: &Holidays) -> Option<Timestamp> {
        let (_, measure) = self.promised.last()?;
        reached(&self.ran, *measure, 100, holidays)
    }

    /// The first instant at which the step of `percent` may be fired; none where the clock never gets there.
    pub(super) fn step_from(&self, percent: u8, holidays: &Holidays) -> Option<Timestamp> {
        let ends = self
            .promised
            .iter()
            .skip(1)
            .map(|(from, _)| Some(*from))
            .chain([None]);
        self.promised
            .iter()
            .zip(ends)
            .find_map(|((since, measure), end)| {
                let reached = reached(&self.ran, *measure, percent, holidays)?;
                // Due at the instant, late strictly after it.
                let from = if percent == 100 { next(reached) } else { reached };
                let from = self.running_from(from.max(*since))?;
                end.is_none_or(|end| from <= end).then_some(from)
            })
    }

    /// The first instant from `from` on at which it ran; a stretch has its last instant too.
    fn running_from(&self, from: Timestamp) -> Option<Timestamp> {
        let fits = |ran: &&Stretch| ran.to.is_none_or(|to| from <= to);
        self.ran.iter().find(fits).map(|ran| from.max(ran.from))
    }
}

/// What happened to a case's clocks, and to its caller.
#[derive(Clone, Default)]
pub(super) struct Course {
    pub(super) clocks: Vec<Clock>,
    /// When the caller was asked for more and left the case waiting, until when.
    pub(super) waited: Vec<Stretch>,
    pub(super) lapsed: Option<Timestamp>,
    /// It is nobody's turn.
    pub(super) is_over: bool,
}

/// Goes through a history.
struct Walk {
    course: Course,
    measure: Measure,
    received: Timestamp,
    is_decided: bool,
    is_refugee: bool,
}

/// The course of a case with this history.
pub(super) fn course(history: &[Event]) -> Option<Course> {
    let first = history.first()?;
    let EventKind::Received(receipt) = &first.kind else {
        return None;
    };
    let mut walk = Walk {
        course: Course::default(),
        measure: Measure::promised(receipt.agreement_id.as_str()),
        received: first.time,
        is_decided: false,
        is_refugee: false,
    };
    // What is recorded at once has one time; what follows for the clock, follows from all of it.
    for group in history.chunk_by(|one, other| one.time == other.time) {
        for event in group {
            walk.pass(event);
        }
        walk.hasten(group[0].time);
    }
    Some(walk.course)
}

impl Walk {
    fn pass(&mut self, event: &Event) {
        let at = event.time;
        match &event.kind {
            EventKind::Decided(answer) => self.decided(at, &answer.outcome),
            EventKind::Provided(_) => {
                self.is_refugee = false;
                self.asked_no_more(at);
                self.resume(at);
            }
            EventKind::Disputed { .. } => {
                self.is_refugee = false;
                self.course.is_over = false;
                self.course.clocks.push(Clock::new(at, self.measure));
            }
            EventKind::Withdrawn => self.over(at),
            EventKind::Lapsed => {
                self.course.lapsed = Some(at);
                self.over(at);
            }
            EventKind::Replied { reply, .. } => {
                if let Outcome::Found(Facts::ImmigrationStatus(status)) = &reply.outcome {
                    self.is_refugee = status.leave.contains("Refugee");
                }
            }
            EventKind::Clock(ClockEvent::Stepped(step)) => {
                if let Some(clock) = self.course.clocks.last_mut() {
                    clock.fired.push((step.percent(), at));
                }
            }
            _ => {}
        }
    }

    fn decided(&mut self, at: Timestamp, told: &Told) {
        let was_decided = std::mem::replace(&mut self.is_decided, true);
        let is_answer = matches!(told, Told::Established { .. } | Told::NotEstablished(_));
        if !was_decided && !is_answer {
            self.course.clocks.push(Clock::new(self.received, self.measure));
        }
        self.asked_no_more(at);
        match told {
            Told::Established { .. } | Told::NotEstablished(_) => self.over(at),
            Told::MoreInformation { .. } => {
                self.course.waited.push(Stretch { from: at, to: None });
                self.clock(|clock| clock.pause(at));
            }
            _ => self.resume(at),
        }
    }

    fn over(&mut self, at: Timestamp) {
        self.asked_no_more(at);
        self.clock(|clock| clock.pause(at));
        self.course.is_over = true;
    }

    fn resume(&mut self, at: Timestamp) {
        self.clock(|clock| clock.resume(at));
    }

    fn clock(&mut self, change: impl Fn(&mut Clock)) {
        if !self.course.is_over {
            self.course.clocks.last_mut().into_iter().for_each(change);
        }
    }

    fn asked_no_more(&mut self, at: Timestamp) {
        if let Some(last) = self.course.waited.last_mut() {
            last.to.get_or_insert(at);
        }
    }

    /// A refugee is promised an answer within 48 hours of the start (report 6.34).
    fn hasten(&mut self, at: Timestamp) {
        let (is_refugee, promised) = (self.is_refugee, self.measure);
        self.clock(|clock| {
            let is_new = clock.promised.iter().all(|(_, measure)| *measure != REFUGEE);
            if is_refugee && is_new && promised != REFUGEE {
                // Where it has become the caller's turn with that, nothing is fired by the new promise before it is not any more.
                let since = if clock.runs() { at } else { next(at) };
                clock.promised.push((since, REFUGEE));
            }
        });
    }
}

/// When `percent` of `measure` will have gone by in the stretches of `ran`.
fn reached(ran: &[Stretch], measure: Measure, percent: u8, holidays: &Holidays) -> Option<Timestamp> {
    let nanos = measure.length().as_nanos() * i128::from(percent);
    let mut left = SignedDuration::from_nanos_i128((nanos + 99) / 100);
    for stretch in ran {
        match measure {
            Measure::Elapsed(_) => {
                let end = stretch.from + left;
                if stretch.to.is_none_or(|to| end <= to) {
                    return Some(end);
                }
                left -= stretch.to?.duration_since(stretch.from);
            }
            Measure::WorkingDays(_) => match holidays.worked(*stretch, left) {
                Worked::By(end) => return Some(end),
                Worked::Left(rest) => left = rest,
            },
        }
    }
    None
}

fn next(instant: Timestamp) -> Timestamp {
    instant + SignedDuration::from_nanos(1)
}

/// Days on which no desk of England and Wales is open, beside weekends.
pub(super) struct Holidays {
    days: HashSet<Date>,
    london: TimeZone,
}

/// What came of working through a stretch.
enum Worked {
    /// It was done by then.
    By(Timestamp),
    /// So much is left.
    Left(SignedDuration),
}

impl Holidays {
    /// Those of the shipped list, read by its columns.
    pub(super) fn shipped() -> Self {
        let list = include_str!("../../../gateway/domain/data/bank-holidays.tsv");
        let day = |line: &str| {
            let mut columns = line.split('\t');
            let day = columns.next()?.parse().ok()?;
            (columns.next()? == "england-and-wales").then_some(day)
        };
        Self {
            days: list.lines().filter_map(day).collect(),
            london: TimeZone::get("Europe/London").expect("a time zone that everybody has"),
        }
    }

    fn worked(&self, stretch: Stretch, mut left: SignedDuration) -> Worked {
        let mut day = stretch.from.to_zoned(self.london.clone()).date();
        loop {
            let hour = |hour| day.at(hour, 0, 0, 0).to_zoned(self.london.clone());
            let (opens, closes) = match (hour(OPENS), hour(CLOSES)) {
                (Ok(opens), Ok(closes)) => (opens.timestamp(), closes.timestamp()),
                _ => return Worked::Left(left),
            };
            let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            if !is_weekend && !self.days.contains(&day) {
                let from = opens.max(stretch.from);
                let to = stretch.to.map_or(closes, |to| closes.min(to));
                let hours = to.duration_since(from).max(SignedDuration::ZERO);
                // Closing time is the next opening.
                if from < closes && (left < hours || (left == hours && to < closes && from <= to)) {
                    return Worked::By(from + left);
                }
                left -= hours;
            }
            if stretch.to.is_some_and(|to| to <= closes) {
                return Worked::Left(left);
            }
            day = match day.tomorrow() {
                Ok(day) => day,
                Err(_end) => return Worked::Left(left),
            };
        }
    }
}

/// How long a caller may be silent.
pub(super) const SILENCE: Duration = Duration::from_hours(28 * 24);
