//! National Insurance numbers.

use super::*;

fn parsed(text: &str) -> Option<String> {
    Nino::parse(text).ok().map(|number| number.expose().to_owned())
}

fn why(text: &str) -> &'static str {
    refusal(Nino::parse(text)).unwrap_or("accepted")
}

#[test]
fn spaces_and_lower_case_are_accepted() {
    for text in [
        "AB123456C",
        "AB 12 34 56 C",
        "ab123456c",
        "  Ab 12\t3456 c  ",
        "AB\u{a0}12\u{a0}34\u{a0}56\u{a0}C",
    ] {
        assert_eq!(parsed(text).as_deref(), Some("AB123456C"), "{text}");
    }
}

#[test]
fn the_suffix_is_a_to_d_or_absent() {
    assert_eq!(parsed("AB123456").as_deref(), Some("AB123456"));
    for suffix in 'A'..='Z' {
        let text = format!("AB123456{suffix}");
        if ('A'..='D').contains(&suffix) {
            assert_eq!(parsed(&text), Some(text.clone()));
        } else {
            assert!(why(&text).contains("last letter must be A, B, C or D"), "{text}");
        }
    }
}

#[test]
fn exactly_the_allocated_prefixes_are_accepted() {
    // 20 letters may stand first and 19 second; of those 380 pairs, seven were never allocated and three (CR, MW, NC)
    // are administrative.
    let first = "ABCEGHJKLMNOPRSTWXYZ";
    let second = "ABCEGHJKLMNPRSTWXYZ";
    let never = [
        "BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "OO", "CR", "FY", "MW", "NC",
    ];
    let mut accepted = 0;
    for one in 'A'..='Z' {
        for two in 'A'..='Z' {
            let prefix = format!("{one}{two}");
            let expected = first.contains(one) && second.contains(two) && !never.contains(&prefix.as_str());
            let number = format!("{prefix}123456A");
            assert_eq!(parsed(&number).is_some(), expected, "{number}");
            accepted += usize::from(expected);
        }
    }
    assert_eq!(accepted, 370);
}

#[test]
fn the_error_says_which_rule_of_the_prefix_was_broken() {
    for prefix in [
        "DA", "FA", "IA", "QA", "UA", "VA", "AD", "AF", "AI", "AQ", "AU", "AV",
    ] {
        let said = why(&format!("{prefix}123456A"));
        assert!(said.contains("D, F, I, Q, U and V are never"), "{prefix}: {said}");
    }
    for prefix in ["AO", "BO", "ZO"] {
        let said = why(&format!("{prefix}123456A"));
        assert!(
            said.contains("O is never in the second place"),
            "{prefix}: {said}"
        );
    }
    for prefix in ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"] {
        let said = why(&format!("{prefix}123456A"));
        assert!(said.contains("never been allocated"), "{prefix}: {said}");
    }
    assert!(Nino::parse("OA123456A").is_ok(), "O may stand first");
}

#[test]
fn administrative_numbers_are_named_as_such_with_and_without_a_suffix() {
    for prefix in ["OO", "CR", "FY", "MW", "NC", "oo", "n c"] {
        for rest in ["123456A", "123456", " 12 34 56 x"] {
            let said = why(&format!("{prefix}{rest}"));
            assert!(said.contains("administrative number"), "{prefix}{rest}: {said}");
        }
    }
}

#[test]
fn a_temporary_reference_number_is_named_as_such() {
    for text in ["11A11111", "11a11111", "11 A1 11 11", "99Z00000"] {
        let said = why(text);
        assert!(
            said.contains("temporary reference number (TRN)"),
            "{text}: {said}"
        );
    }
    for text in ["11A1111", "11A111111", "1AA11111"] {
        assert!(why(text).contains("two letters, six digits"), "{text}");
    }
}

#[test]
fn any_other_shape_is_told_the_right_one() {
    for text in [
        "",
        " ",
        "AB",
        "AB12345",
        "AB1234567",
        "A1234567C",
        "ABC12345C",
        "AB12345OC",
        "AB123456CC",
        "AB1234561",
        "AB-123456-C",
        "123456789",
        "AB１２３４５６C",
        "ÄB123456C",
        "AB12345٦C",
        "AB123456C\u{0}",
    ] {
        assert!(why(text).contains("two letters, six digits"), "{text}");
    }
}

#[test]
fn a_missing_suffix_agrees_with_any_and_another_suffix_with_none() {
    let cases = [
        ("AB123456C", "AB123456C", true),
        ("AB123456", "AB123456C", true),
        ("AB123456D", "AB123456", true),
        ("AB123456", "AB123456", true),
        ("AB123456C", "AB123456D", false),
        ("AB123456", "AB123457", false),
        ("AB123456C", "AC123456C", false),
    ];
    for (one, other, same) in cases {
        let (Ok(one_number), Ok(other_number)) = (Nino::parse(one), Nino::parse(other)) else {
            panic!("both are well formed: {one}, {other}")
        };
        assert_eq!(one_number.agrees_with(&other_number), same, "{one} {other}");
        assert_eq!(other_number.agrees_with(&one_number), same, "{other} {one}");
    }
}

#[test]
fn the_fragment_is_the_last_four_digits_whatever_the_suffix() {
    for (text, suffix) in [("AB 12 34 56 C", true), ("AB123456", false)] {
        let Ok(number) = Nino::parse(text) else {
            panic!("{text} is well formed")
        };
        assert_eq!(number.fragment(), "3456");
        assert_eq!(number.has_suffix(), suffix);
    }
}

proptest! {
    #[test]
    fn spacing_and_case_never_change_the_number(
        (number, loose) in written_loosely("[ACEHJLMPRSWXY][ABCEHJLMPSWXY][0-9]{6}[A-D]?", &["", " ", "\t", "\u{2009}"])
    ) {
        // The letters drawn leave one administrative prefix.
        prop_assume!(!number.starts_with("MW"));
        prop_assert_eq!(parsed(&loose), Some(number));
    }
}
