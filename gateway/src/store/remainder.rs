//! What a purged case leaves in the open: how much it used of quotas, its course, and nothing about anybody, nor who asked.
//! Without it the quotas could not be made again from the ledger, and the measures of an agreement would change with each purge. It
//! is the payload of the case's last entry, empty where there is nothing to say.

mod course;

use serde::{Deserialize, Serialize};
use statuscheck_domain::case::Case;
use statuscheck_domain::event::Event;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::measures::Course;
use statuscheck_domain::quota::{QuotaKey, Spent};

use self::course::CourseRecord;
use super::rows::{PURGED, SealedEntry};
use super::{PlacedEvent, ReadError};

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Record {
    v: u8,
    spent: Vec<SpentRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<CourseRecord>,
}

#[derive(Serialize, Deserialize)]
struct SpentRecord {
    agreement: String,
    department: String,
    month: String,
    units: i64,
}

/// What stays of a case.
#[derive(Default)]
pub(super) struct Left {
    spent: Vec<Spent>,
    course: Option<Course>,
}

impl Left {
    /// Of the case that has this history. One that cannot be read leaves nothing: what it used is lost to a rebuild, and its course
    /// to the measures, and that is no reason to keep what must go.
    ///
    /// # Errors
    /// [`ReadError`] but for [`ReadError::Corrupt`].
    pub(super) fn of(
        id: CaseId,
        history: Result<Option<Vec<PlacedEvent>>, ReadError>,
    ) -> Result<Self, ReadError> {
        let history = match history {
            Ok(history) => history.unwrap_or_default(),
            Err(ReadError::Corrupt) => Vec::new(),
            Err(error) => return Err(error),
        };
        let events: Vec<Event> = history.into_iter().map(|recorded| recorded.event).collect();
        Ok(Self {
            course: Course::of(id, events.iter().cloned()).ok(),
            spent: Case::fold(id, events).map_or_else(|_none| Vec::new(), |case| case.spent),
        })
    }
}

/// The payload that says what is left.
pub(super) fn write(Left { spent, course }: &Left) -> Result<Vec<u8>, serde_json::Error> {
    if spent.is_empty() && course.is_none() {
        return Ok(Vec::new());
    }
    let spent = spent.iter().map(|spent| SpentRecord {
        agreement: spent.key.agreement.as_str().to_owned(),
        department: spent.key.department.as_str().to_owned(),
        month: spent.key.month.to_string(),
        units: spent.units,
    });
    serde_json::to_vec(&Record {
        v: VERSION,
        spent: spent.collect(),
        course: course.as_ref().and_then(CourseRecord::of),
    })
}

/// What a purged case has left, of whose entries `last` is the last; none where it is not purged.
///
/// # Errors
/// [`ReadError::Corrupt`]
pub(super) fn left_in(last: Option<&SealedEntry>) -> Result<Option<Vec<Spent>>, ReadError> {
    last.filter(|last| last.kind == PURGED)
        .map(|last| spent_in(&last.payload).ok_or(ReadError::Corrupt))
        .transpose()
}

/// The course that the payload of a purged case says; none where it says none.
///
/// # Errors
/// [`ReadError::Corrupt`]
pub(super) fn course_in(payload: &[u8]) -> Result<Option<Course>, ReadError> {
    let record = read(payload).ok_or(ReadError::Corrupt)?;
    let course = record.and_then(|record| record.course);
    course
        .map(|course| course.read().ok_or(ReadError::Corrupt))
        .transpose()
}

/// What a payload says; none where it says what no payload does.
#[expect(
    clippy::option_option,
    reason = "a payload may say nothing, or nothing that can be read"
)]
fn read(payload: &[u8]) -> Option<Option<Record>> {
    if payload.is_empty() {
        return Some(None);
    }
    let record: Record = serde_json::from_slice(payload).ok()?;
    (record.v == VERSION).then_some(Some(record))
}

fn spent_in(payload: &[u8]) -> Option<Vec<Spent>> {
    let Some(record) = read(payload)? else {
        return Some(Vec::new());
    };
    let spent = record.spent.into_iter().map(|spent| {
        Some(Spent {
            key: QuotaKey::parse(&spent.agreement, &spent.department, &spent.month)?,
            units: spent.units,
        })
    });
    spent.collect()
}
