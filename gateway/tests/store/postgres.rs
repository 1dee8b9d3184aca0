//! What is the PostgreSQL engine's own: leases, fences, commits whose outcome nobody told.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use statuscheck::store::postgres::{Limits, OpenError, PostgresStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::upkeep::Upkeep;
use statuscheck::store::{CommitError, HouseKind, Received, Store};
use tempfile::TempDir;

use crate::conformance::{Place, conformance};
use crate::postgres_server::Database;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, content, count, house_entry, opening, opening_of};
use crate::steps::{receipt, receive, version};

/// A database with a key and, once opened, a store.
pub(crate) struct Ground {
    pub(crate) database: Database,
    folder: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let ground = Self {
            database: Database::new(),
            folder: TempDir::new().unwrap(),
        };
        assert!(Kek::create(&ground.key_file()).is_ok());
        ground
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.file("key")
    }

    pub(crate) fn key(&self) -> Kek {
        Kek::load(&self.key_file()).ok().unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            migrate: true,
            // On a busy machine the laws are slow, and no law is about that.
            limits: Limits {
                read_wait_max: Duration::from_secs(30),
                ..Limits::default()
            },
            ..Settings::at(self.database.url().parse().unwrap())
        }
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Result<PostgresStore, OpenError> {
        PostgresStore::open(settings, self.key()).await
    }

    pub(crate) async fn open_default_or_not(&self) -> Result<PostgresStore, OpenError> {
        self.open_with(self.settings()).await
    }

    pub(crate) async fn open_default(&self) -> PostgresStore {
        self.open_default_or_not().await.unwrap()
    }
}

impl Place for Ground {
    async fn open(&self) -> Arc<dyn Upkeep> {
        Arc::new(self.open_default().await)
    }
}

conformance!(Ground::new());

/// Every hash is the one that its entry makes on top of the one before, by another reckoning than the store's.
const BROKEN_LINKS: &str = "
    WITH linked AS (
        SELECT entries.*, chains.id,
               lag(entries.hash) OVER (PARTITION BY chain ORDER BY entries.sequence) AS before
        FROM statuscheck.entries JOIN statuscheck.chains ON number = chain
    )
    SELECT count(*) FROM linked WHERE hash <> sha256(
        'statuscheck.ledger.v1'::bytea
        || coalesce(before, sha256('statuscheck.ledger.v1.genesis'::bytea || id))
        || int8send(sequence) || int8send(time)
        || uuid_send(coalesce(case_id, '00000000-0000-0000-0000-000000000000')) || int8send(version)
        || int8send(octet_length(kind)) || kind::bytea || int8send(length(payload)) || payload
    )";

/// Sequences that are missing, or not where the chain says that it ends.
const GAPS: &str = "
    SELECT count(*) FROM statuscheck.chains
    WHERE sequence <> (SELECT count(*) FROM statuscheck.entries WHERE chain = number)
       OR sequence <> (SELECT coalesce(max(sequence), 0) FROM statuscheck.entries WHERE chain = number)";

impl Ground {
    /// The ledger is whole.
    pub(crate) async fn assert_whole(&self) {
        assert_eq!(self.database.sql(BROKEN_LINKS).await, "0");
        assert_eq!(self.database.sql(GAPS).await, "0");
    }

    pub(crate) async fn count(&self, what: &str) -> u32 {
        let count = format!("SELECT count(*) FROM statuscheck.{what}");
        self.database.sql(&count).await.parse().unwrap()
    }

    /// Settings under which nothing happens but what is asked for.
    pub(crate) fn quiet(&self) -> Settings {
        let limits = Limits {
            renew_every: Duration::from_secs(3_600),
            poll_every: Duration::from_secs(3_600),
            retry_after: Duration::from_millis(1),
            reconnect_max: Duration::from_millis(1),
            ..Limits::default()
        };
        Settings {
            limits,
            ..self.settings()
        }
    }
}

