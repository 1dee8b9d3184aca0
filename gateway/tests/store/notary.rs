//! When checkpoints are made, and what keeps them from being made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use statuscheck::audit::{self, Subject};
use statuscheck::config::Config;
use statuscheck::store::Store;
use statuscheck::store::key_file::KeyFileError;
use statuscheck::store::notary::{Notary, NotaryError, NotarySettings};
use statuscheck::store::signing::{SigningKey, SigningKeyError};
use statuscheck_domain::clock::{ManualClock, SystemClock};

use crate::embedded::Directory;
use crate::ledgers::Ledger;
use crate::samples;
use crate::steps::{opening, receive};

/// The entries that the checkpoints of a file are about.
fn sequences(file: &Path) -> Vec<i64> {
    let sequence = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["heads"][0]["sequence"].as_i64().unwrap()
    };
    fs::read_to_string(file).unwrap().lines().map(sequence).collect()
}

#[tokio::test]
async fn a_checkpoint_is_made_when_the_interval_is_over_and_something_was_added() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let clock = ManualClock::at(samples::start());
    let notary = ledger.notary(&store, &clock);
    fs::remove_file(ledger.beside()).unwrap();
    let made = || sequences(&ledger.beside());
    let almost = NotarySettings::EVERY - Duration::from_millis(1);

    // The first look signs where the ledger ended before.
    notary.look().await.unwrap();
    assert_eq!(made(), [10]);
    receive(&store, 4).await;
    clock.advance(almost);
    notary.look().await.unwrap();
    assert_eq!(made(), [10]);
    assert_eq!(notary.age(), almost);
    clock.advance(Duration::from_millis(1));
    notary.look().await.unwrap();
    notary.look().await.unwrap();
    assert_eq!(made(), [10, 11]);
    assert_eq!(notary.age(), Duration::ZERO);

    // Nothing was added, so there is nothing to sign, however long.
    clock.advance(NotarySettings::EVERY * 100);
    notary.look().await.unwrap();
    assert_eq!(made(), [10, 11]);
    assert_eq!(notary.age(), Duration::ZERO);
    // What is added then is signed at the next look.
    receive(&store, 5).await;
    notary.look().await.unwrap();
    assert_eq!(made(), [10, 11, 12]);

    receive(&store, 6).await;
    store.close().await;
    notary.close().await;
    notary.close().await;
    assert_eq!(made(), [10, 11, 12, 13]);
    assert_eq!(sequences(&ledger.anchored()), [0, 5, 10, 10, 11, 12, 13]);
    assert!(ledger.verify().is_intact());
}

#[tokio::test]
async fn the_file_beside_the_store_is_put_aside_when_it_is_full_and_both_are_read() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let clock = ManualClock::at(samples::start());
    let settings = NotarySettings {
        bytes_max: 900,
        ..NotarySettings::beside(&ledger.directory.file("store.db"))
    };
    let key = SigningKey::load(&ledger.directory.file("signing.key"))
        .ok()
        .unwrap();
    let notary = Notary::new(store.ledger_end(), key, settings, Arc::new(clock.clone()));
    let old = ledger.directory.file("store.db.checkpoints.old");
    notary.look().await.unwrap();
    // What stood there was put aside, whole.
    assert_eq!(sequences(&old), [0, 5, 10]);
    assert_eq!(sequences(&ledger.beside()), [10]);
    for n in 4..9 {
        receive(&store, n).await;
        clock.advance(NotarySettings::EVERY);
        notary.look().await.unwrap();
    }
    assert_eq!(sequences(&old), [10, 11, 12]);
    assert_eq!(sequences(&ledger.beside()), [13, 14, 15]);
    store.close().await;
    let subject = Subject {
        anchor: None,
        ..ledger.subject()
    };
    let report = audit::verify(&subject, |_done, _of| {}).unwrap();
    assert_eq!((report.findings.as_slice(), report.checkpoints), (&[][..], 6));
}

#[tokio::test]
async fn the_anchor_gets_a_file_a_month_and_all_are_read() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let clock = ManualClock::at(samples::start());
    let notary = ledger.notary(&store, &clock);
    clock.advance(Duration::from_hours(30 * 24));
    notary.look().await.unwrap();
    store.close().await;
    let folder = fs::read_dir(ledger.anchor()).unwrap();
    let mut names: Vec<_> = folder
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let report = ledger.verify();
    let begins = format!("{}.{}", report.ledger, ledger.chain());
    let named = |month| format!("{begins}.{month}.checkpoints");
    assert_eq!(names, [named("2026-03"), named("2026-04")]);
    // Three of the sample and one more, in each of two places.
    assert_eq!((report.findings.as_slice(), report.checkpoints), (&[][..], 8));
}

#[tokio::test]
async fn a_wall_clock_that_goes_backwards_keeps_no_checkpoint_from_being_made() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let clock = ManualClock::at(samples::start());
    let notary = ledger.notary(&store, &clock);
    notary.look().await.unwrap();
    receive(&store, 4).await;
    clock.advance(NotarySettings::EVERY);
    clock.set_wall("2001-01-01T00:00:00Z".parse().unwrap());
    notary.look().await.unwrap();
    assert_eq!(sequences(&ledger.beside()), [0, 5, 10, 10, 11]);
    assert!(ledger.verify().is_intact());
    store.close().await;
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_tried_again_and_keeps_no_other_from_being_written() {
    let ledger = Ledger::sample().await;
    let away = ledger.directory.file("away");
    fs::rename(ledger.anchor(), &away).unwrap();
    let store = ledger.directory.open_default().await;
    let clock = ManualClock::at(samples::start());
    let notary = ledger.notary(&store, &clock);
    let failed = notary.look().await;
    assert!(matches!(failed, Err(NotaryError::Io { path, .. }) if path.starts_with(ledger.anchor())));
    assert_eq!(sequences(&ledger.beside()), [0, 5, 10, 10]);

    fs::rename(away, ledger.anchor()).unwrap();
    notary.look().await.unwrap();
    assert_eq!(sequences(&ledger.anchored()), [0, 5, 10]);
    clock.advance(Duration::from_secs(5));
    notary.look().await.unwrap();
    assert_eq!(sequences(&ledger.anchored()), [0, 5, 10, 10]);
    store.close().await;
    assert!(ledger.verify().is_intact());
}

