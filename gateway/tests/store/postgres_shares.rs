//! How gateways of one database share what departments allow: who joins, who leaves, who dies, who is stopped.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use statuscheck::store::Store as _;
use statuscheck::store::postgres::{Limits, PostgresStore, Settings};
use statuscheck_adapters::share::Share;
use statuscheck_domain::clock::{ManualClock, SharedClock, SystemClock};

use crate::postgres::Ground;
use crate::samples;

const LEASE: Duration = Duration::from_secs(2);

struct Gateway {
    store: PostgresStore,
    share: Share,
}

impl Gateway {
    async fn join(ground: &Ground) -> Self {
        Self::join_at(ground, SystemClock::shared()).await
    }

    async fn join_at(ground: &Ground, clock: SharedClock) -> Self {
        let limits = Limits {
            lease: LEASE,
            renew_every: Duration::from_millis(50),
            ..Limits::default()
        };
        let settings = Settings {
            limits,
            ..ground.settings()
        };
        let store = ground.open_with(settings).await.unwrap();
        let (share, keeper) = Share::unset(clock);
        assert_eq!(share.divisor(), None);
        store.keep_share(keeper);
        Self { store, share }
    }

    fn divisor(&self) -> u32 {
        self.share.divisor().map_or(0, NonZeroU32::get)
    }
}

/// Sixtieths of the whole that all have together.
fn sixtieths(gateways: &[&Gateway]) -> u32 {
    let shares = gateways.iter().filter_map(|gateway| gateway.share.divisor());
    shares.map(|divisor| 60 / divisor.get()).sum()
}

/// Waits until all have that part, and looks on the way that they never have more than the whole together.
async fn all_have(ground: &Ground, gateways: &[&Gateway], divisor: u32) {
    while gateways.iter().any(|gateway| gateway.divisor() != divisor) {
        assert!(sixtieths(gateways) <= 60);
        // As good as any wait.
        ground.database.sql("SELECT 1").await;
    }
    assert!(sixtieths(gateways) <= 60);
}

#[tokio::test]
async fn gateways_that_join_and_leave_have_equal_parts_and_never_more_than_the_whole() {
    let ground = Ground::new();
    let first = Gateway::join(&ground).await;
    all_have(&ground, &[&first], 1).await;
    let second = Gateway::join(&ground).await;
    all_have(&ground, &[&first, &second], 2).await;
    let third = Gateway::join(&ground).await;
    all_have(&ground, &[&first, &second, &third], 3).await;
    second.store.close().await;
    assert_eq!(second.share.divisor(), None);
    all_have(&ground, &[&first, &third], 2).await;
    assert_eq!(ground.count("shares").await, 2);
    for gateway in [first, third] {
        gateway.store.close().await;
        assert_eq!(gateway.share.divisor(), None);
    }
    assert_eq!(ground.count("shares").await, 0);
}

#[tokio::test]
async fn the_part_of_a_gateway_that_died_goes_to_the_others_when_its_lease_is_over() {
    let ground = Ground::new();
    let first = Gateway::join(&ground).await;
    let second = Gateway::join(&ground).await;
    all_have(&ground, &[&first, &second], 2).await;
    let Gateway { store, share } = second;
    // Nothing is given back.
    drop(store);
    while first.divisor() == 2 {
        ground.database.sql("SELECT 1").await;
        assert!(share.divisor().is_none() || first.divisor() == 2);
    }
    assert_eq!((first.divisor(), share.divisor()), (1, None));
    first.store.close().await;
}

#[tokio::test]
async fn a_gateway_that_heard_nothing_for_longer_than_its_lease_has_no_part_until_it_asks_again() {
    let ground = Ground::new();
    let clock = ManualClock::at(samples::start());
    let gateway = Gateway::join_at(&ground, Arc::new(clock.clone())).await;
    all_have(&ground, &[&gateway], 1).await;
    // It was stopped: nothing of it ran, and its first question comes before its next renewal.
    clock.advance(LEASE);
    assert_eq!(gateway.share.divisor(), None);
    all_have(&ground, &[&gateway], 1).await;
    gateway.store.close().await;
}

#[tokio::test]
async fn stores_that_ask_no_department_take_no_part() {
    let ground = Ground::new();
    let bystander = ground.open_default().await;
    let gateway = Gateway::join(&ground).await;
    all_have(&ground, &[&gateway], 1).await;
    assert_eq!(ground.count("shares").await, 1);
    gateway.store.close().await;
    bystander.close().await;
}

#[tokio::test]
async fn a_share_of_before_the_connections_were_lost_is_gone_on_with() {
    let ground = Ground::new();
    let first = Gateway::join(&ground).await;
    let second = Gateway::join(&ground).await;
    all_have(&ground, &[&first, &second], 2).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    ground.database.sql(cut).await;
    let steps = "SELECT min(step) FROM statuscheck.shares";
    let before: i64 = ground.database.sql(steps).await.parse().unwrap();
    // Both have renewed theirs since.
    while ground.database.sql(steps).await.parse::<i64>().unwrap() < before + 2 {
        assert!(sixtieths(&[&first, &second]) <= 60);
    }
    assert_eq!((first.divisor(), second.divisor()), (2, 2));
    for gateway in [first, second] {
        gateway.store.close().await;
    }
}
