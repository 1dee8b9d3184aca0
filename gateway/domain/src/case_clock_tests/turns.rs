//! Pauses, extensions, the shorter promise, and disputes: what they do to the due time and how it is explained.

use super::*;

#[test]
fn elapsed_time_passes_over_both_changes_of_the_clocks() {
    // An hour is skipped in March and there twice in October: 48 hours end an hour later, or earlier, by the wall.
    let spring = Course::promised("48h", "2026-03-28T12:00");
    assert_eq!(spring.due(), "2026-03-30T13:00");
    let autumn = Course::promised("48h", "2026-10-24T12:00");
    assert_eq!(autumn.due(), "2026-10-26T11:00");
    assert_eq!(
        autumn.clock.explanation(),
        "48 hours from Sat 24 Oct 2026 12:00, elapsed time"
    );
}

#[test]
fn an_explanation_names_the_holidays_and_the_pause() {
    let mut course = Course::promised("5 working days", "2026-04-02T16:30");
    assert_eq!(course.due(), "2026-04-13T16:30");
    let explanation = "5 working days from Thu 2 Apr 2026 16:30 (England and Wales): Good Friday and Easter Monday do not \
                       count";
    assert_eq!(course.clock.explanation(), explanation);
    course.pause("2026-04-08T10:00");
    assert_eq!(course.clock.explanation(), explanation);
    course.resume("2026-04-08T13:20");
    assert_eq!(course.due(), "2026-04-14T11:50");
    assert_eq!(
        course.clock.explanation(),
        format!("{explanation}; paused 3 h 20 min")
    );
    let promise = course.clock.promise();
    assert_eq!(promise.started_at, at("2026-04-02T16:30"));
    assert_eq!(promise.due_at, course.clock.due_at());
    assert_eq!(promise.explanation, course.clock.explanation());
}

#[test]
fn an_explanation_says_from_when_a_start_outside_the_hours_counts() {
    let course = Course::promised("5 working days", "2026-04-03T16:30");
    assert_eq!(course.due(), "2026-04-14T09:00");
    assert_eq!(
        course.clock.explanation(),
        "5 working days from Fri 3 Apr 2026 16:30 (England and Wales), counted from Tue 7 Apr 2026 09:00: Good Friday and \
         Easter Monday do not count"
    );
    let one = Course::promised("1 working day", "2026-08-28T16:30");
    assert_eq!(
        one.clock.explanation(),
        "1 working day from Fri 28 Aug 2026 16:30 (England and Wales): Summer bank holiday does not count"
    );
    let policy = policy_of("2 working days", "48h", Division::NorthernIreland);
    let boyne = Course::new(&policy, Ground::Usual, at("2026-07-10T10:00"));
    assert_eq!(
        boyne.clock.explanation(),
        "2 working days from Fri 10 Jul 2026 10:00 (Northern Ireland): Battle of the Boyne (Orangemen's Day) (substitute \
         day) does not count"
    );
}

#[test]
fn an_explanation_does_not_list_holidays_without_end() {
    let course = Course::promised("260 working days", "2026-06-01T10:00");
    assert!(course.clock.explanation().ends_with(
        "Summer bank holiday, Christmas Day, Boxing Day (substitute day), New Year's Day, Good Friday, Easter Monday and \
         2 more bank holidays do not count"
    ));
}

#[test]
fn a_pause_outside_working_hours_costs_working_days_nothing() {
    let mut course = Course::promised("2 working days", "2026-06-01T10:00");
    course.pause("2026-06-01T17:00");
    course.resume("2026-06-02T09:00");
    assert_eq!(course.due(), "2026-06-03T10:00");
    assert!(!course.clock.explanation().contains("paused"));
    course.pause("2026-06-02T09:00");
    course.resume("2026-06-02T09:00:30");
    assert_eq!(course.due(), "2026-06-03T10:00:30");
    assert!(
        course
            .clock
            .explanation()
            .ends_with("; paused less than a minute")
    );
}

