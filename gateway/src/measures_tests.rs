//! What a count is refused for.

use std::sync::Arc;

use statuscheck_domain::agreement::Register;
use statuscheck_domain::check::{CheckKind, Draft};
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, RequestId};
use statuscheck_domain::sla::Target;
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::*;
use crate::register::{ChangeSettings, ServedRegister};
use crate::store::Received;
use crate::store::embedded::{EmbeddedStore, Settings};
use crate::store::seal::Kek;

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn receipt(n: i64) -> Receipt {
    let draft = Draft {
        date_of_birth: "1961-07-23",
        share_code: "W12 345 67X",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, london_day(start())) else {
        panic!("the sample is well formed")
    };
    Receipt {
        organisation: "north-letting".parse().unwrap(),
        request_id: RequestId(Uuid::from_u128(n.unsigned_abs().into())),
        check,
        caller_reference: Zeroizing::default(),
        agreement_id: "letting-2026".parse().unwrap(),
        legal_basis: String::new(),
        clock: Target::DEFAULT.start(start()),
        is_discreet: false,
    }
}

const SETTINGS: MeasureSettings = MeasureSettings {
    cases_max: 2,
    at_once_max: 1,
};

/// Measures over a store with so many cases of the samples' agreement, a minute after the last of them.
async fn measures(folder: &TempDir, cases: i64) -> Measures {
    let received = (0..cases).map(|n| start() + SignedDuration::from_millis(n));
    measures_at(folder, start() + 1.minute(), received).await
}

/// Measures at `now` over a store with cases that were received then.
async fn measures_at(
    folder: &TempDir,
    now: Timestamp,
    received: impl Iterator<Item = Timestamp>,
) -> Measures {
    let key = Kek::create(&folder.path().join("key"));
    let Ok(key) = key else { panic!("a key") };
    let opened = EmbeddedStore::open(Settings::at(folder.path().join("store.db")), key).await;
    let store: Arc<dyn Store> = Arc::new(opened.unwrap());
    for (n, at) in (0..).zip(received) {
        let id = CaseId::at(at, &[7; 10]);
        let change = Change::new(id, at, [EventKind::Received(Box::new(receipt(n)))]);
        let received = store.receive(change, Zeroizing::new(vec![1])).await;
        assert_eq!(received, Ok(Received::New));
    }
    let clock: SharedClock = Arc::new(ManualClock::at(now));
    let served = Arc::new(ServedRegister::of_files(Register::default()));
    let changes = RegisterChanges::new(
        Arc::clone(&store),
        served,
        ChangeSettings::default(),
        clock.clone(),
    );
    Measures::new(store, Arc::new(changes), SETTINGS, clock)
}

fn wanted() -> Wanted {
    Wanted {
        agreement: "letting-2026".parse().unwrap(),
        from: start(),
        to: None,
        as_of: None,
    }
}

#[tokio::test]
async fn as_many_cases_are_counted_as_may_be_and_no_more() {
    let folder = TempDir::new().unwrap();
    let counted = measures(&folder, 2).await.count(wanted()).await;
    // The register has the agreement no longer, and its figures are there all the same.
    let counted = counted.map(|measured| (measured.figures.checks, measured.quota_limit));
    assert_eq!(counted.ok(), Some((2, 0)));

    let folder = TempDir::new().unwrap();
    match measures(&folder, 3).await.count(wanted()).await {
        Err(Error::Invalid(faults)) => assert_eq!(faults[0].field, "to"),
        _ => panic!("three are more than may be counted"),
    }
}

#[tokio::test]
async fn who_comes_while_as_many_count_as_may_is_told_to_come_again() {
    let folder = TempDir::new().unwrap();
    let measures = measures(&folder, 1).await;
    let turn = measures.turns.try_acquire();
    assert!(matches!(
        measures.count(wanted()).await,
        Err(Error::Overloaded { .. })
    ));
    drop(turn);
    assert!(measures.count(wanted()).await.is_ok());
}

#[tokio::test]
async fn a_check_counts_to_the_day_in_london_on_which_it_was_received() {
    let folder = TempDir::new().unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // It is summer, so days begin an hour before those of Greenwich; the first is of none of the three days.
    let received = [
        "2026-06-28T22:59:59Z",
        "2026-06-28T23:00:00Z",
        "2026-06-29T23:00:00Z",
    ];
    let measures = measures_at(&folder, at("2026-07-01T10:00:00Z"), received.map(at).into_iter()).await;
    let counted = measures.by_day(&"letting-2026".parse().unwrap(), 3).await;
    let Ok(counted) = counted else {
        panic!("two may be counted")
    };
    assert_eq!(counted.all.checks, 2);
    let days = counted
        .days
        .iter()
        .map(|(day, figures)| (day.to_string(), figures.checks));
    let expected = [("2026-06-29", 1), ("2026-06-30", 1), ("2026-07-01", 0)];
    assert!(days.eq(expected.map(|(day, checks)| (day.to_owned(), checks))));
}
