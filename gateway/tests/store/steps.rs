//! Changes of cases in few words.

use std::pin::Pin;
use std::task::Poll;

use jiff::ToSpan as _;
use statuscheck::store::{CaseQuery, CommitError, HouseEntry, HouseKind, Received, Store};
use statuscheck_domain::answer::{Answer, Negative};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::event::{Change, Event, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, OrganisationId, QuestionId, ReferralId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::quota::{Month, QuotaKey, Spent};
use statuscheck_domain::referral::{Finding, Held, Hold, Opening, Referral, ReferralEvent, Resolution};
use statuscheck_domain::sla::Target;
use statuscheck_domain::windrush::{Ground, Rules};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::samples;

pub(crate) const ORGANISATION: &str = "north-letting";

/// The `n`th case: a later one has a later id.
pub(crate) fn case_id(n: u32) -> CaseId {
    CaseId::at(samples::start() + i64::from(n).milliseconds(), &[7; 10])
}

pub(crate) fn organisation(id: &str) -> OrganisationId {
    id.parse().unwrap()
}

/// A receipt of `organisation`'s request `n`.
pub(crate) fn receipt(organisation: &str, n: u32) -> Receipt {
    let mut receipt = samples::receipts().swap_remove(0);
    receipt.organisation = organisation.parse().unwrap();
    receipt.request_id = RequestId(Uuid::from_u128(u128::from(n)));
    receipt
}

/// The first change of case `n` with the request of that number.
pub(crate) fn opening(n: u32) -> Change {
    opening_of(case_id(n), receipt(ORGANISATION, n))
}

pub(crate) fn opening_of(id: CaseId, receipt: Receipt) -> Change {
    Change::new(id, samples::start(), [EventKind::Received(Box::new(receipt))])
}

pub(crate) fn content(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

/// Receives case `n`, which must be new.
pub(crate) async fn receive(store: &dyn Store, n: u32) {
    assert_eq!(store.receive(opening(n), content("one")).await, Ok(Received::New));
}

/// The next step of a case at `version`: a question goes out.
pub(crate) fn asking(id: CaseId, version: u64) -> Change {
    let asked = EventKind::Asked {
        question_id: QuestionId(Uuid::from_u128(9)),
        operation: Operation::ImmigrationStatus,
        charged: None,
    };
    step(id, version, asked)
}

/// The next step of a case at `version`: a question goes out, under [`quota`].
pub(crate) fn charging(id: CaseId, version: u64) -> Change {
    let key = quota();
    let mut change = asking(id, version);
    for event in &mut change.events {
        if let EventKind::Asked { charged, .. } = &mut event.kind {
            *charged = Some(key.month);
        }
    }
    change.spent = vec![Spent { key, units: 1 }];
    change
}

/// The quota of the samples' agreement for the Home Office in a month.
pub(crate) fn quota() -> QuotaKey {
    QuotaKey {
        agreement: receipt(ORGANISATION, 0).agreement_id,
        department: Operation::ImmigrationStatus.department(),
        month: Month::of(samples::start()),
    }
}

/// The next step of a case at `version`: it is decided.
pub(crate) fn deciding(id: CaseId, version: u64, answer: Answer) -> Change {
    step(id, version, EventKind::Decided(answer))
}

/// A step of a case at `version` that has no clock and is under no quota; the case need not be there.
pub(crate) fn step(case_id: CaseId, version: u64, kind: EventKind) -> Change {
    let event = Event {
        version: version + 1,
        time: samples::start(),
        kind,
    };
    Change {
        case_id,
        expected_version: version,
        events: vec![event],
        wake: None,
        spent: Vec::new(),
        listed: Vec::new(),
        standing: None,
        posted: Vec::new(),
        referred: Vec::new(),
        lookup: None,
    }
}

/// Something that an operator did.
pub(crate) fn house_entry(kind: HouseKind) -> HouseEntry {
    HouseEntry {
        time: samples::start(),
        kind,
        actor: "ops/one".to_owned(),
        details: serde_json::Map::from_iter([("cases".to_owned(), 3.into())]),
    }
}

/// The version that the store has the case at.
pub(crate) async fn version(store: &dyn Store, n: u32) -> Option<u64> {
    store.case(case_id(n)).await.unwrap().map(|case| case.version)
}

/// All cases of one organisation.
pub(crate) fn every_case(of: &str) -> CaseQuery {
    CaseQuery {
        organisation: organisation(of),
        states: Vec::new(),
        after: None,
        limit: 100,
    }
}

/// Lets `future` go as far as it can without waiting.
pub(crate) async fn begin<F: Future>(future: &mut Pin<Box<F>>) {
    std::future::poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// How many of `results` are that error.
pub(crate) fn count<T>(results: &[Result<T, CommitError>], error: CommitError) -> usize {
    results
        .iter()
        .filter(|result| result.as_ref().err() == Some(&error))
        .count()
}

/// The `n`th referral: a later one has a later id.
pub(crate) fn referral_id(n: u32) -> ReferralId {
    ReferralId::at(samples::start() + i64::from(n).milliseconds(), &[9; 10])
}

/// A case is referred by the `n`th referral, which it opens, or which `joined` has opened.
pub(crate) fn referred(n: u32, joined: Option<CaseId>) -> Vec<EventKind> {
    let opening = Opening {
        id: referral_id(n),
        joined,
        hold: Hold {
            held: Held::Negative(Negative::NoRecord),
            grounds: vec![Ground::CouldHaveArrived],
        },
        rules: Rules::default().version,
        due: Target::DEFAULT.start(samples::start()),
        is_withheld: false,
        contact: "the help team".to_owned(),
        advice: "Quote {referral}.".parse().unwrap(),
        asked: Vec::new(),
    };
    let referral = Referral::new(opening.clone(), samples::start());
    let answer = samples::answers().swap_remove(0);
    vec![
        EventKind::Decided(referral.told(CheckKind::RightToWork, answer)),
        EventKind::Referral(ReferralEvent::Opened(Box::new(opening))),
    ]
}

/// The referral of a case is resolved, and nobody had joined it.
pub(crate) fn resolved(finding: Finding) -> Vec<EventKind> {
    let resolution = Resolution {
        finding,
        note: Zeroizing::new("Seen in the school's register.".to_owned()),
        by: "taskforce/one".to_owned(),
        at: samples::start(),
        tells: false,
    };
    vec![EventKind::Referral(ReferralEvent::Said(Box::new(resolution)))]
}
