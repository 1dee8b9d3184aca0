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

/// A file of checkpoints, which may not be there.
pub(super) struct Source {
    path: Arc<Path>,
    is_anchor: bool,
}

impl Source {
    /// The checkpoints beside the database file.
    pub(super) fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".checkpoints");
        Self {
            path: PathBuf::from(path).into(),
            is_anchor: false,
        }
    }

    /// The checkpoints of `ledger` in the anchor `folder`.
    pub(super) fn anchored(folder: &Path, ledger: &Id) -> Result<Self, AuditError> {
        // A folder that is not there is the auditor's slip; a file that is not there is a finding.
        std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        Ok(Self {
            path: folder.join(encoding::hex(ledger) + ".checkpoints").into(),
            is_anchor: true,
        })
    }

    /// Hands each line to `take` with where it stands, and is how many there are. A last one without its end is left out:
    /// it is being written, or the writer was killed.
    fn each_line(&self, mut take: impl FnMut(&[u8], Place)) -> Result<u64, AuditError> {
        let mut each = || -> io::Result<u64> {
            let mut reader = BufReader::new(File::open(&self.path)?);
            let mut line = Vec::new();
            for number in 1.. {
                line.clear();
                let read = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
                let is_whole = line.pop_if(|last| *last == b'\n').is_some();
                let is_too_long = !is_whole && read as u64 == LINE_MAX;
                if !is_whole && !is_too_long {
                    return Ok(number - 1);
                }
                // One that is too long is handed over as far as it was read, and found to be no checkpoint.
                let place = Place {
                    path: Arc::clone(&self.path),
                    line: number,
                };
                take(&line, place);
                if is_too_long {
                    return Ok(number);
                }
            }
            Ok(u64::MAX)
        };
        match each() {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(0),
            result => result.map_err(|source| unreadable(&self.path, source)),
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
) -> Result<Vec<Checkpoint>, AuditError> {
    let mut known = Vec::new();
    let mut lines = 0;
    for source in sources {
        let found = source.each_line(|line, place| match judge(line, ledger, keys, place) {
            Ok(checkpoint) => known.push(checkpoint),
            Err(finding) => findings.push(finding),
        })?;
        if source.is_anchor && found == 0 {
            findings.push(Finding::NotAnchored {
                path: source.path.to_path_buf(),
            });
        }
        lines += found;
    }
    if !keys.is_empty() && lines == 0 {
        findings.push(Finding::NothingSigned);
    }
    known.sort_by_key(|checkpoint| checkpoint.sequence);
    Ok(known)
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
