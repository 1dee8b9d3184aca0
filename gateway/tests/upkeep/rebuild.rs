//! The projections are what the ledger says, after whatever happened; and what is damaged is found and put right.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use jiff::Timestamp;
use rusqlite::params;
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, OpenError, RebuildError, Rebuilt, Settings, rebuild};
use statuscheck::store::seal::Kek;
use statuscheck::upkeep::Reason;
use statuscheck_domain::answer::Negative;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{DepartmentId, ReferralId};
use statuscheck_domain::quota::QuotaKey;
use statuscheck_domain::referral::{Held, Hold, Opening, ReferralEvent};
use statuscheck_domain::sla::Target;
use statuscheck_domain::windrush::{self, Rules};

use crate::bench::{ACTOR, Bench, START, worker};
use crate::living::{Drawn, any_notice, charged, clock_started, live};

fn run(bench: &Bench, check: bool) -> Result<Rebuilt, RebuildError> {
    let key = Kek::load(&bench.file("key")).ok().unwrap();
    let settings = Settings::at(bench.file("store.db"));
    rebuild(&settings, key, check, "console", START.parse().unwrap())
}

fn differing(rebuilt: &Rebuilt) -> Vec<&'static str> {
    rebuilt
        .differences
        .iter()
        .map(|difference| difference.table)
        .collect()
}

#[tokio::test]
async fn after_many_changes_the_rows_are_what_the_ledger_says() {
    const ROWS: [&str; 6] = [
        "hooks WHERE next IS NOT NULL",
        "hooks WHERE next IS NULL",
        "questions WHERE due IS NOT NULL",
        "cases WHERE wake IS NOT NULL",
        "quotas WHERE used > 0",
        "entries WHERE kind = 'purged' AND payload <> x''",
    ];
    let mut found = [0; ROWS.len()];
    for seed in [1, 2, 3] {
        let bench = Bench::new().await;
        live(&bench, seed).await;
        bench.store.close().await;
        let rebuilt = run(&bench, true).unwrap();
        assert_eq!(rebuilt.differences, [], "seed {seed}");
        assert!(rebuilt.cases > 0 && rebuilt.purged > 0, "seed {seed}");
        let count = |rows: &str| -> i64 {
            let query = format!("SELECT count(*) FROM {rows}");
            bench.stranger().query_row(&query, [], |row| row.get(0)).unwrap()
        };
        for (found, rows) in found.iter_mut().zip(ROWS) {
            *found += count(rows);
        }
    }
    assert!(found.iter().all(|found| *found > 0), "{found:?}");
}

fn referred() -> EventKind {
    let now: Timestamp = START.parse().unwrap();
    EventKind::Referral(ReferralEvent::Opened(Box::new(Opening {
        id: ReferralId::at(now, &[9; 10]),
        joined: None,
        hold: Hold {
            held: Held::Negative(Negative::NoRecord),
            grounds: vec![windrush::Ground::CouldHaveArrived],
        },
        rules: Rules::default().version,
        due: Target::DEFAULT.start(now),
        is_withheld: false,
        contact: "the help team".to_owned(),
        advice: "Quote {referral}.".parse().unwrap(),
        asked: Vec::new(),
    })))
}

