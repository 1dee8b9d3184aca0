//! Quotas: exact, whoever asks at the same time and however often the store is opened.

use futures_util::future::join_all;
use statuscheck::store::{QuotaError, Received, Reserved, Store};
use statuscheck_domain::case::Case;
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{DepartmentId, QuestionId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::quota::QuotaKey;
use statuscheck_domain::reply::{Outcome, Reply, Unavailable};
use uuid::Uuid;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, case_id, content, receipt};

/// The quota of the samples' agreement for DWP in `month`.
fn quota(month: &str) -> QuotaKey {
    QuotaKey {
        agreement: receipt(ORGANISATION, 1).agreement_id,
        department: DepartmentId::Dwp,
        month: month.parse().unwrap(),
    }
}

fn question() -> QuestionId {
    QuestionId(Uuid::from_u128(9))
}

/// A trace that is charged to `key`.
fn charged(key: &QuotaKey) -> EventKind {
    EventKind::Asked {
        question_id: question(),
        operation: Operation::NinoTrace,
        charged: Some(key.month),
    }
}

/// It was not sent.
fn given_back(key: &QuotaKey) -> EventKind {
    EventKind::Replied {
        question_id: question(),
        operation: Operation::NinoTrace,
        reply: Reply::of(Outcome::Unavailable(Unavailable::BreakerOpen)),
        refunded: Some(key.month),
        again: None,
        timing: None,
    }
}

/// The first change of case `n`: received, and one question for each of `keys`.
fn opening(n: u32, keys: &[&QuotaKey]) -> Change {
    let received = EventKind::Received(Box::new(receipt(ORGANISATION, n)));
    let asked = keys.iter().map(|key| charged(key));
    Change::new(
        case_id(n),
        samples::start(),
        std::iter::once(received).chain(asked),
    )
}

/// Receives case `n` with a question for each of `keys`.
async fn receive(store: &dyn Store, n: u32, keys: &[&QuotaKey]) -> Case {
    let change = opening(n, keys);
    let case = Case::fold(change.case_id, change.events.clone()).unwrap();
    assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    case
}

async fn used(store: &dyn Store, key: &QuotaKey) -> u64 {
    store.quota_used(key).await.unwrap()
}

async fn reserve(
    store: &dyn Store,
    n: u32,
    key: &QuotaKey,
    units: u64,
    limit: u64,
) -> Result<Reserved, QuotaError> {
    store.reserve(case_id(n), key, units, limit).await
}

pub(crate) async fn a_quota_is_exact_over_parallel_checks_and_reopenings(place: &impl Place) {
    const AT_ONCE: u32 = 200;
    let key = quota("2026-03");
    for round in 0..4 {
        let store = place.open().await;
        let limit = u64::from(round + 1) * 37;
        let check = |n: u32| {
            let (store, key) = (&store, &key);
            async move {
                let reserved = reserve(&**store, n, key, 1, limit).await?;
                receive(&**store, n, &[key]).await;
                drop(reserved);
                assert!(used(&**store, key).await <= limit);
                Ok(())
            }
        };
        let first = round * AT_ONCE;
        let results = join_all((first..first + AT_ONCE).map(check)).await;
        let asked = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(asked, 37);
        let refused = Err(QuotaError::Spent { left: 0 });
        assert_eq!(
            results.iter().filter(|result| **result == refused).count(),
            AT_ONCE as usize - 37
        );
        assert_eq!(used(&*store, &key).await, limit);
        store.close().await;
    }
    let store = place.open().await;
    assert_eq!(used(&*store, &key).await, 4 * 37);
    store.close().await;
}

pub(crate) async fn what_is_set_aside_and_not_used_is_given_back(place: &impl Place) {
    let store = place.open().await;
    let key = quota("2026-03");
    let all = reserve(&*store, 1, &key, 10, 10).await.ok().unwrap();
    assert_eq!(all.key(), &key);
    let none_left = Some(QuotaError::Spent { left: 0 });
    assert_eq!(reserve(&*store, 2, &key, 1, 10).await.err(), none_left);
    // Another case cannot use what is set aside for this one.
    assert_eq!(used(&*store, &key).await, 0);
    drop(all);

    let three = reserve(&*store, 3, &key, 3, 10).await.ok().unwrap();
    let one_more = reserve(&*store, 3, &key, 1, 10).await.ok().unwrap();
    receive(&*store, 3, &[&key, &key]).await;
    assert_eq!(used(&*store, &key).await, 2);
    // Two are used and two set aside.
    let left = Some(QuotaError::Spent { left: 6 });
    assert_eq!(reserve(&*store, 4, &key, 7, 10).await.err(), left);
    drop(three);
    drop(one_more);
    let left = Some(QuotaError::Spent { left: 8 });
    assert_eq!(reserve(&*store, 4, &key, 9, 10).await.err(), left);
    let eight = reserve(&*store, 4, &key, 8, 10).await.ok().unwrap();
    assert_eq!(reserve(&*store, 5, &key, 1, 10).await.err(), none_left);
    // What a store had set aside is free when it is opened again.
    store.close().await;
    drop(eight);
    let store = place.open().await;
    assert!(reserve(&*store, 5, &key, 8, 10).await.is_ok());
    store.close().await;
}

