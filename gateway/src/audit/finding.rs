//! What can be wrong with a ledger, and the exit code of each.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::encoding;

/// Which chain of a ledger; shown and read as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChainId(pub [u8; 16]);

impl fmt::Display for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&encoding::hex(&self.0))
    }
}

/// The text is not the id of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a chain is named by 32 hexadecimal digits")]
pub struct ChainIdError;

impl FromStr for ChainId {
    type Err = ChainIdError;

    fn from_str(digits: &str) -> Result<Self, ChainIdError> {
        encoding::from_hex(digits).map(Self).ok_or(ChainIdError)
    }
}

impl Serialize for ChainId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something wrong.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// Entries are missing between others.
    Gap {
        /// The chain.
        chain: ChainId,
        /// The first that is missing.
        first: i64,
        /// The last in a row.
        last: i64,
    },
    /// An entry is not what was recorded after the one before it.
    Altered {
        /// The chain.
        chain: ChainId,
        /// Its place.
        sequence: i64,
    },
    /// The head of a chain does not fit its last entry.
    HeadAltered {
        /// The chain.
        chain: ChainId,
    },
    /// Entries stand in a chain that the store does not name.
    Unnamed {
        /// Its number in the store.
        number: i64,
    },
    /// What was recorded at one place stands at another.
    Reordered {
        /// The chain.
        chain: ChainId,
        /// Where it belongs.
        sequence: i64,
        /// The chain in which it stands.
        found_in: ChainId,
        /// Where it stands there.
        found_at: i64,
    },
    /// Entries are missing at the end.
    Truncated {
        /// The chain.
        chain: ChainId,
        /// The last that is there.
        last: i64,
        /// The last that is known to have been there.
        known: i64,
        /// Who knows it.
        by: KnownBy,
    },
    /// A chain is not there at all.
    MissingChain {
        /// Which.
        chain: ChainId,
        /// The last of its entries that is known to have been there; 0 where it had none yet.
        known: i64,
        /// The checkpoint that knows it.
        place: Place,
    },
    /// The signature of a checkpoint is of none of the keys, or of something else.
    BadSignature {
        /// Which.
        place: Place,
    },
    /// A line is no checkpoint.
    NotACheckpoint {
        /// Which.
        place: Place,
    },
    /// A public key was given, and there is no checkpoint for it anywhere.
    NothingSigned,
    /// A checkpoint says that another entry was recorded: history was written anew after it.
    Disagrees {
        /// The chain.
        chain: ChainId,
        /// The entry.
        sequence: i64,
        /// The checkpoint.
        place: Place,
    },
    /// A checkpoint is of another ledger.
    OtherLedger {
        /// Which.
        place: Place,
    },
    /// The anchor knows nothing of this ledger.
    NotAnchored {
        /// The folder where its files should be.
        path: PathBuf,
    },
}

/// Who knows of entries that are gone.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The chain's head in the database.
    Head,
    /// A checkpoint.
    Checkpoint(Place),
}

/// Where a checkpoint stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Debug)]
pub struct Place {
    /// The file.
    #[serde(serialize_with = "path")]
    pub path: Arc<Path>,
    /// The line, from 1.
    pub line: u64,
}

fn path<S: Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.serialize(serializer)
}

impl Finding {
    /// What the program ends with: 10 a gap, 11 an alteration, 12 a reordering, 13 a truncation, 14 a bad signature, 15
    /// checkpoints that disagree, 16 a chain that is not there.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Gap { .. } => 10,
            Self::Altered { .. } | Self::HeadAltered { .. } | Self::Unnamed { .. } => 11,
            Self::Reordered { .. } => 12,
            Self::Truncated { .. } => 13,
            Self::BadSignature { .. } | Self::NotACheckpoint { .. } | Self::NothingSigned => 14,
            Self::Disagrees { .. } | Self::OtherLedger { .. } | Self::NotAnchored { .. } => 15,
            Self::MissingChain { .. } => 16,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { chain, first, last } if first == last => {
                write!(formatter, "gap: entry {first} of chain {chain} is missing")
            }
            Self::Gap { chain, first, last } => {
                write!(
                    formatter,
                    "gap: entries {first} to {last} of chain {chain} are missing"
                )
            }
            Self::Altered { chain, sequence } => write!(
                formatter,
                "alteration: entry {sequence} of chain {chain} is not what was recorded"
            ),
            Self::HeadAltered { chain } => write!(
                formatter,
                "alteration: the head of chain {chain} does not fit its last entry"
            ),
            Self::Unnamed { number } => write!(
                formatter,
                "alteration: the store has a chain with the number {number} that it does not name"
            ),
            Self::Reordered {
                chain,
                sequence,
                found_in,
                found_at,
            } => {
                write!(
                    formatter,
                    "reordering: what was recorded as entry {sequence} of chain {chain} stands at {found_at}"
                )?;
                if found_in != chain {
                    write!(formatter, " of chain {found_in}")?;
                }
                Ok(())
            }
            Self::Truncated {
                chain,
                last,
                known,
                by,
            } => write!(
                formatter,
                "truncation: chain {chain} ends with entry {last}, but {by} knows entry {known}"
            ),
            Self::MissingChain { chain, known, place } => write!(
                formatter,
                "missing chain: the store has no chain {chain}, but {place} knows {known} entries of it"
            ),
            Self::BadSignature { place } => {
                write!(
                    formatter,
                    "bad signature: {place} was signed by none of the keys given"
                )
            }
            Self::NotACheckpoint { place } => write!(formatter, "bad signature: {place} is no checkpoint"),
            Self::NothingSigned => formatter
                .write_str("bad signature: a public key was given, but there are no checkpoints to check"),
            Self::Disagrees {
                chain,
                sequence,
                place,
            } => write!(
                formatter,
                "rewritten history: {place} says that entry {sequence} of chain {chain} was another"
            ),
            Self::OtherLedger { place } => {
                write!(formatter, "rewritten history: {place} is of another ledger")
            }
            Self::NotAnchored { path } => write!(
                formatter,
                "rewritten history: the anchor knows nothing of this ledger: no checkpoints in {}",
                path.display()
            ),
        }
    }
}

impl fmt::Display for KnownBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => formatter.write_str("its head"),
            Self::Checkpoint(place) => place.fmt(formatter),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the checkpoint in {} line {}",
            self.path.display(),
            self.line
        )
    }
}

/// Findings of each sort that are kept. Twenty show the pattern; more would only fill the screen.
const KEPT: usize = 20;

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    entries: Vec<Finding>,
    end: Vec<Finding>,
    checkpoints: Vec<Finding>,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        let sort = match finding.exit_code() {
            14 | 15 => &mut self.checkpoints,
            13 | 16 => &mut self.end,
            _ if matches!(finding, Finding::HeadAltered { .. }) => &mut self.end,
            _ => &mut self.entries,
        };
        if sort.len() < KEPT {
            sort.push(finding);
        }
    }

    pub(super) fn in_order(self) -> Vec<Finding> {
        [self.entries, self.end, self.checkpoints].concat()
    }
}
