use jiff::civil::date;

use crate::check::{Check, CheckKind, Draft};
use crate::subject::Identity;

fn check(kind: CheckKind, draft: &Draft<'_>) -> Check {
    let Ok(check) = draft.parse(kind, date(2026, 3, 2)) else {
        panic!("the draft is well formed")
    };
    check
}

fn worker<'a>(draft: Draft<'a>) -> Vec<Identity> {
    let draft = Draft {
        date_of_birth: if draft.date_of_birth.is_empty() {
            "1970-05-06"
        } else {
            draft.date_of_birth
        },
        ..draft
    };
    check(CheckKind::RightToWork, &draft).identities()
}

fn named<'a>(given_names: &'a str, family_name: &'a str) -> Draft<'a> {
    Draft {
        given_names,
        family_name,
        home_office_reference: "HO1234",
        ..Draft::default()
    }
}

fn meet(one: &[Identity], other: &[Identity]) -> bool {
    one.iter().any(|identity| other.contains(identity))
}

#[test]
fn spelling_does_not_hide_a_person() {
    let known = worker(Draft {
        home_office_reference: "HO1234",
        ..named("Zoë", "O’Brien")
    });
    let found = worker(Draft {
        home_office_reference: "HO9999",
        ..named("ZOE", "Obrien")
    });
    assert!(meet(&known, &found));
}

#[test]
fn a_former_name_finds_the_person_who_bore_it() {
    let other_names = ["Ann Jones".to_owned()];
    let now = worker(Draft {
        also_known_as: &other_names,
        home_office_reference: "HO1111",
        ..named("Ann", "Smith")
    });
    let then = worker(Draft {
        home_office_reference: "HO2222",
        ..named("Ann", "Jones")
    });
    assert!(meet(&now, &then));
}

#[test]
fn the_same_name_or_reference_with_another_birthday_is_another_person() {
    let one = worker(named("Ann", "Smith"));
    let other = worker(Draft {
        date_of_birth: "1970-05-07",
        ..named("Ann", "Smith")
    });
    assert!(!meet(&one, &other));
}

#[test]
fn a_national_insurance_number_finds_its_holder_with_and_without_suffix() {
    let number = |national_insurance_number| Draft {
        national_insurance_number,
        ..named("Ann", "Smith")
    };
    let one = worker(number("AB123456C"));
    let other = worker(Draft {
        home_office_reference: "HO9999",
        date_of_birth: "1970-05-07",
        ..number("ab 12 34 56")
    });
    assert!(meet(&one, &other));
}

#[test]
fn a_share_code_finds_who_shared_it() {
    let by_code = Draft {
        share_code: "W12 345 67X",
        ..Draft::default()
    };
    assert!(meet(
        &worker(by_code.clone()),
        &worker(Draft {
            share_code: "w1234567x",
            ..Draft::default()
        })
    ));
    assert_eq!(worker(by_code).len(), 1);
}

#[test]
fn a_family_name_and_a_birthday_alone_are_not_one_person() {
    let family = |asylum_support_reference| Draft {
        family_name: "Smith",
        date_of_birth: "1970-05-06",
        asylum_support_reference,
        benefit: Some(crate::check::EducationBenefit::FreeSchoolMeals),
        ..Draft::default()
    };
    let one = check(CheckKind::Section95, &family("2401/12345")).identities();
    let other = check(CheckKind::Section95, &family("2401/54321")).identities();
    let again = check(CheckKind::Section95, &family("240112345")).identities();
    assert!(!meet(&one, &other));
    assert!(meet(&one, &again));
}
