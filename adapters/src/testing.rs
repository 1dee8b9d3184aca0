//! Questions for the tests of the mappings.

use std::sync::Arc;

use jiff::civil::date;
use statuscheck_domain::check::{CheckKind, EducationBenefit};
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, HomeOfficeReference, Name, Nino, ShareCode, Subject,
};
use uuid::Uuid;

/// A person with a name and a date of birth.
pub(crate) fn subject() -> Subject {
    Subject {
        name: Name::parse("Ana María", "de Souza").ok(),
        also_known_as: vec!["Ana Perez".to_owned().into()],
        date_of_birth: DateOfBirth::of(date(1990, 2, 28)),
        nino: None,
        home_office_reference: None,
        asylum_support_reference: None,
        postcode: None,
        share_code: None,
    }
}

pub(crate) fn nino(text: &str) -> Option<Nino> {
    Nino::parse(text).ok()
}

pub(crate) fn nass(text: &str) -> Option<AsylumSupportReference> {
    AsylumSupportReference::parse(text).ok()
}

pub(crate) fn share_code(text: &str) -> Option<ShareCode> {
    ShareCode::parse(text).ok()
}

pub(crate) fn reference(text: &str) -> Option<HomeOfficeReference> {
    HomeOfficeReference::parse(text).ok()
}

/// That operation about that person, for a right to work check or the check that alone has the operation.
pub(crate) fn question(operation: Operation, subject: Subject) -> Question {
    let section_95 = matches!(
        operation,
        Operation::Section95Support | Operation::EducationEligibility
    );
    Question {
        id: QuestionId(Uuid::from_u128(7)),
        correlation_id: Uuid::from_u128(4),
        operation,
        check: if section_95 {
            CheckKind::Section95
        } else {
            CheckKind::RightToWork
        },
        benefit: section_95.then_some(EducationBenefit::FreeSchoolMeals),
        subject: Arc::new(subject),
        ticket: None,
    }
}
