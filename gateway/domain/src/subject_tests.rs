//! Tests of the formats, a file for each kind, and what their property tests share.

use proptest::prelude::*;

use super::*;

#[path = "subject_tests/dates.rs"]
mod dates;
#[path = "subject_tests/disclosure.rs"]
mod disclosure;
#[path = "subject_tests/identity.rs"]
mod identity;
#[path = "subject_tests/names.rs"]
mod names;
#[path = "subject_tests/nino.rs"]
mod nino;
#[path = "subject_tests/postcode.rs"]
mod postcode;
#[path = "subject_tests/references.rs"]
mod references;
#[path = "subject_tests/share_code.rs"]
mod share_code;

/// What is said of a refused text; nothing where it was accepted.
fn refusal<T>(parsed: Result<T, FormatError>) -> Option<&'static str> {
    parsed.err().map(|fault| fault.0)
}

/// A text of a format beside the same text in any case, with any of `marks` before and after every symbol.
fn written_loosely(
    text: impl Strategy<Value = String>,
    marks: &'static [&'static str],
) -> impl Strategy<Value = (String, String)> {
    text.prop_flat_map(move |text| {
        let style = (prop::sample::select(marks), any::<bool>());
        let styles = prop::collection::vec(style, text.len() + 1);
        (Just(text), styles)
    })
    .prop_map(|(text, styles)| {
        let mut loose = String::new();
        for (symbol, (mark, lower)) in text.chars().zip(&styles) {
            loose.push_str(mark);
            loose.push(if *lower {
                symbol.to_ascii_lowercase()
            } else {
                symbol
            });
        }
        loose.push_str(styles[text.len()].0);
        (text, loose)
    })
}

/// Any text at all, and texts close enough to a format to reach its later rules.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9 /.-]{0,14}",
        "[A-Z]{2}[0-9]{6}\\PC?",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "\\PC{0,3}[0-9]{9,10}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic_and_a_normal_form_is_parsed_to_itself(text in any_text()) {
        if let Ok(number) = Nino::parse(&text) {
            prop_assert!(Nino::parse(number.expose()).is_ok_and(|again| again == number));
        }
        if let Ok(reference) = AsylumSupportReference::parse(&text) {
            prop_assert!(AsylumSupportReference::parse(reference.expose()).is_ok_and(|again| again == reference));
        }
        if let Ok(reference) = HomeOfficeReference::parse(&text) {
            prop_assert!(HomeOfficeReference::parse(reference.expose()).is_ok_and(|again| again == reference));
        }
        if let Ok(code) = ShareCode::parse(&text) {
            prop_assert!(ShareCode::parse(code.expose()).is_ok_and(|again| again == code));
        }
        if let Ok(code) = Postcode::parse(&text) {
            prop_assert!(Postcode::parse(code.expose()).is_ok_and(|again| again == code));
        }
        if let Ok(date) = iso_date(&text) {
            prop_assert_eq!(date.to_string(), text.clone());
        }
        if let Ok(name) = Name::parse(&text, &text) {
            prop_assert!(Name::parse(name.given(), name.family()).is_ok_and(|again| again == name));
        }
    }
}

#[test]
fn every_field_has_a_name_of_its_own_and_is_found_by_it() {
    for field in Field::ALL {
        assert!(Field::named(field.as_str()) == Some(field), "{}", field.as_str());
    }
    for unknown in ["", "Family_Name", "nationality", "person.postcode"] {
        assert!(Field::named(unknown).is_none(), "{unknown}");
    }
}
