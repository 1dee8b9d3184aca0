//! References of the National Asylum Support Service and of the Home Office.

use super::*;

fn asylum(text: &str) -> Option<String> {
    let parsed = AsylumSupportReference::parse(text).ok();
    parsed.map(|reference| reference.expose().to_owned())
}

fn home_office(text: &str) -> Option<String> {
    let parsed = HomeOfficeReference::parse(text).ok();
    parsed.map(|reference| reference.expose().to_owned())
}

#[test]
fn an_asylum_support_reference_has_five_or_six_digits_after_year_and_month() {
    assert_eq!(asylum("240112345").as_deref(), Some("240112345"));
    assert_eq!(asylum("2401123456").as_deref(), Some("2401123456"));
    for text in [
        "",
        "2401",
        "24011234",
        "24011234567",
        "2401A2345",
        "24-01-12345",
        "2401.12345",
        "٢٤٠١12345",
        "２４０１１２３４５",
    ] {
        let said = refusal(AsylumSupportReference::parse(text));
        assert!(
            said.is_some_and(|said| said.contains("five or six digits")),
            "{text}"
        );
    }
}

#[test]
fn the_month_of_an_asylum_support_reference_is_01_to_12() {
    for month in 0..=99 {
        for digits in ["12345", "012345"] {
            let text = format!("24{month:02}{digits}");
            let said = refusal(AsylumSupportReference::parse(&text));
            if (1..=12).contains(&month) {
                assert!(said.is_none(), "{text}");
            } else {
                assert!(
                    said.is_some_and(|said| said.contains("month, 01 to 12")),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn any_year_is_accepted_in_an_asylum_support_reference() {
    for year in ["00", "16", "99"] {
        assert!(asylum(&format!("{year}0612345")).is_some(), "{year}");
    }
}

#[test]
fn spaces_and_slashes_are_dropped_from_an_asylum_support_reference() {
    for text in [
        "24/01/012345",
        "2401/012345",
        " 24 01 012345 ",
        "24/01 / 012 345",
        "/2401012345/",
    ] {
        assert_eq!(asylum(text).as_deref(), Some("2401012345"), "{text}");
    }
}

#[test]
fn a_home_office_reference_loses_its_separators_and_gains_capitals() {
    for (text, normal) in [
        ("a1234567", "A1234567"),
        ("A1234567/001", "A1234567001"),
        ("1212-0001-0002-0003", "1212000100020003"),
        ("gwf 012 345 678", "GWF012345678"),
        ("HO.12/34-56 78", "HO12345678"),
        ("X 12 3", "X123"),
    ] {
        assert_eq!(home_office(text).as_deref(), Some(normal), "{text}");
    }
}

#[test]
fn a_home_office_reference_has_4_to_32_symbols_not_counting_separators() {
    for (symbols, accepted) in [(3, false), (4, true), (32, true), (33, false)] {
        let text = "7".repeat(symbols);
        assert_eq!(home_office(&text).is_some(), accepted, "{symbols}");
        let spaced = text.replace('7', "7-");
        assert_eq!(home_office(&spaced).is_some(), accepted, "{symbols} with hyphens");
    }
    for text in ["", "----", "AB_1234", "AB#1234", "ÅB1234", "AB12\u{200b}34"] {
        let said = refusal(HomeOfficeReference::parse(text));
        assert!(
            said.is_some_and(|said| said.contains("4 to 32 letters and digits")),
            "{text}"
        );
    }
}

#[test]
fn a_home_office_reference_without_a_digit_is_refused() {
    for text in ["UNKNOWN", "not known", "N/A/N/A"] {
        let said = refusal(HomeOfficeReference::parse(text));
        assert!(said.is_some_and(|said| said.contains("has no digit")), "{text}");
    }
}

proptest! {
    #[test]
    fn spaces_and_slashes_never_change_an_asylum_support_reference(
        (reference, loose) in written_loosely("[0-9]{2}(0[1-9]|1[0-2])[0-9]{5,6}", &["", " ", "/", "\u{a0}"])
    ) {
        prop_assert_eq!(asylum(&loose), Some(reference));
    }

    #[test]
    fn separators_and_case_never_change_a_home_office_reference(
        (reference, loose) in written_loosely("[A-Z]{0,3}[0-9]{4,29}", &["", " ", "/", "-", "."])
    ) {
        prop_assert_eq!(home_office(&loose), Some(reference));
    }
}
