//! Work that is due: cases with a wake time, and cases that were left before anything was decided about them.
//!
//! The first are in an index of their own, which has a row for none of the cases that are answered at once. The second have
//! one too, in which most are for a moment; but it is not asked each time, for this process knows which of the cases it
//! received are undecided, and looks there for those of the processes before it. Leases are in memory too, for they shall end
//! with the process, and the file has only one.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use statuscheck_domain::ids::CaseId;

use super::readers::Readers;
use super::settings::Settings;
use super::shelves;
use super::tables::{case_id, key};
use super::writer::Work;
use crate::store::rows::RowState;
use crate::store::{Due, ReadError};

/// What is known of due work.
pub(super) struct Dues {
    state: Mutex<State>,
    /// Whoever leases has this, so that none leases what another has just read. One waits for each caller, and those are
    /// the gateway's own few.
    turn: tokio::sync::Mutex<()>,
    due_max: usize,
    leases_max: usize,
    undecided_max: usize,
    /// Nanoseconds from its receipt after which an undecided case counts as left behind.
    undecided_after: i64,
}

struct State {
    /// Cases of which no decision is recorded, with the time of their receipt. One may be here that is decided by now.
    undecided: BTreeMap<CaseId, i64>,
    /// There may be more of them in the file.
    is_partial: bool,
    leased: HashSet<CaseId>,
}

/// What to look for in the file.
struct Wanted {
    now: i64,
    limit: usize,
    /// Leased before.
    leased: HashSet<CaseId>,
    /// Undecided for long, and not leased, with the time since which they are due.
    left: Vec<(CaseId, i64)>,
}

/// What the file says.
struct Found {
    /// By the time since when they are due.
    due: Vec<(i64, CaseId, u64)>,
    /// Decided after all.
    decided: Vec<CaseId>,
}

impl Dues {
    pub(super) fn new(settings: &Settings) -> Self {
        let state = State {
            undecided: BTreeMap::new(),
            // Those of the processes before this one.
            is_partial: true,
            leased: HashSet::new(),
        };
        Self {
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
            due_max: settings.due_max.max(1),
            leases_max: settings.leases_max.max(1),
            undecided_max: settings.undecided_max.max(1),
            undecided_after: nanoseconds_of(settings.undecided_after),
        }
    }

