//! Reckons a clock: terms, movements and a calendar in, instants and their explanation out.
//!
//! Elapsed time and working time are added and measured by a [`Ruler`]; all the rest is the same for both.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::command::ClockError;
use super::{ClockTerms, Extension, Movement, Reason, Reckoning, explain};
use crate::calendar::Division;
use crate::ids::CalendarVersion;
use crate::sla::Promise;
use crate::working_time::{BeyondCalendar, Calendars, WorkingCalendar, after};

/// What one clock may be allowed in all, in its own measure: two promises of the longest kind. More is a slip.
const ALLOWED_MAX: Duration = Duration::from_hours(2 * 365 * 24);
/// Each stands in the explanation with its reason; more orders about one case are not read.
const EXTENSIONS_MAX: usize = 12;

/// What follows from `terms` and `moves`, each with its time; none is before the one that it follows.
pub(super) fn reckon<'a>(
    terms: &ClockTerms,
    moves: impl IntoIterator<Item = &'a (Timestamp, Movement)>,
    calendars: &Calendars,
) -> Result<Reckoning, ClockError> {
    let ruler = Ruler {
        is_working: matches!(terms.promise, Promise::Working(_)),
        division: terms.division,
        version: &terms.calendar,
        calendar: calendars.version(&terms.calendar),
    };
    let mut run = Run::start(terms, ruler)?;
    for (at, movement) in moves {
        match movement {
            Movement::Paused => run.pause(*at),
            Movement::Resumed => run.resume(*at)?,
            Movement::Extended { by, reason, .. } => run.extend(*by, reason)?,
        }
    }
    let due_at = run.instant(100)?;
    let early = terms
        .thresholds
        .early()
        .map(|threshold| run.instant(threshold.percent));
    Ok(Reckoning {
        early: early.collect::<Result<_, _>>()?,
        due_at,
        explanation: explain::explain(terms, &run, due_at)?,
    })
}

/// A clock on its way from movement to movement.
pub(super) struct Run<'a> {
    pub(super) ruler: Ruler<'a>,
    /// The promised time, and what extensions added to it.
    allowed: Duration,
    /// From when until when it ran before the last pause.
    ran: Vec<(Timestamp, Timestamp)>,
    /// Since when it runs or stands still.
    since: Timestamp,
    /// How long it was the caller's turn.
    pub(super) paused: Duration,
    pub(super) extensions: Vec<(Extension, &'a Reason)>,
}

impl<'a> Run<'a> {
    fn start(terms: &ClockTerms, ruler: Ruler<'a>) -> Result<Self, ClockError> {
        let allowed = match terms.promise {
            Promise::Elapsed(target) => target.length(),
            Promise::Working(days) => ruler.working()?.days(days.count()),
        };
        Ok(Self {
            ruler,
            allowed,
            ran: Vec::new(),
            since: terms.started_at,
            paused: Duration::ZERO,
            extensions: Vec::new(),
        })
    }

    fn pause(&mut self, at: Timestamp) {
        let from = std::mem::replace(&mut self.since, at);
        self.ran.push((from, at));
    }

    fn resume(&mut self, at: Timestamp) -> Result<(), ClockError> {
        let paused_at = std::mem::replace(&mut self.since, at);
        self.paused += self.ruler.between(paused_at, at)?;
        Ok(())
    }

    fn extend(&mut self, by: Extension, reason: &'a Reason) -> Result<(), ClockError> {
        self.extensions.push((by, reason));
        let due = self.instant(100)?;
        let moved = match by {
            Extension::Elapsed(by) if by <= Extension::ELAPSED_MAX => after(due, by),
            Extension::Elapsed(_) => return Err(ClockError::TooLong),
            Extension::Working(days) => {
                let calendar = self.ruler.working()?;
                calendar.add(self.ruler.division, due, calendar.days(days.count()))?
            }
        };
        self.allowed += self.ruler.between(due, moved)?;
        if self.allowed > ALLOWED_MAX || self.extensions.len() > EXTENSIONS_MAX {
            return Err(ClockError::TooLong);
        }
        Ok(())
    }

    /// When `percent` of the allowed time have gone by: in one of the times in which it ran, or else since it runs.
    fn instant(&self, percent: u8) -> Result<Timestamp, ClockError> {
        let mut left = share(self.allowed, percent);
        for (from, to) in &self.ran {
            let reached = self.ruler.add(*from, left)?;
            if reached <= *to {
                return Ok(reached);
            }
            left = left.saturating_sub(self.ruler.between(*from, *to)?);
        }
        self.ruler.add(self.since, left)
    }
}

/// Measures in elapsed or in working time.
pub(super) struct Ruler<'a> {
    is_working: bool,
    pub(super) division: Division,
    version: &'a CalendarVersion,
    calendar: Option<&'a WorkingCalendar>,
}

impl<'a> Ruler<'a> {
    pub(super) fn working(&self) -> Result<&'a WorkingCalendar, ClockError> {
        self.calendar
            .ok_or_else(|| ClockError::UnknownCalendar(self.version.clone()))
    }

    pub(super) fn add(&self, from: Timestamp, by: Duration) -> Result<Timestamp, ClockError> {
        if self.is_working {
            Ok(self.working()?.add(self.division, from, by)?)
        } else {
            Ok(after(from, by))
        }
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> Result<Duration, ClockError> {
        if self.is_working {
            Ok(self.working()?.between(self.division, from, to)?)
        } else {
            let length = to.duration_since(from).max(SignedDuration::ZERO);
            Ok(length.unsigned_abs())
        }
    }
}

/// The part of `allowed` after which `percent` of it have gone by: rounded up, so that nothing is early.
fn share(allowed: Duration, percent: u8) -> Duration {
    let nanos = (allowed.as_nanos() * u128::from(percent)).div_ceil(100);
    Duration::from_nanos_u128(nanos)
}

impl From<BeyondCalendar> for ClockError {
    fn from(error: BeyondCalendar) -> Self {
        Self::Beyond(error)
    }
}
