//! Key-encryption keys: a file of them, and their rotation.
//!
//! Each key has a generation, and what it wraps says which. Outside a rotation there is one. During a rotation the file
//! and the memory hold two, so that it may be interrupted anywhere: whatever is wrapped can be unwrapped, and the next
//! rotation goes on where this one stopped.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::aead::LessSafeKey;
use zeroize::Zeroizing;

use super::{OVERHEAD, SealError, aead, open, seal};
use crate::store::hex;
use crate::store::key_file::{self, KEY_LEN, KeyFileError, unusable};

/// Number of a key, from 1 on.
type Generation = u32;

/// Before everything that is wrapped: the generation, big-endian.
const PREFIX: usize = size_of::<Generation>();

/// Bytes of a file that are looked at: more than two keys with their generations need, and enough to see that a longer
/// file is no key file.
const READ_MAX: usize = 256;

/// One key.
struct Numbered {
    generation: Generation,
    key: LessSafeKey,
}

/// The keys at hand, the newest first.
struct Ring(Vec<Numbered>);

/// The text of one key in a file.
struct Line {
    generation: Generation,
    key: Zeroizing<[u8; KEY_LEN]>,
}

/// The key-encryption keys of one file.
///
/// The file holds 64 hexadecimal digits, as `openssl rand -hex 32` makes them, which is generation 1; or, since a
/// rotation, one or two lines of generation, space and digits, the newest first.
pub struct Kek {
    path: PathBuf,
    ring: ArcSwap<Ring>,
}

impl Kek {
    /// Makes a new key and writes it to `path`, which must not exist, as 64 hexadecimal digits with mode 0600.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], also where the file exists; [`KeyFileError::NoRandomness`].
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let key = key_file::random().ok_or(KeyFileError::NoRandomness)?;
        key_file::write(path, &key, 0o600)?;
        Self::of(path, vec![Line { generation: 1, key }])
    }

    /// Reads the keys of `path`.
    ///
    /// # Errors
    /// [`KeyFileError::Exposed`] where anyone but the owner has rights to the file, or the owner more than to read and
    /// write it; [`KeyFileError::NotAKey`]; [`KeyFileError::Io`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        Self::of(path, read_lines(path)?)
    }

    fn of(path: &Path, lines: Vec<Line>) -> Result<Self, KeyFileError> {
        Ok(Self {
            path: path.to_owned(),
            ring: ArcSwap::from_pointee(Ring::of(&lines)?),
        })
    }

    /// The generation that wraps.
    pub(in crate::store) fn generation(&self) -> Generation {
        self.ring.load().0.first().map_or(0, |newest| newest.generation)
    }

    /// Adds a new key to the file and wraps with it from now on; where the file holds two already, a rotation was
    /// interrupted, and no third is made.
    pub(in crate::store) fn begin_rotation(&self) -> Result<(), KeyFileError> {
        let mut lines = read_lines(&self.path)?;
        if lines.len() == 1 {
            let key = key_file::random().ok_or(KeyFileError::NoRandomness)?;
            let generation = lines[0]
                .generation
                .checked_add(1)
                .ok_or(KeyFileError::NoRandomness)?;
            lines.insert(0, Line { generation, key });
            replace(&self.path, &lines)?;
        }
        self.ring.store(Arc::new(Ring::of(&lines)?));
        Ok(())
    }

    /// Takes the older key out of the file and of memory. Nothing may be wrapped under it any more.
    pub(in crate::store) fn end_rotation(&self) -> Result<(), KeyFileError> {
        let mut lines = read_lines(&self.path)?;
        if lines.len() > 1 {
            lines.truncate(1);
            replace(&self.path, &lines)?;
        }
        self.ring.store(Arc::new(Ring::of(&lines)?));
        Ok(())
    }

    /// `wrapped` is under the key that wraps now.
    pub(in crate::store) fn is_current(&self, wrapped: &[u8]) -> bool {
        wrapped.starts_with(&self.generation().to_be_bytes())
    }

    pub(super) fn wrap(&self, place: &[u8], key: &[u8; KEY_LEN]) -> Result<Vec<u8>, SealError> {
        let ring = self.ring.load();
        let newest = ring.0.first().ok_or(SealError::Seal)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(KEY_LEN + OVERHEAD));
        plain.extend_from_slice(key);
        let sealed = seal(&newest.key, &bound(newest.generation, place), plain)?;
        Ok([newest.generation.to_be_bytes().as_slice(), &sealed].concat())
    }

    pub(super) fn unwrap(
        &self,
        place: &[u8],
        mut wrapped: Vec<u8>,
    ) -> Result<Zeroizing<[u8; KEY_LEN]>, SealError> {
        let prefix = wrapped.first_chunk::<PREFIX>().ok_or(SealError::Open)?;
        let generation = Generation::from_be_bytes(*prefix);
        let ring = self.ring.load();
        let known = ring
            .0
            .iter()
            .find(|known| known.generation == generation)
            .ok_or(SealError::Open)?;
        wrapped.drain(..PREFIX);
        let plain = open(&known.key, &bound(generation, place), wrapped)?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if plain.len() != KEY_LEN {
            return Err(SealError::Open);
        }
        key.copy_from_slice(&plain);
        Ok(key)
    }
}

