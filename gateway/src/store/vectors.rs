//! `docs/ledger-vectors.json`, made from fixed inputs by the code that writes ledgers. The auditor's tests hold its own
//! code against the same file.

use std::fs;

use jiff::Timestamp;
use serde_json::{Value, json};
use statuscheck_domain::ids::CaseId;
use uuid::Uuid;

use super::chain::{Chain, ChainHead, ChainId, Entry, Head, LedgerId};
use super::signing::SigningKey;
use super::{hex, notary};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ledger-vectors.json");

/// What a purged case leaves: two questions to a department, and its course.
const PURGED: &[u8] = br#"{"v":1,"spent":[{"agreement":"work","department":"hmrc","month":"2026-01","units":2}],"course":{"agreement":"work","received":1767225600000000000,"marks":[[1767225600000000000,"due",1767398400000000000],[1767225600000000000,"charged"],[1767225600000000000,"charged"],[1767225600250000000,"called",120,248000,1700],[1767225600250000000,"established"],[1767225600250000000,"stood",1767398400000000000]]}}"#;

fn hexed(bytes: &[u8]) -> String {
    hex::digits(bytes).to_string()
}

fn counting(from: u8) -> [u8; 16] {
    std::array::from_fn(|at| from + u8::try_from(at).unwrap())
}

fn entries() -> [Entry<'static>; 4] {
    let time = 1_767_225_600_000_000_000;
    let of_a_case = Entry {
        case_id: Some(CaseId(Uuid::from_bytes(counting(0x80)))),
        version: 1,
        time,
        kind: "received",
        payload: b"not really sealed",
    };
    let of_the_house = Entry {
        case_id: None,
        version: 0,
        time: time + 1,
        kind: "key_rotated",
        payload: br#"{"v":1,"actor":"ops/one","details":{}}"#,
    };
    let purged = Entry {
        version: 2,
        time: time + 2,
        kind: "purged",
        payload: PURGED,
        ..of_a_case
    };
    // A clock far off: before 1970.
    let early = Entry {
        time: -1,
        ..of_the_house
    };
    [of_a_case, of_the_house, purged, early]
}

fn vectors(key: &SigningKey, seed: &str, public_key: &str) -> Value {
    let ledger = LedgerId(counting(0));
    // The second is before the first in the order of their ids.
    let (first, second) = (ChainId(counting(0x20)), ChainId(counting(0x10)));
    let genesis = Head::genesis(first);
    let mut chain = Chain::at(0, genesis);
    let entries: Vec<_> = entries()
        .iter()
        .map(|entry| {
            let head = chain.append(entry);
            json!({
                "sequence": head.sequence,
                "time": entry.time,
                "case_id": entry.case_id.map(|id| hexed(id.0.as_bytes())),
                "version": entry.version,
                "kind": entry.kind,
                "payload": hexed(entry.payload),
                "encoding": hexed(chain.encoding()),
                "hash": hexed(&head.hash),
            })
        })
        .collect();
    let time: Timestamp = "2026-01-01T00:01:00.000000007Z".parse().unwrap();
    let of = |chain, head| ChainHead { chain, head };
    let checkpoint = |heads: &[ChainHead]| {
        let line = notary::line(ledger, heads, time, key).unwrap();
        json!({
            "line": line.trim_end(),
            "signed": hexed(&notary::signed(ledger, heads, time).unwrap()),
        })
    };
    let both = [of(second, Head::genesis(second)), of(first, chain.head())];
    json!({
        "about": "Test vectors for docs/ledger.md. Bytes are hexadecimal digits, times nanoseconds since 1970.",
        "ledger": hexed(&ledger.0),
        "chain": hexed(&first.0),
        "genesis": hexed(&genesis.hash),
        "other_chain": hexed(&second.0),
        "entries": entries,
        "signing_seed": seed,
        "public_key": public_key,
        "checkpoints": [checkpoint(&[of(first, genesis)]), checkpoint(&both)],
    })
}

#[test]
fn the_published_vectors_are_what_the_code_writes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("signing.key");
    let seed = hexed(&[counting(0x40), counting(0x50)].concat());
    fs::write(&file, &seed).unwrap();
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&file, owner_only).unwrap();
    let Ok(key) = SigningKey::load(&file) else {
        panic!("the seed makes a key")
    };
    let public_key = fs::read_to_string(SigningKey::public_path(&file)).unwrap();
    let made = vectors(&key, &seed, public_key.trim_end());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(FILE, format!("{made:#}\n")).unwrap();
    }
    let published: Value = serde_json::from_slice(&fs::read(FILE).unwrap()).unwrap();
    assert!(
        published == made,
        "docs/ledger-vectors.json differs from the code; UPDATE_DOCS=1 cargo test -p statuscheck --lib vectors writes it"
    );
}
