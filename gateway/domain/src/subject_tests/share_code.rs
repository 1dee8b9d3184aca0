//! Share codes.

use super::*;

fn parsed(text: &str) -> Option<String> {
    ShareCode::parse(text).ok().map(|code| code.expose().to_owned())
}

#[test]
fn spacing_hyphens_and_case_do_not_matter() {
    for text in [
        "W12 345 67X",
        "w1234567x",
        "W12-345-67X",
        " w 1 2 3 4 5 6 7 x ",
        "W12\u{a0}345\u{a0}67X",
    ] {
        assert_eq!(parsed(text).as_deref(), Some("W1234567X"), "{text}");
    }
}

#[test]
fn the_first_letter_says_the_purpose_and_no_other_letter_will_do() {
    for first in ('A'..='Z').chain('0'..='9') {
        let text = format!("{first}12 345 67X");
        let purpose = ShareCode::parse(&text).map(|code| code.purpose());
        let expected = match first {
            'W' => Ok(SharePurpose::Work),
            'R' => Ok(SharePurpose::Rent),
            'S' => Ok(SharePurpose::Other),
            _ => Err(FormatError("must begin with W (work), R (rent) or S (other)")),
        };
        assert_eq!(purpose, expected, "{text}");
    }
    for (text, purpose) in [
        ("waaaaaaaa", SharePurpose::Work),
        ("r00 000 000", SharePurpose::Rent),
    ] {
        assert_eq!(
            ShareCode::parse(text).map(|code| code.purpose()),
            Ok(purpose),
            "{text}"
        );
    }
}

#[test]
fn a_code_has_nine_letters_and_digits() {
    for text in [
        "",
        "W",
        "W1234567",
        "W123456789",
        "W12/345/67X",
        "W12.345.67X",
        "W12_45_7X",
        "W12 345 6É",
        "W1234567É",
        "Ｗ１２３４５６７Ｘ",
    ] {
        let said = refusal(ShareCode::parse(text));
        assert!(
            said.is_some_and(|said| said.contains("nine letters and digits")),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn spacing_and_case_never_change_the_code(
        (code, loose) in written_loosely("[WRS][A-Z0-9]{8}", &["", " ", "-", "\t"])
    ) {
        prop_assert_eq!(parsed(&loose), Some(code));
    }
}
