//! The laws find what is against them.

use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use statuscheck_domain::case_clock::{ClockEvent, Step};
use statuscheck_domain::ids::NoticeId;
use statuscheck_domain::outbox::{Fault, Happening, Notice, NoticeEvent, Receiver};

use super::*;
use crate::year::model::{Measure, Stretch};

fn hour(hour: i64) -> Timestamp {
    crate::year::start() + SignedDuration::from_hours(hour)
}

const INSTANT: SignedDuration = SignedDuration::from_nanos(1);

fn somebody() -> Person {
    Person::draw(7, &mut ChaCha8Rng::seed_from_u64(1))
}

/// What is found about a clock of ten hours that ran from the start, when it was looked at every hour.
fn found(fired: &[(u8, Timestamp)]) -> Vec<String> {
    let looks: Vec<_> = (0..20).map(hour).collect();
    let mut judge = Judge {
        looks: &looks,
        holidays: Holidays::shipped(),
        came: HashMap::new(),
        reckoned: Reckoned::default(),
    };
    let person = somebody();
    let mut clock = Clock::new(hour(0), Measure::Elapsed(SignedDuration::from_hours(10)));
    clock.fired = fired.to_vec();
    judge.clock(&person, 0, &clock);
    judge.reckoned.findings
}

#[test]
fn steps_that_are_missing_early_late_or_fired_twice_are_found() {
    // Late strictly after the tenth hour.
    let right = [(50, hour(5)), (80, hour(8)), (100, hour(11))];
    assert_eq!(found(&right), [] as [String; 0]);
    let with = |place: usize, at: Timestamp| {
        let mut wrong = right;
        wrong[place].1 = at;
        found(&wrong)
    };
    assert_eq!(with(0, hour(5) - INSTANT).len(), 1, "an instant early");
    assert_eq!(with(2, hour(10)).len(), 1, "at the due time itself");
    assert_eq!(with(1, hour(9)).len(), 1, "an hour after the first look");
    assert_eq!(found(&right[..2]).len(), 1, "never breached");
    assert_eq!(found(&[right[0], right[0], right[1], right[2]]).len(), 1, "twice");
    assert_eq!(
        found(&[right[1], right[0], right[2]]).len(),
        1,
        "out of their order"
    );
}

#[test]
fn working_days_are_counted_over_a_night_a_weekend_and_a_holiday() {
    let holidays = Holidays::shipped();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let due = |from: &str, to: Option<(&str, &str)>| {
        let mut clock = Clock::new(at(from), Measure::WorkingDays(5));
        if let Some((paused, resumed)) = to {
            clock.ran[0].to = Some(at(paused));
            clock.ran.push(Stretch {
                from: at(resumed),
                to: None,
            });
        }
        clock.due_at(&holidays).unwrap().to_string()
    };
    // Thursday before Easter; Good Friday and Easter Monday do not count, and summer time begins before.
    assert_eq!(due("2026-04-02T09:30:00Z", None), "2026-04-13T09:30:00Z");
    assert_eq!(
        due("2026-04-01T16:00:00Z", None),
        "2026-04-13T08:00:00Z",
        "closing time is the next opening"
    );
    let paused = Some(("2026-06-02T08:00:00Z", "2026-06-03T08:00:00Z"));
    assert_eq!(due("2026-06-01T08:00:00Z", paused), "2026-06-09T08:00:00Z");
}

/// What is found about what happened to notices, where those of `came` came to their owner.
fn found_of_notices(happened: Vec<EventKind>, came: &[NoticeId]) -> usize {
    let mut judge = Judge {
        looks: &[],
        holidays: Holidays::shipped(),
        came: came.iter().map(|id| (id.to_string(), 1)).collect(),
        reckoned: Reckoned::default(),
    };
    let history: Vec<_> = (1..)
        .zip(happened)
        .map(|(version, kind)| Event {
            version,
            time: hour(1),
            kind,
        })
        .collect();
    judge.notices(&somebody(), &history);
    judge.strays();
    judge.reckoned.findings.len()
}

#[test]
fn a_breach_that_is_not_escalated_once_and_a_notice_without_an_end_are_found() {
    let id = NoticeId::at(hour(1), &[3; 10]);
    let breached = || EventKind::Clock(ClockEvent::Stepped(Step::Breached));
    let queued = || {
        EventKind::Outbox(NoticeEvent::Queued(Box::new(Notice {
            id,
            receiver: Receiver::Owner("right-to-work".parse().unwrap()),
            happening: Happening::Breached { due_at: hour(0) },
            state: CaseState::Open,
            version: 1,
        })))
    };
    let delivered = || EventKind::Outbox(NoticeEvent::Delivered { id });
    let parked = || {
        EventKind::Outbox(NoticeEvent::Parked {
            id,
            fault: Fault::NoWebhook,
        })
    };
    let right = || vec![breached(), queued(), delivered()];
    assert_eq!(found_of_notices(right(), &[id]), 0);
    assert_eq!(found_of_notices(vec![breached(), queued(), parked()], &[]), 0);
    assert_eq!(found_of_notices(right(), &[]), 1, "nobody got it");
    assert_eq!(found_of_notices(vec![breached()], &[]), 1, "not escalated");
    assert_eq!(
        found_of_notices(vec![queued(), delivered()], &[id]),
        1,
        "of nothing"
    );
    assert_eq!(
        found_of_notices(vec![breached(), queued()], &[]),
        1,
        "without an end"
    );
    let both = vec![breached(), queued(), delivered(), parked()];
    assert_eq!(found_of_notices(both, &[id]), 1, "with two ends");
    let other = NoticeId::at(hour(2), &[3; 10]);
    assert_eq!(found_of_notices(right(), &[id, other]), 1, "a stray");
}
