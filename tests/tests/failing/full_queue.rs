//! Where too much waits to be recorded, callers are told when to come back, before anybody is asked.

use std::sync::Arc;

use statuscheck::config::Config;
use statuscheck::server::Gateway;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::notary::{Notary, NotarySettings};
use statuscheck::store::seal::Kek;
use statuscheck::store::signing::SigningKey;
use statuscheck_domain::clock::SystemClock;
use statuscheck_tests::prelude::*;
use statuscheck_tests::site::Site;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::setting::{EMPLOYER, about, settled};
use crate::stranger::Hold;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_when_to_come_back_and_asks_nobody() {
    let site = Site::with([settled("quick")]).await;
    let config = Config::read(&site.config()).unwrap();
    let mut setup = config
        .setup(&statuscheck::telemetry::Exports::none(), SystemClock::shared())
        .await
        .unwrap();
    setup.store.close().await;
    let settings = Settings {
        queue_max: 1,
        batch_max: 1,
        ..Settings::at(site.store())
    };
    let key = Kek::load(&site.folder().join("store.key")).ok().unwrap();
    let store = EmbeddedStore::open(settings, key).await.unwrap();
    let signing = SigningKey::load(&site.folder().join("signing.key")).unwrap();
    let settings = NotarySettings::beside(site.store());
    setup.notary = Notary::new(store.ledger_end(), signing, settings, SystemClock::shared());
    setup.store = Arc::new(store);
    let gateway = Gateway::bind(setup).await.unwrap();
    let address = gateway.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(gateway.serve(async {
        stopped.await.unwrap_or_default();
    }));

    // Holds the writer at its first change, so that one more can wait and the rest cannot.
    let hold = Hold::on(site.store());
    let client = site.client(address, EMPLOYER);
    let mut calls = JoinSet::new();
    for _call in 0..8 {
        let mut client = client.clone();
        calls.spawn(async move { client.check(about("quick")).await });
    }
    for _refused in 0..6 {
        let call = calls.join_next().await.unwrap().unwrap();
        is_told_to_come_back(&call.err().expect("what cannot be recorded is not answered"));
    }
    assert_eq!(site.requests_to_all(), 0);

    // What waited is answered: a case that was received is not refused for a full queue any more.
    drop(hold);
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        match call.unwrap() {
            Ok(response) => {
                assert_eq!(outcome(&response.into_inner()), "established");
                answered += 1;
            }
            Err(status) => is_told_to_come_back(&status),
        }
    }
    assert!(answered > 0);
    assert_eq!(site.requests(DepartmentId::HomeOffice), answered);
    drop((client, stop));
    serving.await.unwrap();
}

fn is_told_to_come_back(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    assert_eq!(reason, Some("BUSY"));
    let retry = details.retry_info().and_then(|info| info.retry_delay);
    assert!(retry.is_some_and(|delay| delay > Duration::ZERO));
}
