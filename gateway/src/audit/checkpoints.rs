//! Reading checkpoints, and which of them to believe.

use std::collections::BTreeMap;
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

/// Longest line that may be a checkpoint, in bytes; one of 256 chains, the most that there may be, has some 38 KB.
const LINE_MAX: u64 = 65_536;

/// A key that checkpoints may be signed with.
pub(super) struct PublicKey(UnparsedPublicKey<[u8; 32]>);

impl PublicKey {
    pub(super) fn of(key: [u8; 32]) -> Self {
        Self(UnparsedPublicKey::new(&ED25519, key))
    }

    pub(super) fn read(path: &Path) -> Result<Self, AuditError> {
        let mut digits = String::new();
        // A key, its line end, and a little more, to see that a longer file is no key.
        File::open(path)
            .and_then(|file| file.take(128).read_to_string(&mut digits))
            .map_err(|source| unreadable(path, source))?;
        encoding::from_hex(digits.trim())
            .map(Self::of)
            .ok_or_else(|| AuditError::NotAKey {
                path: path.to_owned(),
            })
    }
}

/// A file of checkpoints, which may not be there.
struct Source {
    path: Arc<Path>,
    is_anchor: bool,
}

/// The files of checkpoints about one ledger.
pub(super) struct Sources {
    files: Vec<Source>,
    anchor: Option<PathBuf>,
}

impl Sources {
    /// The files at `paths`, each with the one that was put aside before it, and what the folder `anchor` has about
    /// `ledger`.
    pub(super) fn find(paths: &[PathBuf], anchor: Option<&Path>, ledger: &Id) -> Result<Self, AuditError> {
        // The newer first: a file that is put aside meanwhile is then read twice, and not missed.
        let with_old = paths.iter().flat_map(|path| {
            let mut old = path.as_os_str().to_owned();
            old.push(".old");
            [path.clone(), PathBuf::from(old)]
        });
        let mut files: Vec<_> = with_old.map(|path| Source::at(path, false)).collect();
        if let Some(folder) = anchor {
            // A folder that is not there is the auditor's slip; files that are not there are a finding.
            let mut anchored = anchored(folder, ledger).map_err(|source| unreadable(folder, source))?;
            anchored.sort_unstable();
            files.extend(anchored.into_iter().map(|path| Source::at(path, true)));
        }
        let anchor = anchor.map(Path::to_owned);
        Ok(Self { files, anchor })
    }
}

/// The files in `folder` that are named for `ledger`, one for each writer and month.
fn anchored(folder: &Path, ledger: &Id) -> io::Result<Vec<PathBuf>> {
    let begins = encoding::hex(ledger) + ".";
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(name) = name.to_str()
            && name.starts_with(&begins)
            && name.ends_with(".checkpoints")
        {
            found.push(entry.path());
        }
    }
    Ok(found)
}

impl Source {
    fn at(path: PathBuf, is_anchor: bool) -> Self {
        Self {
            path: path.into(),
            is_anchor,
        }
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

/// That at this place in a chain stood an entry with this hash.
pub(super) struct Checkpoint {
    pub(super) sequence: i64,
    pub(super) hash: Hash,
    /// The first line of its file that says so.
    pub(super) place: Place,
    /// Lines in a row that say so.
    pub(super) times: u64,
}

/// What checkpoints know of a ledger: of each chain, in the order of its entries.
pub(super) type Known = BTreeMap<Id, Vec<Checkpoint>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u8,
    ledger: String,
    time: Timestamp,
    heads: Vec<HeadOfLine>,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadOfLine {
    chain: String,
    sequence: i64,
    hash: String,
}

type Heads = Vec<(Id, i64, Hash)>;

/// What the checkpoints of `sources` about `ledger` know that have a signature of one of `keys`; all of them where there
/// are no keys.
pub(super) fn believed(
    sources: &Sources,
    ledger: &Id,
    keys: &[PublicKey],
    findings: &mut Findings,
) -> Result<Known, AuditError> {
    let mut known = Known::new();
    let (mut lines, mut anchored) = (0, 0);
    for source in &sources.files {
        let found = source.each_line(|line, place| match judge(line, ledger, keys, &place) {
            Ok(heads) => learn(&mut known, heads, &place),
            Err(finding) => findings.push(finding),
        })?;
        lines += found;
        anchored += if source.is_anchor { found } else { 0 };
    }
    if let Some(path) = sources.anchor.clone().filter(|_| anchored == 0) {
        findings.push(Finding::NotAnchored { path });
    }
    if !keys.is_empty() && lines == 0 {
        findings.push(Finding::NothingSigned);
    }
    for checkpoints in known.values_mut() {
        checkpoints.sort_by_key(|checkpoint| checkpoint.sequence);
    }
    Ok(known)
}

fn learn(known: &mut Known, heads: Heads, place: &Place) {
    for (chain, sequence, hash) in heads {
        let of_chain = known.entry(chain).or_default();
        // A chain that rests is named anew with every checkpoint of the others.
        match of_chain.last_mut() {
            Some(last) if (last.sequence, last.hash, &last.place.path) == (sequence, hash, &place.path) => {
                last.times += 1;
            }
            _ => of_chain.push(Checkpoint {
                sequence,
                hash,
                place: place.clone(),
                times: 1,
            }),
        }
    }
}

fn judge(line: &[u8], ledger: &Id, keys: &[PublicKey], place: &Place) -> Result<Heads, Finding> {
    let Some((of, time, heads, signature)) = parse(line) else {
        return Err(Finding::NotACheckpoint { place: place.clone() });
    };
    let message = encoding::signed(&of, time, &heads);
    let signed_by = |PublicKey(key): &PublicKey| key.verify(&message, &signature).is_ok();
    if !keys.is_empty() && !keys.iter().any(signed_by) {
        return Err(Finding::BadSignature { place: place.clone() });
    }
    if of != *ledger {
        return Err(Finding::OtherLedger { place: place.clone() });
    }
    Ok(heads)
}

fn parse(line: &[u8]) -> Option<(Id, i64, Heads, [u8; 64])> {
    let line: Line = serde_json::from_slice(line)
        .ok()
        .filter(|line: &Line| line.v == 2)?;
    let ledger = encoding::from_hex(&line.ledger)?;
    let signature = encoding::from_hex(&line.signature)?;
    let time = i64::try_from(line.time.as_nanosecond()).ok()?;
    let head = |head: &HeadOfLine| {
        let (chain, hash) = (encoding::from_hex(&head.chain)?, encoding::from_hex(&head.hash)?);
        Some((chain, head.sequence, hash))
    };
    let heads: Heads = line.heads.iter().map(head).collect::<Option<_>>()?;
    let is_in_order = heads.is_sorted_by(|(one, ..), (next, ..)| one < next);
    is_in_order.then_some((ledger, time, heads, signature))
}

fn unreadable(path: &Path, source: io::Error) -> AuditError {
    AuditError::Io {
        path: path.to_owned(),
        source,
    }
}