#[test]
fn a_pause_moves_elapsed_time_by_its_length() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    course.pause("2026-06-02T10:00");
    assert_eq!(course.clock.turn(), Turn::Caller);
    assert_eq!(course.due(), "2026-06-03T10:00");
    assert!(!course.clock.is_breached(at("2026-06-20T00:00")));
    course.resume("2026-06-05T10:00");
    assert_eq!(course.clock.turn(), Turn::Departments);
    assert_eq!(course.due(), "2026-06-06T10:00");
    assert!(course.clock.explanation().ends_with("elapsed time; paused 72 h"));
    course.pause("2026-06-06T09:59");
    course.resume("2026-06-06T10:10");
    assert_eq!(course.due(), "2026-06-06T10:11");
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn a_pause_does_not_mend_what_was_late_before_it() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    course.pause("2026-06-03T10:00:01");
    course.resume("2026-06-10T10:00");
    assert_eq!(course.due(), "2026-06-03T10:00");
    assert!(course.clock.is_breached(at("2026-06-10T10:00")));
    // A pause that begins with the last instant leaves none: the answer is due when it ends.
    let mut just_in_time = Course::promised("48h", "2026-06-01T10:00");
    just_in_time.pause("2026-06-03T10:00");
    just_in_time.resume("2026-06-10T10:00");
    assert_eq!(just_in_time.due(), "2026-06-03T10:00");
    assert!(!just_in_time.clock.is_breached(at("2026-06-03T10:00")));
    assert!(just_in_time.clock.is_breached(at("2026-06-10T10:00")));
}

#[test]
fn a_case_that_ends_while_it_is_the_callers_turn_is_judged_by_when_that_turn_began() {
    for (paused, is_breached) in [("2026-06-03T10:00", false), ("2026-06-03T10:00:01", true)] {
        let mut course = Course::promised("48h", "2026-06-01T10:00");
        course.pause(paused);
        course.stop("2026-06-30T10:00");
        assert_eq!(
            course.clock.is_breached(at("2026-07-01T10:00")),
            is_breached,
            "{paused}"
        );
    }
}

#[test]
fn a_clock_that_goes_back_over_a_pause_makes_nothing_early() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    course.pause("2026-06-02T10:00");
    course.resume("2026-06-01T12:00");
    assert_eq!(course.due(), "2026-06-03T10:00");
    course.pause("2026-06-01T00:00");
    course.resume("2026-06-02T11:00");
    assert_eq!(course.due(), "2026-06-03T11:00");
    // What was recorded under the time that went back counts as what it is: no time at all.
    assert_eq!(
        course.clock.explanation(),
        "48 hours from Mon 1 Jun 2026 10:00, elapsed time; paused 1 h"
    );
    course.stop("2026-06-01T00:00");
    assert!(!course.clock.is_breached(at("2026-07-01T10:00")));
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn an_extension_moves_the_due_time_in_its_own_measure() {
    let mut elapsed = Course::promised("48h", "2026-06-04T10:00");
    elapsed.extend("2026-06-05T10:00", Extension::Elapsed(HOUR * 12));
    assert_eq!(elapsed.due(), "2026-06-06T22:00");
    // Working days from a Saturday evening: from Monday's opening.
    elapsed.extend("2026-06-05T10:00", working(2));
    assert_eq!(elapsed.due(), "2026-06-10T09:00");
    assert_eq!(
        elapsed.clock.explanation(),
        "48 hours from Thu 4 Jun 2026 10:00, elapsed time; extended by 12 h (DWP was closed); extended by 2 working days \
         (DWP was closed)"
    );
    let mut working_days = Course::promised("2 working days", "2026-06-04T10:00");
    assert_eq!(working_days.due(), "2026-06-08T10:00");
    assert_eq!(
        working_days.extend("2026-06-05T10:00", working(6)),
        ["at_risk", "clock_extended"]
    );
    assert_eq!(working_days.due(), "2026-06-16T10:00");
    // Twelve hours later everything is closed: the next opening.
    working_days.extend("2026-06-05T10:00", Extension::Elapsed(HOUR * 12));
    assert_eq!(working_days.due(), "2026-06-17T09:00");
}

