//! The record of a case's clock: what comes out is what went in, and what a record holds stays what it is.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use statuscheck_domain::calendar::Division;
use statuscheck_domain::case_clock::{CaseClock, ClockEvent, Extension, Step};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::DueOrderId;
use statuscheck_domain::sla::{Ground, SlaPolicy, Thresholds, WorkingDays};
use statuscheck_domain::working_time::Calendars;

use super::tests::altered;
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

/// What a record holds, as JSON.
fn shown(bytes: &[u8]) -> Value {
    rmp_serde::from_slice(bytes).unwrap()
}

#[test]
fn what_a_record_holds_stays_what_it_is() {
    let (_, start) = course().swap_remove(0);
    let bytes = write(&EventKind::Clock(start), None, 0).unwrap();
    let expected = json!({"v": 1, "event": {"clock": {"set": {
        "cause": "started",
        "terms": {
            "started_at": "2026-06-01T09:00:00Z",
            "promise": "5 working days",
            "vulnerable": "48 hours",
            "ground": "usual",
            "division": "northern-ireland",
            "thresholds": ["50% ops", "80% ops, owner", "100% ops, owner, caller"],
            "silence": "28 days",
            "policy": "2026-1",
            "calendar": "2025-11-24",
            "order": null,
        },
        "reckoning": {
            "early": ["2026-06-03T13:00:00Z", "2026-06-05T09:00:00Z"],
            "due_at": "2026-06-08T09:00:00Z",
            "explanation": "5 working days from Mon 1 Jun 2026 10:00 (Northern Ireland)",
        },
    }}}});
    assert_eq!(shown(&bytes), expected);
    let breached = write(&EventKind::Clock(ClockEvent::Stepped(Step::Breached)), None, 0).unwrap();
    assert_eq!(
        breached.as_slice(),
        b"\x82\xa1v\x01\xa5event\x81\xa5clock\x81\xa7stepped\x64"
    );
}

#[test]
fn a_record_that_no_clock_wrote_is_refused() {
    let of = |event: Value| rmp_serde::to_vec(&json!({"v": 1, "event": {"clock": event}})).unwrap();
    let extended = |by: Value, reason: &str| {
        let reckoning = json!({"early": [], "due_at": "2026-06-08T09:00:00Z", "explanation": ""});
        let movement = json!({"extended": {"by": by, "reason": reason, "order": "00000000-0000-7000-8000-000000000007"}});
        of(json!({"moved": {"movement": movement, "reckoning": reckoning}}))
    };
    assert!(read(&extended(json!({"working": 2}), "Closed")).is_ok());
    for wrong in [
        extended(json!({"working": 0}), "Closed"),
        extended(json!({"working": 2}), ""),
        extended(json!({"hours": 2}), "Closed"),
        of(json!({"stepped": 0})),
        of(json!({"stepped": 101})),
    ] {
        assert_eq!(read(&wrong).err(), Some(RecordError), "{}", shown(&wrong));
    }
    let (_, start) = course().swap_remove(0);
    let bytes = write(&EventKind::Clock(start), None, 0).unwrap();
    for (right, wrong) in [
        ("50% ops", "90% ops"),
        ("5 working days", "5 workdays off"),
        ("usual", "other"),
        ("northern-ireland", "southern-ireland"),
    ] {
        let altered = altered(&bytes, right.as_bytes(), wrong.as_bytes());
        assert_eq!(read(&altered).err(), Some(RecordError), "{wrong}");
    }
    let no_order = altered(&bytes, b"order\xc0", b"order\xa0");
    assert_eq!(
        read(&no_order).err(),
        Some(RecordError),
        "an order without a name"
    );
}
