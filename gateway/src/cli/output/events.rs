//! What happens to cases, line by line, and the line that counts down to the due time.

use indicatif::{ProgressBar, ProgressStyle};
use statuscheck_domain::clock::Clock as _;
use statuscheck_domain::clock::SystemClock;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{Case, WatchCasesResponse};

use super::{Output, json_text, say, summary, time};

impl Output {
    /// Writes one event to standard output.
    pub(crate) fn event(&self, told: &WatchCasesResponse) -> anyhow::Result<()> {
        if self.json {
            say!("{}", json_text("statuscheck.v1.WatchCasesResponse", told, false)?)
        } else {
            say!("{}", event_line(told))
        }
    }
}

/// When, which case, what happened, and what the caller is told since.
pub(crate) fn event_line(told: &WatchCasesResponse) -> String {
    let event = told.event.clone().unwrap_or_default();
    let what = [event.kind.as_str(), event.department.as_str()].join(" ");
    let answer = told.case.as_ref().and_then(|case| case.answer.as_ref());
    format!(
        "{}  {}  {:>3}  {:<28}  {}",
        time(event.time.as_ref()),
        event.case_id,
        event.version,
        what.trim_end(),
        answer.map(summary).unwrap_or_default()
    )
}

/// A line on standard error that says how long it is until an answer is due; nothing where that is no terminal.
pub(crate) struct Countdown {
    line: ProgressBar,
    clock: SystemClock,
}

impl Default for Countdown {
    fn default() -> Self {
        let line = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            line.set_style(style);
        }
        Self {
            line,
            clock: SystemClock::new(),
        }
    }
}

impl Countdown {
    /// Shows what `case` waits for, and how long it still may.
    pub(crate) fn show(&self, case: &Case) {
        let whom = match case.answer.as_ref().and_then(|answer| answer.outcome.as_ref()) {
            Some(Outcome::Pending(pending)) => pending.departments.join(", "),
            _ => String::new(),
        };
        let due = case.sla.as_ref().and_then(|sla| sla.due_at.as_ref());
        let left = due.map(|due| time_left(due.seconds - self.clock.now().as_second()));
        let left = left.unwrap_or_default();
        self.line
            .set_message(format!("waiting for {whom} · due {} · {left}", time(due)));
        self.line.tick();
    }

    /// Writes other lines while the line is out of the way.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.line.suspend(write)
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

/// The two largest units of a time in seconds, e.g. `2 d 3 h left` or `4 min 10 s late`.
fn time_left(seconds: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.unsigned_abs();
    let parts = UNITS.map(|(unit, name)| {
        let count = rest / unit;
        rest %= unit;
        (count, name)
    });
    let first = parts
        .iter()
        .position(|(count, _)| *count > 0)
        .unwrap_or(UNITS.len() - 1);
    let shown: Vec<_> = parts
        .iter()
        .skip(first)
        .take(2)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let word = if seconds < 0 { "late" } else { "left" };
    format!("{} {word}", shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_in_its_two_largest_units() {
        for (seconds, told) in [
            (0, "0 s left"),
            (59, "59 s left"),
            (60, "1 min 0 s left"),
            (-250, "4 min 10 s late"),
            (3_600 * 51, "2 d 3 h left"),
            (86_399, "23 h 59 min left"),
        ] {
            assert_eq!(time_left(seconds), told);
        }
    }
}
