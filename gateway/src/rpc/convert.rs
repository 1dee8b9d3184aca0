//! Wire to domain and back: the only file that names both.

pub(crate) mod desk;
pub(crate) mod register;
pub(crate) mod upkeep;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::answer::{
    self, Answer, Facts, PendingReason, explain_fields, statutory_excuse_reference,
};
use statuscheck_domain::case::{Case, CaseState, Step};
use statuscheck_domain::check::{CheckKind, Draft, EducationBenefit, Violation};
use statuscheck_domain::ids::{AgreementId, CaseId, RequestId};
use statuscheck_proto::v1 as wire;
use statuscheck_proto::v1::check_request::Check as WireCheck;
use uuid::Uuid;

use crate::cases::CheckRequest;
use crate::error::Error;
use crate::store::CasePage;

/// Longest reference of the caller's own, in characters.
const CALLER_REFERENCE_CHARS_MAX: usize = 64;
/// Cases on a page when the caller does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most cases on a page: about a megabyte.
const PAGE_MAX: i32 = 500;

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

fn parse(check: &WireCheck, today: Date) -> Result<statuscheck_domain::check::Check, Vec<Violation>> {
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

fn draft(person: &wire::Person) -> Draft<'_> {
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

/// Parses a case id.
///
/// # Errors
/// [`Error::Invalid`] on `case_id`.
pub(crate) fn case_id(text: &str) -> Result<CaseId, Error> {
    text.parse()
        .map_err(|_not_a_uuid| Error::field("case_id", "must be the UUID that the check was answered with"))
}

/// Which cases to list.
pub(crate) struct ListPage {
    pub(crate) states: Vec<CaseState>,
    pub(crate) after: Option<CaseId>,
    pub(crate) limit: usize,
}

/// Parses a request for a page.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn list_request(request: &wire::ListCasesRequest) -> Result<ListPage, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: String, description: &str| {
        faults.push(Violation {
            field,
            description: description.to_owned(),
        });
    };
    let limit = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(limit).unwrap_or_else(|_negative| {
        fault("page_size".to_owned(), "must not be negative; 0 means 50");
        0
    });
    let after = page_token(&request.page_token).unwrap_or_else(|| {
        fault(
            "page_token".to_owned(),
            "is none of ours; give next_page_token of the page before, or leave it empty",
        );
        None
    });
    let states =
        request.states.iter().enumerate().filter_map(|(place, state)| {
            match wire::CaseState::try_from(*state) {
                Ok(wire::CaseState::Open) => Some(CaseState::Open),
                Ok(wire::CaseState::AwaitingInformation) => Some(CaseState::AwaitingInformation),
                Ok(wire::CaseState::Referred) => Some(CaseState::Referred),
                Ok(wire::CaseState::Answered) => Some(CaseState::Answered),
                Ok(wire::CaseState::Withdrawn) => Some(CaseState::Withdrawn),
                Ok(wire::CaseState::Unspecified) | Err(_) => {
                    fault(format!("states[{place}]"), "must be one of the named states");
                    None
                }
            }
        });
    let states = states.collect();
    if faults.is_empty() {
        Ok(ListPage { states, after, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

/// None where the token is not ours; `Some(None)` on the first page.
fn page_token(token: &str) -> Option<Option<CaseId>> {
    if token.is_empty() {
        return Some(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(Some(CaseId(Uuid::from_slice(&bytes).ok()?)))
}

/// A page of cases as the caller sees them at `now`.
pub(crate) fn list_response(page: &CasePage, now: Timestamp) -> wire::ListCasesResponse {
    wire::ListCasesResponse {
        cases: page.cases.iter().map(|found| case(found, now)).collect(),
        next_page_token: page
            .next
            .map(|last| URL_SAFE_NO_PAD.encode(last.0.as_bytes()))
            .unwrap_or_default(),
    }
}

/// What a check is answered with.
pub(crate) fn check_response(case: &Case, now: Timestamp) -> wire::CheckResponse {
    wire::CheckResponse {
        case_id: case.id.to_string(),
        answer: Some(answer(case, now)),
    }
}

/// A case as the caller sees it at `now`.
pub(crate) fn case(case: &Case, now: Timestamp) -> wire::Case {
    wire::Case {
        case_id: case.id.to_string(),
        kind: kind(case.receipt.check.kind()).into(),
        state: state(case.state).into(),
        answer: Some(answer(case, now)),
        caller_reference: case.receipt.caller_reference.to_string(),
        create_time: Some(timestamp(case.create_time)),
        update_time: Some(timestamp(case.update_time)),
        version: case.version,
        history: history(case),
        sla: Some(sla(case, now)),
    }
}

fn history(case: &Case) -> Vec<wire::CaseEvent> {
    let event = |step: &Step| wire::CaseEvent {
        case_id: case.id.to_string(),
        version: step.version,
        time: Some(timestamp(step.time)),
        kind: step.kind.to_owned(),
        department: step
            .department
            .map(|department| department.to_string())
            .unwrap_or_default(),
    };
    case.history.iter().map(event).collect()
}

const fn kind(kind: CheckKind) -> wire::CheckKind {
    match kind {
        CheckKind::RightToWork => wire::CheckKind::RightToWork,
        CheckKind::RightToRent => wire::CheckKind::RightToRent,
        CheckKind::Section95 => wire::CheckKind::Section95,
        CheckKind::Iecas => wire::CheckKind::Iecas,
    }
}

const fn state(state: CaseState) -> wire::CaseState {
    match state {
        CaseState::Open => wire::CaseState::Open,
        CaseState::AwaitingInformation => wire::CaseState::AwaitingInformation,
        CaseState::Referred => wire::CaseState::Referred,
        CaseState::Answered => wire::CaseState::Answered,
        CaseState::Withdrawn => wire::CaseState::Withdrawn,
    }
}

fn answer(case: &Case, now: Timestamp) -> wire::Answer {
    let Answer {
        outcome,
        legal_basis,
        agreement_id,
        as_of,
    } = &case.answer;
    let kind = case.receipt.check.kind();
    wire::Answer {
        may_refuse: case.answer.may_refuse(kind),
        legal_basis: legal_basis.clone(),
        agreement_id: agreement_id.to_string(),
        as_of: as_of.map(timestamp),
        next_step: case.answer.next_step(kind).to_owned(),
        outcome: Some(self::outcome(outcome, case, now)),
    }
}

fn outcome(outcome: &answer::Outcome, case: &Case, now: Timestamp) -> wire::answer::Outcome {
    match outcome {
        answer::Outcome::Established { facts, withheld } => {
            wire::answer::Outcome::Established(wire::Established {
                facts: Some(self::facts(facts, case)),
                withheld_fields: withheld.clone(),
            })
        }
        answer::Outcome::Pending { reason, departments } => {
            let reason = match reason {
                PendingReason::DepartmentWorking => wire::PendingReason::DepartmentWorking,
                PendingReason::DepartmentUnavailable => wire::PendingReason::DepartmentUnavailable,
                PendingReason::DepartmentClosed => wire::PendingReason::DepartmentClosed,
            };
            wire::answer::Outcome::Pending(wire::Pending {
                reason: reason.into(),
                departments: departments.iter().map(ToString::to_string).collect(),
                sla: Some(sla(case, now)),
            })
        }
        answer::Outcome::MoreInformation { fields } => {
            wire::answer::Outcome::MoreInformationNeeded(wire::MoreInformationNeeded {
                fields: fields.iter().map(|field| field.as_str().to_owned()).collect(),
                explanation: explain_fields(fields).to_owned(),
                sla: Some(sla(case, now)),
            })
        }
        answer::Outcome::NotEstablished(negative) => {
            wire::answer::Outcome::NotEstablished(wire::NotEstablished {
                reason: negative.as_str().to_owned(),
                explanation: negative.explanation().to_owned(),
            })
        }
    }
}

fn facts(facts: &Facts, case: &Case) -> wire::established::Facts {
    let reference = || statutory_excuse_reference(case.receipt.check.kind(), case.id);
    match facts {
        Facts::RightToWork {
            entitlement,
            valid_until,
            conditions,
            follow_up_on,
        } => wire::established::Facts::RightToWork(wire::RightToWorkFacts {
            entitlement: self::entitlement(*entitlement).into(),
            valid_until: day(*valid_until),
            conditions: conditions.clone(),
            follow_up_on: day(*follow_up_on),
            statutory_excuse_reference: reference(),
        }),
        Facts::RightToRent {
            entitlement,
            valid_until,
            follow_up_on,
        } => wire::established::Facts::RightToRent(wire::RightToRentFacts {
            entitlement: self::entitlement(*entitlement).into(),
            valid_until: day(*valid_until),
            follow_up_on: day(*follow_up_on),
            statutory_excuse_reference: reference(),
        }),
        Facts::Section95 { supported_since } => wire::established::Facts::Section95(wire::Section95Facts {
            supported: true,
            supported_since: day(*supported_since),
        }),
        Facts::Iecas {
            immigration_status,
            valid_from,
            valid_until,
            health_surcharge_paid,
        } => wire::established::Facts::Iecas(wire::IecasFacts {
            immigration_status: immigration_status.clone().unwrap_or_default(),
            valid_from: day(*valid_from),
            valid_until: day(*valid_until),
            health_surcharge_paid: *health_surcharge_paid,
        }),
    }
}

const fn entitlement(entitlement: Option<answer::Entitlement>) -> wire::Entitlement {
    match entitlement {
        None => wire::Entitlement::Unspecified,
        Some(answer::Entitlement::Unlimited) => wire::Entitlement::Unlimited,
        Some(answer::Entitlement::TimeLimited) => wire::Entitlement::TimeLimited,
        Some(answer::Entitlement::Restricted) => wire::Entitlement::Restricted,
    }
}

fn sla(case: &Case, now: Timestamp) -> wire::Sla {
    let clock = &case.receipt.clock;
    wire::Sla {
        started_at: Some(timestamp(clock.started_at)),
        due_at: Some(timestamp(clock.due_at)),
        paused: case.is_paused(),
        breached: case.is_breached(now),
        explanation: clock.explanation.clone(),
    }
}

fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}