#[test]
fn an_extension_moves_the_warnings_that_were_not_fired_and_repeats_none() {
    let mut course = Course::promised("48h", "2026-06-01T00:00");
    assert_eq!(course.step(at("2026-06-02T00:00")), ["at_risk"]);
    course.extend("2026-06-02T00:00", Extension::Elapsed(HOUR * 52));
    let next = course.clock.timer().next_step().unwrap();
    assert_eq!(
        (next.step, local(next.from)),
        (Step::AtRisk(80), "2026-06-04T08:00".to_owned())
    );
    // An extension after the fact mends the answer that comes within it.
    let mut late = Course::promised("48h", "2026-06-01T00:00");
    late.step(at("2026-06-03T01:00"));
    late.extend("2026-06-03T01:00", Extension::Elapsed(HOUR * 24));
    assert!(!late.clock.is_breached(at("2026-06-04T00:00")));
    assert!(late.clock.is_breached(at("2026-06-04T00:00") + NANO));
    assert_eq!(late.step(at("2026-06-05T00:00")), [""; 0]);
}

#[test]
fn an_extension_while_it_is_the_callers_turn_counts_when_that_turn_ends() {
    let mut course = Course::promised("2 working days", "2026-06-01T10:00");
    course.pause("2026-06-02T10:00");
    course.extend("2026-06-02T12:00", working(1));
    assert_eq!(course.due(), "2026-06-04T10:00");
    course.resume("2026-06-08T15:00");
    assert_eq!(course.due(), "2026-06-10T15:00");
}

#[test]
fn extensions_have_limits() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    let extend =
        |clock: &CaseClock, by| clock.extend(at("2026-06-01T11:00"), by, reason("Closed"), ORDER, &CALENDARS);
    let too_long = Extension::Elapsed(Extension::ELAPSED_MAX + NANO);
    assert_eq!(extend(&course.clock, too_long), Err(ClockError::TooLong));
    for _ in 0..12 {
        course.extend("2026-06-01T11:00", Extension::Elapsed(HOUR));
    }
    assert_eq!(
        extend(&course.clock, Extension::Elapsed(HOUR)),
        Err(ClockError::TooLong)
    );
    let mut long = Course::promised("365d", "2026-06-01T10:00");
    long.extend("2026-06-01T11:00", Extension::Elapsed(Extension::ELAPSED_MAX));
    assert_eq!(
        extend(&long.clock, Extension::Elapsed(NANO)),
        Err(ClockError::TooLong)
    );
    for wrong in ["", "  ", "two\nlines", &"x".repeat(201)] {
        assert_eq!(wrong.parse::<Reason>(), Err(ReasonError));
    }
}