#[tokio::test]
async fn a_line_that_was_left_unfinished_is_cut_off_before_the_next() {
    let ledger = Ledger::sample().await;
    let mut text = fs::read_to_string(ledger.beside()).unwrap();
    text.truncate(text.len() - 20);
    fs::write(ledger.beside(), text).unwrap();
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    notary.look().await.unwrap();
    assert_eq!(sequences(&ledger.beside()), [0, 5, 10]);
    store.close().await;
    assert!(ledger.verify().is_intact());
}

#[tokio::test]
async fn checkpoints_are_made_though_nobody_asks() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    fs::remove_file(ledger.beside()).unwrap();
    let made = async {
        while !ledger.beside().exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        never = notary.run() => match never {},
        () = made => {}
    }
    store.close().await;
}

#[tokio::test]
async fn nothing_is_signed_that_was_not_recorded() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    let stranger = ledger.directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut receipt = Box::pin(store.receive(opening(4), crate::steps::content("one")));
    crate::steps::begin(&mut receipt).await;
    notary.look().await.unwrap();
    stranger.execute_batch("ROLLBACK").unwrap();
    assert!(receipt.await.is_ok());
    store.close().await;
    notary.close().await;
    assert_eq!(sequences(&ledger.beside()), [0, 5, 10, 10, 11]);
}

#[test]
fn a_signing_key_is_made_once_with_its_public_key_beside_it() {
    let directory = Directory::new();
    let (key, public) = (directory.file("signing.key"), directory.file("signing.key.pub"));
    assert!(SigningKey::create(&key).is_ok());
    let mode = |file| fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&key), mode(&public)), (0o600, 0o644));
    assert!(SigningKey::create(&key).is_err());
    let made = fs::read(&public).unwrap();
    assert_eq!((SigningKey::public_path(&key), made.len()), (public.clone(), 65));

    // The public key is made anew where it was lost, and never replaced.
    fs::remove_file(&public).unwrap();
    assert!(SigningKey::load(&key).is_ok());
    assert_eq!(fs::read(&public).unwrap(), made);
    fs::write(&public, "00".repeat(32)).unwrap();
    let other = SigningKey::load(&key).err();
    assert!(matches!(other, Some(SigningKeyError::NotItsPublicKey { .. })));
}

#[test]
fn a_signing_key_that_others_may_read_is_refused() {
    let directory = Directory::new();
    let key = directory.file("signing.key");
    assert!(SigningKey::create(&key).is_ok());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = SigningKey::load(&key).err();
    assert!(matches!(
        refused,
        Some(SigningKeyError::Key(KeyFileError::Exposed { mode: 0o640, .. }))
    ));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "not a key").unwrap();
    let refused = SigningKey::load(&key).err();
    assert!(matches!(
        refused,
        Some(SigningKeyError::Key(KeyFileError::NotAKey { .. }))
    ));
}

#[tokio::test]
async fn a_configuration_that_leaves_entries_without_a_signature_is_at_fault() {
    let ledger = Ledger::sample().await;
    let clock = SystemClock::shared();
    let file = ledger.directory.file("statuscheck.toml");
    let faults = async |store: &str| -> Vec<String> {
        let text = format!(
            "listen = '127.0.0.1:0'\ntrust_domain = 'example.org'\nregister = 'register'\n\
             [tls]\ncertificate = 'c'\nkey = 'k'\nclient_ca = 'a'\n\
             [store]\npath = 'store.db'\nkey_file = 'key'\n{store}\n[departments]\n"
        );
        fs::write(&file, text).unwrap();
        let faults = Config::read(&file).unwrap().faults(&clock).await;
        let about_store = faults.iter().map(ToString::to_string);
        about_store.filter(|fault| fault.starts_with("store.")).collect()
    };
    let key = "signing_key_file = 'signing.key'\n";
    for sound in [
        "",
        "checkpoint_every = '60s'",
        "checkpoint_every = '1s'\nanchor = 'anchor'",
    ] {
        assert!(faults(&format!("{key}{sound}")).await.is_empty(), "{sound}");
    }
    for (wrong, at) in [
        ("checkpoint_every = '61s'", "store.checkpoint_every"),
        ("checkpoint_every = '0s'", "store.checkpoint_every"),
        ("anchor = 'nowhere'", "store.anchor"),
        ("former_public_keys = ['store.db']", "store.former_public_keys"),
        ("anchor = 'store.db'", "store.anchor"),
    ] {
        let faults = faults(&format!("{key}{wrong}")).await;
        assert!(faults.len() == 1 && faults[0].starts_with(at), "{faults:?}");
    }
    let faults = faults("signing_key_file = 'nowhere'").await;
    assert!(
        faults.len() == 1 && faults[0].starts_with("store.signing_key_file"),
        "{faults:?}"
    );
}