#[tokio::test]
async fn every_damaged_row_is_found_and_put_right() {
    for (table, damage) in [
        (
            "cases",
            "UPDATE cases SET state = 'open' WHERE state = 'answered'",
        ),
        ("cases", "UPDATE cases SET version = version + 1"),
        ("cases", "UPDATE cases SET created = 0"),
        ("cases", "UPDATE cases SET organisation = 'south'"),
        ("cases", "DELETE FROM cases"),
        ("cases", "UPDATE cases SET content = zeroblob(32)"),
        ("cases", "UPDATE cases SET agreement = 'none'"),
        ("cases", "UPDATE cases SET subjects = x''"),
        ("cases", "UPDATE cases SET key = key + 1"),
        ("cases", "UPDATE cases SET places = zeroblob(32)"),
        ("cases", "UPDATE cases SET request_id = id"),
        (
            "cases",
            "UPDATE cases SET state = 'open' WHERE state = 'received'",
        ),
        ("cases", "UPDATE cases SET wake = NULL"),
        ("cases", "UPDATE cases SET wake = wake + 1 WHERE wake IS NOT NULL"),
        ("cases", "UPDATE cases SET wake = 1 WHERE wake IS NULL"),
        ("quotas", "DELETE FROM quotas"),
        ("quotas", "UPDATE quotas SET used = used - 1"),
        ("quotas", "UPDATE quotas SET month = '2026-02'"),
        ("quotas", "UPDATE quotas SET agreement = '?'"),
        ("holds", "DELETE FROM holds"),
        ("questions", "DELETE FROM questions"),
        ("questions", "UPDATE questions SET due = due + 1"),
        (
            "questions",
            "INSERT INTO questions SELECT case_id, randomblob(16), department, due FROM questions",
        ),
        ("hooks", "DELETE FROM hooks"),
        ("hooks", "UPDATE hooks SET attempts = attempts + 1"),
        ("referrals", "DELETE FROM referrals"),
        ("referrals", "UPDATE referrals SET state = 'confirmed'"),
        (
            "referrals",
            "INSERT INTO referrals SELECT randomblob(16), case_id, joined, state, due FROM referrals",
        ),
        ("referred", "DELETE FROM referred"),
        (
            "referred",
            "INSERT INTO referred SELECT randomblob(32), case_id FROM referrals",
        ),
    ] {
        let mut bench = Bench::new().await;
        let held = bench.answered(&worker(1)).await;
        bench.receive(&worker(2)).await;
        let open = bench.receive(&worker(4)).await;
        let case = bench.store.case(open).await.unwrap().unwrap();
        let pending = EventKind::Decided(case.answer.clone());
        let kinds = [charged(), pending, referred()];
        let (change, _) = case.change(START.parse().unwrap(), kinds).unwrap();
        assert_eq!(bench.store.commit(change).await, Ok(()));
        let told = EventKind::Outbox(any_notice(&mut Drawn(1), &case));
        for kind in [charged(), charged(), clock_started(), told] {
            let case = bench.store.case(held).await.unwrap().unwrap();
            let (change, _) = case.change(START.parse().unwrap(), [kind]).unwrap();
            assert_eq!(bench.store.commit(change).await, Ok(()));
        }
        let reason = Reason::parse("Claim 2026/17").ok().unwrap();
        let keeping = bench.keeping();
        assert_eq!(keeping.set_hold(ACTOR, held, true, &reason).await, Ok(()));
        bench.store.close().await;
        bench.stranger().execute_batch(damage).unwrap();

        assert_eq!(differing(&run(&bench, true).unwrap()), [table], "{damage}");
        // Looking changed nothing.
        assert_eq!(differing(&run(&bench, false).unwrap()), [table], "{damage}");
        assert_eq!(run(&bench, true).unwrap().differences, [], "{damage}");
        let entries = bench.house();
        let (kind, entry) = entries.last().unwrap();
        assert_eq!((kind.as_str(), &entry["actor"]), ("rebuilt", &"console".into()));

        bench.reopen().await;
        assert!(bench.is_there(held).await);
        bench.receive(&worker(3)).await;
        bench.store.close().await;
    }
}

#[tokio::test]
async fn a_rebuild_of_what_is_right_changes_nothing() {
    let bench = Bench::new().await;
    bench.answered(&worker(1)).await;
    bench.store.close().await;
    let before = std::fs::read(bench.file("store.db")).unwrap();
    assert_eq!(run(&bench, false).unwrap().differences, []);
    assert!(std::fs::read(bench.file("store.db")).unwrap() == before);
}

#[tokio::test]
async fn a_damaged_entry_is_named_and_nothing_is_replaced() {
    let bench = Bench::new().await;
    let id = bench.answered(&worker(1)).await;
    bench.receive(&worker(2)).await;
    bench.store.close().await;
    let damage = "UPDATE entries SET payload = zeroblob(length(payload)) WHERE place = 1;
        DELETE FROM cases WHERE request_id = (SELECT max(request_id) FROM cases)";
    bench.stranger().execute_batch(damage).unwrap();
    let refused = run(&bench, false);
    assert!(matches!(refused, Err(RebuildError::Damaged(damaged)) if damaged == id));
    let cases: i64 = bench
        .stranger()
        .query_row("SELECT count(*) FROM cases", [], |row| row.get(0))
        .unwrap();
    assert_eq!(cases, 1);
}

#[tokio::test]
async fn a_store_that_a_gateway_holds_is_not_rebuilt() {
    let bench = Bench::new().await;
    assert!(matches!(run(&bench, true), Err(RebuildError::Open(_))));
}

