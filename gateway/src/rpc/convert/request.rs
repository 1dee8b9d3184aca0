//! A request to check.

use jiff::civil::Date;
use statuscheck_domain::check::{Check, CheckKind, Draft, EducationBenefit, Violation};
use statuscheck_domain::ids::{AgreementId, RequestId};
use statuscheck_proto::v1 as wire;
use statuscheck_proto::v1::check_request::Check as WireCheck;

use crate::cases::CheckRequest;
use crate::error::Error;

/// Longest reference of the caller's own, in characters.
const CALLER_REFERENCE_CHARS_MAX: usize = 64;

/// Parses a check, dates judged on `today`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn check_request(request: &wire::CheckRequest, today: Date) -> Result<CheckRequest, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, description: &str| {
        faults.push(Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
    };
    let request_id = request.request_id.parse::<RequestId>();
    if request_id.is_err() {
        fault(
            "request_id",
            "must be a UUID that you choose for this check, and repeat only to repeat the check",
        );
    }
    let agreement_id = match request.agreement_id.as_str() {
        "" => Ok(None),
        text => text.parse::<AgreementId>().map(Some),
    };
    if let Err(error) = &agreement_id {
        fault("agreement_id", &error.to_string());
    }
    let reference = &request.caller_reference;
    if reference.chars().count() > CALLER_REFERENCE_CHARS_MAX || reference.chars().any(char::is_control) {
        fault(
            "caller_reference",
            "must be at most 64 characters, without control characters",
        );
    }
    if request.check.is_none() {
        fault(
            "check",
            "is missing; give one of right_to_work, right_to_rent, section_95, iecas",
        );
    }
    let check = request.check.as_ref().map(|check| parse(check, today));
    match (request_id, agreement_id, check) {
        (Ok(request_id), Ok(agreement_id), Some(Ok(check))) if faults.is_empty() => Ok(CheckRequest {
            request_id,
            check,
            agreement_id,
            caller_reference: reference.clone().into(),
        }),
        (_, _, check) => {
            faults.extend(check.and_then(Result::err).into_iter().flatten());
            Err(Error::Invalid(faults))
        }
    }
}

fn parse(check: &WireCheck, today: Date) -> Result<Check, Vec<Violation>> {
    let no_one = wire::Person::default();
    let person = |person: &Option<wire::Person>| person.as_ref().unwrap_or(&no_one).clone();
    match check {
        WireCheck::RightToWork(check) => {
            let person = person(&check.person);
            Draft {
                share_code: &check.share_code,
                ..draft(&person)
            }
            .parse(CheckKind::RightToWork, today)
        }
        WireCheck::RightToRent(check) => {
            let person = person(&check.person);
            Draft {
                share_code: &check.share_code,
                tenancy_start: &check.tenancy_start,
                ..draft(&person)
            }
            .parse(CheckKind::RightToRent, today)
        }
        WireCheck::Section95(check) => {
            let person = person(&check.person);
            let benefit = match check.benefit() {
                wire::EducationBenefit::Unspecified => None,
                wire::EducationBenefit::FreeSchoolMeals => Some(EducationBenefit::FreeSchoolMeals),
                wire::EducationBenefit::TwoYearOldEarlyEducation => {
                    Some(EducationBenefit::TwoYearOldEarlyEducation)
                }
                wire::EducationBenefit::EarlyYearsPupilPremium => {
                    Some(EducationBenefit::EarlyYearsPupilPremium)
                }
            };
            Draft {
                benefit,
                ..draft(&person)
            }
            .parse(CheckKind::Section95, today)
        }
        WireCheck::Iecas(check) => draft(&person(&check.person)).parse(CheckKind::Iecas, today),
    }
}

/// A person as texts.
pub(super) fn draft(person: &wire::Person) -> Draft<'_> {
    Draft {
        given_names: &person.given_names,
        family_name: &person.family_name,
        also_known_as: &person.also_known_as,
        date_of_birth: &person.date_of_birth,
        national_insurance_number: &person.national_insurance_number,
        home_office_reference: &person.home_office_reference,
        asylum_support_reference: &person.asylum_support_reference,
        postcode: &person.postcode,
        ..Draft::default()
    }
}
