//! Going along the chains.

use std::ops::ControlFlow;

use super::AuditError;
use super::checkpoints::{Checkpoint, Known};
use super::encoding::{self, Hash, Hasher, Row};
use super::finding::{ChainId, Finding, Findings};
use super::source::{Chain, Source};

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

/// A way along the chains of a ledger, one after the other.
pub(super) struct Scan<'a> {
    source: &'a dyn Source,
    /// All chains, among which what was moved is looked for.
    chains: &'a [Chain],
    known: &'a Known,
    searches: u32,
    pub(super) seen: Seen,
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a dyn Source, chains: &'a [Chain], known: &'a Known) -> Self {
        Self {
            source,
            chains,
            known,
            searches: SEARCHES,
            seen: Seen::default(),
        }
    }

    /// Goes along `chain` from the first entry of `range` to the last. `progress` is told how many entries were seen, of
    /// all chains so far.
    pub(super) fn run(
        &mut self,
        chain: &Chain,
        (first, last): (i64, i64),
        findings: &mut Findings,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), AuditError> {
        let before = if first == 1 {
            Some(encoding::genesis(&chain.id.0))
        } else {
            self.source.hash_of(chain.number, first - 1)?
        };
        let known = self.known.get(&chain.id.0).map_or(&[][..], Vec::as_slice);
        let mut way = Way {
            chain: chain.id,
            checkpoints: &known[known.partition_point(|known| known.sequence < first - 1)..],
            hasher: Hasher::default(),
            before: Vec::with_capacity(2),
            next: first,
            may_suspect: self.searches > 0,
            suspect: None,
            seen: &mut self.seen,
        };
        if let Some(hash) = before {
            way.compare(first - 1, &hash, findings);
            way.before.push(hash);
        }
        // Nothing may stand before the first entry of all.
        let mut from = if first == 1 { i64::MIN } else { first };
        loop {
            self.source.each(chain.number, (from, last), &mut |row| {
                way.look(row, findings);
                if way.seen.entries.is_multiple_of(STEP) {
                    progress(way.seen.entries);
                }
                if way.suspect.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            let Some(suspect) = way.suspect.take() else {
                return Ok(());
            };
            self.searches = self.searches.saturating_sub(1);
            way.may_suspect = self.searches > 0;
            from = suspect.sequence.saturating_add(1);
            let displaced = displaced(self.source, self.chains, &way, &suspect)?;
            way.judge(&suspect, displaced, findings);
        }
    }
}

/// What stands elsewhere, and its hash.
struct Displaced {
    found_in: ChainId,
    found_at: i64,
    hash: Hash,
}

/// Where the entry stands that was recorded in the place of the suspect.
fn displaced(
    source: &dyn Source,
    chains: &[Chain],
    way: &Way<'_>,
    suspect: &Suspect,
) -> Result<Option<Displaced>, AuditError> {
    let mut hasher = Hasher::default();
    let mut found = None;
    for chain in chains {
        let is_here = |sequence| (chain.id, sequence) == (way.chain, suspect.sequence);
        source.each(chain.number, (i64::MIN, i64::MAX), &mut |other| {
            let Some(other) = other.ok().filter(|other| !is_here(other.sequence)) else {
                return ControlFlow::Continue(());
            };
            for before in &way.before {
                let hash = hasher.hash(before, suspect.sequence, &other);
                // It was moved with its hash, or without.
                if hash == *other.hash || hash == suspect.hash {
                    found = Some(Displaced {
                        found_in: chain.id,
                        found_at: other.sequence,
                        hash,
                    });
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

/// An entry that is not what was recorded after the one before it: altered, or moved here.
struct Suspect {
    sequence: i64,
    /// The hash that stands there.
    hash: Hash,
    /// The hash that should.
    computed: Hash,
}

/// How far along one chain.
struct Way<'a> {
    chain: ChainId,
    /// Not yet passed, in the order of their entries.
    checkpoints: &'a [Checkpoint],
    hasher: Hasher,
    /// What the entry before may have as its hash: one of these. Empty where nobody knows, because it is missing.
    before: Vec<Hash>,
    /// The next place.
    next: i64,
    /// A suspect may still be searched for.
    may_suspect: bool,
    suspect: Option<Suspect>,
    seen: &'a mut Seen,
}

impl Way<'_> {
    fn look(&mut self, row: Result<Row<'_>, i64>, findings: &mut Findings) {
        let chain = self.chain;
        let sequence = row.map_or_else(|sequence| sequence, |row| row.sequence);
        if sequence < self.next {
            findings.push(Finding::Altered { chain, sequence });
            return;
        }
        if sequence > self.next {
            findings.push(Finding::Gap {
                chain,
                first: self.next,
                last: sequence - 1,
            });
            self.before.clear();
        }
        self.next = sequence.saturating_add(1);
        self.seen.entries += 1;
        let Ok(row) = row else {
            findings.push(Finding::Altered { chain, sequence });
            self.before.clear();
            return;
        };
        let (first, last) = (&mut self.seen.first_time, &mut self.seen.last_time);
        *first = Some(first.map_or(row.time, |time| time.min(row.time)));
        *last = Some(last.map_or(row.time, |time| time.max(row.time)));
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
        let suspect = Suspect {
            sequence,
            hash: *row.hash,
            computed,
        };
        if self.may_suspect {
            self.suspect = Some(suspect);
        } else {
            self.judge(&suspect, None, findings);
        }
    }

    fn judge(&mut self, suspect: &Suspect, displaced: Option<Displaced>, findings: &mut Findings) {
        let (chain, sequence) = (self.chain, suspect.sequence);
        self.before.clear();
        match displaced {
            Some(displaced) => {
                findings.push(Finding::Reordered {
                    chain,
                    sequence,
                    found_in: displaced.found_in,
                    found_at: displaced.found_at,
                });
                self.before.extend([displaced.hash, suspect.hash]);
            }
            None => {
                findings.push(Finding::Altered { chain, sequence });
                // Either the entry was altered, or its hash: the next one tells.
                self.before.extend([suspect.hash, suspect.computed]);
            }
        }
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
            self.seen.compared += known.times;
            if known.hash != *hash {
                findings.push(Finding::Disagrees {
                    chain: self.chain,
                    sequence,
                    place: known.place.clone(),
                });
            }
        }
    }
}