pub(crate) async fn a_question_that_was_not_sent_is_given_back(place: &impl Place) {
    let store = place.open().await;
    let key = quota("2026-03");
    let reserved = reserve(&*store, 1, &key, 2, 2).await.ok().unwrap();
    let case = receive(&*store, 1, &[&key, &key]).await;
    drop(reserved);
    assert_eq!(used(&*store, &key).await, 2);
    // The reply comes in another month, and gives back to that of the question.
    let april = quota("2026-04").month.start();
    let (change, case) = case.change(april, [given_back(&key)]).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
    assert_eq!(used(&*store, &key).await, 1);
    assert!(reserve(&*store, 2, &key, 1, 2).await.is_ok());
    let (change, _) = case.change(april, [given_back(&key)]).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
    assert_eq!(used(&*store, &key).await, 0);
    store.close().await;
    let store = place.open().await;
    assert_eq!(used(&*store, &key).await, 0);
    assert!(reserve(&*store, 2, &key, 2, 2).await.is_ok());
    store.close().await;
}

pub(crate) async fn what_is_refused_uses_nothing(place: &impl Place) {
    let store = place.open().await;
    let key = quota("2026-03");
    let case = receive(&*store, 1, &[&key]).await;
    let reserved = reserve(&*store, 2, &key, 1, 2).await.ok().unwrap();
    // The same request again.
    let repeat = Change {
        case_id: case_id(2),
        ..opening(1, &[&key])
    };
    let known = Received::Known {
        case_id: case_id(1),
        same_content: true,
    };
    assert_eq!(store.receive(repeat, content("one")).await, Ok(known));
    assert_eq!(used(&*store, &key).await, 1);
    drop(reserved);

    let (change, _) = case.change(samples::start(), [charged(&key)]).unwrap();
    assert_eq!(store.commit(change.clone()).await, Ok(()));
    assert!(store.commit(change).await.is_err());
    assert_eq!(used(&*store, &key).await, 2);
    let none_left = Some(QuotaError::Spent { left: 0 });
    assert_eq!(reserve(&*store, 3, &key, 1, 2).await.err(), none_left);
    store.close().await;
}

pub(crate) async fn every_agreement_department_and_month_has_a_quota_of_its_own(place: &impl Place) {
    let store = place.open().await;
    let march = quota("2026-03");
    let others = [
        quota("2026-04"),
        QuotaKey {
            department: DepartmentId::Hmrc,
            ..march.clone()
        },
        QuotaKey {
            agreement: "lettings-north".parse().unwrap(),
            ..march.clone()
        },
    ];
    let reserved = reserve(&*store, 1, &march, 1, 1).await.ok().unwrap();
    receive(&*store, 1, &[&march]).await;
    drop(reserved);
    assert!(reserve(&*store, 2, &march, 1, 1).await.is_err());
    for other in &others {
        assert_eq!(used(&*store, other).await, 0);
        assert!(reserve(&*store, 2, other, 1, 1).await.is_ok());
    }
    // What is under no quota is counted nowhere.
    receive(&*store, 3, &[]).await;
    assert_eq!(used(&*store, &march).await, 1);
    store.close().await;
}

pub(crate) async fn what_a_purged_case_used_stays_used(place: &impl Place) {
    let store = place.open().await;
    let key = quota("2026-03");
    receive(&*store, 1, &[&key, &key]).await;
    assert_eq!(store.purge(case_id(1), 3, samples::start()).await, Ok(()));
    assert_eq!(used(&*store, &key).await, 2);
    store.close().await;
    let store = place.open().await;
    assert_eq!(used(&*store, &key).await, 2);
    store.close().await;
}
