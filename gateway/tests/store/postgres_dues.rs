//! Several gateways on one database: leases and quotas over all of them, and what becomes of those of one that died.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use statuscheck::store::postgres::{Limits, PostgresStore, Settings};
use statuscheck::store::{CommitError, QuotaError, Received, Store};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{CaseId, DepartmentId, QuestionId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::quota::QuotaKey;
use tokio::time::timeout;
use uuid::Uuid;

use crate::postgres::Ground;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, content, deciding, receipt, receive, version};

/// What does not come fails the test instead of holding it up.
const PATIENCE: Duration = Duration::from_secs(30);

async fn two(ground: &Ground, settings: fn(&Ground) -> Settings) -> [PostgresStore; 2] {
    [
        ground.open_with(settings(ground)).await.unwrap(),
        ground.open_with(settings(ground)).await.unwrap(),
    ]
}

/// Leases what is due long after everything here.
async fn lease(store: &PostgresStore, limit: usize) -> Vec<CaseId> {
    let late = "2030-01-01T00:00:00Z".parse().unwrap();
    let due = store.lease_due(late, limit).await.unwrap();
    due.iter().map(|due| due.case_id).collect()
}

fn decision(n: u32, version: u64) -> Change {
    deciding(case_id(n), version, samples::answers().swap_remove(0))
}

async fn lapse(ground: &Ground, holder: &PostgresStore) {
    let chain = holder.ledger_end().own();
    let lapse = format!(
        "UPDATE statuscheck.chains SET lease_until = '-infinity' WHERE encode(id, 'hex') = '{chain}'"
    );
    ground.database.sql(&lapse).await;
}

fn quota() -> QuotaKey {
    QuotaKey {
        agreement: receipt(ORGANISATION, 1).agreement_id,
        department: DepartmentId::Dwp,
        month: "2026-03".parse().unwrap(),
    }
}

/// Case `n`, received and with a question that is charged.
fn charged(n: u32) -> Change {
    let asked = EventKind::Asked {
        question_id: QuestionId(Uuid::from_u128(9)),
        operation: Operation::NinoTrace,
        charged: Some(quota().month),
    };
    let received = EventKind::Received(Box::new(receipt(ORGANISATION, n)));
    Change::new(case_id(n), samples::start(), [received, asked])
}

/// Sets a unit of `limit` aside and uses it for case `n`.
async fn check(store: &PostgresStore, n: u32, limit: u64) -> Result<(), QuotaError> {
    let reserved = store.reserve(case_id(n), &quota(), 1, limit).await?;
    assert_eq!(store.receive(charged(n), content("one")).await, Ok(Received::New));
    drop(reserved);
    Ok(())
}

