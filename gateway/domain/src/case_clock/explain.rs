//! Why a due time is when it is, in a sentence for the caller.
//!
//! It never says on what ground a promise is the shorter one: that may be a fact that only a department knows.

use std::time::Duration;

use jiff::Timestamp;

use super::command::ClockError;
use super::reckon::Run;
use super::{ClockTerms, Extension};
use crate::calendar::BankHoliday;
use crate::clock::{london, london_day};
use crate::sla::Promise;

/// More holidays than these are counted, not named.
const HOLIDAYS_NAMED_MAX: usize = 6;

pub(super) fn explain(terms: &ClockTerms, run: &Run<'_>, due_at: Timestamp) -> Result<String, ClockError> {
    let started = format!("{} from {}", terms.promise, local(terms.started_at));
    let mut parts = vec![match terms.promise {
        Promise::Elapsed(_) => format!("{started}, elapsed time"),
        Promise::Working(_) => format!("{started} {}", working(terms, run, due_at)?),
    }];
    if !run.paused.is_zero() {
        parts.push(format!("paused {}", in_words(run.paused)));
    }
    for (by, reason) in &run.extensions {
        parts.push(match by {
            Extension::Elapsed(by) => format!("extended by {} ({reason})", in_words(*by)),
            Extension::Working(days) => format!("extended by {days} ({reason})"),
        });
    }
    if let Some(reason) = &terms.order {
        parts.push(format!("counted anew ({reason})"));
    }
    Ok(parts.join("; "))
}

/// Whose working days count, from when, and which days do not.
fn working(terms: &ClockTerms, run: &Run<'_>, due_at: Timestamp) -> Result<String, ClockError> {
    let (first, last) = (london_day(terms.started_at), london_day(due_at));
    let holidays = run.ruler.working()?.holidays();
    let uncounted = uncounted(holidays.between(terms.division, first, last));
    let opening = run.ruler.add(terms.started_at, Duration::ZERO)?;
    let from = if opening == terms.started_at {
        String::new()
    } else {
        format!(", counted from {}", local(opening))
    };
    Ok(format!("({}){from}{uncounted}", terms.division))
}

/// Such as "Fri 3 Apr 2026 16:30", in London.
fn local(instant: Timestamp) -> String {
    let local = instant.to_zoned(london());
    local.strftime("%a %-d %b %Y %H:%M").to_string()
}

/// Such as ": Good Friday and Easter Monday do not count".
fn uncounted(holidays: &[BankHoliday]) -> String {
    let mut names: Vec<_> = holidays
        .iter()
        .take(HOLIDAYS_NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    match holidays.len() - names.len() {
        0 => {}
        1 => names.push("1 more bank holiday".to_owned()),
        more => names.push(format!("{more} more bank holidays")),
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(": {one} does not count"),
        [first @ .., last] => format!(": {} and {last} do not count", first.join(", ")),
    }
}

/// Hours and minutes, the rest of a minute left out.
fn in_words(length: Duration) -> String {
    let minutes = length.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
