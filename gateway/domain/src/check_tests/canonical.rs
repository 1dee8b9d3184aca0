//! When two requests say the same.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn bytes(draft: &Draft<'_>, kind: CheckKind) -> Vec<u8> {
    accepted(draft, kind).canonical().to_vec()
}

#[test]
fn spacing_case_of_codes_and_the_form_of_accents_make_no_other_check() {
    let (also, also_loosely) = (["José Lee".to_owned()], ["  Jose\u{301}  Lee ".to_owned()]);
    let plain = Draft {
        share_code: "W1234567X",
        given_names: "María José",
        family_name: "de Souza",
        also_known_as: &also,
        date_of_birth: "1990-12-31",
        national_insurance_number: "AB123456C",
        home_office_reference: "GWF012345678",
        asylum_support_reference: "2401012345",
        postcode: "SW1A 1AA",
        ..Draft::default()
    };
    let loosely = Draft {
        share_code: " w12-345 67x",
        given_names: " Mari\u{301}a\tJose\u{301} ",
        family_name: "de\u{a0}Souza",
        also_known_as: &also_loosely,
        date_of_birth: " 1990-12-31 ",
        national_insurance_number: "ab 12 34 56 c",
        home_office_reference: "gwf/0123-45678",
        asylum_support_reference: "24/01/012345",
        postcode: "sw1a1aa",
        ..Draft::default()
    };
    assert_eq!(
        bytes(&plain, CheckKind::RightToWork),
        bytes(&loosely, CheckKind::RightToWork)
    );
}

fn changed<'a>(whole: &Draft<'a>, change: impl FnOnce(&mut Draft<'a>)) -> Vec<u8> {
    let mut draft = whole.clone();
    change(&mut draft);
    bytes(&draft, CheckKind::RightToWork)
}

#[test]
fn a_change_of_any_field_makes_another_check() {
    let also = ["Ann Smith", "Suryani", "Ann", "Smith"].map(str::to_owned);
    let whole = Draft {
        share_code: "W1234567X",
        also_known_as: &also[..1],
        national_insurance_number: "AB123456C",
        home_office_reference: "GWF012345678",
        asylum_support_reference: "2401012345",
        postcode: "SW1A 1AA",
        ..by_name(CheckKind::RightToWork)
    };
    let all = [
        changed(&whole, |_| {}),
        changed(&whole, |draft| draft.share_code = ""),
        changed(&whole, |draft| draft.share_code = "W1234567Y"),
        changed(&whole, |draft| draft.given_names = ""),
        changed(&whole, |draft| draft.given_names = "Ann"),
        changed(&whole, |draft| draft.given_names = "Mary Ann"),
        changed(&whole, |draft| draft.family_name = "Leo"),
        changed(&whole, |draft| {
            (draft.given_names, draft.family_name) = ("Ann", "Mary Lee")
        }),
        changed(&whole, |draft| {
            (draft.given_names, draft.family_name) = ("Lee", "Ann Mary")
        }),
        changed(&whole, |draft| (draft.given_names, draft.family_name) = ("", "")),
        changed(&whole, |draft| draft.also_known_as = &[]),
        changed(&whole, |draft| draft.also_known_as = &also[1..2]),
        changed(&whole, |draft| draft.also_known_as = &also[..2]),
        changed(&whole, |draft| draft.also_known_as = &also[2..]),
        changed(&whole, |draft| draft.date_of_birth = "1990-12-30"),
        changed(&whole, |draft| draft.national_insurance_number = ""),
        changed(&whole, |draft| draft.national_insurance_number = "AB123456"),
        changed(&whole, |draft| draft.national_insurance_number = "AB123456D"),
        changed(&whole, |draft| draft.home_office_reference = ""),
        changed(&whole, |draft| draft.home_office_reference = "GWF012345679"),
        changed(&whole, |draft| draft.asylum_support_reference = ""),
        changed(&whole, |draft| draft.asylum_support_reference = "240112345"),
        changed(&whole, |draft| draft.postcode = ""),
        changed(&whole, |draft| draft.postcode = "SW1A 1AB"),
    ];
    let different: HashSet<&Vec<u8>> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn the_same_text_in_another_field_makes_another_check() {
    let number = "2401012345";
    let of = |draft: Draft<'_>| bytes(&draft, CheckKind::Iecas);
    let as_asylum = of(Draft {
        asylum_support_reference: number,
        ..by_name(CheckKind::Iecas)
    });
    let as_home_office = of(Draft {
        home_office_reference: number,
        ..by_name(CheckKind::Iecas)
    });
    assert_ne!(as_asylum, as_home_office);
}

#[test]
fn the_same_person_in_another_check_or_on_other_terms_is_another_check() {
    let mut all = Vec::new();
    for kind in CheckKind::ALL {
        let draft = Draft {
            asylum_support_reference: "2401/012345",
            ..by_name(kind)
        };
        all.push(bytes(&draft, kind));
    }
    let later = Draft {
        asylum_support_reference: "2401/012345",
        tenancy_start: "2026-08-02",
        ..by_name(CheckKind::RightToRent)
    };
    all.push(bytes(&later, CheckKind::RightToRent));
    for benefit in [
        EducationBenefit::TwoYearOldEarlyEducation,
        EducationBenefit::EarlyYearsPupilPremium,
    ] {
        let other = Draft {
            benefit: Some(benefit),
            ..by_name(CheckKind::Section95)
        };
        all.push(bytes(&other, CheckKind::Section95));
    }
    let different: HashSet<&Vec<u8>> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

proptest! {
    #[test]
    fn names_make_the_same_check_exactly_where_their_parts_are_the_same(
        words in prop::collection::vec("[A-C]{1,2}", 2..5),
        (one, other) in (0_usize..5, 0_usize..5),
    ) {
        // The same words in the same order, split at two places into given names, family name and other name.
        let split = |at: usize| {
            let at = at % words.len();
            (words[..at].join(" "), words[at..].join(" "))
        };
        let of = |(given, family): &(String, String)| {
            let plain = bytes(&Draft { given_names: given, family_name: family, ..by_name(CheckKind::Iecas) }, CheckKind::Iecas);
            let also = [family.clone()];
            let aliased = Draft { family_name: "Lee", given_names: given, also_known_as: &also, ..by_name(CheckKind::Iecas) };
            (plain, bytes(&aliased, CheckKind::Iecas))
        };
        let (first, second) = (split(one), split(other));
        let same = first == second;
        let (first, second) = (of(&first), of(&second));
        prop_assert_eq!(first.0 == second.0, same);
        prop_assert_eq!(first.1 == second.1, same);
        prop_assert!(first.0 != first.1);
    }
}
