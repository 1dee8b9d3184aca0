//! Tests of whole checks: what makes one, what is said of a bad one, and when two are the same.

use jiff::civil::date;

use super::*;

#[path = "check_tests/any_draft.rs"]
mod any_draft;
#[path = "check_tests/canonical.rs"]
mod canonical;
#[path = "check_tests/faults.rs"]
mod faults;
#[path = "check_tests/right_to_rent.rs"]
mod right_to_rent;
#[path = "check_tests/section_95.rs"]
mod section_95;
#[path = "check_tests/share_code.rs"]
mod share_code;

const TODAY: Date = date(2026, 7, 15);

/// A person by name, and what else each kind of check must have.
fn by_name(kind: CheckKind) -> Draft<'static> {
    let section_95 = kind == CheckKind::Section95;
    Draft {
        given_names: "Ann Mary",
        family_name: "Lee",
        date_of_birth: "1990-12-31",
        asylum_support_reference: if section_95 { "2401/012345" } else { "" },
        tenancy_start: if kind == CheckKind::RightToRent {
            "2026-08-01"
        } else {
            ""
        },
        benefit: section_95.then_some(EducationBenefit::FreeSchoolMeals),
        ..Draft::default()
    }
}

fn accepted(draft: &Draft<'_>, kind: CheckKind) -> Check {
    match draft.parse(kind, TODAY) {
        Ok(check) => check,
        Err(faults) => panic!("refused: {faults:?}"),
    }
}

/// The violations as pairs of path and description; none where the check was accepted.
fn violations(draft: &Draft<'_>, kind: CheckKind) -> Vec<(String, String)> {
    let faults = draft.parse(kind, TODAY).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| (fault.field, fault.description))
        .collect()
}

/// The paths of the violations, in the order given.
fn paths(draft: &Draft<'_>, kind: CheckKind) -> Vec<String> {
    violations(draft, kind)
        .into_iter()
        .map(|(path, _)| path)
        .collect()
}

/// What is said of the one field at fault.
fn only_fault(draft: &Draft<'_>, kind: CheckKind, path: &str) -> String {
    let mut found = violations(draft, kind);
    assert_eq!(found.len(), 1, "one fault, but: {found:?}");
    let (field, description) = found.remove(0);
    assert_eq!(field, path);
    description
}

#[test]
fn every_kind_of_check_about_a_named_person_is_accepted() {
    for kind in CheckKind::ALL {
        let check = accepted(&by_name(kind), kind);
        assert_eq!(check.kind(), kind);
        let name = check.subject.name.as_ref();
        assert_eq!(
            name.map(|name| (name.given(), name.family())),
            Some(("Ann Mary", "Lee"))
        );
        assert_eq!(check.subject.date_of_birth.date(), date(1990, 12, 31));
        assert!(check.subject.share_code.is_none() && check.subject.nino.is_none());
    }
}

#[test]
fn every_field_reaches_the_subject_in_its_normal_form() {
    let also = ["Ann  Smith".to_owned(), "Suryani".to_owned()];
    let draft = Draft {
        share_code: " w12 345 67x ",
        also_known_as: &also,
        national_insurance_number: "ab 12 34 56 c",
        home_office_reference: "gwf 012345678",
        asylum_support_reference: "24/01/012345",
        postcode: "sw1a1aa",
        ..by_name(CheckKind::RightToWork)
    };
    let subject = accepted(&draft, CheckKind::RightToWork).subject;
    assert_eq!(
        subject.fields().len(),
        9,
        "all fields of a person and the share code"
    );
    assert!(
        subject
            .share_code
            .is_some_and(|code| code.expose() == "W1234567X")
    );
    assert!(subject.nino.is_some_and(|nino| nino.expose() == "AB123456C"));
    assert!(
        subject
            .home_office_reference
            .is_some_and(|text| text.expose() == "GWF012345678")
    );
    assert!(
        subject
            .asylum_support_reference
            .is_some_and(|text| text.expose() == "2401012345")
    );
    assert!(subject.postcode.is_some_and(|code| code.expose() == "SW1A 1AA"));
    let others: Vec<_> = subject.also_known_as.iter().map(|alias| alias.as_str()).collect();
    assert_eq!(others, ["Ann Smith", "Suryani"]);
}

#[test]
fn the_day_that_counts_is_the_start_of_the_tenancy_or_else_today() {
    for kind in CheckKind::ALL {
        let expected = if kind == CheckKind::RightToRent {
            date(2026, 8, 1)
        } else {
            TODAY
        };
        assert_eq!(
            accepted(&by_name(kind), kind).day_that_counts(TODAY),
            expected,
            "{}",
            kind.as_str()
        );
    }
}

#[test]
fn every_kind_of_check_has_a_name_of_its_own_and_is_found_by_it() {
    for kind in CheckKind::ALL {
        assert!(CheckKind::named(kind.as_str()) == Some(kind), "{}", kind.as_str());
    }
    for unknown in ["", "right_to_work", "Right-To-Work", "section-4"] {
        assert!(CheckKind::named(unknown).is_none(), "{unknown}");
    }
}
