//! Every fault of a bad request, at once and by its path.

use super::*;
use crate::subject::Field;

/// A draft in which every field of a person is malformed.
fn all_malformed(also_known_as: &[String]) -> Draft<'_> {
    Draft {
        share_code: "X12",
        given_names: "J0hn",
        family_name: "Sm1th",
        also_known_as,
        date_of_birth: "31/12/1990",
        national_insurance_number: "11A11111",
        home_office_reference: "?",
        asylum_support_reference: "24130123",
        postcode: "75001",
        tenancy_start: "soon",
        benefit: None,
    }
}

const PERSON_AT_FAULT: [&str; 10] = [
    "person.given_names",
    "person.family_name",
    "person.also_known_as[1]",
    "person.also_known_as[3]",
    "person.also_known_as[4]",
    "person.date_of_birth",
    "person.national_insurance_number",
    "person.home_office_reference",
    "person.asylum_support_reference",
    "person.postcode",
];

#[test]
fn every_fault_is_named_at_once_in_the_order_of_the_contract_and_none_twice() {
    let also = ["Ann Lee", "4nn", "Suryani", "", "- -"].map(str::to_owned);
    for kind in CheckKind::ALL {
        let mut expected = vec!["share_code"];
        expected.extend(PERSON_AT_FAULT);
        match kind {
            CheckKind::RightToRent => expected.push("tenancy_start"),
            CheckKind::Section95 => expected.push("benefit"),
            CheckKind::RightToWork | CheckKind::Iecas => {}
        }
        let root = kind.request_field();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|place| format!("{root}.{place}"))
            .collect();
        assert_eq!(paths(&all_malformed(&also), kind), expected);
    }
}

#[test]
fn rules_between_fields_are_named_in_the_order_of_the_contract_too() {
    let young = Draft {
        date_of_birth: "2010-01-01",
        postcode: "75001",
        ..by_name(CheckKind::RightToRent)
    };
    assert_eq!(
        paths(&young, CheckKind::RightToRent),
        [
            "right_to_rent.person.date_of_birth",
            "right_to_rent.person.postcode"
        ]
    );
    let both_numbers = Draft {
        national_insurance_number: "AB123456C",
        home_office_reference: "?",
        postcode: "75001",
        ..by_name(CheckKind::Section95)
    };
    assert_eq!(
        paths(&both_numbers, CheckKind::Section95),
        [
            "section_95.person.national_insurance_number",
            "section_95.person.home_office_reference",
            "section_95.person.asylum_support_reference",
            "section_95.person.postcode",
        ]
    );
}

#[test]
fn an_empty_request_is_told_everything_that_is_missing() {
    let empty = Draft::default();
    let cases: [(CheckKind, &[&str]); 4] = [
        (
            CheckKind::RightToWork,
            &[
                "right_to_work.person.family_name",
                "right_to_work.person.date_of_birth",
            ],
        ),
        (
            CheckKind::RightToRent,
            &[
                "right_to_rent.person.family_name",
                "right_to_rent.person.date_of_birth",
                "right_to_rent.tenancy_start",
            ],
        ),
        (
            CheckKind::Section95,
            &[
                "section_95.person.family_name",
                "section_95.person.date_of_birth",
                "section_95.person.asylum_support_reference",
                "section_95.benefit",
            ],
        ),
        (
            CheckKind::Iecas,
            &["iecas.person.family_name", "iecas.person.date_of_birth"],
        ),
    ];
    for (kind, expected) in cases {
        assert_eq!(paths(&empty, kind), expected);
        for (path, description) in violations(&empty, kind) {
            assert!(description.contains("is missing"), "{path}: {description}");
        }
    }
}

#[test]
fn white_space_alone_is_a_missing_field() {
    let blank = Draft {
        share_code: " ",
        given_names: "\t",
        family_name: "\u{a0}",
        date_of_birth: "  ",
        national_insurance_number: " ",
        home_office_reference: " ",
        asylum_support_reference: " ",
        postcode: "\n",
        tenancy_start: " ",
        ..Draft::default()
    };
    for kind in CheckKind::ALL {
        assert_eq!(
            violations(&blank, kind),
            violations(&Draft::default(), kind),
            "{}",
            kind.as_str()
        );
    }
}

