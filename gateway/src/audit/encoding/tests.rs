use serde_json::Value;

use super::{Hasher, Row, from_hex, genesis, hex, sha256, signed};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../docs/ledger-vectors.json")).unwrap()
}

fn bytes(digits: &Value) -> Vec<u8> {
    let pairs = digits.as_str().unwrap().as_bytes().chunks(2);
    pairs
        .map(|pair| from_hex::<1>(std::str::from_utf8(pair).unwrap()).unwrap()[0])
        .collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

#[test]
fn the_published_entries_hash_as_they_say() {
    let vectors = vectors();
    let mut hasher = Hasher::default();
    let mut before = genesis(&bytes(&vectors["chain"]).try_into().unwrap());
    assert_eq!(hex(&before), vectors["genesis"]);
    let entries = vectors["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let case_id = Some(&entry["case_id"]).filter(|id| !id.is_null());
        let case_id = case_id.map(|id| bytes(id).try_into().unwrap());
        let hash = bytes(&entry["hash"]).try_into().unwrap();
        let row = Row {
            sequence: number(&entry["sequence"]),
            case_id: case_id.as_ref(),
            version: number(&entry["version"]),
            time: number(&entry["time"]),
            kind: entry["kind"].as_str().unwrap().as_bytes(),
            payload: &bytes(&entry["payload"]),
            hash: &hash,
        };
        assert_eq!(hasher.hash(&before, row.sequence, &row), hash);
        assert_eq!(sha256(&bytes(&entry["encoding"])), hash);
        before = hash;
    }
}

#[test]
fn the_published_checkpoints_are_signed_as_they_say() {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    let vectors = vectors();
    let key = UnparsedPublicKey::new(&ED25519, bytes(&vectors["public_key"]));
    let checkpoints = vectors["checkpoints"].as_array().unwrap();
    assert_eq!(checkpoints.len(), 2);
    for (checkpoint, chains) in checkpoints.iter().zip(1..) {
        let line: Value = serde_json::from_str(checkpoint["line"].as_str().unwrap()).unwrap();
        let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        let head = |head: &Value| {
            let chain = bytes(&head["chain"]).try_into().unwrap();
            (
                chain,
                number(&head["sequence"]),
                bytes(&head["hash"]).try_into().unwrap(),
            )
        };
        let heads: Vec<_> = line["heads"].as_array().unwrap().iter().map(head).collect();
        assert_eq!(heads.len(), chains);
        let message = signed(
            &bytes(&line["ledger"]).try_into().unwrap(),
            i64::try_from(time.as_nanosecond()).unwrap(),
            &heads,
        );
        assert_eq!(hex(&message), checkpoint["signed"]);
        let signature = bytes(&line["signature"]);
        assert!(key.verify(&message, &signature).is_ok());
        let mut other = message;
        other[0] ^= 1;
        assert!(key.verify(&other, &signature).is_err());
    }
}

#[test]
fn only_so_many_hexadecimal_digits_are_bytes() {
    assert_eq!(from_hex("00fF"), Some([0, 255]));
    for wrong in ["", "00f", "00ff0", "00fg", "+0ff", "0é0"] {
        assert_eq!(from_hex::<2>(wrong), None);
    }
}
