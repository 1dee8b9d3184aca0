//! Disks of the test's own, which only root can have; without them a test says loudly that it did not run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setting::is_root;

/// A mounted file system. Dropping it takes it away.
pub(crate) struct Mounted {
    place: PathBuf,
}

impl Mounted {
    /// An empty disk in memory of that size, such as `4m`, over the folder.
    pub(crate) fn small_disk(place: &Path, size: &str) -> Option<Self> {
        Self::mount(
            place,
            &["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "none"],
        )
    }

    /// An empty ext4 in the file `image`, over the folder. The file is sparse: what is written takes room beneath it.
    pub(crate) fn image(image: &Path, size: u64, place: &Path) -> Option<Self> {
        let file = fs::File::create(image).expect("an image");
        file.set_len(size).expect("a sparse image");
        // Without a journal nothing but what the program writes is written.
        let made = does("mkfs.ext4", &["-q", "-F", "-O", "^has_journal"], image);
        if !made {
            return skipped("mkfs.ext4 makes no file system here");
        }
        Self::mount(place, &["-o", "loop", image.to_str().expect("a path in UTF-8")])
    }

    fn mount(place: &Path, what: &[&str]) -> Option<Self> {
        if !is_root() {
            return skipped("only root can mount a disk");
        }
        if !does("mount", what, place) {
            return skipped("this machine lets nobody mount a disk");
        }
        Some(Self {
            place: place.to_owned(),
        })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, for a file of it may still be open in a program that is just being killed.
        does("umount", &["--lazy"], &self.place);
    }
}

fn does(program: &str, arguments: &[&str], path: &Path) -> bool {
    let mut command = Command::new(program);
    // mkfs is not on every user's path.
    let path_of_root = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    command.env("PATH", path_of_root);
    let status = command.args(arguments).arg(path).status();
    status.is_ok_and(|status| status.success())
}

/// Says that a test does not run; where nothing may be skipped, fails it.
fn skipped<T>(why: &str) -> Option<T> {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "cannot run, and CI=true: {why}"
    );
    eprintln!("!!! SKIPPED: {why}");
    None
}
