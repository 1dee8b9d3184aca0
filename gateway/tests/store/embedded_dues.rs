//! The limits of leases, of what is kept in mind, and of the feed in the embedded engine.

use statuscheck::store::embedded::Settings;
use statuscheck::store::{Position, QuotaError, Store};
use statuscheck_domain::ids::{CaseId, DepartmentId};
use statuscheck_domain::quota::QuotaKey;

use crate::embedded::Directory;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, deciding, organisation, receipt, receive};

/// Leases what is due long after everything here.
async fn lease(store: &impl Store, limit: usize) -> Vec<CaseId> {
    let late = "2030-01-01T00:00:00Z".parse().unwrap();
    let due = store.lease_due(late, limit).await.unwrap();
    due.iter().map(|due| due.case_id).collect()
}

fn cases(numbers: std::ops::Range<u32>) -> Vec<CaseId> {
    numbers.map(case_id).collect()
}

async fn decide(store: &impl Store, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let answer = samples::answers().swap_remove(0);
        assert_eq!(store.commit(deciding(case_id(n), 1, answer)).await, Ok(()));
    }
}

#[tokio::test]
async fn no_more_is_leased_at_a_time_or_in_all_than_may_be() {
    let directory = Directory::new();
    let settings = Settings {
        due_max: 3,
        leases_max: 5,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    for n in 0..8 {
        receive(&store, n).await;
    }
    assert_eq!(lease(&store, 100).await, cases(0..3));
    assert_eq!(lease(&store, 100).await, cases(3..5));
    assert_eq!(lease(&store, 100).await, []);
    assert_eq!(store.release(&[case_id(4)]).await, Ok(()));
    decide(&store, 0..1).await;
    assert_eq!(lease(&store, 100).await, cases(4..6));
    store.close().await;
}

#[tokio::test]
async fn more_undecided_cases_than_are_kept_in_mind_are_all_found() {
    let directory = Directory::new();
    let settings = Settings {
        undecided_max: 4,
        ..directory.settings()
    };
    for opened in 0..2 {
        let store = directory.open_with(settings.clone()).await.unwrap();
        if opened == 0 {
            for n in 0..11 {
                receive(&store, n).await;
            }
        } else {
            let mut found = Vec::new();
            while found.len() < 11 {
                let some = lease(&store, 100).await;
                let from = u32::try_from(found.len()).unwrap();
                let to = from + u32::try_from(some.len()).unwrap();
                assert!((1..=4).contains(&some.len()));
                decide(&store, from..to).await;
                found.extend(some);
            }
            assert_eq!(found, cases(0..11));
            assert_eq!(lease(&store, 100).await, []);
        }
        store.close().await;
    }
}

#[tokio::test]
async fn no_more_units_are_set_aside_than_may_be() {
    let directory = Directory::new();
    let settings = Settings {
        reservations_max: 2,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    let key = QuotaKey {
        agreement: receipt(ORGANISATION, 1).agreement_id,
        department: DepartmentId::Dwp,
        month: "2026-03".parse().unwrap(),
    };
    let reserve = |n| store.reserve(case_id(n), &key, 1, 100);
    let (one, two) = (reserve(1).await, reserve(1).await);
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(reserve(2).await.err(), Some(QuotaError::Full));
    drop(one);
    assert!(reserve(2).await.is_ok());
    store.close().await;
    assert!(matches!(reserve(2).await.err(), Some(QuotaError::Read(_))));
}

#[tokio::test]
async fn a_page_of_the_feed_ends_after_so_many_entries_seen_or_passed_over() {
    let directory = Directory::new();
    let settings = Settings {
        feed_max: 3,
        feed_looked_at_max: 5,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    receive(&store, 1).await;
    for version in 1..8 {
        assert_eq!(store.commit(asking(case_id(1), version)).await, Ok(()));
    }
    let page = store
        .entries_after(&Position::default(), None, 100)
        .await
        .unwrap();
    assert_eq!((page.entries.len(), page.more), (3, true));
    let nobody = organisation("nobody");
    let mut position = Position::default();
    for more in [true, false] {
        let page = store.entries_after(&position, Some(&nobody), 100).await.unwrap();
        assert_eq!((page.entries.len(), page.more), (0, more));
        position = page.next;
    }
    assert_eq!(position, store.position().await.unwrap());
    store.close().await;
}
