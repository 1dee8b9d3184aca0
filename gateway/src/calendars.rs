//! Which days and hours are working time: as configured, and then by whatever list of bank holidays is put in the file's place.
//!
//! A list that replaces another has a version of its own. It counts for clocks that begin from then on; whatever began before goes
//! on under its own calendar, and is counted anew by an order alone. So the calendars before are kept: their lists stand in the
//! ledger, in the entry that says that they were replaced, and the next start takes them from there.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::working_time::{Calendars, SameVersion, WorkingCalendar};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{CalendarError, CalendarFile, ConfiguredCalendars};
use crate::store::{CommitError, HouseEntry, HouseKind, HouseQuery, ReadError, Store};

/// Replacements that are remembered. A hundred: lists are proclaimed once a year, and no case is open for a century.
const REMEMBERED_MAX: usize = 100;

/// Who replaces a calendar, as the ledger names it: whoever may write the file.
const ACTOR: &str = "calendar";

/// The calendars that count now.
pub struct ServedCalendars {
    now: ArcSwap<Calendars>,
    /// None where no file can replace anything.
    replaced: Option<Replaced>,
}

/// Where another list would be, and where it is recorded.
struct Replaced {
    file: CalendarFile,
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// The text of the list that counts now; held by whoever looks for another.
    list: Mutex<String>,
}

/// What a look at the file found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Another list, which counts for new cases from now on.
    Replaced,
    /// The list that counts.
    Unchanged,
}

/// Why a list does not count, or the calendars of open cases are not known.
#[derive(Debug, thiserror::Error)]
pub enum CalendarsError {
    /// The file is none.
    #[error(transparent)]
    File(#[from] CalendarError),
    /// Give the list a version of its own.
    #[error(transparent)]
    SameVersion(#[from] SameVersion),
    /// What was replaced before cannot be read.
    #[error("the calendars of before cannot be read")]
    Read(#[from] ReadError),
    /// The replacement cannot be recorded.
    #[error("another calendar cannot be recorded")]
    Commit(#[from] CommitError),
}

impl From<Calendars> for ServedCalendars {
    /// Calendars that nothing replaces.
    fn from(calendars: Calendars) -> Self {
        Self {
            now: ArcSwap::from_pointee(calendars),
            replaced: None,
        }
    }
}

impl Default for ServedCalendars {
    fn default() -> Self {
        Calendars::default().into()
    }
}

impl ServedCalendars {
    /// As configured, together with the calendars that the ledger of `store` says were replaced.
    ///
    /// # Errors
    /// [`CalendarsError::Read`]; [`CalendarsError::SameVersion`] where another list has counted under a version.
    pub(crate) async fn load(
        configured: ConfiguredCalendars,
        store: Arc<dyn Store>,
        clock: SharedClock,
    ) -> Result<Self, CalendarsError> {
        let mut calendars = configured.calendars;
        for entry in replacements(store.as_ref()).await? {
            let lists = [
                Some(&entry.details),
                entry.details.get("replaced").and_then(Value::as_object),
            ];
            for calendar in lists.into_iter().flatten().map(read) {
                calendars = calendars.and_earlier(calendar.ok_or(ReadError::Corrupt)?)?;
            }
        }
        let replaced = configured.file.map(|(file, list)| Replaced {
            file,
            store,
            clock,
            list: Mutex::new(list),
        });
        Ok(Self {
            now: ArcSwap::from_pointee(calendars),
            replaced,
        })
    }

    /// Those that count now.
    pub fn now(&self) -> Arc<Calendars> {
        self.now.load_full()
    }

    /// Reads the file again. Another list counts once it stands in the ledger.
    ///
    /// # Errors
    /// [`CalendarsError`]; what counted before counts on.
    pub async fn look(&self) -> Result<Look, CalendarsError> {
        let Some(replaced) = &self.replaced else {
            return Ok(Look::Unchanged);
        };
        let mut list = replaced.list.lock().await;
        let (next, text) = replaced.file.read().await?;
        if text == *list {
            return Ok(Look::Unchanged);
        }
        let before = self.now();
        let after = before.followed_by(next)?;
        if after.current().version() == before.current().version() {
            // A remark in the file.
            *list = text;
            return Ok(Look::Unchanged);
        }
        replaced
            .record((before.current(), &list), (after.current(), &text))
            .await?;
        *list = text;
        tracing::info!(version = %after.current().version(), "another list of bank holidays counts");
        self.now.store(Arc::new(after));
        Ok(Look::Replaced)
    }

    /// Looks whether there is another list, for ever. One that cannot be used is told of at each look until it is mended.
    pub(crate) async fn follow(&self, every: Duration) -> Infallible {
        let mut looks = interval(every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Err(error) = self.look().await {
                complain(&error);
            }
        }
    }
}

/// Tells operators that a list cannot be used.
pub(crate) fn complain(error: &CalendarsError) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "a new list of bank holidays is bad; the old one stays in use"
    );
}

impl Replaced {
    /// Records that one calendar takes the place of another, with their lists; once, whichever gateway does.
    async fn record(
        &self,
        (before, old_list): (&WorkingCalendar, &str),
        (after, list): (&WorkingCalendar, &str),
    ) -> Result<(), CalendarsError> {
        let entries = replacements(self.store.as_ref()).await?;
        let newest = entries.first().map(|entry| entry.time);
        if let Some(known) = entries.first().and_then(|entry| read(&entry.details))
            && known.version() == after.version()
        {
            return if known.is_same(after) {
                Ok(())
            } else {
                Err(SameVersion(known.version().clone()).into())
            };
        }
        let mut details = self::details(after, list);
        details.insert("replaced".to_owned(), self::details(before, old_list).into());
        let entry = HouseEntry {
            time: later(self.clock.now(), newest),
            kind: HouseKind::CalendarReplaced,
            actor: ACTOR.to_owned(),
            details,
        };
        Ok(self.store.note_next(entry, newest).await?)
    }
}

/// What was replaced, newest first.
async fn replacements(store: &dyn Store) -> Result<Vec<HouseEntry>, ReadError> {
    let query = HouseQuery {
        kind: HouseKind::CalendarReplaced,
        after: None,
        before: None,
        limit: REMEMBERED_MAX,
    };
    store.noted(query).await
}

/// `now`, or the first instant after `newest`.
fn later(now: Timestamp, newest: Option<Timestamp>) -> Timestamp {
    let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
    after.map_or(now, |after| after.max(now))
}

fn details(calendar: &WorkingCalendar, list: &str) -> Map<String, Value> {
    Map::from_iter([
        ("version".to_owned(), json!(calendar.version().to_string())),
        ("hours".to_owned(), json!(calendar.hours().to_string())),
        ("list".to_owned(), json!(list)),
    ])
}

/// The calendar that `details` has; none where it has none.
fn read(details: &Map<String, Value>) -> Option<WorkingCalendar> {
    let text = |name: &str| details.get(name)?.as_str();
    let (list, hours) = (text("list")?.parse().ok()?, text("hours")?.parse().ok()?);
    Some(WorkingCalendar::new(list, hours))
}

#[cfg(test)]
#[path = "calendars_tests.rs"]
mod tests;
