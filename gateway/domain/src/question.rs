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
        }
    }
}
