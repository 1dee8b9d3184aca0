//! Adding lines to a file so that they are there for good.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Adds `line`, which ends with its line end, and waits until it is on disk. A last line without an end, which an attempt
/// that failed may have left, is cut off first.
pub(super) fn append(path: &Path, line: &[u8]) -> io::Result<()> {
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

/// Up to where the file is whole lines. Only its end is read: a line has a few hundred bytes.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    const LINE_MAX: u64 = 4_096;
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
