//! What every engine must do with entries of the house; part of the conformance suite.

use futures_util::future::join_all;
use jiff::{Timestamp, ToSpan as _};
use statuscheck::store::upkeep::OpenQuery;
use statuscheck::store::{CommitError, HouseEntry, HouseKind, HouseQuery, Received};
use statuscheck_domain::ids::AgreementId;

use super::Place;
use crate::samples;
use crate::steps::{
    ORGANISATION, asking, case_id, content, deciding, house_entry, opening_of, receipt, receive, version,
};

const KIND: HouseKind = HouseKind::RegisterApplied;

/// The `n`th entry, so many seconds after the start.
fn entry(n: i64) -> HouseEntry {
    HouseEntry {
        time: at(n),
        details: serde_json::Map::from_iter([("number".to_owned(), n.into())]),
        ..house_entry(KIND)
    }
}

fn at(n: i64) -> Timestamp {
    samples::start() + n.seconds()
}

/// Every entry of the kind.
const ALL: HouseQuery = HouseQuery {
    kind: KIND,
    after: None,
    before: None,
    limit: 100,
};

pub(crate) async fn what_an_operator_did_is_recorded_beside_the_cases(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    for kind in HouseKind::ALL {
        assert_eq!(store.note(house_entry(kind)).await, Ok(()));
    }
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    assert_eq!(version(&*store, 1).await, Some(2));
    store.close().await;
    let refused = store.note(house_entry(HouseKind::RetentionRun)).await;
    assert_eq!(refused, Err(CommitError::Unavailable));
    place.open().await.close().await;
}

pub(crate) async fn what_an_operator_did_is_read_back_newest_first(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.noted(ALL).await, Ok(Vec::new()));
    receive(&*store, 1).await;
    // In another order than that of their times.
    for n in [2, 5, 1, 4, 3] {
        assert_eq!(store.note(entry(n)).await, Ok(()));
        assert_eq!(store.note(house_entry(HouseKind::RegisterPlanned)).await, Ok(()));
    }
    store.close().await;
    let store = place.open().await;
    let found = async |query| store.noted(query).await.unwrap();
    let entries = |numbers: &[i64]| numbers.iter().map(|n| entry(*n)).collect::<Vec<_>>();
    assert_eq!(found(ALL).await, entries(&[5, 4, 3, 2, 1]));
    assert_eq!(found(HouseQuery { limit: 2, ..ALL }).await, entries(&[5, 4]));
    assert_eq!(found(HouseQuery { limit: 0, ..ALL }).await, entries(&[5]));
    let (after, before) = (Some(at(2)), Some(at(5)));
    assert_eq!(found(HouseQuery { after, ..ALL }).await, entries(&[5, 4, 3]));
    let between = HouseQuery { after, before, ..ALL };
    assert_eq!(found(between).await, entries(&[4, 3]));
    let ever = HouseQuery {
        after: Some(Timestamp::MIN),
        before: Some(Timestamp::MAX),
        ..ALL
    };
    assert_eq!(found(ever).await.len(), 5);
    let other = HouseQuery {
        kind: HouseKind::KeyRotated,
        ..ALL
    };
    assert_eq!(found(other).await, []);
    store.close().await;
}

pub(crate) async fn of_entries_that_must_be_next_of_their_kind_one_is_recorded(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.note_next(entry(1), None).await, Ok(()));
    // Another kind's entries have nothing to do with it.
    assert_eq!(store.note(house_entry(HouseKind::RegisterPlanned)).await, Ok(()));
    assert_eq!(store.note_next(entry(2), None).await, Err(CommitError::Stale));
    let not_later = store.note_next(entry(1), Some(at(1))).await;
    assert_eq!(not_later, Err(CommitError::Malformed));
    let contenders = (2..12).map(|n| store.note_next(entry(n), Some(at(1))));
    let results = join_all(contenders).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = [Ok(()), Err(CommitError::Stale), Err(CommitError::Full)];
    assert!(results.iter().all(|result| lost.contains(result)), "{results:?}");
    let noted = store.noted(ALL).await.unwrap();
    assert_eq!(noted.len(), 2);
    let next = noted[0].time;
    assert_eq!(store.note_next(entry(60), Some(next)).await, Ok(()));
    assert_eq!(store.noted(ALL).await.unwrap().len(), 3);
    store.close().await;
}

