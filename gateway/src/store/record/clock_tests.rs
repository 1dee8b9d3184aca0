//! The record of a case's clock: what comes out is what went in, and its text stays what it is.

use std::time::Duration;

use jiff::Timestamp;
use statuscheck_domain::calendar::Division;
use statuscheck_domain::case_clock::{CaseClock, ClockEvent, Extension, Step};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::DueOrderId;
use statuscheck_domain::sla::{Ground, SlaPolicy, Thresholds, WorkingDays};
use statuscheck_domain::working_time::Calendars;

use super::{RecordError, read, write};

fn hour(hour: u8) -> Timestamp {
    format!("2026-06-01T{hour:02}:00:00Z").parse().unwrap()
}

fn policy() -> SlaPolicy {
    SlaPolicy::new(
        "2026-1".parse().unwrap(),
        "5 working days".parse().unwrap(),
        "48h".parse().unwrap(),
        Division::NorthernIreland,
        Thresholds::USUAL,
    )
    .unwrap()
}

/// A clock with every kind of event.
fn course() -> Vec<(Timestamp, ClockEvent)> {
    let calendars = Calendars::default();
    let version = calendars.current().version();
    let policy = policy();
    let start = CaseClock::start(policy.terms(hour(9), Ground::Usual, version), &calendars).unwrap();
    let mut clock = CaseClock::open(hour(9), start.clone()).unwrap();
    let mut course = vec![(hour(9), start)];
    let reason = || "DWP's \"desk\" was closed".parse().unwrap();
    let mut take = |now, command: &dyn Fn(&CaseClock) -> Vec<ClockEvent>| {
        for event in command(&clock) {
            clock.apply(now, event.clone()).unwrap();
            course.push((now, event));
        }
    };
    take(hour(10), &|clock| clock.pause(hour(10), &calendars).unwrap());
    take(hour(11), &|clock| clock.resume(hour(11), &calendars).unwrap());
    for by in [
        Extension::Elapsed(Duration::new(1, 5)),
        Extension::Working(WorkingDays::new(2).unwrap()),
    ] {
        take(hour(12), &|clock| {
            let order = DueOrderId::at(hour(12), &[7; 10]);
            clock.extend(hour(12), by, reason(), order, &calendars).unwrap()
        });
    }
    take(hour(13), &|clock| {
        clock.hasten(hour(13), Ground::Leave, &calendars).unwrap()
    });
    take(hour(14), &|clock| {
        clock
            .recompute(hour(14), &policy, version, reason(), &calendars)
            .unwrap()
    });
    let late = "2026-07-01T09:00:00Z".parse().unwrap();
    take(late, &|clock| clock.stop(late).unwrap());
    take(late, &|clock| {
        let terms = policy.terms(late, Ground::Check, version);
        vec![clock.reopen(terms, &calendars).unwrap()]
    });
    course
}

#[test]
fn every_event_of_a_clock_comes_back_as_it_was() {
    let course = course();
    let names: Vec<_> = course.iter().map(|(_, event)| event.as_str()).collect();
    let expected = [
        "clock_started",
        "clock_paused",
        "clock_resumed",
        "clock_extended",
        "clock_extended",
        "clock_hastened",
        "clock_recomputed",
        "at_risk",
        "at_risk",
        "breached",
        "clock_stopped",
        "clock_reopened",
    ];
    assert_eq!(names, expected);
    let back = |(at, event): &(Timestamp, ClockEvent)| {
        let bytes = write(&EventKind::Clock(event.clone()), None, 0).unwrap();
        let Ok((EventKind::Clock(back), None)) = read(&bytes) else {
            panic!("an event of a clock comes back as one")
        };
        (*at, back)
    };
    let read: Vec<_> = course.iter().map(back).collect();
    assert_eq!(read, course);
    assert_eq!(CaseClock::fold(read), CaseClock::fold(course));
}

#[test]
fn the_text_of_a_record_stays_what_it_is() {
    let (_, start) = course().swap_remove(0);
    let bytes = write(&EventKind::Clock(start), None, 0).unwrap();
    let expected = concat!(
        r#"{"v":1,"event":{"clock":{"set":{"cause":"started","terms":{"started_at":"2026-06-01T09:00:00Z","#,
        r#""promise":"5 working days","vulnerable":"48 hours","ground":"usual","division":"northern-ireland","#,
        r#""thresholds":["50% ops","80% ops, owner","100% ops, owner, caller"],"policy":"2026-1","#,
        r#""calendar":"2025-11-24","order":null},"reckoning":{"early":["2026-06-03T13:00:00Z","2026-06-05T09:00:00Z"],"#,
        r#""due_at":"2026-06-08T09:00:00Z","#,
        r#""explanation":"5 working days from Mon 1 Jun 2026 10:00 (Northern Ireland)"}}}}}"#,
    );
    assert_eq!(std::str::from_utf8(&bytes), Ok(expected));
    let breached = write(&EventKind::Clock(ClockEvent::Stepped(Step::Breached)), None, 0).unwrap();
    let expected = r#"{"v":1,"event":{"clock":{"stepped":100}}}"#;
    assert_eq!(std::str::from_utf8(&breached), Ok(expected));
}

#[test]
fn a_record_that_no_clock_wrote_is_refused() {
    let reckoning = r#"{"early":[],"due_at":"2026-06-08T09:00:00Z","explanation":""}"#;
    let extended = |by: &str, reason: &str| {
        format!(
            r#"{{"v":1,"event":{{"clock":{{"moved":{{"movement":{{"extended":{{"by":{by},"reason":"{reason}","order":"00000000-0000-7000-8000-000000000007"}}}},"reckoning":{reckoning}}}}}}}}}"#
        )
    };
    assert!(read(extended(r#"{"working":2}"#, "Closed").as_bytes()).is_ok());
    for wrong in [
        extended(r#"{"working":0}"#, "Closed"),
        extended(r#"{"working":2}"#, ""),
        extended(r#"{"hours":2}"#, "Closed"),
        r#"{"v":1,"event":{"clock":{"stepped":0}}}"#.to_owned(),
        r#"{"v":1,"event":{"clock":{"stepped":101}}}"#.to_owned(),
    ] {
        assert_eq!(read(wrong.as_bytes()).err(), Some(RecordError), "{wrong}");
    }
    let (_, start) = course().swap_remove(0);
    let bytes = write(&EventKind::Clock(start), None, 0).unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    for (right, wrong) in [
        ("50% ops", "90% ops"),
        ("5 working days\"", "5 workdays\""),
        ("\"usual\"", "\"unusual\""),
        ("northern-ireland", "cornwall"),
        ("\"order\":null", "\"order\":\"\""),
    ] {
        let altered = text.replacen(right, wrong, 1);
        assert_ne!(altered, text);
        assert_eq!(read(altered.as_bytes()).err(), Some(RecordError), "{wrong}");
    }
}
