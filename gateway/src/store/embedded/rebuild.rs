//! Making the projections anew from the ledger and the keys.
//!
//! Everything beside the entries, where they end, and the keys can be lost or wrong without anything being lost. It is made
//! anew in tables beside the old ones, compared row by row, and put in their place in the same transaction.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde_json::Value;
use statuscheck_domain::ids::CaseId;
use uuid::Uuid;

use super::checkpoints::emptied;
use super::kept::Kept;
use super::opening::{OpenError, Opened};
use super::tables::{self, key};
use super::{Settings, entries, histories, hooks, quotas, referrals, worklist};
use crate::store::chain::Chain;
use crate::store::rows::{Note, Opening, PURGED, RowState, SealedChange};
use crate::store::seal::Kek;
use crate::store::sealed::Sealer;
use crate::store::{CommitError, HouseEntry, HouseKind, ReadError, remainder};

/// The projections, each with its columns.
const PROJECTIONS: [(&str, &str); 7] = [
    (
        "cases",
        "id, organisation, request_id, state, version, created, content, agreement, kind, subjects, wake, turn, due, risk, key, places",
    ),
    ("holds", "case_id, since"),
    ("quotas", "agreement, department, month, used"),
    ("questions", "id, case_id, department, due"),
    ("hooks", "id, case_id, receiver, happening, attempts, next, fault"),
    ("referrals", "id, case_id, joined, state, due"),
    ("referred", "key, case_id"),
];

const REBUILT_QUOTAS: &str = "rebuilt_quotas";

const REBUILT_QUESTIONS: &str = "rebuilt_questions";

const REBUILT_HOOKS: &str = "rebuilt_hooks";

const REBUILT_REFERRALS: referrals::Into = referrals::Into {
    referrals: "rebuilt_referrals",
    referred: "rebuilt_referred",
};

/// Cases whose ids are read at a time.
const PAGE: i64 = 1_000;

/// A projection that is not what the ledger says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// Rows that should be there, or be otherwise.
    pub missing: u64,
    /// Rows that should not be there, or be otherwise.
    pub extra: u64,
}

/// What was found, and mended unless it was only to be looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// Cases that the ledger has and that are not purged.
    pub cases: u64,
    /// Cases that were purged.
    pub purged: u64,
    /// The projections that differ; none where all is as it should be.
    pub differences: Vec<Difference>,
}

impl Rebuilt {
    /// The entry that tells of it once it was mended.
    pub(in crate::store) fn entry(&self, actor: &str, time: jiff::Timestamp) -> HouseEntry {
        let rows = |difference: &Difference| {
            let rows = difference.missing.max(difference.extra);
            (difference.table.to_owned(), rows.into())
        };
        HouseEntry {
            time,
            kind: HouseKind::Rebuilt,
            actor: actor.to_owned(),
            details: self.differences.iter().map(rows).collect(),
        }
    }
}

