//! A case with a clock.

use std::time::Duration;

use jiff::civil::date;
use zeroize::Zeroizing;

use super::*;
use crate::case_clock::{ClockEvent, OutOfTurn, Step};
use crate::check::{CheckKind, Draft};
use crate::ids::{QuestionId, RequestId};
use crate::question::Operation;
use crate::reply::{self, Reply, Unavailable};
use crate::sla::{Ground, SlaPolicy, Target};
use crate::working_time::{Calendars, after};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) fn received_at() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn started() -> ClockEvent {
    let calendars = Calendars::default();
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let terms = policy.terms(received_at(), Ground::Check, calendars.current().version());
    CaseClock::start(terms, &calendars).unwrap()
}

pub(crate) fn received() -> Case {
    let draft = Draft {
        share_code: "W12345678",
        date_of_birth: "1990-12-31",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, date(2026, 6, 1)) else {
        panic!("the sample is well formed")
    };
    let receipt = Receipt {
        organisation: "acme".parse().unwrap(),
        request_id: RequestId(uuid::Uuid::nil()),
        check,
        caller_reference: Zeroizing::default(),
        agreement_id: "work-2026".parse().unwrap(),
        legal_basis: String::new(),
        clock: Target::DEFAULT.start(received_at()),
        is_discreet: false,
    };
    let id = CaseId::at(received_at(), &[0; 10]);
    let kinds = [EventKind::Received(Box::new(receipt))];
    let Ok(case) = Case::fold(id, Change::new(id, received_at(), kinds).events) else {
        panic!("a receipt is a case")
    };
    case
}

fn then(
    case: &Case,
    now: Timestamp,
    events: impl IntoIterator<Item = ClockEvent>,
) -> Result<Case, HistoryError> {
    let (change, after) = case.change(now, events.into_iter().map(EventKind::Clock))?;
    assert_eq!(change.wake, after.wake());
    Ok(after)
}

#[test]
fn a_case_tells_what_its_clock_tells_once_there_is_one() {
    let case = received();
    assert_eq!(case.promise(), case.receipt.clock);
    let Ok(case) = then(&case, received_at(), [started()]) else {
        panic!("a clock can be started")
    };
    let due_at = after(received_at(), HOUR * 48);
    assert_eq!(case.promise().due_at, due_at);
    assert!(!case.is_breached(due_at) && case.is_breached(after(due_at, Duration::from_nanos(1))));
    assert!(!case.is_paused());
    let clock = case.clock.clone().unwrap();
    let now = after(received_at(), HOUR * 47);
    let Ok(case) = then(&case, now, clock.pause(now, &Calendars::default()).unwrap()) else {
        panic!("a clock that runs can be paused")
    };
    assert!(case.is_paused() && !case.is_breached(Timestamp::MAX));
    let kinds: Vec<_> = case.history.iter().map(|step| step.kind).collect();
    assert_eq!(
        kinds,
        ["received", "clock_started", "at_risk", "at_risk", "clock_paused"]
    );
    assert_eq!(case.update_time, now);
}

#[test]
fn a_clock_that_was_not_started_takes_no_step() {
    let happened = [ClockEvent::Stepped(Step::Breached)];
    let refused = then(&received(), received_at(), happened).err();
    assert_eq!(refused, Some(HistoryError::Clock(OutOfTurn::NotStarted)));
    let twice = then(&received(), received_at(), [started(), started()]).err();
    assert_eq!(twice, Some(HistoryError::Clock(OutOfTurn::StartedTwice)));
}

#[test]
fn a_case_wakes_at_the_next_step_of_its_clock_and_not_while_it_stands_still() {
    let case = received();
    assert_eq!(case.wake(), None);
    let Ok(case) = then(&case, received_at(), [started()]) else {
        panic!("a clock can be started")
    };
    assert_eq!(case.wake(), Some(after(received_at(), HOUR * 24)));
    let fire = |case: &Case, at| then(case, at, [ClockEvent::Stepped(Step::AtRisk(50))]);
    let Ok(fired) = fire(&case, after(received_at(), HOUR * 24)) else {
        panic!("the step is the next one")
    };
    assert!(fired.wake() > case.wake());
    let now = after(received_at(), HOUR);
    let clock = case.clock.clone().unwrap();
    let Ok(paused) = then(&case, now, clock.pause(now, &Calendars::default()).unwrap()) else {
        panic!("a clock that runs can be paused")
    };
    assert_eq!(paused.wake(), None);

    // A clock that is started with the receipt is in the first change too.
    let receipt = EventKind::Received(Box::new(case.receipt));
    let first = Change::new(case.id, received_at(), [receipt, EventKind::Clock(started())]);
    assert_eq!(first.wake, Some(after(received_at(), HOUR * 24)));
}

#[test]
fn a_case_gives_back_no_more_than_it_was_charged() {
    let case = received();
    let month = "2026-06".parse().ok();
    let question_id = QuestionId(uuid::Uuid::nil());
    let asked = || EventKind::Asked {
        question_id,
        operation: Operation::NinoTrace,
        charged: month,
    };
    let unasked = || EventKind::Replied {
        question_id,
        operation: Operation::NinoTrace,
        reply: Reply::of(reply::Outcome::Unavailable(Unavailable::BreakerOpen)),
        refunded: month,
        again: None,
        timing: None,
    };
    let Ok((change, charged)) = case.change(received_at(), [asked()]) else {
        panic!("a question can be asked")
    };
    assert_eq!((change.spent.len(), change.spent[0].units), (1, 1));
    assert_eq!(charged.spent, change.spent);
    let Ok((change, refunded)) = charged.change(received_at(), [unasked()]) else {
        panic!("what was charged can be given back")
    };
    assert_eq!((change.spent[0].units, refunded.spent.len()), (-1, 0));
    let twice = refunded.change(received_at(), [unasked()]).err();
    assert_eq!(twice, Some(HistoryError::NotCharged));
    let receipt = EventKind::Received(Box::new(case.receipt));
    let first = Change::new(case.id, received_at(), [receipt, asked()]);
    assert_eq!(first.spent, charged.spent);
}
