//! Lines on standard output and standard error. The reader of a pipe may have seen enough, as `head` has, and that is no
//! fault of ours: the program then ends quietly.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};

/// Nobody reads standard output any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
pub(crate) struct NobodyReads;

impl NobodyReads {
    /// What the program then ends with: 141, as a shell tells of a program that the signal for it ended. Never 0, which
    /// would mean that all went well.
    pub(crate) const EXIT_CODE: u8 = 141;
}

/// Writes a line to standard output, as `println!` does, and gives back what keeps it from being written.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::output::say_line(format_args!($($text)*))
    };
}

/// Writes a line to standard error, as `eprintln!` does. Where that cannot be written there is nobody to tell.
macro_rules! complain {
    ($($text:tt)*) => {
        $crate::cli::output::complain_line(format_args!($($text)*))
    };
}

pub(crate) use {complain, say};

pub(crate) fn say_line(line: Arguments<'_>) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => NobodyReads.into(),
        _ => anyhow::Error::new(error).context("standard output cannot be written"),
    })
}

pub(crate) fn complain_line(line: Arguments<'_>) {
    writeln!(io::stderr().lock(), "{line}").ok();
}
