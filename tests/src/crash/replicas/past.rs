//! Cases that have waited for days: written by a store of their own, as an earlier gateway would have left them, for what
//! happens by itself to happen while a test looks.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use statuscheck::demo::shipped_register;
use statuscheck::store::postgres::PostgresStore;
use statuscheck::store::seal::Kek;
use statuscheck::store::{CommitError, Store as _};
use statuscheck_domain::agreement::Register;
use statuscheck_domain::answer::{Answer, Outcome, PendingReason};
use statuscheck_domain::case::Case;
use statuscheck_domain::check::{Check, CheckKind, Draft};
use statuscheck_domain::clock::{SharedClock, SystemClock, london_day};
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, QuestionId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{self, Reply, Unavailable};
use statuscheck_domain::working_time::Calendars;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::database::settings;
use crate::person::{Resident, person};
use crate::postgres::{LocalPostgres, Role};
use crate::site::Site;

const AGREEMENT: &str = "right-to-work";
const ORGANISATION: &str = "employer";

/// Half of the five days that the agreement promises: then the first step of a clock is due.
const FIRST_STEP: SignedDuration = SignedDuration::from_hours(60);

/// Cases that are written at once, so that none waits for longer than a store lets it.
const AT_ONCE: usize = 64;

/// How often a case is written before the test gives up.
const TRIES_MAX: u32 = 5;

/// A question about somebody was asked so long before it is due again.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Whom the Home Office knows, and is slow about, so that a gateway is stopped while it asks about them.
pub(super) fn waited_for() -> Resident {
    let person = person("Waited").settled("2021-03-01").arrived("2021-02-01");
    person.behaves("home-office", "slow:100ms")
}

/// What a case waits for.
#[derive(Clone, Copy)]
pub(super) enum Waits {
    /// The first step of its clock.
    ForItsClock,
    /// The time to ask the Home Office again.
    ToAsk,
}

/// Writes cases of the past.
pub(super) struct Past {
    store: Arc<PostgresStore>,
    register: Arc<Register>,
    clock: SharedClock,
}

impl Past {
    pub(super) async fn open(site: &Site, postgres: &LocalPostgres) -> Self {
        let settings = settings(postgres, &postgres.first_database(), Role::Gateway);
        let key = Kek::load(&site.folder().join("store.key")).expect("the site's key");
        Self {
            store: Arc::new(PostgresStore::open(settings, key).await.expect("a store")),
            register: Arc::new(shipped_register().expect("the register")),
            clock: SystemClock::shared(),
        }
    }

    pub(super) async fn close(&self) {
        self.store.close().await;
    }

    /// Writes so many cases of each, all in all due within `over` from `from` on, evenly.
    pub(super) async fn leave(
        &self,
        cases: impl IntoIterator<Item = (Waits, usize)>,
        from: SignedDuration,
        over: SignedDuration,
    ) {
        let from = self.clock.now() + from;
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut leaving = JoinSet::new();
        for (waits, count) in cases {
            for number in 0..count {
                let part = number as f64 / count as f64;
                let due = from + SignedDuration::from_secs_f64(over.as_secs_f64() * part);
                let (store, register) = (Arc::clone(&self.store), Arc::clone(&self.register));
                let at_once = Arc::clone(&at_once);
                leaving.spawn(async move {
                    let _one = at_once.acquire().await.expect("it stays open");
                    let received = case(&register, waits, due);
                    let content = Zeroizing::new(received.case_id.0.as_bytes().to_vec());
                    // Under load it may be too late for the store, and is there all the same or is not: then once more.
                    let mut written = Err(CommitError::Unavailable);
                    for _try in 0..TRIES_MAX {
                        if written == Err(CommitError::Unavailable) {
                            written = store.receive(received.clone(), content.clone()).await;
                        }
                    }
                    assert!(written.is_ok(), "{written:?}");
                });
            }
        }
        while let Some(left) = leaving.join_next().await {
            left.expect("it is written");
        }
    }
}

/// A case that wakes at `due`, all of it in one change: what is received alone, and long ago, counts as left behind.
fn case(register: &Register, waits: Waits, due: Timestamp) -> Change {
    let (received_at, again) = match waits {
        Waits::ForItsClock => (due - FIRST_STEP, None),
        Waits::ToAsk => (due - PAUSE, Some(due)),
    };
    let id = CaseId::at(received_at, &random());
    let agreement = register.agreement(&AGREEMENT.parse().expect("an id"));
    let agreement = agreement.expect("it is shipped");
    let receipt = Receipt {
        organisation: ORGANISATION.parse().expect("an id"),
        request_id: RequestId(Uuid::new_v4()),
        check: check(received_at),
        caller_reference: String::new().into(),
        agreement_id: agreement.id.clone(),
        legal_basis: agreement.legal_basis.clone(),
        clock: statuscheck_domain::sla::Target::DEFAULT.start(received_at),
        is_discreet: false,
    };
    let question_id = QuestionId::at(received_at, &random());
    let operation = Operation::ImmigrationStatus;
    let asked = EventKind::Asked {
        question_id,
        operation,
        charged: None,
    };
    let received = [EventKind::Received(Box::new(receipt)), asked];
    let received = Change::new(id, received_at, received);
    let before = Case::fold(id, received.events.clone()).expect("a case");
    let replied = EventKind::Replied {
        question_id,
        operation,
        reply: Reply::of(reply::Outcome::Unavailable(Unavailable::Failed)),
        refunded: None,
        again,
        timing: None,
    };
    let decided = EventKind::Decided(Answer {
        outcome: Outcome::Pending {
            reason: PendingReason::DepartmentUnavailable,
            departments: vec![operation.department()],
        },
        legal_basis: agreement.legal_basis.clone(),
        agreement_id: agreement.id.clone(),
        as_of: None,
    });
    let (then, after) = before.change(received_at, [replied, decided]).expect("a step");
    let calendars = Calendars::default();
    let permit = register.resume(&after.receipt).expect("an agreement in force");
    let terms = || {
        let calendar = calendars.current().version();
        Some(agreement.sla.terms(received_at, permit.ground(), calendar))
    };
    let clock = after.clock_events(received_at, terms, &calendars);
    let clock = clock.expect("a clock").into_iter().map(EventKind::Clock);
    let (started, after) = after.change(received_at, clock).expect("a clock");
    assert_eq!(after.wake(), Some(due), "it waits for that and nothing before");
    received.followed_by(then.followed_by(started))
}

fn check(received_at: Timestamp) -> Check {
    let named = waited_for().by_name().person;
    let draft = Draft {
        given_names: &named.given_names,
        family_name: &named.family_name,
        date_of_birth: &named.date_of_birth,
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, london_day(received_at)) else {
        panic!("the sample is well formed")
    };
    check
}

fn random() -> [u8; 10] {
    let random = Uuid::new_v4().into_bytes();
    std::array::from_fn(|place| random[place])
}
