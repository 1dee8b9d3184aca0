//! Whether two checks are about one person.

use jiff::civil::date;

use crate::check::{CheckKind, Draft};
use crate::referral::same_person;
use crate::subject::Subject;

fn somebody() -> Draft<'static> {
    Draft {
        given_names: "Ada",
        family_name: "Example",
        date_of_birth: "1958-03-04",
        ..Draft::default()
    }
}

fn subject(draft: &Draft<'_>) -> Subject {
    match draft.parse(CheckKind::RightToWork, date(2026, 6, 10)) {
        Ok(check) => check.subject,
        Err(faults) => panic!("{}", faults[0].field),
    }
}

fn same(one: &Draft<'_>, other: &Draft<'_>) -> bool {
    let both = [subject(one), subject(other)];
    let same = same_person(&both[0], &both[1]);
    assert_eq!(
        same_person(&both[1], &both[0]),
        same,
        "whichever is asked about first"
    );
    same
}

#[test]
fn a_name_and_the_day_of_birth_are_one_person_however_they_are_written() {
    let shouted = Draft {
        given_names: "ADA",
        family_name: "EXAMPLE",
        ..somebody()
    };
    assert!(same(&somebody(), &shouted));
    let later = Draft {
        date_of_birth: "1958-03-05",
        ..somebody()
    };
    assert!(!same(&somebody(), &later));
    let married = ["Ada Example".to_owned()];
    let married = Draft {
        family_name: "Other",
        also_known_as: &married,
        ..somebody()
    };
    assert!(same(&somebody(), &married));
}

#[test]
fn a_number_that_speaks_against_it_makes_two_persons_of_one_name() {
    let with = |number| Draft {
        national_insurance_number: number,
        ..somebody()
    };
    assert!(same(&with("AB123456C"), &somebody()));
    assert!(same(&with("AB123456C"), &with("AB123456D")));
    assert!(!same(&with("AB123456C"), &with("CE123456C")));
    let referred = |reference| Draft {
        home_office_reference: reference,
        ..somebody()
    };
    assert!(!same(&referred("A1234567"), &referred("B1234567")));
    assert!(same(&referred("A1234567"), &with("AB123456C")));
}

#[test]
fn whoever_uses_the_number_of_another_is_not_that_other() {
    let number = |given| Draft {
        given_names: given,
        national_insurance_number: "AB123456C",
        ..somebody()
    };
    assert!(!same(&number("Ada"), &number("Beth")));
}

#[test]
fn who_is_known_by_a_code_alone_is_known_by_that_code_again() {
    let by = |code| Draft {
        share_code: code,
        date_of_birth: "1958-03-04",
        ..Draft::default()
    };
    assert!(same(&by("W12345678"), &by("W12345678")));
    assert!(!same(&by("W12345678"), &by("W87654321")));
    assert!(!same(&by("W12345678"), &somebody()));
}
