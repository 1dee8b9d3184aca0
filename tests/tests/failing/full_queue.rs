//! Where too much waits to be recorded, callers are told when to come back, before anybody is asked.

use std::sync::Arc;

use rusqlite::Connection;
use statuscheck::config::Config;
use statuscheck::server::Gateway;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::SystemClock;
use statuscheck_tests::prelude::*;
use statuscheck_tests::site::Site;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::setting::{EMPLOYER, about, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_when_to_come_back_and_asks_nobody() {
    let site = Site::with([settled("quick")]).await;
    let config = Config::read(&site.config()).unwrap();
    let mut setup = config.setup(SystemClock::shared()).await.unwrap();
    setup.store.close().await;
    let settings = Settings {
        queue_max: 1,
        batch_max: 1,
        ..Settings::at(site.store())
    };
    let key = Kek::load(&site.folder().join("store.key")).ok().unwrap();
    let store = EmbeddedStore::open(settings, key).await.unwrap();
    setup.store = Arc::new(store);
    let gateway = Gateway::bind(setup).await.unwrap();
    let address = gateway.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(gateway.serve(async {
        stopped.await.unwrap_or_default();
    }));

    // Holds the writer at its first change, so that one more can wait and the rest cannot.
    let stranger = Connection::open(site.store()).unwrap();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let client = site.client(address, EMPLOYER);
    let mut calls = JoinSet::new();
    for _call in 0..8 {
        let mut client = client.clone();
        calls.spawn(async move { client.check(about("quick")).await });
    }
    for _refused in 0..6 {
        let Err(status) = calls.join_next().await.unwrap().unwrap() else {
            panic!("a check was answered that cannot be recorded");
        };
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        assert_eq!(
            details.error_info().map(|info| info.reason.as_str()),
            Some("BUSY")
        );
        let retry = details.retry_info().and_then(|info| info.retry_delay);
        assert!(retry.is_some_and(|delay| delay > Duration::ZERO));
    }
    assert_eq!(site.requests_to_all(), 0);

    stranger.execute_batch("ROLLBACK").unwrap();
    while let Some(call) = calls.join_next().await {
        assert_eq!(outcome(&call.unwrap().unwrap().into_inner()), "established");
    }
    assert_eq!(site.requests(DepartmentId::HomeOffice), 2);
    drop((client, stop));
    serving.await.unwrap();
}