pub(crate) async fn open_cases_are_counted_by_their_agreements(place: &impl Place) {
    let store = place.open().await;
    let ids =
        |names: &[&str]| -> Vec<AgreementId> { names.iter().map(|name| name.parse().unwrap()).collect() };
    let mut open = 0;
    for (n, answer) in (0..).zip(samples::answers()) {
        let organisation = if n % 2 == 0 { ORGANISATION } else { "south-letting" };
        let mut receipt = receipt(organisation, n);
        receipt.agreement_id = "one".parse().unwrap();
        let received = store
            .receive(opening_of(case_id(n), receipt), content("one"))
            .await;
        assert_eq!(received, Ok(Received::New));
        assert_eq!(store.commit(deciding(case_id(n), 1, answer)).await, Ok(()));
        let case = store.case(case_id(n)).await.unwrap().unwrap();
        open += u64::from(!case.state.is_closed());
    }
    let mut other = receipt(ORGANISATION, 900);
    other.agreement_id = "other".parse().unwrap();
    let received = store
        .receive(opening_of(case_id(900), other), content("one"))
        .await;
    assert_eq!(received, Ok(Received::New));
    assert!(0 < open && open < samples::answers().len() as u64);
    let count = async |names: &[&str]| store.open_cases(&ids(names)).await.unwrap();
    assert_eq!(count(&["one"]).await, open);
    assert_eq!(count(&["other", "none"]).await, 1);
    assert_eq!(count(&["one", "other"]).await, open + 1);
    assert_eq!(count(&[]).await, 0);
    store.close().await;
}

pub(crate) async fn open_cases_are_listed_whosever_they_are_oldest_first(place: &impl Place) {
    let store = place.open().await;
    let mut open = Vec::new();
    for (n, answer) in (0..).zip(samples::answers()) {
        let organisation = if n % 2 == 0 { ORGANISATION } else { "south-letting" };
        let mut receipt = receipt(organisation, n);
        receipt.agreement_id = if n % 3 == 0 { "one" } else { "two" }.parse().unwrap();
        let received = store
            .receive(opening_of(case_id(n), receipt), content("one"))
            .await;
        assert_eq!(received, Ok(Received::New));
        assert_eq!(store.commit(deciding(case_id(n), 1, answer)).await, Ok(()));
        let case = store.case(case_id(n)).await.unwrap().unwrap();
        open.extend((!case.state.is_closed()).then_some((n, case_id(n))));
    }
    // Nothing is decided about it yet.
    receive(&*store, 900).await;
    assert!(open.len() > 2);
    let list = async |agreement: Option<&str>, after, limit| {
        let agreement = agreement.map(|agreement| agreement.parse().unwrap());
        let query = OpenQuery {
            agreement,
            after,
            limit,
        };
        store.open(query).await.unwrap()
    };
    let ids: Vec<_> = open.iter().map(|(_, id)| *id).collect();
    assert_eq!(list(None, None, 100).await, ids);
    assert_eq!(list(None, None, 0).await, ids[..1]);
    assert_eq!(list(None, Some(ids[0]), 1).await, ids[1..2]);
    assert_eq!(list(None, ids.last().copied(), 100).await, []);
    let of_one: Vec<_> = open
        .iter()
        .filter(|(n, _)| n % 3 == 0)
        .map(|(_, id)| *id)
        .collect();
    assert_eq!(list(Some("one"), None, 100).await, of_one);
    assert_eq!(list(Some("none"), None, 100).await, []);
    store.close().await;
}
