//! Share codes: a code for another check is a clear error, not a miss.

use super::*;
use crate::subject::Field;

#[test]
fn with_its_share_code_a_check_needs_the_date_of_birth_only() {
    for (kind, code) in [
        (CheckKind::RightToWork, "W12 345 67X"),
        (CheckKind::RightToRent, "r1234567x"),
    ] {
        let draft = Draft {
            share_code: code,
            date_of_birth: "1990-12-31",
            tenancy_start: by_name(kind).tenancy_start,
            ..Draft::default()
        };
        let check = accepted(&draft, kind);
        assert!(check.subject.name.is_none());
        assert_eq!(check.subject.fields(), [Field::DateOfBirth, Field::ShareCode]);
        let nobody = Draft {
            date_of_birth: "",
            ..draft
        };
        let path = format!("{}.person.date_of_birth", kind.request_field());
        assert!(only_fault(&nobody, kind, &path).contains("is missing"));
    }
}

#[test]
fn without_a_share_code_the_names_are_asked_for_or_a_code() {
    for kind in [CheckKind::RightToWork, CheckKind::RightToRent] {
        let draft = Draft {
            given_names: "",
            family_name: "",
            ..by_name(kind)
        };
        let path = format!("{}.person.family_name", kind.request_field());
        assert!(only_fault(&draft, kind, &path).contains("or a share code"));
    }
}

#[test]
fn a_code_for_another_check_is_told_which_code_to_ask_for() {
    let cases = [
        (
            CheckKind::RightToRent,
            "W12 345 67X",
            "is a right to work code (W)",
            "begins with R",
        ),
        (
            CheckKind::RightToRent,
            "S12 345 67X",
            "does not begin with R",
            "right to rent code",
        ),
        (
            CheckKind::RightToWork,
            "R12 345 67X",
            "is a right to rent code (R)",
            "begins with W",
        ),
        (
            CheckKind::RightToWork,
            "s1234567x",
            "does not begin with W",
            "right to work code",
        ),
        (
            CheckKind::Section95,
            "W12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
        (
            CheckKind::Section95,
            "R12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
        (
            CheckKind::Section95,
            "S12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
        (
            CheckKind::Iecas,
            "W12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
        (
            CheckKind::Iecas,
            "R12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
        (
            CheckKind::Iecas,
            "S12 345 67X",
            "does not belong to this check",
            "leave it out",
        ),
    ];
    for (kind, code, wrong, right) in cases {
        let draft = Draft {
            share_code: code,
            ..by_name(kind)
        };
        let said = only_fault(&draft, kind, &format!("{}.share_code", kind.request_field()));
        assert!(
            said.contains(wrong) && said.contains(right),
            "{}, {code}: {said}",
            kind.as_str()
        );
    }
}

#[test]
fn a_code_that_is_wrong_raises_no_second_fault_about_names() {
    for code in ["R12 345 67X", "W12", "X12 345 67X"] {
        let draft = Draft {
            share_code: code,
            date_of_birth: "1990-12-31",
            ..Draft::default()
        };
        assert_eq!(
            paths(&draft, CheckKind::RightToWork),
            ["right_to_work.share_code"],
            "{code}"
        );
    }
}

#[test]
fn names_given_beside_a_code_are_kept_and_judged() {
    let named = Draft {
        share_code: "W12 345 67X",
        ..by_name(CheckKind::RightToWork)
    };
    assert!(accepted(&named, CheckKind::RightToWork).subject.name.is_some());
    let half_named = Draft {
        family_name: "",
        ..named
    };
    assert_eq!(
        paths(&half_named, CheckKind::RightToWork),
        ["right_to_work.person.family_name"]
    );
}