#[test]
fn a_bad_given_name_is_named_beside_a_missing_family_name() {
    for kind in CheckKind::ALL {
        let draft = Draft {
            given_names: "J0hn",
            family_name: " ",
            ..by_name(kind)
        };
        let root = kind.request_field();
        assert_eq!(
            paths(&draft, kind),
            [
                format!("{root}.person.given_names"),
                format!("{root}.person.family_name")
            ]
        );
    }
}

#[test]
fn a_person_with_one_name_is_told_to_give_it_as_family_name() {
    for kind in CheckKind::ALL {
        let misplaced = Draft {
            given_names: "Suryani",
            family_name: "",
            ..by_name(kind)
        };
        let path = format!("{}.person.family_name", kind.request_field());
        assert!(only_fault(&misplaced, kind, &path).contains("person with one name"));
        let placed = Draft {
            given_names: "",
            family_name: "Suryani",
            ..by_name(kind)
        };
        assert_eq!(paths(&placed, kind), [""; 0]);
    }
}

#[test]
fn a_date_of_birth_is_judged_on_the_day_of_the_check() {
    for (born, said) in [
        ("2026-07-16", "lies in the future"),
        ("1896-07-14", "lies over 130 years back"),
        ("2023-02-29", "there is no such day"),
        ("1-1-1990", "written YYYY-MM-DD"),
        ("", "is missing"),
    ] {
        let draft = Draft {
            date_of_birth: born,
            ..by_name(CheckKind::Iecas)
        };
        let description = only_fault(&draft, CheckKind::Iecas, "iecas.person.date_of_birth");
        assert!(description.contains(said), "{born}: {description}");
    }
    for born in ["2026-07-15", "1896-07-15", " 1990-12-31 "] {
        let draft = Draft {
            date_of_birth: born,
            ..by_name(CheckKind::Iecas)
        };
        assert_eq!(paths(&draft, CheckKind::Iecas), [""; 0], "{born}");
    }
}

#[test]
fn up_to_ten_other_names_are_accepted_and_eleven_are_one_fault() {
    let names = vec!["Ann Smith".to_owned(); 11];
    for (count, expected) in [(0, None), (1, None), (10, None), (11, Some("more than 10 names"))] {
        let draft = Draft {
            also_known_as: &names[..count],
            ..by_name(CheckKind::Iecas)
        };
        match expected {
            None => assert_eq!(
                accepted(&draft, CheckKind::Iecas).subject.also_known_as.len(),
                count
            ),
            Some(said) => {
                let description = only_fault(&draft, CheckKind::Iecas, "iecas.person.also_known_as");
                assert!(description.contains(said), "{description}");
            }
        }
    }
}

#[test]
fn each_bad_other_name_is_named_by_its_place_in_the_list() {
    let long = "a".repeat(121);
    let mut names = vec!["Ann Smith".to_owned(); 10];
    names[0] = "Ann 2".to_owned();
    names[4] = "  ".to_owned();
    names[9] = long;
    let draft = Draft {
        also_known_as: &names,
        ..by_name(CheckKind::RightToWork)
    };
    let found = violations(&draft, CheckKind::RightToWork);
    let expected = [(0, "use letters"), (4, "is blank"), (9, "at most 120 characters")];
    assert_eq!(found.len(), expected.len());
    for ((path, description), (place, said)) in found.into_iter().zip(expected) {
        assert_eq!(path, format!("right_to_work.person.also_known_as[{place}]"));
        assert!(description.contains(said), "{description}");
    }
}

#[test]
fn the_path_of_a_field_leads_from_the_request_through_the_person() {
    for (kind, field, expected) in [
        (
            CheckKind::RightToWork,
            Field::ShareCode,
            "right_to_work.share_code",
        ),
        (
            CheckKind::RightToRent,
            Field::TenancyStart,
            "right_to_rent.tenancy_start",
        ),
        (
            CheckKind::Section95,
            Field::FamilyName,
            "section_95.person.family_name",
        ),
        (CheckKind::Iecas, Field::Postcode, "iecas.person.postcode"),
    ] {
        assert_eq!(path(kind, field), expected);
    }
}
