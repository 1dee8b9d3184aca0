//! What was purged is in no file: not in a row, not in the log, not in what pages hold beside their rows.

use std::collections::HashSet;

use statuscheck::store::Store;
use statuscheck_domain::ids::CaseId;

use crate::bench::{ACTOR, Asked, Bench, worker};

/// Bytes by which a value is sought.
const NEEDLE: usize = 12;

fn needle(value: &[u8]) -> [u8; NEEDLE] {
    value[value.len() - NEEDLE..].try_into().unwrap()
}

/// Every value that is kept of a case outside the ledger and is of no use without it.
fn kept_of(bench: &Bench, id: CaseId) -> Vec<[u8; NEEDLE]> {
    let stranger = bench.stranger();
    let mut found = Vec::new();
    for statement in [
        "SELECT wrapped FROM case_keys WHERE case_id = ?1",
        "SELECT content FROM requests WHERE case_id = ?1",
        "SELECT request_id FROM requests WHERE case_id = ?1",
        "SELECT request_id FROM cases WHERE id = ?1",
        "SELECT key FROM subjects WHERE case_id = ?1",
    ] {
        let mut statement = stranger.prepare(statement).unwrap();
        let values = statement.query_map([id.0.as_bytes()], |row| row.get::<_, Vec<u8>>(0));
        let before = found.len();
        found.extend(values.unwrap().map(|value| needle(&value.unwrap())));
        assert!(found.len() > before);
    }
    found
}

fn found_in(bytes: &[u8], needles: &[[u8; NEEDLE]]) -> usize {
    let sought: HashSet<_> = needles.iter().map(|needle| needle.as_slice()).collect();
    let found: HashSet<_> = bytes
        .windows(NEEDLE)
        .filter(|window| sought.contains(window))
        .collect();
    found.len()
}

/// A name of its own for each number, of letters alone.
fn name(number: u128) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_u128.pow(place) % 26).unwrap());
    format!("Quackenbush{}{}{}", letter(2), letter(1), letter(0))
}

#[tokio::test]
async fn nothing_of_a_purged_case_is_left_in_the_database_the_log_or_between_the_rows() {
    let bench = Bench::new().await;
    let mut purged = Vec::new();
    let mut kept = Vec::new();
    let mut wanted = Vec::new();
    // Enough for pages to be split and joined, in an order that is none.
    for number in 0..600_u128 {
        let given = name(number);
        // Scattered digits, so that request ids are in no order.
        let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        let mut asked = Asked {
            number: scattered,
            ..worker(number)
        };
        asked.draft.given_names = &given;
        let reference = format!("HO{number:08}");
        asked.draft.home_office_reference = &reference;
        let id = bench.receive(&asked).await;
        if number % 7 == 3 {
            kept.push(id);
        } else {
            bench.answer(id).await;
            wanted.push(id);
        }
    }
    for id in &wanted {
        purged.extend(kept_of(&bench, *id));
    }
    let mut alive = Vec::new();
    for id in &kept {
        alive.extend(kept_of(&bench, *id));
    }
    assert!(found_in(&bench.every_byte(), &purged) > 0);

    bench.set("2028-03-02T09:00:00Z");
    let run = bench.keeping().run_retention(ACTOR, false).await.unwrap();
    assert_eq!(run.purged(), wanted.len() as u64);
    assert!(run.log_emptied);

    let while_open = bench.every_byte();
    bench.store.close().await;
    let afterwards = bench.every_byte();
    for bytes in [while_open, afterwards] {
        // What is alive is found, so what is not found is not there.
        let distinct: HashSet<_> = alive.iter().collect();
        assert_eq!(found_in(&bytes, &alive), distinct.len());
        assert_eq!(found_in(&bytes, &purged), 0);
        assert!(!bytes.windows(11).any(|window| window == b"Quackenbush"));
    }
}