/// Has the writer go on with a chain of its own from here, as on a file into which a store of other writers was copied.
fn begin_chain(bench: &Bench) {
    let genesis = [b"statuscheck.ledger.v1.genesis".as_slice(), &[7; 16]].concat();
    let hash = digest::digest(&digest::SHA256, &genesis);
    let chain = "INSERT INTO chains (number, id, sequence, hash) VALUES (1, ?1, 0, ?2)";
    bench
        .stranger()
        .execute(chain, params![[7_u8; 16], hash.as_ref()])
        .unwrap();
}

#[tokio::test]
async fn a_case_and_a_hold_are_read_from_all_chains() {
    let mut bench = Bench::new().await;
    let (one, two) = (bench.receive(&worker(1)).await, bench.receive(&worker(2)).await);
    let reason = Reason::parse("Claim 2026/17").ok().unwrap();
    for id in [one, two] {
        assert!(bench.keeping().set_hold(ACTOR, id, true, &reason).await.is_ok());
    }
    bench.store.close().await;
    begin_chain(&bench);
    bench.reopen().await;
    bench.set("2026-03-03T09:00:00Z");
    bench.answer(one).await;
    assert!(bench.keeping().set_hold(ACTOR, one, false, &reason).await.is_ok());
    assert_eq!(bench.store.case(one).await.unwrap().unwrap().version, 2);
    bench.store.close().await;
    // The chains in the other order: the hold was still set before it was released.
    bench
        .stranger()
        .execute_batch(
            "UPDATE chains SET number = 2 WHERE number = 0;
             UPDATE entries SET place = place + 2199023255552 WHERE place < 1099511627776;",
        )
        .unwrap();
    // Their rows say where entries stood before.
    assert_eq!(differing(&run(&bench, true).unwrap()), ["cases"]);
    bench
        .stranger()
        .execute_batch("DELETE FROM cases; DELETE FROM holds")
        .unwrap();
    let rebuilt = run(&bench, false).unwrap();
    assert_eq!((rebuilt.cases, differing(&rebuilt)), (2, vec!["cases", "holds"]));
    bench.reopen().await;
    assert!(bench.is_there(one).await && bench.is_there(two).await);
    bench.store.close().await;
    let held: Vec<Vec<u8>> = bench
        .stranger()
        .prepare("SELECT case_id FROM holds")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(held, [two.0.as_bytes().to_vec()]);
}

/// A table that nobody rebuilds, and that is neither the ledger nor keys, could be lost for good.
#[tokio::test]
async fn every_table_is_the_ledger_or_keys_or_is_rebuilt() {
    let bench = Bench::new().await;
    let stranger = bench.stranger();
    let mut tables = stranger
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let names = tables.query_map([], |row| row.get(0)).unwrap();
    let names: BTreeSet<String> = names.map(Result::unwrap).collect();
    let known = [
        "store",
        "chains",
        "entries",
        "case_keys",
        "cases",
        "holds",
        "quotas",
        "questions",
        "hooks",
        "referrals",
        "referred",
    ];
    assert_eq!(names, known.map(str::to_owned).into());
}

#[tokio::test]
async fn a_store_whose_count_of_a_quota_makes_no_sense_is_not_served_until_it_is_rebuilt() {
    let mut bench = Bench::new().await;
    let id = bench.receive(&worker(1)).await;
    let case = bench.store.case(id).await.unwrap().unwrap();
    let (change, _) = case.change(START.parse().unwrap(), [charged()]).unwrap();
    assert_eq!(bench.store.commit(change).await, Ok(()));
    bench.store.close().await;
    let damage = "UPDATE quotas SET department = 'the moon'";
    bench.stranger().execute_batch(damage).unwrap();
    let key = Kek::load(&bench.file("key")).ok().unwrap();
    let refused = EmbeddedStore::open(Settings::at(bench.file("store.db")), key).await;
    assert!(matches!(refused, Err(OpenError::Projection { .. })));
    assert_eq!(differing(&run(&bench, false).unwrap()), ["quotas"]);
    bench.reopen().await;
    let quota = QuotaKey {
        agreement: case.receipt.agreement_id,
        department: DepartmentId::Dwp,
        month: "2026-03".parse().unwrap(),
    };
    assert_eq!(bench.store.quota_used(&quota).await, Ok(1));
    bench.store.close().await;
}
