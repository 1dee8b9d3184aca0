//! What can be wrong with a ledger, and the exit code of each.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

/// Something wrong.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// Entries are missing between others.
    Gap {
        /// The first that is missing.
        first: i64,
        /// The last in a row.
        last: i64,
    },
    /// An entry is not what was recorded after the one before it.
    Altered {
        /// Its place.
        sequence: i64,
    },
    /// The head does not fit the last entry.
    HeadAltered,
    /// What was recorded at one place stands at another.
    Reordered {
        /// Where it belongs.
        sequence: i64,
        /// Where it stands.
        found_at: i64,
    },
    /// Entries are missing at the end.
    Truncated {
        /// The last that is there.
        last: i64,
        /// The last that is known to have been there.
        known: i64,
        /// Who knows it.
        by: KnownBy,
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
        /// The file that should be there.
        path: PathBuf,
    },
}

/// Who knows of entries that are gone.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The head in the database.
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

fn path<S: serde::Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.serialize(serializer)
}

impl Finding {
    /// What the program ends with: 10 a gap, 11 an alteration, 12 a reordering, 13 a truncation, 14 a bad signature, 15
    /// checkpoints that disagree.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Gap { .. } => 10,
            Self::Altered { .. } | Self::HeadAltered => 11,
            Self::Reordered { .. } => 12,
            Self::Truncated { .. } => 13,
            Self::BadSignature { .. } | Self::NotACheckpoint { .. } | Self::NothingSigned => 14,
            Self::Disagrees { .. } | Self::OtherLedger { .. } | Self::NotAnchored { .. } => 15,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { first, last } if first == last => write!(formatter, "gap: entry {first} is missing"),
            Self::Gap { first, last } => write!(formatter, "gap: entries {first} to {last} are missing"),
            Self::Altered { sequence } => {
                write!(formatter, "alteration: entry {sequence} is not what was recorded")
            }
            Self::HeadAltered => {
                formatter.write_str("alteration: the head of the ledger does not fit its last entry")
            }
            Self::Reordered { sequence, found_at } => write!(
                formatter,
                "reordering: what was recorded as entry {sequence} stands at {found_at}"
            ),
            Self::Truncated { last, known, by } => write!(
                formatter,
                "truncation: the ledger ends with entry {last}, but {by} knows entry {known}"
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
            Self::Disagrees { sequence, place } => write!(
                formatter,
                "rewritten history: {place} says that entry {sequence} was another"
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
            14.. => &mut self.checkpoints,
            13 => &mut self.end,
            _ if finding == Finding::HeadAltered => &mut self.end,
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
