//! Two gateways on one database: whoever is checked at both at one moment is referred once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use statuscheck_tests::crash::replicas::{Gateway, Pair};
use statuscheck_tests::house::until_some;
use statuscheck_tests::program::Start;

use super::*;

const PERSONS: usize = 120;

/// People who are checked at one moment, each at both gateways.
const AT_ONCE: usize = 4;

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

/// Nobody was asked about them before.
fn fresh(number: usize) -> Subject {
    let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).unwrap());
    let family: String = [number / 26, number].map(letter).into_iter().collect();
    let born = format!("1960-04-{:02}", 1 + number % 28);
    by_name("Sam", &format!("Nobody{family}"), &born)
}

/// The referral that a check about them at `gateway` is told of: at once, or where the machine is slow, when it is asked again.
async fn referred(gateway: &Gateway, number: usize) -> String {
    let asked = request(fresh(number).work());
    until_some(async || {
        let told = gateway.check(asked.clone()).await.ok()?;
        match told.answer?.outcome? {
            Outcome::Referred(referred) => Some(referred.referral_id),
            _ => None,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_one_moment_at_two_gateways_share_one_referral() {
    let pair = Pair::start(program(), []).await;
    pair.slow_referrals_down();
    let mut ids = BTreeSet::new();
    let mut apart = 0;
    for first in (0..PERSONS).step_by(AT_ONCE) {
        let pair = &pair;
        let both = |number| async move {
            let (near, far) = (referred(&pair.near, number), referred(&pair.far, number));
            tokio::join!(near, far)
        };
        for (near, far) in join_all((first..first + AT_ONCE).map(both)).await {
            apart += usize::from(near != far);
            ids.extend([near, far]);
        }
    }
    assert_eq!(apart, 0, "so many of {PERSONS} persons were referred twice");
    assert_eq!(ids.len(), PERSONS);
    assert_eq!(pair.referrals(), (PERSONS, PERSONS), "each was joined once");
}
