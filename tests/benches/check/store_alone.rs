//! The store without a gateway: the price of one durable change, and what waiting together saves.

use std::sync::Arc;
use std::time::Duration;

use statuscheck::store::Store as _;
use statuscheck::store::embedded::EmbeddedStore;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::{CheckKind, Draft};
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, QuestionId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::sla::Target;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::house::{Commits, House};
use crate::table::{Samples, head, line};

/// Tasks that wait for the writer at once.
const TASKS: [usize; 2] = [1, 64];

/// How long each is measured before the next one's turn.
const TURN: Duration = Duration::from_millis(1_000);

/// Turns of each; the first is not counted.
const TURNS: usize = 4;

struct Measured {
    what: String,
    store: Arc<EmbeddedStore>,
    tasks: usize,
    samples: Samples,
}

/// Measures commits of one event each, in turns.
pub(crate) async fn measure(house: &House) {
    let mut all = Vec::new();
    for (commits, file, how) in [
        (Commits::Together, "together", "committed together"),
        (Commits::OneByOne, "one-by-one", "committed one by one"),
    ] {
        let store = Arc::new(house.store(&format!("alone-{file}"), commits).await);
        for tasks in TASKS {
            all.push(Measured {
                what: format!("{tasks} waiting, {how}"),
                store: store.clone(),
                tasks,
                samples: Samples::default(),
            });
        }
    }
    for turn in 0..TURNS {
        for one in &mut all {
            let samples = commit(&house.clock, &one.store, one.tasks).await;
            if turn > 0 {
                one.samples.add(samples);
            }
        }
    }
    head("The store alone, commits of one event each");
    for one in &all {
        line(&one.what, &one.samples);
    }
}

async fn commit(clock: &SharedClock, store: &Arc<EmbeddedStore>, tasks: usize) -> Samples {
    let mut cases = Vec::new();
    for _ in 0..tasks {
        cases.push(open(clock, store).await);
    }
    let began = clock.elapsed();
    let mut committing = JoinSet::new();
    for mut case in cases {
        let (clock, store) = (clock.clone(), store.clone());
        committing.spawn(async move {
            let mut each = Vec::new();
            loop {
                let asked = EventKind::Asked {
                    question_id: QuestionId(Uuid::now_v7()),
                    operation: Operation::ImmigrationStatus,
                    charged: None,
                };
                let (change, next) = case.change(clock.now(), [asked]).expect("a question");
                let now = clock.elapsed();
                if now.saturating_sub(began) > TURN {
                    break;
                }
                store.commit(change).await.expect("recorded");
                each.push(clock.elapsed().saturating_sub(now));
                case = next;
            }
            each
        });
    }
    let each = committing.join_all().await.concat();
    Samples::within(clock.elapsed().saturating_sub(began), each)
}

/// A new case in the store.
async fn open(clock: &SharedClock, store: &Arc<EmbeddedStore>) -> Case {
    let now = clock.now();
    let draft = Draft {
        share_code: "W12 345 67X",
        date_of_birth: "1961-07-23",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, london_day(now)) else {
        unreachable!("the draft is well formed")
    };
    let content = check.canonical();
    let receipt = Receipt {
        organisation: "employer".parse().expect("an id"),
        request_id: RequestId(Uuid::new_v4()),
        check,
        caller_reference: String::new().into(),
        agreement_id: "right-to-work".parse().expect("an id"),
        legal_basis: "Immigration, Asylum and Nationality Act 2006, sections 15 to 25".to_owned(),
        clock: Target::DEFAULT.start(now),
        is_discreet: false,
    };
    let id = CaseId(Uuid::now_v7());
    let received = EventKind::Received(Box::new(receipt));
    let change = Change::new(id, now, [received]);
    let case = Case::fold(id, change.events.clone()).expect("a case");
    store.receive(change, content).await.expect("recorded");
    case
}