#[tokio::test]
async fn every_kind_of_change_leaves_the_ledger_whole() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    join_all((1..40).map(|n| receive(&store, n))).await;
    let steps = (1..40).map(|n| store.commit(asking(case_id(n), 1)));
    assert!(join_all(steps).await.iter().all(Result::is_ok));
    for kind in HouseKind::ALL {
        assert_eq!(store.note(house_entry(kind)).await, Ok(()));
    }
    assert_eq!(store.purge(case_id(1), 2, samples::start()).await, Ok(()));
    ground.assert_whole().await;
    let end = store.ledger_end();
    let [head] = end.heads().await.unwrap()[..] else {
        panic!("there is one chain");
    };
    assert_eq!(head.chain, end.own());
    let notes = i64::try_from(HouseKind::ALL.len()).unwrap();
    assert_eq!(head.head.sequence, 39 + 39 + notes + 1);
    store.close().await;
    // The last signature is made now.
    assert_eq!(end.heads().await.unwrap(), [head]);
    // The chain is given back, and gone on with.
    let store = ground.open_default().await;
    receive(&store, 50).await;
    assert_eq!(ground.count("chains").await, 1);
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn a_gateway_whose_chain_was_taken_over_changes_nothing_and_goes_on_with_another() {
    let ground = Ground::new();
    let first = ground.open_with(ground.quiet()).await.unwrap();
    receive(&first, 1).await;
    ground
        .database
        .sql("UPDATE statuscheck.chains SET lease_until = '-infinity'")
        .await;
    let second = ground.open_with(ground.quiet()).await.unwrap();
    assert_eq!(ground.count("chains").await, 1);
    receive(&second, 2).await;

    // The first was stopped meanwhile and knows of nothing.
    let late = first.receive(opening(3), content("one"));
    assert_eq!(late.await, Err(CommitError::Unavailable));
    assert_eq!(version(&second, 3).await, None);
    assert_eq!(ground.count("entries").await, 2);

    // It has a chain of its own by now.
    receive(&first, 3).await;
    assert_eq!(first.commit(asking(case_id(2), 1)).await, Ok(()));
    assert_eq!(second.commit(asking(case_id(3), 1)).await, Ok(()));
    assert_eq!(ground.count("chains").await, 2);
    assert!(first.is_healthy());
    ground.assert_whole().await;
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn a_lease_that_ran_out_and_that_nobody_took_is_renewed() {
    let ground = Ground::new();
    let store = ground.open_with(ground.quiet()).await.unwrap();
    receive(&store, 1).await;
    ground
        .database
        .sql("UPDATE statuscheck.chains SET lease_until = '-infinity'")
        .await;
    receive(&store, 2).await;
    let other = ground.open_with(ground.quiet()).await.unwrap();
    assert_eq!(ground.count("chains").await, 2);
    receive(&store, 3).await;
    store.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_request_that_reaches_two_gateways_at_once_makes_one_case() {
    let ground = Ground::new();
    let stores = [ground.open_default().await, ground.open_default().await];
    // Twenty requests, each ten times at each gateway, which see them in opposite orders.
    let request = |n: u32| {
        let (copy, place) = (n / 20, n % 20);
        let gateway = (copy % 2) as usize;
        let request = if gateway == 0 { place } else { 19 - place };
        let change = opening_of(case_id(1_000 + n), receipt(ORGANISATION, request));
        stores[gateway].receive(change, content("one"))
    };
    let results = join_all((0..400).map(request)).await;
    let new = results.iter().filter(|result| **result == Ok(Received::New));
    assert_eq!(new.count(), 20);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(ground.count("cases").await, 20);
    ground.assert_whole().await;
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn of_many_changes_to_one_version_over_two_gateways_one_is_recorded() {
    let ground = Ground::new();
    let stores = [ground.open_default().await, ground.open_default().await];
    join_all((0..20).map(|n| receive(&stores[0], n))).await;
    let step = |n: u32| {
        let case = if n.is_multiple_of(2) {
            n / 2 % 20
        } else {
            19 - n / 2 % 20
        };
        stores[(n % 2) as usize].commit(asking(case_id(case), 1))
    };
    let results = join_all((0..80).map(step)).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
    assert_eq!(count(&results, CommitError::Stale), 60);
    assert_eq!(ground.count("entries").await, 40);
    ground.assert_whole().await;
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn bad_changes_fail_alone_in_their_batch() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    receive(&store, 1).await;
    receive(&store, 2).await;
    let known = opening_of(case_id(9), receipt(ORGANISATION, 1));
    let taken = opening_of(case_id(1), receipt(ORGANISATION, 7));
    let (new, known, taken, stale, step, noted) = tokio::join!(
        store.receive(opening(4), content("one")),
        store.receive(known, content("two")),
        store.receive(taken, content("one")),
        store.commit(asking(case_id(2), 7)),
        store.commit(asking(case_id(1), 1)),
        store.note(house_entry(HouseKind::RetentionRun)),
    );
    assert_eq!(new, Ok(Received::New));
    assert_eq!(
        known,
        Ok(Received::Known {
            case_id: case_id(1),
            same_content: false
        })
    );
    assert_eq!(taken, Err(CommitError::Stale));
    assert_eq!(stale, Err(CommitError::Stale));
    assert_eq!((step, noted), (Ok(()), Ok(())));
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn a_change_to_a_damaged_case_is_refused_and_the_others_of_its_batch_are_recorded() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    for n in 1..4 {
        receive(&store, n).await;
        assert_eq!(store.commit(asking(case_id(n), 1)).await, Ok(()));
    }
    let set_back = format!(
        "UPDATE statuscheck.cases SET version = 1 WHERE id = '{}'",
        case_id(2).0
    );
    ground.database.sql(&set_back).await;
    let outcomes = tokio::join!(
        store.commit(asking(case_id(1), 2)),
        store.commit(asking(case_id(2), 1)),
        store.commit(asking(case_id(3), 2)),
        store.receive(opening(4), content("one")),
    );
    assert_eq!(
        outcomes,
        (Ok(()), Err(CommitError::Corrupt), Ok(()), Ok(Received::New))
    );
    assert!(store.is_healthy());
    ground.assert_whole().await;
    store.close().await;
}
