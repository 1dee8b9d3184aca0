//! Cases that wait for something to happen by itself: a clock that has fired, one that will, and a question to be asked again.

use jiff::{SignedDuration, Timestamp};
use statuscheck::store::{Received, Store};
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::{ClockEvent, Step};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Outcome, Reply, Unavailable};
use uuid::Uuid;

use crate::conformance::dues::{pending, receive_waking, started, tick};
use crate::samples;
use crate::steps::{ORGANISATION, case_id, content, receipt};

const HAS_FIRED: u32 = 60;
const WILL_FIRE: u32 = 61;
const TO_ASK: u32 = 62;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const FIRST: ClockEvent = ClockEvent::Stepped(Step::AtRisk(50));
const QUESTION: QuestionId = QuestionId(Uuid::from_u128(62));

/// When two of them are due.
fn due() -> Timestamp {
    samples::start() + HOUR * 2
}

fn asked() -> EventKind {
    EventKind::Asked {
        question_id: QUESTION,
        operation: Operation::ImmigrationStatus,
        charged: None,
    }
}

async fn case(store: &dyn Store, n: u32) -> Case {
    store.case(case_id(n)).await.ok().flatten().unwrap()
}

/// Receives the three; twelve entries.
pub(crate) async fn leave_waiting(store: &dyn Store) {
    receive_waking(store, HAS_FIRED, due() - HOUR).await;
    tick(store, case_id(HAS_FIRED), due() - HOUR, FIRST).await;
    receive_waking(store, WILL_FIRE, due()).await;
    let received = EventKind::Received(Box::new(receipt(ORGANISATION, TO_ASK)));
    let received = Change::new(case_id(TO_ASK), samples::start(), [received, asked()]);
    assert_eq!(store.receive(received, content("one")).await, Ok(Received::New));
    let replied = EventKind::Replied {
        question_id: QUESTION,
        operation: Operation::ImmigrationStatus,
        reply: Reply::of(Outcome::Unavailable(Unavailable::Failed)),
        refunded: None,
        again: Some(due()),
        timing: None,
    };
    let then = [replied, pending(), started(due() + HOUR)];
    let (then, _) = case(store, TO_ASK).await.change(samples::start(), then).unwrap();
    assert_eq!(store.commit(then).await, Ok(()));
}

/// What has fired stays fired, and the others are due in their time.
pub(crate) async fn assert_waiting(store: &dyn Store) {
    let waiting = [HAS_FIRED, WILL_FIRE, TO_ASK].map(case_id);
    let leased = store.lease_due(due(), 100).await.unwrap();
    let leased: Vec<_> = leased.iter().map(|due| due.case_id).collect();
    let mut found = leased.clone();
    found.retain(|id| waiting.contains(id));
    found.sort_unstable();
    assert_eq!(found, waiting[1..]);
    assert_eq!(store.release(&leased).await, Ok(()));

    let clock = case(store, HAS_FIRED).await.clock.unwrap();
    assert_eq!(clock.fired().collect::<Vec<_>>(), [Step::AtRisk(50)]);
    assert_eq!(clock.step(due()), []);
    let clock = case(store, WILL_FIRE).await.clock.unwrap();
    assert_eq!(clock.step(due()), [FIRST]);
    let repeats = case(store, TO_ASK).await.questions.due(due());
    let repeats: Vec<_> = repeats.iter().map(|repeat| repeat.id).collect();
    assert_eq!(repeats, [QUESTION]);
}

/// What is due happens: two entries.
pub(crate) async fn go_on_waiting(store: &dyn Store) {
    tick(store, case_id(WILL_FIRE), due(), FIRST).await;
    let (again, _) = case(store, TO_ASK).await.change(due(), [asked()]).unwrap();
    assert_eq!(store.commit(again).await, Ok(()));
}
