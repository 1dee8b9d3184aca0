//! How long processes have been on a processor.

use std::fs;
use std::time::Duration;

/// The process itself and those of its children that it has waited for, since it began; to a hundredth of a second, as
/// `proc_pid_stat(5)` tells it. None where it is gone.
pub fn spent_by(process: u32) -> Option<Duration> {
    let told = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // What comes before may have spaces: the program's name in brackets.
    let (_, fields) = told.rsplit_once(") ")?;
    let hundredths = fields
        .split(' ')
        .skip(11)
        .take(4)
        .map(str::parse::<u64>)
        .sum::<Result<u64, _>>();
    Some(Duration::from_millis(hundredths.ok()? * 10))
}