#[test]
fn a_stated_leave_brings_the_shorter_promise_from_the_start() {
    let policy = policy("5 working days", "48h");
    let mut course = Course::new(&policy, Ground::Usual, at("2026-06-04T10:00"));
    assert_eq!(course.due(), "2026-06-11T10:00");
    course.pause("2026-06-04T12:00");
    course.resume("2026-06-04T20:00");
    assert_eq!(course.hasten("2026-06-05T10:00"), ["clock_hastened"]);
    assert_eq!(course.due(), "2026-06-06T18:00");
    assert_eq!(
        course.clock.explanation(),
        "48 hours from Thu 4 Jun 2026 10:00, elapsed time; paused 8 h"
    );
    assert_eq!(course.hasten("2026-06-05T11:00"), [""; 0]);
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn the_shorter_promise_may_be_broken_at_once_and_never_gives_more_time() {
    let policy = policy("5d", "48h");
    let mut known_late = Course::new(&policy, Ground::Usual, at("2026-06-01T10:00"));
    assert_eq!(
        known_late.hasten("2026-06-03T22:00:01"),
        ["at_risk", "clock_hastened"]
    );
    assert_eq!(
        known_late.step(at("2026-06-03T22:00:01")),
        ["at_risk", "breached"]
    );
    let mut already = Course::new(&policy, Ground::Check, at("2026-06-01T10:00"));
    assert_eq!(already.due(), "2026-06-03T10:00");
    assert_eq!(already.hasten("2026-06-01T11:00"), [""; 0]);
    let mut same = Course::promised("48h", "2026-06-01T10:00");
    assert_eq!(same.hasten("2026-06-01T11:00"), [""; 0]);
    let longer = super::policy("1 working day", "48h");
    let mut course = Course::new(&longer, Ground::Usual, at("2026-06-01T10:00"));
    assert_eq!(course.hasten("2026-06-01T11:00"), [""; 0]);
    assert_eq!(course.due(), "2026-06-02T10:00");
}

#[test]
fn a_dispute_has_a_clock_of_its_own() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    course.stop("2026-06-03T12:00");
    assert!(course.clock.is_breached(at("2026-06-20T00:00")));
    let now = at("2026-06-22T10:00");
    let policy = policy("2 working days", "48h");
    let terms = policy.terms(now, Ground::Usual, CALENDARS.current().version());
    let event = course.clock.reopen(terms, &CALENDARS).unwrap();
    assert_eq!(course.take(now, [event]), ["clock_reopened"]);
    assert_eq!(course.due(), "2026-06-24T10:00");
    assert_eq!(course.clock.turn(), Turn::Departments);
    assert!(!course.clock.is_breached(now));
    assert_eq!(course.clock.fired().count(), 0);
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn a_clock_refuses_what_does_not_fit_its_state() {
    let now = at("2026-06-01T11:00");
    let running = Course::promised("48h", "2026-06-01T10:00");
    let mut paused = running.clone();
    paused.pause("2026-06-01T10:30");
    let mut stopped = running.clone();
    stopped.stop("2026-06-01T10:30");
    let refused = |result: Result<_, ClockError>| result.err();
    let out = |why| Some(ClockError::OutOfTurn(why));
    let terms = running.clock.terms().clone();
    for (course, pause, resume, go_on, reopen) in [
        (
            &running,
            None,
            out(OutOfTurn::NotPaused),
            None,
            out(OutOfTurn::NotStopped),
        ),
        (
            &paused,
            out(OutOfTurn::NotRunning),
            None,
            None,
            out(OutOfTurn::NotStopped),
        ),
        (
            &stopped,
            out(OutOfTurn::NotRunning),
            out(OutOfTurn::NotPaused),
            out(OutOfTurn::Stopped),
            None,
        ),
    ] {
        let clock = &course.clock;
        assert_eq!(refused(clock.pause(now, &CALENDARS)), pause);
        assert_eq!(refused(clock.resume(now, &CALENDARS)), resume);
        assert_eq!(
            refused(clock.extend(now, working(1), reason("Closed"), ORDER, &CALENDARS)),
            go_on
        );
        assert_eq!(refused(clock.hasten(now, Ground::Leave, &CALENDARS)), go_on);
        assert_eq!(refused(clock.stop(now).map_err(ClockError::from)), go_on);
        assert_eq!(clock.reopen(terms.clone(), &CALENDARS).err(), reopen);
    }
}

#[test]
fn a_history_that_cannot_be_is_refused() {
    let mut course = Course::promised("48h", "2026-06-01T10:00");
    course.pause("2026-06-01T10:30");
    course.stop("2026-06-01T10:40");
    let [started, paused, stopped] = course.events.try_into().unwrap();
    let fold = |events: &[&(Timestamp, ClockEvent)]| CaseClock::fold(events.iter().copied().cloned()).err();
    assert_eq!(fold(&[]), Some(OutOfTurn::NotStarted));
    assert_eq!(fold(&[&paused]), Some(OutOfTurn::NotStarted));
    assert_eq!(fold(&[&started, &started]), Some(OutOfTurn::StartedTwice));
    assert_eq!(fold(&[&started, &paused, &paused]), Some(OutOfTurn::NotRunning));
    assert_eq!(fold(&[&started, &stopped, &stopped]), Some(OutOfTurn::Stopped));
    assert_eq!(fold(&[&started, &stopped, &paused]), Some(OutOfTurn::NotRunning));
    assert_eq!(fold(&[&started, &paused, &stopped]), None);
}