/// Why the projections could not be made anew. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The store cannot be opened; a running gateway holds it, for one.
    #[error("the store cannot be opened")]
    Open(#[from] OpenError),
    /// Restore a backup: the ledger itself is damaged, or a key is gone that no purge destroyed.
    #[error("the entries of case {0} cannot be read")]
    Damaged(CaseId),
    /// Restore a backup: an entry of the house is not what was written.
    #[error("the entry at place {0} of the ledger cannot be read")]
    DamagedEntry(i64),
    /// Look at the disk and the file.
    #[error("the projections cannot be made")]
    Engine(#[from] rusqlite::Error),
    /// The entry that tells of it cannot be written.
    #[error("the rebuild cannot be recorded")]
    Record(#[source] CommitError),
}

/// Makes the projections of the store of `settings` anew. With `check` it only says what differs. Where something was
/// mended, that is recorded as done by `actor` at `time`.
///
/// To be called where it may block. No gateway may hold the store.
///
/// # Errors
/// [`RebuildError`]
pub fn rebuild(
    settings: &Settings,
    kek: Kek,
    check: bool,
    actor: &str,
    time: jiff::Timestamp,
) -> Result<Rebuilt, RebuildError> {
    exists(&settings.path)?;
    let mut opened = Opened::new(settings, kek)?;
    let done = within(&mut opened, check, actor, time);
    opened.checkpoints.end();
    // Where a reader of another process is in the way, the next opening does it.
    emptied(&opened.writer)?;
    done
}

/// A file that is missing would be made.
pub(super) fn exists(path: &Path) -> Result<(), OpenError> {
    if path.exists() {
        return Ok(());
    }
    Err(OpenError::NotAStore {
        path: path.to_owned(),
    })
}

fn within(
    opened: &mut Opened,
    check: bool,
    actor: &str,
    time: jiff::Timestamp,
) -> Result<Rebuilt, RebuildError> {
    let Opened {
        writer, sealer, ends, ..
    } = opened;
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let leftover = make(&transaction, sealer)?;
    histories::scatter(&transaction)?;
    let differences = differences(&transaction, leftover.len())?;
    let count = |table: &str| -> rusqlite::Result<i64> {
        transaction.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    };
    let cases = count("rebuilt_cases")?;
    let purged: i64 = transaction.query_row(
        "SELECT count(*) FROM entries WHERE kind = ?1 AND case_id IS NOT NULL",
        [PURGED],
        |row| row.get(0),
    )?;
    let rebuilt = Rebuilt {
        cases: cases.unsigned_abs(),
        purged: purged.unsigned_abs(),
        differences,
    };
    if check || rebuilt.differences.is_empty() {
        transaction.rollback()?;
        return Ok(rebuilt);
    }
    replace(&transaction)?;
    for place in leftover {
        tables::destroy_key(&transaction, place)?;
    }
    let mut chain = Chain::at(ends.number, ends.own.head);
    let note = Note::of(&rebuilt.entry(actor, time)).map_err(RebuildError::Record)?;
    entries::append(
        &Kept::new(&transaction, &RefCell::default()),
        &mut chain,
        &tables::house(&note),
    )?;
    entries::write_head(&transaction, &chain)?;
    transaction.commit()?;
    Ok(rebuilt)
}

/// Fills the tables beside. Comes back with the places of keys that are still there though their cases were purged.
fn make(connection: &Connection, sealer: &Sealer) -> Result<Vec<i64>, RebuildError> {
    for (table, columns) in PROJECTIONS {
        connection.execute_batch(&format!(
            "CREATE TABLE rebuilt_{table} AS SELECT {columns} FROM {table} WHERE false"
        ))?;
    }
    connection.execute_batch(
        "CREATE UNIQUE INDEX rebuilt_quotas_by_key ON rebuilt_quotas (agreement, department, month);
         CREATE UNIQUE INDEX rebuilt_questions_by_key ON rebuilt_questions (case_id, id);
         CREATE UNIQUE INDEX rebuilt_hooks_by_key ON rebuilt_hooks (id);
         CREATE UNIQUE INDEX rebuilt_referrals_by_key ON rebuilt_referrals (id, case_id);
         CREATE UNIQUE INDEX rebuilt_referred_by_key ON rebuilt_referred (key, case_id)",
    )?;
    // The rows of cases say where their keys lie, and they are what is made anew here.
    connection.execute_batch(
        "CREATE TEMP TABLE places (case_id BLOB PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         INSERT INTO places SELECT case_id, max(place) FROM case_keys GROUP BY case_id;",
    )?;
    histories::gather(connection)?;
    let mut leftover = Vec::new();
    let mut after = CaseId(Uuid::nil());
    loop {
        let ids = histories::cases_after(connection, after, PAGE)?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for id in ids {
            leftover.extend(make_case(connection, sealer, id)?);
        }
    }
    connection.execute_batch("DROP TABLE temp.places")?;
    make_holds(connection, "rebuilt_holds")?;
    Ok(leftover)
}

/// Makes the rows of a case, or is the place of its key where it was purged and the key is still there.
fn make_case(connection: &Connection, sealer: &Sealer, id: CaseId) -> Result<Option<i64>, RebuildError> {
    let stored = histories::entries_of(connection, id)?;
    let kept = connection
        .prepare_cached(
            "SELECT place, wrapped FROM temp.places JOIN case_keys USING (place)
             WHERE places.case_id = ?1 AND wrapped <> zeroblob(length(wrapped))",
        )?
        .query_row([key(id)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let damaged = |_error: ReadError| RebuildError::Damaged(id);
    if let Some(spent) = remainder::left_in(stored.last()).map_err(damaged)? {
        quotas::add(connection, REBUILT_QUOTAS, &spent)?;
        return Ok(kept.map(|(place, _wrapped): (i64, Vec<u8>)| place));
    }
    let (place, wrapped) = kept.ok_or(RebuildError::Damaged(id))?;
    let case = sealer.project(id, wrapped, stored).map_err(damaged)?;
    let opening = case.opening.as_ref().ok_or(RebuildError::Damaged(id))?;
    make_rows(connection, &case, opening, place)?;
    quotas::add(connection, REBUILT_QUOTAS, &case.spent)?;
    worklist::write(connection, REBUILT_QUESTIONS, id, &case.listed)?;
    hooks::write(connection, REBUILT_HOOKS, id, &case.hooked)?;
    referrals::make(connection, REBUILT_REFERRALS, &case, opening)?;
    Ok(None)
}

fn make_rows(
    connection: &Connection,
    case: &SealedChange,
    opening: &Opening,
    place: i64,
) -> rusqlite::Result<()> {
    let standing = case.standing.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO rebuilt_cases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            key(case.case_id),
            opening.organisation.as_str(),
            opening.request_id.0.as_bytes(),
            case.state.map(RowState::as_str),
            case.version,
            case.entries.first().map(|first| first.time),
            opening.content.0,
            opening.terms.agreement.as_str(),
            opening.terms.check.as_str(),
            opening.subjects.concat(),
            case.wake,
            standing.map(|standing| &standing.turn),
            standing.map(|standing| standing.due),
            standing.and_then(|standing| standing.risk),
            place,
            histories::places_of(connection, case.case_id)?.bytes(),
        ])?;
    Ok(())
}

/// Holds are what the entries of the house say, in their order: within a chain that is how they stand, and between chains it
/// is by the clock, as far as it had come. They go into `table`, which is empty.
pub(super) fn make_holds(connection: &Connection, table: &str) -> Result<(), RebuildError> {
    let [set, released] = [HouseKind::LegalHoldSet, HouseKind::LegalHoldReleased].map(HouseKind::as_str);
    let mut entries = connection.prepare(
        "SELECT place, time, kind, payload,
             max(time) OVER (PARTITION BY place >> 40 ORDER BY place) AS reached
         FROM entries WHERE case_id IS NULL AND kind IN (?1, ?2) ORDER BY reached, place",
    )?;
    let mut rows = entries.query(params![set, released])?;
    while let Some(row) = rows.next()? {
        let (place, time, kind): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let payload: Vec<u8> = row.get(3)?;
        let id = held_case(&payload).ok_or(RebuildError::DamagedEntry(place))?;
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE case_id = ?1"))?
            .execute([key(id)])?;
        if kind == set {
            connection
                .prepare_cached(&format!("INSERT INTO {table} (case_id, since) VALUES (?1, ?2)"))?
                .execute(params![key(id), time])?;
        }
    }
    Ok(())
}

fn held_case(payload: &[u8]) -> Option<CaseId> {
    let payload: Value = serde_json::from_slice(payload).ok()?;
    payload["details"]["case_id"].as_str()?.parse().ok()
}

fn differences(connection: &Connection, leftover: usize) -> rusqlite::Result<Vec<Difference>> {
    let mut found = Vec::new();
    for (table, columns) in PROJECTIONS {
        let only_in = |one: &str, other: &str| -> rusqlite::Result<i64> {
            let rows = format!(
                "SELECT count(*) FROM (SELECT {columns} FROM {one} EXCEPT SELECT {columns} FROM {other})"
            );
            connection.query_row(&rows, [], |row| row.get(0))
        };
        let rebuilt = format!("rebuilt_{table}");
        let difference = Difference {
            table,
            missing: only_in(&rebuilt, table)?.unsigned_abs(),
            extra: only_in(table, &rebuilt)?.unsigned_abs(),
        };
        if difference.missing + difference.extra > 0 {
            found.push(difference);
        }
    }
    if leftover > 0 {
        found.push(Difference {
            table: "case_keys",
            missing: 0,
            extra: leftover as u64,
        });
    }
    Ok(found)
}

/// Puts the new rows in the place of all the old ones.
fn replace(connection: &Connection) -> rusqlite::Result<()> {
    for (table, columns) in PROJECTIONS {
        connection.execute_batch(&format!(
            "DELETE FROM {table};
             INSERT INTO {table} ({columns}) SELECT {columns} FROM rebuilt_{table} ORDER BY {columns};
             DROP TABLE rebuilt_{table};"
        ))?;
    }
    Ok(())
}
