//! What lies in the embedded engine's files: sealed, and of no use once altered.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::digest;
use statuscheck::store::embedded::OpenError;
use statuscheck::store::key_file::KeyFileError;
use statuscheck::store::seal::Kek;
use statuscheck::store::{CommitError, ReadError, Store};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{self, Facts, Period, Reply};
use uuid::Uuid;

use crate::embedded::Directory;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, every_case, opening_of, receive, step, version};

/// What the samples say about a person, and so what must never lie open in a file.
const PERSONAL: [&str; 9] = [
    "Quackenbush",
    "Zébédée",
    "Ottoline",
    "1961-07-23",
    "AB123456C",
    "W1234567X",
    "240112345",
    "LS1 4AP",
    "flat 9, \"the annexe\"",
];

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn every_byte(directory: &Directory) -> Vec<u8> {
    ["store.db", "store.db-wal", "store.db-shm"]
        .into_iter()
        .filter_map(|name| fs::read(directory.file(name)).ok())
        .flatten()
        .collect()
}

#[tokio::test]
async fn nothing_personal_can_be_read_in_the_files() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    let mut digests = Vec::new();
    for (n, mut receipt) in (0..).zip(samples::receipts()) {
        receipt.request_id.0 = Uuid::from_u128(u128::from(n));
        let content = receipt.check.canonical();
        digests.push(digest::digest(&digest::SHA256, &content));
        let opening = opening_of(case_id(n), receipt);
        assert!(store.receive(opening, content).await.is_ok());
    }
    let residence = Period {
        from: "1961-07-23".parse().unwrap(),
        to: None,
    };
    let replied = EventKind::Replied {
        question_id: QuestionId(Uuid::from_u128(3)),
        operation: Operation::EmploymentHistory,
        reply: Reply::of(reply::Outcome::Found(Facts::Residence(vec![residence]))),
        refunded: None,
        again: None,
        timing: None,
    };
    assert!(store.commit(step(case_id(0), 1, replied)).await.is_ok());

    let while_open = every_byte(&directory);
    store.close().await;
    let afterwards = every_byte(&directory);
    for bytes in [while_open, afterwards] {
        // What may lie open is found, so what is not found is not there.
        assert!(holds(&bytes, ORGANISATION.as_bytes()));
        for text in PERSONAL {
            assert!(!holds(&bytes, text.as_bytes()));
        }
        for digest in &digests {
            assert!(!holds(&bytes, digest.as_ref()));
        }
    }
}

#[tokio::test]
async fn another_key_does_not_open_the_store() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    receive(&store, 1).await;
    store.close().await;
    fs::remove_file(directory.file("key")).unwrap();
    assert!(Kek::create(&directory.file("key")).is_ok());
    let refused = directory.open_with(directory.settings()).await;
    assert!(matches!(refused, Err(OpenError::WrongKey { .. })));
}

#[test]
fn a_key_that_others_may_read_is_refused_with_the_mode_it_has() {
    let directory = Directory::new();
    let key = directory.file("key");
    for mode in [0o644, 0o640, 0o604, 0o602, 0o700] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let refused = Kek::load(&key).err();
        assert!(matches!(&refused, Some(KeyFileError::Exposed { mode: found, .. }) if *found == mode));
        let words = refused.unwrap().to_string();
        assert!(words.contains(&format!("mode {mode:04o}")), "{words}");
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert!(Kek::load(&key).is_ok());
    }
}

#[test]
fn a_key_file_is_made_once_and_holds_a_key_and_no_more() {
    let directory = Directory::new();
    let key = directory.file("key");
    let made = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(Kek::create(&key), Err(KeyFileError::Io { .. })));
    assert_eq!(fs::read(&key).unwrap(), made);

    let longer = [made.trim_ascii(), b"00"].concat();
    let mut other_symbol = made.clone();
    other_symbol[10] = b'g';
    for wrong in [
        b"".as_slice(),
        &made[..63],
        &longer,
        &other_symbol,
        &[0xff; 32],
        &[b'0'; 5_000],
    ] {
        fs::write(&key, wrong).unwrap();
        assert!(matches!(Kek::load(&key), Err(KeyFileError::NotAKey { .. })));
    }
}

/// A store with two cases of two steps, altered by a stranger while it is closed.
async fn altered(alteration: &str) -> (Directory, impl Store) {
    let directory = Directory::new();
    let store = directory.open_default().await;
    for n in [1, 2] {
        receive(&store, n).await;
        assert_eq!(store.commit(asking(case_id(n), 1)).await, Ok(()));
    }
    store.close().await;
    let stranger = directory.stranger();
    stranger.execute_batch(alteration).unwrap();
    drop(stranger);
    let store = directory.open_default().await;
    (directory, store)
}

/// Picks case 1 in the alterations below.
const FIRST: &str = "(SELECT min(id) FROM cases)";

#[tokio::test]
async fn an_altered_case_is_found_to_be_damaged_and_the_others_are_not() {
    let alterations = [
        format!("UPDATE entries SET payload = zeroblob(length(payload)) WHERE case_id = {FIRST}"),
        format!("UPDATE entries SET payload = x'' WHERE case_id = {FIRST}"),
        format!(
            "UPDATE entries SET payload = (SELECT payload FROM entries WHERE place = 3) WHERE case_id = {FIRST} \
             AND version = 1"
        ),
        format!("UPDATE entries SET time = time + 1 WHERE case_id = {FIRST}"),
        format!("UPDATE entries SET kind = 'answered' WHERE case_id = {FIRST} AND version = 2"),
        format!("UPDATE entries SET version = 3 WHERE case_id = {FIRST} AND version = 2"),
        format!("DELETE FROM entries WHERE case_id = {FIRST} AND version = 2"),
        format!("DELETE FROM entries WHERE case_id = {FIRST}"),
        format!("DELETE FROM case_keys WHERE case_id = {FIRST}"),
        format!(
            "UPDATE case_keys SET wrapped = (SELECT wrapped FROM case_keys WHERE case_id > {FIRST}) WHERE case_id = \
             {FIRST}"
        ),
    ];
    for alteration in alterations {
        let (_directory, store) = altered(&alteration).await;
        let damaged = store.case(case_id(1)).await.err();
        assert_eq!(damaged, Some(ReadError::Corrupt), "{alteration}");
        let listed = store.cases(every_case(ORGANISATION)).await.err();
        assert_eq!(listed, Some(ReadError::Corrupt), "{alteration}");
        assert_eq!(version(&store, 2).await, Some(2), "{alteration}");
        assert!(store.is_healthy());
        store.close().await;
    }
}

#[tokio::test]
async fn a_case_is_not_handed_to_another_organisation_by_altering_its_row() {
    let move_it = format!("UPDATE cases SET organisation = 'south-letting' WHERE id = {FIRST}");
    let (_directory, store) = altered(&move_it).await;
    let listed = store.cases(every_case("south-letting")).await.err();
    assert_eq!(listed, Some(ReadError::Corrupt));
    store.close().await;
}

#[tokio::test]
async fn a_change_to_a_damaged_case_is_refused_and_the_store_goes_on() {
    let set_back = format!("UPDATE cases SET version = 1 WHERE id = {FIRST}");
    let (_directory, store) = altered(&set_back).await;
    assert_eq!(
        store.commit(asking(case_id(1), 1)).await,
        Err(CommitError::Corrupt)
    );
    assert!(store.is_healthy());
    assert_eq!(store.commit(asking(case_id(2), 2)).await, Ok(()));
    store.close().await;
}