    /// All of `works` is on disk.
    pub(super) fn recorded<'a>(&self, works: impl Iterator<Item = &'a Work>) {
        let mut state = self.state();
        for work in works {
            match work {
                Work::Change(change) => {
                    state.end_lease(change.case_id);
                    let created = change.entries.first().map(|entry| entry.time);
                    match (change.state, created) {
                        (Some(RowState::Received), Some(created)) => {
                            if state.undecided.len() < self.undecided_max {
                                state.undecided.insert(change.case_id, created);
                            } else {
                                state.is_partial = true;
                            }
                        }
                        (Some(RowState::Told(_)), _) => {
                            state.undecided.remove(&change.case_id);
                        }
                        (None, _) | (_, None) => {}
                    }
                }
                Work::Purge(purge) => {
                    state.end_lease(purge.case_id);
                    state.undecided.remove(&purge.case_id);
                }
                Work::Note(_) | Work::Hold(_) | Work::Rewrap(_) => {}
            }
        }
    }

    /// Nobody knows whether the last changes are on disk.
    pub(super) fn is_uncertain(&self) {
        self.state().is_partial = true;
    }

    /// Leases what is due at `now`.
    pub(super) async fn lease(
        &self,
        readers: &Readers,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Due>, ReadError> {
        let _turn = self.turn.lock().await;
        self.complete(readers).await?;
        let wanted = self.wanted(nanoseconds(now), limit);
        if wanted.limit == 0 {
            return Ok(Vec::new());
        }
        let find = move |connection: &Connection| find(connection, &wanted);
        let found = readers.due.read(find).await?;
        let mut state = self.state();
        for id in found.decided {
            state.undecided.remove(&id);
        }
        state.leased.extend(found.due.iter().map(|(_, id, _)| *id));
        drop(state);
        found.due.into_iter().map(due).collect()
    }

    /// When the next case is due that nobody has leased.
    pub(super) async fn next_wake(&self, readers: &Readers) -> Result<Option<Timestamp>, ReadError> {
        self.complete(readers).await?;
        let (leased, left) = {
            let state = self.state();
            let left = state.left(self.undecided_after).next();
            (state.leased.clone(), left.map(|(_, wake)| wake))
        };
        let next = readers
            .due
            .read(move |connection| Ok(next(connection, &leased)?))
            .await?;
        let next = next.into_iter().chain(left).min();
        next.map(timestamp).transpose()
    }

    pub(super) fn release(&self, case_ids: &[CaseId]) {
        let mut state = self.state();
        for id in case_ids {
            state.end_lease(*id);
        }
    }

    /// Reads which cases are undecided, where not all are known and there is room for more.
    async fn complete(&self, readers: &Readers) -> Result<(), ReadError> {
        {
            let mut state = self.state();
            if !state.is_partial || state.undecided.len() > self.undecided_max / 2 {
                return Ok(());
            }
            // Before the look, not after: what the writer leaves out meanwhile is left for another.
            state.is_partial = false;
        }
        let limit = self.undecided_max;
        let read = move |connection: &Connection| Ok(shelves::undecided(connection, limit)?);
        let found = readers.due.read(read).await;
        let mut state = self.state();
        let found = found.inspect_err(|_error| state.is_partial = true)?;
        state.is_partial |= found.len() >= limit;
        for (id, created) in found {
            if state.undecided.len() >= limit {
                state.is_partial = true;
                break;
            }
            state.undecided.insert(id, created);
        }
        Ok(())
    }

    fn wanted(&self, now: i64, limit: usize) -> Wanted {
        let state = self.state();
        let room = self.leases_max.saturating_sub(state.leased.len());
        let limit = limit.clamp(1, self.due_max).min(room);
        let left = state.left(self.undecided_after);
        Wanted {
            now,
            limit,
            leased: state.leased.clone(),
            left: left.take_while(|(_, wake)| *wake <= now).take(limit).collect(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_lease(&mut self, id: CaseId) {
        if !self.leased.is_empty() {
            self.leased.remove(&id);
        }
    }

    /// The undecided cases that nobody has leased, oldest first, with the time from which they count as left behind.
    fn left(&self, after: i64) -> impl Iterator<Item = (CaseId, i64)> {
        let free = self.undecided.iter().filter(|(id, _)| !self.leased.contains(id));
        free.map(move |(id, created)| (*id, created.saturating_add(after)))
    }
}

fn find(connection: &Connection, wanted: &Wanted) -> Result<Found, ReadError> {
    let mut due = woken(connection, wanted)?;
    let mut decided = Vec::new();
    let mut undecided =
        connection.prepare_cached("SELECT version FROM cases WHERE id = ?1 AND state = ?2")?;
    for (id, wake) in &wanted.left {
        let received = params![key(*id), RowState::Received.as_str()];
        let version: Option<i64> = undecided.query_row(received, |row| row.get(0)).optional()?;
        match version {
            Some(version) if due.iter().all(|(_, known, _)| known != id) => {
                due.push((*wake, *id, version.unsigned_abs()));
            }
            Some(_known) => {}
            None => decided.push(*id),
        }
    }
    due.sort_unstable();
    due.truncate(wanted.limit);
    Ok(Found { due, decided })
}

/// The cases whose wake time has come, by it.
fn woken(connection: &Connection, wanted: &Wanted) -> Result<Vec<(i64, CaseId, u64)>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT wake, id, version FROM cases WHERE wake IS NOT NULL AND wake <= ?1 ORDER BY wake, id",
    )?;
    let mut rows = statement.query([wanted.now])?;
    let mut due = Vec::new();
    while due.len() < wanted.limit
        && let Some(row) = rows.next()?
    {
        let id = case_id(row, 1)?;
        if !wanted.leased.contains(&id) {
            let version: i64 = row.get(2)?;
            due.push((row.get(0)?, id, version.unsigned_abs()));
        }
    }
    Ok(due)
}

/// The first wake time of a case that is not leased.
fn next(connection: &Connection, leased: &HashSet<CaseId>) -> rusqlite::Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT wake, id FROM cases WHERE wake IS NOT NULL ORDER BY wake, id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !leased.contains(&case_id(row, 1)?) {
            return row.get(0);
        }
    }
    Ok(None)
}

fn due((wake, case_id, version): (i64, CaseId, u64)) -> Result<Due, ReadError> {
    Ok(Due {
        case_id,
        version,
        wake: timestamp(wake)?,
    })
}

fn timestamp(nanoseconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
}

/// No row has a time beyond those that this can show.
fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

fn nanoseconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
