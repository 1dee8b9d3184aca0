//! One question to one department.

use std::sync::Arc;

use uuid::Uuid;

use crate::check::{Check, CheckKind, EducationBenefit};
use crate::ids::{DepartmentId, QuestionId};
use crate::subject::{Field, Subject};

/// What a department can be asked. The order is the order in which history tells of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operation {
    /// Home Office: leave, conditions, dates, by share code, reference or biographics.
    ImmigrationStatus,
    /// Home Office: is section 95 support in force.
    Section95Support,
    /// DWP: does this National Insurance number belong to this person.
    NinoTrace,
    /// DWP: benefits paid, as evidence of residence.
    BenefitHistory,
    /// HMRC: employments, as evidence of work and of residence.
    EmploymentHistory,
    /// DfE: what the Eligibility Checking System holds.
    EducationEligibility,
    /// HMRC: years with National Insurance contributions, as evidence of residence.
    ContributionHistory,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] = [
        Self::ImmigrationStatus,
        Self::Section95Support,
        Self::NinoTrace,
        Self::BenefitHistory,
        Self::EmploymentHistory,
        Self::EducationEligibility,
        Self::ContributionHistory,
    ];

    /// Who is asked.
    pub const fn department(self) -> DepartmentId {
        match self {
            Self::ImmigrationStatus | Self::Section95Support => DepartmentId::HomeOffice,
            Self::NinoTrace | Self::BenefitHistory => DepartmentId::Dwp,
            Self::EmploymentHistory | Self::ContributionHistory => DepartmentId::Hmrc,
            Self::EducationEligibility => DepartmentId::Dfe,
        }
    }

    /// The name in the register: department, slash, operation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImmigrationStatus => "home-office/immigration_status",
            Self::Section95Support => "home-office/section_95_support",
            Self::NinoTrace => "dwp/nino_trace",
            Self::BenefitHistory => "dwp/benefit_history",
            Self::EmploymentHistory => "hmrc/employment_history",
            Self::EducationEligibility => "dfe/education_eligibility",
            Self::ContributionHistory => "hmrc/contribution_history",
        }
    }

    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }

    /// The fields of a subject that the department needs for it, and so the only ones that go out with it.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::ImmigrationStatus => &[
                Field::ShareCode,
                Field::GivenNames,
                Field::FamilyName,
                Field::AlsoKnownAs,
                Field::DateOfBirth,
                Field::HomeOfficeReference,
            ],
            Self::Section95Support => &[
                Field::FamilyName,
                Field::DateOfBirth,
                Field::AsylumSupportReference,
                Field::NationalInsuranceNumber,
            ],
            Self::EducationEligibility => &[
                Field::FamilyName,
                Field::DateOfBirth,
                Field::AsylumSupportReference,
                Field::NationalInsuranceNumber,
            ],
            Self::NinoTrace | Self::BenefitHistory | Self::EmploymentHistory | Self::ContributionHistory => {
                &[
                    Field::GivenNames,
                    Field::FamilyName,
                    Field::AlsoKnownAs,
                    Field::DateOfBirth,
                    Field::NationalInsuranceNumber,
                ]
            }
        }
    }
}

/// One question, with no more about the person than the department needs.
#[derive(Clone)]
pub struct Question {
    /// Stable over repeats.
    pub id: QuestionId,
    /// For tracing on both sides; UUID version 4, because HMRC refuses version 7.
    pub correlation_id: Uuid,
    /// What is asked.
    pub operation: Operation,
    /// For which check.
    pub check: CheckKind,
    /// For which benefit; Section 95 only.
    pub benefit: Option<EducationBenefit>,
    /// About whom.
    pub subject: Arc<Subject>,
    /// The department's reference for the work that it took on when it was asked before; it is asked after that then.
    pub ticket: Option<String>,
}

impl Question {
    /// The question of `operation` that `check` raises.
    pub fn about(check: &Check, operation: Operation, id: QuestionId, correlation_id: Uuid) -> Self {
        Self {
            id,
            correlation_id,
            operation,
            check: check.kind(),
            benefit: check.benefit(),
            subject: Arc::new(check.subject.only(operation.fields())),
            ticket: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Draft;
    use crate::clock::{Clock as _, ManualClock, london_day};

    /// A check with every field that a person can have.
    fn with_everything() -> Check {
        let clock = ManualClock::at("2026-06-10T11:00:00Z".parse().unwrap());
        let also_known_as = ["Samuel Sample".to_owned()];
        let draft = Draft {
            given_names: "Sam",
            family_name: "Example",
            also_known_as: &also_known_as,
            date_of_birth: "1990-05-17",
            national_insurance_number: "AB123456C",
            home_office_reference: "A1234567",
            asylum_support_reference: "250700001",
            postcode: "SW1A 1AA",
            ..Draft::default()
        };
        let Ok(mut check) = draft.parse(CheckKind::RightToWork, london_day(clock.now())) else {
            panic!("the check is well formed")
        };
        let by_code = Draft {
            date_of_birth: "1990-05-17",
            share_code: "W12345678",
            ..Draft::default()
        };
        let Ok(by_code) = by_code.parse(CheckKind::RightToWork, london_day(clock.now())) else {
            panic!("the check is well formed")
        };
        check.subject.share_code = by_code.subject.share_code;
        check
    }

    #[test]
    fn a_question_carries_the_fields_of_its_department_and_no_other() {
        let check = with_everything();
        assert_eq!(
            check.subject.fields().len(),
            Field::ALL.len() - 1,
            "all but the tenancy"
        );
        for operation in Operation::ALL {
            let id = QuestionId(Uuid::nil());
            let question = Question::about(&check, operation, id, Uuid::nil());
            let mut carried = question.subject.fields();
            let mut needed = operation.fields().to_vec();
            carried.sort_unstable();
            needed.sort_unstable();
            assert_eq!(carried, needed, "{}", operation.as_str());
        }
    }

    #[test]
    fn no_department_learns_another_ones_number() {
        let department_of = |field| -> Vec<DepartmentId> {
            let mut asked: Vec<_> = Operation::ALL
                .into_iter()
                .filter(|operation| operation.fields().contains(&field))
                .map(Operation::department)
                .collect();
            asked.dedup();
            asked
        };
        assert_eq!(
            department_of(Field::HomeOfficeReference),
            [DepartmentId::HomeOffice]
        );
        assert_eq!(department_of(Field::ShareCode), [DepartmentId::HomeOffice]);
        assert_eq!(department_of(Field::Postcode), []);
        assert_eq!(
            department_of(Field::AsylumSupportReference),
            [DepartmentId::HomeOffice, DepartmentId::Dfe]
        );
    }
}
