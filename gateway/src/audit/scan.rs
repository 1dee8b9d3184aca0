//! Going along the chain.

use std::ops::ControlFlow;

use super::AuditError;
use super::checkpoints::Checkpoint;
use super::encoding::{Hash, Hasher, Row};
use super::finding::{Finding, Findings};
use super::ledger::Ledger;

/// After how many entries progress is told.
const STEP: u64 = 16_384;

/// How many broken places are looked into for a reordering, each at the cost of reading the whole ledger once more.
const SEARCHES: u32 = 8;

/// What was seen on the way.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) entries: u64,
    pub(super) cases: u64,
    pub(super) house_entries: u64,
    pub(super) first_time: Option<i64>,
    pub(super) last_time: Option<i64>,
    /// Comparisons with a checkpoint.
    pub(super) compared: u64,
}

/// A way along the chain.
pub(super) struct Scan<'a> {
    ledger: &'a Ledger,
    /// Not yet passed, in the order of their entries.
    checkpoints: &'a [Checkpoint],
    range: (i64, i64),
    hasher: Hasher,
    /// What the entry before may have as its hash: one of these. Empty where nobody knows, because it is missing.
    before: Vec<Hash>,
    /// The next place.
    next: i64,
    searches: u32,
    pub(super) seen: Seen,
}

impl<'a> Scan<'a> {
    pub(super) fn new(ledger: &'a Ledger, checkpoints: &'a [Checkpoint], range: (i64, i64)) -> Self {
        let before = range.0 - 1;
        Self {
            ledger,
            checkpoints: &checkpoints[checkpoints.partition_point(|known| known.sequence < before)..],
            range,
            hasher: Hasher::default(),
            before: Vec::with_capacity(2),
            next: range.0,
            searches: SEARCHES,
            seen: Seen::default(),
        }
    }

    pub(super) fn run(
        &mut self,
        findings: &mut Findings,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), AuditError> {
        let (first, last) = self.range;
        let before = if first == 1 {
            Some(self.ledger.genesis)
        } else {
            self.ledger.hash_of(first - 1)
        };
        if let Some(hash) = before {
            self.compare(first - 1, &hash, findings);
            self.before.push(hash);
        }
        let count = u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0);
        // Nothing may stand before the first entry of all.
        let lowest = if first == 1 { i64::MIN } else { first };
        let ledger = self.ledger;
        ledger.each((lowest, last), |row| {
            self.look(row, findings);
            if self.seen.entries.is_multiple_of(STEP) {
                progress(self.seen.entries, count);
            }
            ControlFlow::Continue(())
        })
    }

    fn look(&mut self, row: Result<Row<'_>, i64>, findings: &mut Findings) {
        let sequence = row.map_or_else(|sequence| sequence, |row| row.sequence);
        if sequence < self.next {
            findings.push(Finding::Altered { sequence });
            return;
        }
        if sequence > self.next {
            findings.push(Finding::Gap {
                first: self.next,
                last: sequence - 1,
            });
            self.before.clear();
        }
        self.next = sequence.saturating_add(1);
        self.seen.entries += 1;
        let Ok(row) = row else {
            findings.push(Finding::Altered { sequence });
            self.before.clear();
            return;
        };
        self.seen.first_time.get_or_insert(row.time);
        self.seen.last_time = Some(row.time);
        match row.case_id {
            None => self.seen.house_entries += 1,
            Some(_) if row.version == 1 => self.seen.cases += 1,
            Some(_) => {}
        }
        self.compare(sequence, row.hash, findings);
        self.follow(&row, findings);
    }

    /// Whether `row` is what was recorded after the entry before.
    fn follow(&mut self, row: &Row<'_>, findings: &mut Findings) {
        let sequence = row.sequence;
        let Some(before) = self.before.first() else {
            // What it was recorded after is missing, so its hash has to be taken as it is.
            self.before.push(*row.hash);
            return;
        };
        let computed = self.hasher.hash(before, sequence, row);
        let mut others = self.before.iter().skip(1);
        if computed == *row.hash || others.any(|before| self.hasher.hash(before, sequence, row) == *row.hash)
        {
            self.before.clear();
            self.before.push(*row.hash);
            return;
        }
        let displaced = self.displaced(row);
        self.before.clear();
        if let Some((found_at, hash)) = displaced {
            findings.push(Finding::Reordered { sequence, found_at });
            self.before.extend([hash, *row.hash]);
        } else {
            findings.push(Finding::Altered { sequence });
            // Either the entry was altered, or its hash: the next one tells.
            self.before.extend([*row.hash, computed]);
        }
    }

    /// Where the entry stands that was recorded in the place of `row`, and its hash.
    fn displaced(&mut self, row: &Row<'_>) -> Option<(i64, Hash)> {
        self.searches = self.searches.checked_sub(1)?;
        let mut hasher = Hasher::default();
        let mut found = None;
        let search = |other: Result<Row<'_>, i64>| {
            let Some(other) = other.ok().filter(|other| other.sequence != row.sequence) else {
                return ControlFlow::Continue(());
            };
            for before in &self.before {
                let hash = hasher.hash(before, row.sequence, &other);
                // It was moved with its hash, or without.
                if hash == *other.hash || hash == *row.hash {
                    found = Some((other.sequence, hash));
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        // Where it cannot be read, the way along the chain ends with the same error.
        self.ledger.each((i64::MIN, i64::MAX), search).ok()?;
        found
    }

    /// Compares with the checkpoints about the entry `sequence`.
    fn compare(&mut self, sequence: i64, hash: &Hash, findings: &mut Findings) {
        while let Some((known, rest)) = self.checkpoints.split_first()
            && known.sequence <= sequence
        {
            self.checkpoints = rest;
            if known.sequence < sequence {
                continue;
            }
            self.seen.compared += 1;
            if known.hash != *hash {
                findings.push(Finding::Disagrees {
                    sequence,
                    place: known.place.clone(),
                });
            }
        }
    }
}
