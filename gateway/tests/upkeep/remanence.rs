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

/// The wrapped key of a case.
fn key_of(bench: &Bench, id: CaseId) -> [u8; NEEDLE] {
    let key: Vec<u8> = bench
        .stranger()
        .query_row(
            "SELECT wrapped FROM case_keys WHERE case_id = ?1",
            [id.0.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    needle(&key)
}

/// Rows about a case in every table but the ledger.
fn rows_about(bench: &Bench, id: CaseId) -> i64 {
    let count = |table: &str, column: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
        let stranger = bench.stranger();
        stranger
            .query_row(&query, [id.0.as_bytes()], |row| row.get(0))
            .unwrap()
    };
    count("cases", "id") + count("holds", "case_id")
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
async fn no_key_of_a_purged_case_is_left_in_the_database_the_log_or_between_the_rows() {
    let bench = Bench::new().await;
    let mut kept = Vec::new();
    let mut wanted = Vec::new();
    // Enough for pages to be split and joined, in an order that is none.
    for number in 0..300_u128 {
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
    let purged: Vec<_> = wanted.iter().map(|id| key_of(&bench, *id)).collect();
    let alive: Vec<_> = kept.iter().map(|id| key_of(&bench, *id)).collect();
    assert!(rows_about(&bench, wanted[0]) > 0);
    assert!(found_in(&bench.every_byte(), &purged) > 0);

    bench.set("2028-03-02T09:00:00Z");
    let run = bench.keeping().run_retention(ACTOR, false).await.unwrap();
    assert_eq!(run.purged(), wanted.len() as u64);
    assert!(run.log_emptied);
    assert!(wanted.iter().all(|id| rows_about(&bench, *id) == 0));

    let while_open = bench.every_byte();
    bench.store.close().await;
    let afterwards = bench.every_byte();
    for bytes in [while_open, afterwards] {
        // What is alive is found, so what is not found is not there.
        assert_eq!(found_in(&bytes, &alive), alive.len());
        assert_eq!(found_in(&bytes, &purged), 0);
        assert!(!bytes.windows(11).any(|window| window == b"Quackenbush"));
    }
}
