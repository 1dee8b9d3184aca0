//! Versions of the register that this program cannot serve.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use statuscheck::register::{ChangeSettings, RegisterChanges, ServedRegister, TakeUpError};
use statuscheck::store::{HouseEntry, HouseKind, Store as _};
use statuscheck_domain::agreement::Register;

use crate::bench::{ACTOR, Bench, START};

/// Records that a version was applied, as some other program would.
async fn apply(bench: &Bench, details: Value) {
    let Value::Object(details) = details else {
        panic!("details are an object")
    };
    let entry = HouseEntry {
        time: START.parse().unwrap(),
        kind: HouseKind::RegisterApplied,
        actor: ACTOR.to_owned(),
        details,
    };
    bench.store.note(entry).await.unwrap();
}

fn version_of(register: &str) -> Value {
    json!({
        "version": 7,
        "plan_id": "6f1c1d0e-6f0a-4f4e-9f57-0d5c3f1f2a10",
        "planned_by": "ops/duty-2",
        "changes": [],
        "register": register,
        "of_a_later_program": true,
    })
}

async fn load(bench: &Bench) -> Result<ServedRegister, TakeUpError> {
    ServedRegister::load(&*bench.store, Register::default()).await
}

#[tokio::test]
async fn a_version_that_cannot_be_served_is_named_and_nothing_is_served_in_its_place() {
    let bench = Bench::new().await;
    apply(&bench, version_of("[[agreements]]\nid = \"a\"")).await;
    let refused = load(&bench).await.err().unwrap();
    assert!(
        matches!(refused, TakeUpError::AtFault { version: 7, .. }),
        "{refused}"
    );
    let bench = Bench::new().await;
    apply(&bench, Value::Object(Map::new())).await;
    let refused = load(&bench).await.err().unwrap();
    assert!(matches!(refused, TakeUpError::Entry(_)), "{refused}");
    // What a later program adds to the entry is passed over.
    let bench = Bench::new().await;
    apply(&bench, version_of("agreements = []")).await;
    assert_eq!(load(&bench).await.ok().unwrap().now().number, 7);
}

#[tokio::test]
async fn a_gateway_that_meets_such_a_version_while_it_runs_asks_nothing_any_more() {
    let bench = Bench::new().await;
    let served = Arc::new(load(&bench).await.unwrap());
    let settings = ChangeSettings {
        poll_every: Duration::from_millis(1),
        ..ChangeSettings::default()
    };
    let clock = Arc::new(bench.clock.clone());
    let changes = RegisterChanges::new(bench.store.clone(), Arc::clone(&served), settings, clock);
    let following = tokio::spawn(async move { changes.follow().await });
    assert_eq!(served.to_ask_under().unwrap().number, 0);
    apply(&bench, version_of("no register")).await;
    while served.is_current() {
        tokio::task::yield_now().await;
    }
    assert!(served.to_ask_under().is_none());
    assert_eq!(served.now().number, 0);
    following.abort();
}
