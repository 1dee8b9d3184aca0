//! When steps are due, and that each is fired once.

use super::*;

fn to_come(course: &Course) -> Vec<(u8, String)> {
    let timer = course.clock.timer();
    let steps = timer.to_come();
    steps
        .map(|next| (next.step.percent(), local(next.from)))
        .collect()
}

#[test]
fn a_promise_is_kept_at_the_due_instant_and_broken_just_after_it() {
    let course = Course::promised("48h", "2026-06-05T16:30");
    let due = at("2026-06-07T16:30");
    assert_eq!(course.clock.due_at(), due);
    for (now, is_breached) in [(due - NANO, false), (due, false), (due + NANO, true)] {
        assert_eq!(course.clock.is_breached(now), is_breached, "{now}");
        let fires = course
            .clock
            .timer()
            .due_steps(now)
            .any(|step| step == Step::Breached);
        assert_eq!(fires, is_breached, "{now}");
    }
}

#[test]
fn warnings_come_when_their_part_of_the_time_has_gone_by() {
    let mut course = Course::promised("48h", "2026-06-05T16:30");
    let half = at("2026-06-06T16:30");
    assert_eq!(course.step(half - NANO), [""; 0]);
    assert_eq!(course.step(half), ["at_risk"]);
    let most = at("2026-06-07T06:54");
    assert_eq!(course.step(most - NANO), [""; 0]);
    assert_eq!(course.step(most), ["at_risk"]);
    let fired: Vec<_> = course.clock.fired().collect();
    assert_eq!(fired, [Step::AtRisk(50), Step::AtRisk(80)]);
    assert_eq!(course.step(at("2026-06-07T16:30")), [""; 0]);
    assert_eq!(course.step(at("2026-06-07T16:30") + NANO), ["breached"]);
    assert_eq!(course.clock.timer().next_step(), None);
}

#[test]
fn warnings_of_working_days_are_counted_in_working_time() {
    let course = Course::promised("5 working days", "2026-06-05T16:30");
    assert_eq!(
        to_come(&course),
        [
            (50, "2026-06-10T12:30".to_owned()),
            (80, "2026-06-11T16:30".to_owned()),
            (100, "2026-06-12T16:30:00.000000001".to_owned()),
        ]
    );
}

#[test]
fn a_clock_that_jumps_fires_everything_once_and_in_order() {
    let mut course = Course::promised("48h", "2026-06-05T16:30");
    assert_eq!(
        course.step(at("2026-07-01T00:00")),
        ["at_risk", "at_risk", "breached"]
    );
    for now in [
        "2026-06-05T00:00",
        "2026-06-07T12:00",
        "2026-07-01T00:00",
        "2030-01-01T00:00",
    ] {
        assert_eq!(course.step(at(now)), [""; 0], "{now}");
    }
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn a_step_is_taken_in_only_when_it_is_the_next() {
    let mut course = Course::promised("48h", "2026-06-05T16:30");
    let now = at("2026-07-01T00:00");
    for step in [Step::AtRisk(80), Step::Breached, Step::AtRisk(60)] {
        let refused = course.clock.apply(now, ClockEvent::Stepped(step));
        assert_eq!(refused, Err(OutOfTurn::NotNext), "{step:?}");
    }
    course.step(now);
    for step in [Step::AtRisk(50), Step::Breached] {
        let refused = course.clock.apply(now, ClockEvent::Stepped(step));
        assert_eq!(refused, Err(OutOfTurn::NotNext), "{step:?}");
    }
}

#[test]
fn what_was_due_before_a_pause_or_an_answer_is_fired_with_it() {
    let mut paused = Course::promised("48h", "2026-06-05T16:30");
    assert_eq!(
        paused.pause("2026-06-07T12:00"),
        ["at_risk", "at_risk", "clock_paused"]
    );
    let mut late = Course::promised("48h", "2026-06-05T16:30");
    assert_eq!(
        late.stop("2026-06-08T12:00"),
        ["at_risk", "at_risk", "breached", "clock_stopped"]
    );
    let mut in_time = Course::promised("48h", "2026-06-05T16:30");
    assert_eq!(in_time.stop("2026-06-05T16:31"), ["clock_stopped"]);
}

#[test]
fn nothing_is_fired_while_a_clock_stands_still() {
    let mut course = Course::promised("48h", "2026-06-05T16:30");
    course.pause("2026-06-05T17:30");
    assert_eq!(course.step(at("2030-01-01T00:00")), [""; 0]);
    assert_eq!(to_come(&course), []);
    course.stop("2026-06-30T12:00");
    assert_eq!(course.step(at("2030-01-01T00:00")), [""; 0]);
}

#[test]
fn a_late_answer_stays_late_and_one_in_time_stays_in_time() {
    let long_after = at("2030-01-01T00:00");
    for (answered, is_breached) in [
        ("2026-06-07T16:29:59.999999999", false),
        ("2026-06-07T16:30", false),
        ("2026-06-07T16:30:00.000000001", true),
    ] {
        let mut course = Course::promised("48h", "2026-06-05T16:30");
        course.stop(answered);
        assert_eq!(course.clock.is_breached(long_after), is_breached, "{answered}");
        assert_eq!(course.clock.turn(), Turn::Nobody);
    }
}

#[test]
fn thresholds_of_an_agreement_are_its_own() {
    let thresholds = ["25% ops", "60% ops, caller", "99% owner"].map(|text| text.parse().unwrap());
    let promise: Promise = "100h".parse().unwrap();
    let policy = SlaPolicy::new(
        "2026-2".parse().unwrap(),
        promise,
        promise,
        Division::Scotland,
        Thresholds::new(thresholds).unwrap(),
    )
    .unwrap();
    let course = Course::new(&policy, Ground::Usual, at("2026-06-01T00:00"));
    let percents: Vec<_> = to_come(&course).into_iter().map(|(percent, _)| percent).collect();
    assert_eq!(percents, [25, 60, 99, 100]);
}

#[test]
fn a_part_of_an_odd_length_is_never_early() {
    let mut course = Course::promised("48h", "2026-06-01T00:00");
    course.extend("2026-06-01T01:00", Extension::Elapsed(NANO));
    let half = course.clock.timer().next_step().map(|next| next.from);
    assert_eq!(half, Some(at("2026-06-02T00:00") + NANO));
}

#[test]
fn a_million_timers_fit_into_memory() {
    assert_eq!(size_of::<Timer>(), 48);
    assert!(size_of::<Option<NextStep>>() <= 24);
}
