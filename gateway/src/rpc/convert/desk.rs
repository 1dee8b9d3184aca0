//! A department's desk: its worklist, and its replies as [`wire::AskResponse`] has them.

mod feed;
mod reply;

use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::subject::{Field, Subject};
use statuscheck_proto::adapter::v1 as wire;

pub(crate) use self::feed::{feed_agreement, feed_row};
pub(crate) use self::reply::reply;
use super::timestamp;
use crate::desk::{Place, Resume, Standing, Told, WorkItem};
use crate::error::Error;

/// Questions on a page where the caller does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most questions on a page: each is read from its case.
const PAGE_MAX: i32 = 100;

/// A page of a worklist.
pub(crate) struct Page {
    pub(crate) after: Option<Place>,
    pub(crate) limit: usize,
}

/// Parses a request for a page.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn page(request: &wire::ListWorkRequest) -> Result<Page, Error> {
    let size = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit =
        usize::try_from(size).map_err(|_negative| violation("page_size", "must not be negative; 0 means 50"));
    let after = match request.page_token.as_str() {
        "" => Ok(None),
        token => token.parse().map(Some).map_err(|_other| {
            let what = "is none of ours; give next_page_token of the page before, or leave it empty";
            violation("page_token", what)
        }),
    };
    match (limit, after) {
        (Ok(limit), Ok(after)) => Ok(Page { after, limit }),
        (limit, after) => Err(Error::Invalid(
            limit.err().into_iter().chain(after.err()).collect(),
        )),
    }
}

/// Parses from where to follow.
///
/// # Errors
/// [`Error::Invalid`] on `resume_token`.
pub(crate) fn resume(request: &wire::WatchWorkRequest) -> Result<Option<Resume>, Error> {
    match request.resume_token.as_str() {
        "" => Ok(None),
        token => token.parse().map(Some).map_err(|_other| {
            Error::field(
                "resume_token",
                "is none of ours; give that of the last response, or leave it empty",
            )
        }),
    }
}

/// Parses the id of a question.
///
/// # Errors
/// [`Error::Invalid`] on `question_id`.
pub(crate) fn question_id(text: &str) -> Result<QuestionId, Error> {
    text.parse()
        .map_err(|_not_a_uuid| Error::field("question_id", NOT_AN_ID))
}

const NOT_AN_ID: &str = "must be the UUID that the question came with";

/// Parses what is asked of the caller; a field that is named twice counts once.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn information(
    request: &wire::RequestInformationRequest,
) -> Result<(QuestionId, Vec<Field>), Error> {
    let mut faults = Vec::new();
    let id = request.question_id.parse();
    if id.is_err() {
        faults.push(violation("question_id", NOT_AN_ID));
    }
    let mut fields = fields("fields", &request.fields, &mut faults);
    fields.sort_unstable();
    fields.dedup();
    match id {
        Ok(id) if faults.is_empty() => Ok((id, fields)),
        _ => Err(Error::Invalid(faults)),
    }
}

/// The fields of a subject that are named, of which there must be one at least.
pub(super) fn fields(path: &str, names: &[String], faults: &mut Vec<Violation>) -> Vec<Field> {
    if names.is_empty() {
        faults.push(violation(path, "must name one field of Subject at least"));
    }
    let field = |(place, name): (usize, &String)| {
        let field = Field::named(name).filter(|field| *field != Field::TenancyStart);
        if field.is_none() {
            let path = format!("{path}[{place}]");
            faults.push(violation(&path, "must be the name of a field of Subject"));
        }
        field
    };
    names.iter().enumerate().filter_map(field).collect()
}

pub(super) fn violation(field: &str, description: &str) -> Violation {
    Violation {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

/// A page of work.
pub(crate) fn listed(items: Vec<(Place, WorkItem)>, next: Option<Place>) -> wire::ListWorkResponse {
    wire::ListWorkResponse {
        items: items.into_iter().map(|(_, found)| item(found)).collect(),
        next_page_token: next.map(|place| place.to_string()).unwrap_or_default(),
    }
}

/// One change of a worklist.
pub(crate) fn told(told: Told) -> wire::WatchWorkResponse {
    let (item, done) = match told.standing {
        Standing::Open(found) => (item(*found), false),
        Standing::Done(id) => {
            let item = wire::WorkItem {
                question_id: id.to_string(),
                ..wire::WorkItem::default()
            };
            (item, true)
        }
    };
    wire::WatchWorkResponse {
        item: Some(item),
        done,
        resume_token: told.resume.to_string(),
    }
}

fn item(item: WorkItem) -> wire::WorkItem {
    wire::WorkItem {
        question_id: item.id.to_string(),
        operation: operation(item.operation).into(),
        subject: Some(subject(&item.subject)),
        asked_at: Some(timestamp(item.asked_at)),
        due_at: Some(timestamp(item.due_at)),
        breached: item.is_breached,
        ticket: item.ticket.unwrap_or_default(),
    }
}

const fn operation(operation: Operation) -> wire::Operation {
    match operation {
        Operation::ImmigrationStatus => wire::Operation::ImmigrationStatus,
        Operation::Section95Support => wire::Operation::Section95Support,
        Operation::NinoTrace => wire::Operation::NinoTrace,
        Operation::BenefitHistory => wire::Operation::BenefitHistory,
        Operation::EmploymentHistory => wire::Operation::EmploymentHistory,
        Operation::EducationEligibility => wire::Operation::EducationEligibility,
        Operation::ContributionHistory => wire::Operation::ContributionHistory,
    }
}

pub(super) fn subject(subject: &Subject) -> wire::Subject {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let name = subject.name.as_ref();
    wire::Subject {
        given_names: text(name.map(|name| name.given())),
        family_name: text(name.map(|name| name.family())),
        also_known_as: subject
            .also_known_as
            .iter()
            .map(|name| name.to_string())
            .collect(),
        date_of_birth: subject.date_of_birth.date().to_string(),
        national_insurance_number: text(subject.nino.as_ref().map(|number| number.expose())),
        home_office_reference: text(subject.home_office_reference.as_ref().map(|text| text.expose())),
        asylum_support_reference: text(
            subject
                .asylum_support_reference
                .as_ref()
                .map(|text| text.expose()),
        ),
        postcode: text(subject.postcode.as_ref().map(|text| text.expose())),
        share_code: text(subject.share_code.as_ref().map(|text| text.expose())),
    }
}
