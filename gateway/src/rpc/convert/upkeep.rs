//! Upkeep on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, FormatError, HomeOfficeReference, Name, Nino, ShareCode, Subject,
    name_part,
};
use statuscheck_proto::ops::v1 as wire;
use zeroize::Zeroizing;

use super::{answer, history, kind, state, timestamp};
use crate::audit::{self, ChainIdError, Report};
use crate::error::Error;
use crate::store::upkeep::Rotated;
use crate::upkeep::{Found, FoundCheck, Reason, RetentionLine, RetentionRun, Sought};

/// What a run of retention did.
pub(crate) fn retention(run: &RetentionRun) -> wire::RunRetentionResponse {
    let line = |line: &RetentionLine| wire::RetentionLine {
        agreement_id: line.terms.agreement.to_string(),
        check: line.terms.check.as_str().to_owned(),
        retention: line
            .retention
            .map(|retention| retention.to_string())
            .unwrap_or_default(),
        due: line.due,
        purged: line.purged,
        held: line.held,
        oldest: line.oldest.map(timestamp),
    };
    wire::RunRetentionResponse {
        lines: run.lines.iter().map(line).collect(),
        more: run.more,
        log_emptied: run.log_emptied,
    }
}

/// The end of a rotation.
pub(crate) const fn rotated(rotated: Rotated) -> wire::RotateKeysResponse {
    wire::RotateKeysResponse {
        generation: rotated.generation,
        cases: rotated.cases,
    }
}

/// `subject`, or the part of it that is asked for.
///
/// # Errors
/// [`Error::Invalid`]
pub(crate) fn part(
    subject: audit::Subject,
    request: &wire::VerifyLedgerRequest,
) -> Result<audit::Subject, Error> {
    let sequence = |field, sequence: u64| match i64::try_from(sequence) {
        Ok(0) => Ok(None),
        Ok(sequence) => Ok(Some(sequence)),
        Err(_too_large) => Err(Error::field(field, "no ledger has so many entries")),
    };
    let chain = match request.chain.as_str() {
        "" => None,
        id => Some(
            id.parse()
                .map_err(|error: ChainIdError| Error::field("chain", &error.to_string()))?,
        ),
    };
    Ok(audit::Subject {
        chain,
        from: sequence("from_sequence", request.from_sequence)?,
        to: sequence("to_sequence", request.to_sequence)?,
        ..subject
    })
}

/// What was found.
pub(crate) fn verified(report: &Report) -> wire::VerifyLedgerResponse {
    wire::VerifyLedgerResponse {
        intact: report.is_intact(),
        entries: report.entries,
        fault: report
            .findings
            .first()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

/// Which case to hold, and why.
///
/// # Errors
/// [`Error::Invalid`]
pub(crate) fn hold(request: &wire::SetLegalHoldRequest) -> Result<(CaseId, Reason), Error> {
    let case_id = super::case_id(&request.case_id)?;
    let reason =
        Reason::parse(&request.reason).map_err(|error| Error::field("reason", &error.to_string()))?;
    Ok((case_id, reason))
}

/// Who is sought, dates judged on `today`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn sought(request: &wire::ExportSubjectRequest, today: Date) -> Result<Sought, Error> {
    let nobody = statuscheck_proto::v1::Person::default();
    let person = request.person.as_ref().unwrap_or(&nobody);
    let mut faults = Faults(Vec::new());
    let also_known_as: Vec<_> = person
        .also_known_as
        .iter()
        .filter_map(|alias| faults.keep("person.also_known_as", name_part(alias)))
        .map(Zeroizing::new)
        .collect();
    let names = [&person.given_names, &person.family_name];
    let name = if names.iter().all(|name| name.trim().is_empty()) {
        None
    } else {
        Name::parse(&person.given_names, &person.family_name)
            .map_err(|parts| {
                for (field, fault) in parts {
                    faults.add(&format!("person.{}", field.as_str()), fault);
                }
            })
            .ok()
    };
    let born = faults.keep(
        "person.date_of_birth",
        DateOfBirth::parse(&person.date_of_birth, today),
    );
    let nino = faults.given(
        "person.national_insurance_number",
        &person.national_insurance_number,
        Nino::parse,
    );
    let home_office_reference = faults.given(
        "person.home_office_reference",
        &person.home_office_reference,
        HomeOfficeReference::parse,
    );
    let asylum_support_reference = faults.given(
        "person.asylum_support_reference",
        &person.asylum_support_reference,
        AsylumSupportReference::parse,
    );
    let share_code = faults.given("share_code", &request.share_code, ShareCode::parse);
    let Some(date_of_birth) = born.filter(|_| faults.0.is_empty()) else {
        return Err(Error::Invalid(faults.0));
    };
    let subject = Subject {
        name,
        also_known_as,
        date_of_birth,
        nino,
        home_office_reference,
        asylum_support_reference,
        postcode: None,
        share_code,
    };
    Sought::of(subject).ok_or_else(|| {
        Error::field(
            "person",
            "give a whole name, a number, a reference or a share code beside the date of birth",
        )
    })
}

struct Faults(Vec<Violation>);

impl Faults {
    fn add(&mut self, field: &str, fault: FormatError) {
        self.0.push(Violation {
            field: field.to_owned(),
            description: fault.0.to_owned(),
        });
    }

    fn keep<T>(&mut self, field: &str, parsed: Result<T, FormatError>) -> Option<T> {
        parsed.map_err(|fault| self.add(field, fault)).ok()
    }

    fn given<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, FormatError>,
    ) -> Option<T> {
        if text.trim().is_empty() {
            return None;
        }
        self.keep(field, parse(text))
    }
}

/// What was found about a person, as it stands at `now`.
pub(crate) fn found(found: &Found, now: Timestamp) -> wire::ExportSubjectResponse {
    let check = |found: &FoundCheck| {
        let FoundCheck { case, purpose } = found;
        wire::SubjectCheck {
            case_id: case.id.to_string(),
            kind: kind(case.receipt.check.kind()).into(),
            organisation: case.receipt.organisation.to_string(),
            asked_at: Some(timestamp(case.create_time)),
            agreement_id: case.receipt.agreement_id.to_string(),
            purpose: purpose.clone(),
            legal_basis: case.receipt.legal_basis.clone(),
            state: state(case.state).into(),
            answer: Some(answer(case, now)),
            history: history(case),
        }
    };
    wire::ExportSubjectResponse {
        checks: found.checks.iter().map(check).collect(),
        set_aside_case_ids: found.set_aside.iter().map(ToString::to_string).collect(),
        more: found.more,
    }
}
