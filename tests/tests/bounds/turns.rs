//! One organisation's burst lengthens its own way, and no other's: counted in checks, not in time, over the real listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use statuscheck::admission::AdmissionSettings;
use statuscheck::server::CheckSettings;
use statuscheck_tests::prelude::*;
use tokio::task::JoinSet;

/// Checks of the burst.
const BURST: usize = 120;
const SEATS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_beside_a_burst_waits_for_a_turn_and_not_for_the_burst() {
    let slow = person("Slow")
        .settled("2019-06-01")
        .behaves("home-office", "slow:20ms");
    let house = House::start(Plan {
        people: vec![slow.clone()],
        agreements: vec![agreement_like("right-to-work", "beside", "stranger")],
        admission: AdmissionSettings {
            in_flight_max: SEATS,
            in_flight_per_organisation_max: SEATS,
            waiting_max: 2 * BURST,
            wait_max: Duration::from_secs(60),
        },
        checks: CheckSettings {
            budget: Duration::from_secs(120),
            ..CheckSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let answered = Arc::<AtomicUsize>::default();
    let mut burst = JoinSet::new();
    for _ in 0..BURST {
        let (mut client, asked) = (house.client(EMPLOYER), request(slow.by_name().work()));
        let answered = Arc::clone(&answered);
        burst.spawn(async move {
            client.check(asked).await.unwrap();
            answered.fetch_add(1, Ordering::SeqCst);
        });
    }
    // The seats are taken, and the rest waits.
    until(|| answered.load(Ordering::SeqCst) > 0).await;
    let mut overtaken_by = Vec::new();
    while answered.load(Ordering::SeqCst) < BURST / 2 {
        let before = answered.load(Ordering::SeqCst);
        house.answered(STRANGER, request(slow.by_name().work())).await;
        overtaken_by.push(answered.load(Ordering::SeqCst) - before);
    }
    burst.join_all().await;
    // A turn of each seat before it, one beside it, and one that was told a little earlier than it was counted: in the order of
    // arrival it would have been all that waited, ten times as many.
    assert!(overtaken_by.len() > 1);
    assert!(
        overtaken_by.iter().all(|count| *count <= 3 * SEATS),
        "{overtaken_by:?} of a burst of {BURST}"
    );
}
