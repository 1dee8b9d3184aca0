//! A row of a feed. It is judged and let go: nothing of it is kept.

use std::fmt::Display;

use jiff::civil::Date;
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, Field, HomeOfficeReference, Name, Nino,
};
use statuscheck_proto::adapter::v1 as wire;
use statuscheck_proto::adapter::v1::upload_feed_request::Facts;

use crate::error::Error;

/// The agreement that the first row of a feed names.
///
/// # Errors
/// [`Error::Invalid`] on `agreement_id`.
pub(crate) fn feed_agreement(first: &wire::UploadFeedRequest) -> Result<AgreementId, Error> {
    let id = first.agreement_id.parse();
    id.map_err(|error: statuscheck_domain::ids::SlugError| Error::field("agreement_id", &error.to_string()))
}

/// The date of birth of whom a row is about; none where the row does not say.
///
/// # Errors
/// Everything that is wrong with the row, in one text and without its content.
pub(crate) fn feed_row(row: &wire::UploadFeedRequest, today: Date) -> Result<Option<Date>, String> {
    let mut faults = Vec::new();
    let born = match &row.subject {
        None => {
            faults.push("subject: is missing".to_owned());
            None
        }
        Some(subject) => about(subject, today, &mut faults),
    };
    let missing = match &row.facts {
        None => Some("facts"),
        Some(Facts::Section95Support(support)) if support.in_force.is_none() => Some("in_force"),
        Some(Facts::Section95Support(support)) => support.legal_basis.is_none().then_some("legal_basis"),
        Some(Facts::EducationEligibility(entry)) => entry.eligible.is_none().then_some("eligible"),
    };
    faults.extend(missing.map(|what| format!("{what}: is missing")));
    if faults.is_empty() {
        Ok(born)
    } else {
        Err(faults.join("; "))
    }
}

fn about(subject: &wire::Subject, today: Date, faults: &mut Vec<String>) -> Option<Date> {
    let mut fault = |field: &str, what: &dyn Display| faults.push(format!("{field}: {what}"));
    if let Err(parts) = Name::parse(&subject.given_names, &subject.family_name) {
        for (field, what) in parts {
            fault(Field::as_str(field), &what);
        }
    }
    // A field that is empty says nothing.
    let given = |text: &'_ str| !text.is_empty();
    let (nino, reference) = (
        &subject.national_insurance_number,
        &subject.asylum_support_reference,
    );
    if let Some(what) = Some(nino)
        .filter(|text| given(text))
        .and_then(|text| Nino::parse(text).err())
    {
        fault("national_insurance_number", &what);
    }
    if let Some(what) = Some(reference)
        .filter(|text| given(text))
        .and_then(|text| AsylumSupportReference::parse(text).err())
    {
        fault("asylum_support_reference", &what);
    }
    if let Some(what) = Some(&subject.home_office_reference)
        .filter(|text| given(text))
        .and_then(|text| HomeOfficeReference::parse(text).err())
    {
        fault("home_office_reference", &what);
    }
    let born = Some(&subject.date_of_birth).filter(|text| given(text))?;
    match DateOfBirth::parse(born, today) {
        Ok(born) => Some(born.date()),
        Err(what) => {
            fault("date_of_birth", &what);
            None
        }
    }
}
