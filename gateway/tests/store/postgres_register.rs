//! The register changed by several gateways of one database.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use statuscheck::demo::shipped_register;
use statuscheck::register::{
    ChangeError, ChangeRefusal, ChangeSettings, RegisterChanges, ServedRegister, Wanted, write_whole,
};
use statuscheck::store::postgres::PostgresStore;
use statuscheck::store::{CommitError, Store as _};
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::ids::PlanId;

use crate::postgres::Ground;
use crate::samples;

struct Gateway {
    store: Arc<PostgresStore>,
    changes: Arc<RegisterChanges>,
}

impl Gateway {
    async fn open(ground: &Ground) -> Self {
        let store = Arc::new(ground.open_default().await);
        let served = ServedRegister::load(&*store, shipped_register().unwrap()).await;
        let settings = ChangeSettings {
            poll_every: Duration::from_millis(5),
            ..ChangeSettings::default()
        };
        let clock = Arc::new(ManualClock::at(samples::start()));
        let served = Arc::new(served.unwrap());
        let changes = Arc::new(RegisterChanges::new(store.clone(), served, settings, clock));
        Self { store, changes }
    }

    fn version(&self) -> u64 {
        self.changes.served().now().number
    }

    async fn plan(&self, title: &str) -> PlanId {
        let wanted = Wanted::Text(titled(title));
        let plan = self.changes.plan("ops/one", wanted).await.unwrap();
        plan.to_apply.unwrap().0
    }
}

/// The shipped register, one of whose agreements has that title.
fn titled(title: &str) -> String {
    let shipped = shipped_register().unwrap();
    let mut agreements: Vec<_> = shipped.agreements().cloned().collect();
    title.clone_into(&mut agreements[0].title);
    write_whole(&Register::new(agreements, []).unwrap()).unwrap()
}

#[tokio::test]
async fn what_one_gateway_applies_the_others_take_up() {
    let ground = Ground::new();
    let [here, there] = [Gateway::open(&ground).await, Gateway::open(&ground).await];
    let following = tokio::spawn({
        let changes = Arc::clone(&there.changes);
        async move { changes.follow().await }
    });
    // Planned here and applied there, as any two operators may.
    let plan = here.plan("One").await;
    assert_eq!(there.changes.apply("ops/two", plan).await.unwrap().number, 1);
    let other = here.plan("Two").await;
    assert_eq!(here.version(), 1);
    assert_eq!(here.changes.apply("ops/two", other).await.unwrap().number, 2);
    // As good as any wait.
    while there.version() < 2 {
        ground.database.sql("SELECT 1").await;
    }
    let now = there.changes.served().now();
    assert_eq!(now.register.agreements().next().unwrap().title, "Two");
    following.abort();
    // One that joins begins with it.
    assert_eq!(Gateway::open(&ground).await.version(), 2);
    for gateway in [here, there] {
        gateway.store.close().await;
    }
    ground.assert_whole().await;
}

#[tokio::test]
async fn of_plans_applied_at_once_by_several_gateways_one_is_applied() {
    let ground = Ground::new();
    let gateways = [Gateway::open(&ground).await, Gateway::open(&ground).await];
    for round in 1..=5 {
        let plans = [format!("{round} a"), format!("{round} b")];
        let plans = join_all(plans.iter().map(|title| gateways[0].plan(title))).await;
        let applied = gateways.iter().zip(plans);
        let applied = applied.map(|(gateway, plan)| gateway.changes.apply("ops/two", plan));
        let results = join_all(applied).await;
        let done = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(done, 1, "round {round}");
        for error in results.into_iter().filter_map(Result::err) {
            assert!(
                matches!(
                    error,
                    ChangeError::Refused(ChangeRefusal::Stale { .. })
                        | ChangeError::Commit(CommitError::Full)
                ),
                "{error}"
            );
        }
        let versions = gateways[1].changes.versions(None, 20).await.unwrap();
        let numbers: Vec<_> = versions.iter().map(|applied| applied.version()).collect();
        assert_eq!(numbers, (1..=round).rev().collect::<Vec<_>>());
    }
    for gateway in gateways {
        gateway.store.close().await;
    }
    ground.assert_whole().await;
}