#[tokio::test]
async fn two_gateways_lease_each_case_once() {
    let ground = Ground::new();
    let stores = two(&ground, Ground::quiet).await;
    join_all((0..200).map(|n| receive(&stores[0], n))).await;
    let mut leased = HashSet::new();
    while leased.len() < 200 {
        let batches = join_all((0..6).map(|n| lease(&stores[n % 2], 20))).await;
        for id in batches.into_iter().flatten() {
            assert!(leased.insert(id), "a case was leased twice");
        }
    }
    for store in &stores {
        assert_eq!(lease(store, 20).await, []);
        assert_eq!(store.next_wake().await, Ok(None));
    }
    // One cannot end what the other has.
    let all: Vec<_> = leased.into_iter().collect();
    assert_eq!(stores[0].release(&all).await, Ok(()));
    let released = lease(&stores[1], 256).await.len();
    assert!(released < 200);
    assert_eq!(lease(&stores[0], 256).await, []);
    assert_eq!(stores[1].release(&all).await, Ok(()));
    assert_eq!(lease(&stores[0], 256).await.len(), 200);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn a_gateway_that_lost_its_leases_changes_nothing() {
    let ground = Ground::new();
    let [one, other] = two(&ground, Ground::quiet).await;
    for n in [1, 2] {
        receive(&one, n).await;
    }
    let both = [1, 2].map(case_id);
    assert_eq!(lease(&one, 10).await, both);
    assert_eq!(lease(&other, 10).await, []);
    lapse(&ground, &one).await;
    assert!(other.next_wake().await.unwrap().is_some());
    assert_eq!(lease(&other, 10).await, both);
    assert_eq!(other.commit(decision(1, 1)).await, Ok(()));

    // The first was stopped meanwhile and knows of nothing: neither of the case that went on nor of the one that did not.
    assert_eq!(one.commit(decision(2, 1)).await, Err(CommitError::Unavailable));
    assert_eq!(version(&other, 2).await, Some(1));
    assert_eq!(one.commit(decision(1, 1)).await, Err(CommitError::Stale));
    assert_eq!(lease(&one, 10).await, []);
    assert_eq!(other.commit(decision(2, 1)).await, Ok(()));
    // It goes on all the same.
    receive(&one, 3).await;
    assert_eq!(lease(&one, 10).await, [case_id(3)]);
    ground.assert_whole().await;
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn the_work_of_a_gateway_that_died_is_taken_over_when_its_lease_runs_out() {
    let ground = Ground::new();
    let mut settings = ground.quiet();
    settings.limits.lease = Duration::from_millis(300);
    let dead = ground.open_with(settings).await.unwrap();
    receive(&dead, 1).await;
    assert_eq!(lease(&dead, 10).await, [case_id(1)]);
    let other = ground.open_default().await;
    let taken = async {
        loop {
            let leased = lease(&other, 10).await;
            if !leased.is_empty() {
                return leased;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, taken).await, Ok(vec![case_id(1)]));
    other.close().await;
    dead.close().await;
}

#[tokio::test]
async fn what_was_leased_to_nobody_is_leased_again() {
    let ground = Ground::new();
    let store = ground.open_with(ground.quiet()).await.unwrap();
    receive(&store, 1).await;
    let lost =
        "UPDATE statuscheck.cases SET lease_chain = number, lease_fence = fence FROM statuscheck.chains";
    ground.database.sql(lost).await;
    assert!(store.next_wake().await.unwrap().is_some());
    assert_eq!(lease(&store, 10).await, [case_id(1)]);
    assert_eq!(store.next_wake().await, Ok(None));
    store.close().await;
}

#[tokio::test]
async fn two_gateways_never_use_more_than_a_quota_and_may_use_all_of_it() {
    const LIMIT: u64 = 137;
    let ground = Ground::new();
    let stores = two(&ground, Ground::quiet).await;
    let key = quota();
    let reserve = |n: u32| stores[n as usize % 2].reserve(case_id(n), &key, 1, LIMIT);
    let reserved = join_all((0..200).map(reserve)).await;
    let held = reserved.iter().filter(|reserved| reserved.is_ok()).count();
    assert!((1..=137).contains(&held));
    drop(reserved);

    let checks = join_all((0..200).map(|n| check(&stores[n as usize % 2], n, LIMIT))).await;
    let mut asked = checks.iter().filter(|result| result.is_ok()).count() as u64;
    assert!(asked <= LIMIT);
    for store in &stores {
        assert_eq!(store.quota_used(&quota()).await, Ok(asked));
    }
    // Each may use what it has at hand, and all that nobody has.
    for (store, first) in stores.iter().zip([1_000, 2_000]) {
        for n in first.. {
            match check(store, n, LIMIT).await {
                Ok(()) => asked += 1,
                Err(refused) => {
                    assert!(matches!(refused, QuotaError::Spent { .. }));
                    break;
                }
            }
        }
    }
    assert_eq!(asked, LIMIT);
    assert_eq!(stores[0].quota_used(&quota()).await, Ok(LIMIT));
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn what_a_dead_gateway_had_set_aside_is_free_and_void() {
    let ground = Ground::new();
    let [one, other] = two(&ground, Ground::quiet).await;
    let reserved = one.reserve(case_id(1), &quota(), 10, 10).await.ok().unwrap();
    let none_left = Some(QuotaError::Spent { left: 0 });
    let asked = other.reserve(case_id(2), &quota(), 1, 10).await;
    assert_eq!(asked.err(), none_left);
    lapse(&ground, &one).await;
    let all = other.reserve(case_id(2), &quota(), 10, 10).await.ok().unwrap();
    // The first finds out, and cannot use what it had later either.
    for _ in 0..2 {
        let late = one.receive(charged(1), content("one")).await;
        assert_eq!(late, Err(CommitError::Unavailable));
    }
    drop(reserved);
    let asked = one.reserve(case_id(1), &quota(), 1, 10).await;
    assert_eq!(asked.err(), none_left);
    assert_eq!(one.quota_used(&quota()).await, Ok(0));
    let used = other.receive(charged(2), content("one")).await;
    assert_eq!(used, Ok(Received::New));
    assert_eq!(one.quota_used(&quota()).await, Ok(1));
    drop(all);
    assert_eq!(other.commit(asking(case_id(2), 2)).await, Ok(()));
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn units_that_a_gateway_does_not_use_come_back() {
    let ground = Ground::new();
    let soon = Settings {
        limits: Limits {
            renew_every: Duration::from_millis(50),
            ..Limits::default()
        },
        ..ground.settings()
    };
    let idle = ground.open_with(soon).await.unwrap();
    let other = ground.open_with(ground.quiet()).await.unwrap();
    drop(idle.reserve(case_id(1), &quota(), 1, 1_000).await);
    let all = async {
        loop {
            if let Ok(reserved) = other.reserve(case_id(2), &quota(), 1_000, 1_000).await {
                return reserved;
            }
        }
    };
    assert!(timeout(PATIENCE, all).await.is_ok());
    idle.close().await;
    other.close().await;
}
