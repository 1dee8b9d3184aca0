//! Section 95: asked by exactly one of two numbers, and for a benefit.

use super::*;

const KIND: CheckKind = CheckKind::Section95;
const REFERENCE: &str = "section_95.person.asylum_support_reference";
const NINO: &str = "section_95.person.national_insurance_number";

#[test]
fn exactly_one_of_the_two_numbers_is_given() {
    let cases: [(&str, &str, &[&str]); 10] = [
        ("2401/012345", "", &[]),
        ("", "AB123456C", &[]),
        ("", "AB123456", &[]),
        ("2401/012345", " ", &[]),
        ("", "", &[REFERENCE]),
        (" ", "\t", &[REFERENCE]),
        ("2401/012345", "AB123456C", &[NINO, REFERENCE]),
        // One of the two is malformed: both are still one too many.
        ("2401/012345", "11A11111", &[NINO, REFERENCE]),
        ("2413/012345", "AB123456C", &[NINO, REFERENCE]),
        ("2413/012345", "11A11111", &[NINO, REFERENCE]),
    ];
    for (reference, nino, expected) in cases {
        let draft = Draft {
            asylum_support_reference: reference,
            national_insurance_number: nino,
            ..by_name(KIND)
        };
        assert_eq!(paths(&draft, KIND), expected, "{reference:?} and {nino:?}");
    }
}

#[test]
fn each_of_two_numbers_is_told_of_the_other() {
    let draft = Draft {
        national_insurance_number: "AB123456C",
        ..by_name(KIND)
    };
    for (path, description) in violations(&draft, KIND) {
        let other = if path == NINO {
            "asylum_support_reference"
        } else {
            "national_insurance_number"
        };
        assert!(
            description.contains(other) && description.contains("not both"),
            "{path}: {description}"
        );
    }
}

#[test]
fn other_checks_take_both_numbers_or_neither() {
    for kind in [CheckKind::RightToWork, CheckKind::RightToRent, CheckKind::Iecas] {
        let both = Draft {
            asylum_support_reference: "2401/012345",
            national_insurance_number: "AB123456C",
            ..by_name(kind)
        };
        assert_eq!(paths(&both, kind), [""; 0], "{}", kind.as_str());
        assert_eq!(paths(&by_name(kind), kind), [""; 0], "{}", kind.as_str());
    }
}

#[test]
fn a_number_does_not_stand_for_the_family_name_or_date_of_birth() {
    let draft = Draft {
        given_names: "",
        family_name: "",
        date_of_birth: "",
        ..by_name(KIND)
    };
    let expected = ["section_95.person.family_name", "section_95.person.date_of_birth"];
    assert_eq!(paths(&draft, KIND), expected);
}

#[test]
fn given_names_may_be_left_out() {
    let draft = Draft {
        given_names: "",
        ..by_name(KIND)
    };
    assert_eq!(paths(&draft, KIND), [""; 0]);
}

#[test]
fn the_benefit_is_named() {
    let draft = Draft {
        benefit: None,
        ..by_name(KIND)
    };
    assert!(only_fault(&draft, KIND, "section_95.benefit").contains("is missing"));
    for benefit in [
        EducationBenefit::FreeSchoolMeals,
        EducationBenefit::TwoYearOldEarlyEducation,
        EducationBenefit::EarlyYearsPupilPremium,
    ] {
        let draft = Draft {
            benefit: Some(benefit),
            ..by_name(KIND)
        };
        assert!(accepted(&draft, KIND).terms == Terms::Section95 { benefit });
    }
}
