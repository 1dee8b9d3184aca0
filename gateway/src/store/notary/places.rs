//! Where checkpoints are put, so that each is there for good.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::NotaryError;

/// How long a place may take to write one line. Five seconds: a disk that is busy needs less, and with two places a stop of
/// the gateway still ends within the usual ten.
const WRITE_MAX: Duration = Duration::from_secs(5);

/// A file that takes checkpoints, or a folder of such files.
pub(super) struct Place {
    path: PathBuf,
    /// Bytes after which the file is put aside.
    bytes_max: Option<u64>,
    /// Held while something is written, by the writing itself: nobody can call that back, but it can be left alone.
    writing: Arc<Mutex<()>>,
}

impl Place {
    /// One file, which is put aside when it has so many bytes.
    pub(super) fn file(path: PathBuf, bytes_max: u64) -> Self {
        Self {
            path,
            bytes_max: Some(bytes_max),
            writing: Arc::default(),
        }
    }

    /// The files of a folder.
    pub(super) fn folder(path: PathBuf) -> Self {
        Self {
            path,
            bytes_max: None,
            writing: Arc::default(),
        }
    }

    /// Adds `line`, in a folder to the file `name`.
    pub(super) async fn append(&self, name: &str, line: String) -> Result<(), NotaryError> {
        let path = match self.bytes_max {
            Some(_) => self.path.clone(),
            None => self.path.join(name),
        };
        let stuck = || NotaryError::Stuck { path: path.clone() };
        let failed = |source| NotaryError::Io {
            path: path.clone(),
            source,
        };
        let writing = Arc::clone(&self.writing)
            .try_lock_owned()
            .map_err(|_still_at_it| stuck())?;
        let (path, bytes_max) = (path.clone(), self.bytes_max);
        let write = move || {
            let _writing = writing;
            append(&path, line.as_bytes(), bytes_max)
        };
        match tokio::time::timeout(WRITE_MAX, tokio::task::spawn_blocking(write)).await {
            Ok(Ok(written)) => written.map_err(failed),
            Ok(Err(panicked)) => Err(failed(panicked.into())),
            Err(_elapsed) => Err(stuck()),
        }
    }
}

/// Adds `line`, which ends with its line end, and waits until it is on disk. A last line without an end, which an attempt
/// that failed may have left, is cut off first. A file of `bytes_max` becomes the old one before.
fn append(path: &Path, line: &[u8], bytes_max: Option<u64>) -> io::Result<()> {
    if bytes_max.is_some_and(|most| fs::metadata(path).is_ok_and(|file| file.len() >= most)) {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        fs::rename(path, old)?;
    }
    // Auditors read it, so others may; nothing in it is secret.
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o644)
        .open(path)?;
    let length = file.metadata()?.len();
    let whole = whole_lines(&mut file, length)?;
    if whole < length {
        file.set_len(whole)?;
    }
    file.write_all(line)?;
    file.sync_all()?;
    if length == 0 {
        // The file's name has to be on disk as well.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Up to where the file is whole lines. Only its end is read: a line of all the heads that there may be has some 38 KB.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    const LINE_MAX: u64 = 65_536;
    let from = length.saturating_sub(LINE_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(LINE_MAX).read_to_end(&mut end)?;
    match end.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => Ok(from + at as u64 + 1),
        None if from == 0 => Ok(0),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file does not consist of checkpoints",
        )),
    }
}
