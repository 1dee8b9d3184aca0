//! Reading checkpoints, and which of them to believe.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use jiff::Timestamp;
use serde::Deserialize;

use super::AuditError;
use super::encoding::{self, Hash, Id};
use super::finding::{Finding, Findings, Place};

/// Longest line that may be a checkpoint, in bytes; they have some three hundred.
const LINE_MAX: u64 = 1_024;

/// A key that checkpoints may be signed with.
pub(super) struct PublicKey(UnparsedPublicKey<[u8; 32]>);

impl PublicKey {
    pub(super) fn read(path: &Path) -> Result<Self, AuditError> {
        let mut digits = String::new();
        // A key, its line end, and a little more, to see that a longer file is no key.
        File::open(path)
            .and_then(|file| file.take(128).read_to_string(&mut digits))
            .map_err(|source| unreadable(path, source))?;
        encoding::from_hex(digits.trim())
            .map(|key| Self(UnparsedPublicKey::new(&ED25519, key)))
            .ok_or_else(|| AuditError::NotAKey {
                path: path.to_owned(),
            })
    }
}

/// A file of checkpoints.
pub(super) struct Source {
    path: Arc<Path>,
    lines: Vec<Vec<u8>>,
    is_anchor: bool,
}

impl Source {
    /// The checkpoints beside the database file; none where there is no such file.
    pub(super) fn beside(store: &Path) -> Result<Self, AuditError> {
        let mut path = store.as_os_str().to_owned();
        path.push(".checkpoints");
        Self::read(PathBuf::from(path), false)
    }

    /// The checkpoints of `ledger` in the anchor `folder`.
    pub(super) fn anchored(folder: &Path, ledger: &Id) -> Result<Self, AuditError> {
        // A folder that is not there is the auditor's slip; a file that is not there is a finding.
        std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        Self::read(folder.join(encoding::hex(ledger) + ".checkpoints"), true)
    }

    fn read(path: PathBuf, is_anchor: bool) -> Result<Self, AuditError> {
        let lines = match lines(&path) {
            Ok(lines) => lines,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(unreadable(&path, source)),
        };
        Ok(Self {
            path: path.into(),
            lines,
            is_anchor,
        })
    }
}

/// The lines of a file. A last one without its end is left out: it is being written, or the writer was killed.
fn lines(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
        if line.pop_if(|last| *last == b'\n').is_some() {
            lines.push(line);
        } else if read as u64 == LINE_MAX {
            // Longer than a checkpoint can be: kept as far as it was read, so that it is found to be none.
            lines.push(line);
            return Ok(lines);
        } else {
            return Ok(lines);
        }
    }
}

/// That at this place in the ledger stood an entry with this hash.
pub(super) struct Checkpoint {
    pub(super) sequence: i64,
    pub(super) hash: Hash,
    pub(super) place: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u8,
    ledger: String,
    sequence: i64,
    hash: String,
    time: Timestamp,
    signature: String,
}

/// The checkpoints of `sources` about `ledger` with a signature of one of `keys`, in the order of the entries they are
/// about; all of them where there are no keys.
pub(super) fn believed(
    sources: &[Source],
    ledger: &Id,
    keys: &[PublicKey],
    findings: &mut Findings,
) -> Vec<Checkpoint> {
    let mut known = Vec::new();
    for source in sources {
        if source.is_anchor && source.lines.is_empty() {
            findings.push(Finding::NotAnchored {
                path: source.path.to_path_buf(),
            });
        }
        for (line, number) in source.lines.iter().zip(1..) {
            let place = Place {
                path: Arc::clone(&source.path),
                line: number,
            };
            match judge(line, ledger, keys, place) {
                Ok(checkpoint) => known.push(checkpoint),
                Err(finding) => findings.push(finding),
            }
        }
    }
    if !keys.is_empty() && sources.iter().all(|source| source.lines.is_empty()) {
        findings.push(Finding::NothingSigned);
    }
    known.sort_by_key(|checkpoint| checkpoint.sequence);
    known
}

fn judge(line: &[u8], ledger: &Id, keys: &[PublicKey], place: Place) -> Result<Checkpoint, Finding> {
    let Some((line, of, hash, signature, time)) = parse(line) else {
        return Err(Finding::NotACheckpoint { place });
    };
    let message = encoding::signed(&of, line.sequence, &hash, time);
    let signed_by = |PublicKey(key): &PublicKey| key.verify(&message, &signature).is_ok();
    if !keys.is_empty() && !keys.iter().any(signed_by) {
        return Err(Finding::BadSignature { place });
    }
    if of != *ledger {
        return Err(Finding::OtherLedger { place });
    }
    Ok(Checkpoint {
        sequence: line.sequence,
        hash,
        place,
    })
}

fn parse(line: &[u8]) -> Option<(Line, Id, Hash, [u8; 64], i64)> {
    let line: Line = serde_json::from_slice(line)
        .ok()
        .filter(|line: &Line| line.v == 1)?;
    let ledger = encoding::from_hex(&line.ledger)?;
    let hash = encoding::from_hex(&line.hash)?;
    let signature = encoding::from_hex(&line.signature)?;
    let time = i64::try_from(line.time.as_nanosecond()).ok()?;
    Some((line, ledger, hash, signature, time))
}

fn unreadable(path: &Path, source: io::Error) -> AuditError {
    AuditError::Io {
        path: path.to_owned(),
        source,
    }
}
