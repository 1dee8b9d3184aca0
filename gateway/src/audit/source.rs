//! Where a ledger is read from, and how far its chains go.

use std::ops::ControlFlow;

use super::AuditError;
use super::checkpoints::Checkpoint;
use super::encoding::{Hash, Id, Row};
use super::finding::{ChainId, Finding, Findings, KnownBy};

/// What looks at entries one by one, until it breaks off. An entry that is not of the right shape is handed over as its
/// sequence alone. It must not ask the source for anything meanwhile.
pub(super) type Look<'a> = &'a mut dyn FnMut(Result<Row<'_>, i64>) -> ControlFlow<()>;

/// A store that holds a ledger.
pub(super) trait Source {
    /// Which ledger.
    fn ledger(&self) -> Id;

    /// From here on nothing that is read changes. Comes back with the chains there are.
    fn begin(&mut self) -> Result<Extent, AuditError>;

    /// Goes over the entries of the chain with this number from the first sequence to the last, in their order.
    fn each(&self, number: i64, range: (i64, i64), look: Look<'_>) -> Result<(), AuditError>;

    /// The hash that stands at an entry; none where there is no such entry, or no hash.
    fn hash_of(&self, number: i64, sequence: i64) -> Result<Option<Hash>, AuditError>;
}

/// The chains of a store.
#[derive(Default)]
pub(super) struct Extent {
    pub(super) chains: Vec<Chain>,
    /// Numbers of chains that have entries, or a row, and no proper name. No more than [`UNNAMED_MAX`].
    pub(super) unnamed: Vec<i64>,
}

/// Chains without a name that are looked for. A store has none, and twenty are told; a few more cost nothing.
pub(super) const UNNAMED_MAX: usize = 64;

impl Extent {
    /// Takes a row of the table of chains as it was found.
    pub(super) fn take(&mut self, number: i64, id: Option<Id>, head: (i64, Option<Hash>), last: i64) {
        let known = |id: &Id| self.chains.iter().any(|chain| chain.id.0 == *id);
        match id.filter(|id| !known(id)) {
            Some(id) => self.chains.push(Chain {
                number,
                id: ChainId(id),
                head,
                last,
            }),
            None => self.unnamed.push(number),
        }
    }
}

/// A chain as it stands in a store.
pub(super) struct Chain {
    /// Its number in the store.
    pub(super) number: i64,
    pub(super) id: ChainId,
    /// Where the store says that it ends; no hash where what stands there is none.
    head: (i64, Option<Hash>),
    /// The last entry there is; 0 where there is none.
    pub(super) last: i64,
}

impl Chain {
    /// The entries to look at, first and last. `known`: the last that a checkpoint knows.
    pub(super) fn range(
        &self,
        from: Option<i64>,
        to: Option<i64>,
        known: i64,
    ) -> Result<(i64, i64), AuditError> {
        let first = from.unwrap_or(1).max(1);
        let last = to.unwrap_or(self.last.max(first - 1));
        // Entries that were there once are missed, not asked for by mistake.
        let ever = self.last.max(self.head.0).max(known);
        if (from.is_some() || to.is_some()) && (first > last || last > ever || first > ever) {
            return Err(AuditError::NoSuchEntries {
                chain: self.id,
                from: first,
                to: last,
                last: self.last,
            });
        }
        Ok((first, last))
    }

    /// The end against what the head and the checkpoints know of it. `hash`: what stands at the last entry, or before the
    /// first where there is none.
    pub(super) fn judge_end(&self, hash: Option<Hash>, known: Option<&Checkpoint>, findings: &mut Findings) {
        let (head, last) = (self.head.0, self.last);
        let truncated = |known, by| Finding::Truncated {
            chain: self.id,
            last,
            known,
            by,
        };
        match known {
            Some(known) if known.sequence > last && known.sequence >= head => {
                findings.push(truncated(
                    known.sequence,
                    KnownBy::Checkpoint(known.place.clone()),
                ));
            }
            _ if head > last => findings.push(truncated(head, KnownBy::Head)),
            _ if head != last || hash.is_none() || hash != self.head.1 => {
                findings.push(Finding::HeadAltered { chain: self.id });
            }
            _ => {}
        }
    }
}