/// The generation is bound beside the place, so that a prefix cannot be altered unseen.
fn bound(generation: Generation, place: &[u8]) -> Vec<u8> {
    [generation.to_be_bytes().as_slice(), place].concat()
}

impl Ring {
    fn of(lines: &[Line]) -> Result<Self, KeyFileError> {
        let numbered = |line: &Line| {
            Ok(Numbered {
                generation: line.generation,
                key: aead(&line.key).map_err(|_library| KeyFileError::NoRandomness)?,
            })
        };
        lines.iter().map(numbered).collect::<Result<_, _>>().map(Self)
    }
}

fn read_lines(path: &Path) -> Result<Vec<Line>, KeyFileError> {
    parse(&key_file::read_text(path, READ_MAX)?).ok_or_else(|| key_file::not_a_key(path))
}

fn parse(text: &[u8]) -> Option<Vec<Line>> {
    let text = text.trim_ascii();
    if let Some(key) = hex::bytes(text) {
        return Some(vec![Line { generation: 1, key }]);
    }
    let line = |line: &[u8]| {
        let (number, digits) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let generation = number.parse().ok()?;
        let key = hex::bytes(digits.as_bytes())?;
        Some(Line { generation, key })
    };
    let lines = text
        .split(|byte| *byte == b'\n')
        .map(line)
        .collect::<Option<Vec<_>>>()?;
    match lines.as_slice() {
        [_] => Some(lines),
        [newer, older] if newer.generation > older.generation => Some(lines),
        _ => None,
    }
}

/// Puts another file in the place of `path`: whoever reads sees the old one or the new one, and after a crash one of them
/// is there. What the old one held is overwritten, as far as the file system lets us.
fn replace(path: &Path, lines: &[Line]) -> Result<(), KeyFileError> {
    let mut text = Zeroizing::new(String::with_capacity(READ_MAX));
    for line in lines {
        text.push_str(&line.generation.to_string());
        text.push(' ');
        text.push_str(&hex::digits(&*line.key));
        text.push('\n');
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let replaced = || {
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        key_file::write_text(&beside, text.as_bytes(), 0o600)?;
        let length = std::fs::metadata(path)?.len();
        let old = OpenOptions::new().write(true).open(path);
        std::fs::rename(&beside, path)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        // A file that only its owner may read, and not write, is replaced without.
        let Ok(mut old) = old else { return Ok(()) };
        io::copy(&mut io::repeat(b'0').take(length), &mut old)?;
        old.sync_all()
    };
    replaced().map_err(|source| unusable(path, source))
}
