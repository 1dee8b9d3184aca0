//! Names as they are parsed, and as they are then compared.

use unicode_normalization::UnicodeNormalization as _;

use crate::names::{comparison_key, fold};

use super::*;

/// Given names and family name in their normal form, or the fields at fault.
fn parsed(given: &str, family: &str) -> Result<(String, String), Vec<Field>> {
    match Name::parse(given, family) {
        Ok(name) => Ok((name.given().to_owned(), name.family().to_owned())),
        Err(faults) => Err(faults.into_iter().map(|(field, _)| field).collect()),
    }
}

fn family(text: &str) -> Option<String> {
    parsed("", text).ok().map(|(_, family)| family)
}

fn why(text: &str) -> &'static str {
    refusal(name_part(text)).unwrap_or("accepted")
}

const SYMBOLS: &str = "use letters, spaces, hyphens, apostrophes and full stops only";
const BLANK: &str = "is blank; give at least one letter";

#[test]
fn a_person_with_one_name_has_it_as_family_name() {
    for blank in ["", " ", "\t\u{a0}"] {
        assert_eq!(
            parsed(blank, "Suryani"),
            Ok((String::new(), "Suryani".to_owned()))
        );
    }
    assert_eq!(parsed("Suryani", ""), Err(vec![Field::FamilyName]));
}

#[test]
fn white_space_of_any_kind_becomes_single_spaces() {
    let expected = Ok(("María José".to_owned(), "de Souza".to_owned()));
    assert_eq!(parsed("  María \t José\n", "de\u{a0}\u{2003}Souza "), expected);
}

#[test]
fn combining_accents_are_composed() {
    assert_eq!(family("Nun\u{303}ez").as_deref(), Some("Nu\u{f1}ez"));
    assert_eq!(family("Nguye\u{302}\u{303}n").as_deref(), Some("Nguy\u{1ec5}n"));
    // No composed letter exists for these: the accent stays, and compares as the plain letter.
    assert_eq!(family("M\u{327}ajo").as_deref(), Some("M\u{327}ajo"));
    assert_eq!(comparison_key("M\u{327}ajo"), "MAJO");
}

#[test]
fn an_accent_folds_alike_composed_or_not() {
    for (composed, combining) in [
        ("José", "Jose\u{301}"),
        ("Łukasz Ż", "Łukasz Z\u{307}"),
        ("Å", "A\u{30a}"),
    ] {
        assert_eq!(fold(composed), fold(combining), "{composed}");
    }
}

#[test]
fn apostrophes_and_hyphens_count_however_they_are_typed() {
    let typographic = [
        '\u{2018}', '\u{2019}', '\u{201b}', '\u{2bc}', '\u{2bb}', '\u{2032}', '\u{ff07}',
    ];
    for apostrophe in typographic.into_iter().chain(['\'', '`', '\u{b4}']) {
        let text = format!("O{apostrophe}Brien");
        assert_eq!(family(&text).as_deref(), Some(&*text));
        assert_eq!(fold(&text), "O'BRIEN", "{text}");
    }
    for hyphen in ['-', '\u{2010}', '\u{2011}', '\u{2013}'] {
        let text = format!("Smith{hyphen}Jones");
        assert_eq!(family(&text).as_deref(), Some(&*text));
        assert_eq!(fold(&text), "SMITH-JONES", "{text}");
    }
    assert_eq!(family("St. John").as_deref(), Some("St. John"));
    assert_eq!(comparison_key("Gal·la"), "GALLA");
}

#[test]
fn special_letters_compare_as_the_plain_ones() {
    for (special, plain) in [
        ("Æther", "AETHER"),
        ("æther", "AETHER"),
        ("Øst", "OST"),
        ("Łódź", "LODZ"),
        ("Đorđe", "DORDE"),
        ("Strauß", "STRAUSS"),
        ("STRAUẞ", "STRAUSS"),
        ("Œuf", "OEUF"),
        ("Şahin", "SAHIN"),
        ("Yıldız", "YILDIZ"),
        ("Þór", "THOR"),
    ] {
        assert_eq!(comparison_key(special), plain, "{special}");
        assert!(family(special).is_some(), "{special}");
    }
}

#[test]
fn a_name_without_a_letter_is_blank() {
    for text in ["", " ", "-", "'", "’", ". .", "- ' .", "\u{301}", "·", "\u{a0}"] {
        assert_eq!(why(text), BLANK, "{text}");
    }
    assert_eq!(parsed("-", "Lee"), Err(vec![Field::GivenNames]));
    assert_eq!(parsed("Ann", "-"), Err(vec![Field::FamilyName]));
}

#[test]
fn digits_and_symbols_are_in_no_name() {
    for text in [
        "J0hn",
        "Smith 2",
        "7",
        "Sm_th",
        "Smith,",
        "Smith/Jones",
        "Smith (Jones)",
        "a@example",
        "<b>Smith</b>",
        "Smith\u{0}",
        "Smith\u{200b}",
        "Smith\u{202e}",
        "Smi\u{ad}th",
        "Smith\u{1f600}",
        "Smith٣",
        "Smith²",
        "\"Smith\"",
    ] {
        assert_eq!(why(text), SYMBOLS, "{text:?}");
    }
}

#[test]
fn surnames_of_one_or_two_letters_and_names_in_other_scripts_are_names() {
    for text in [
        "O",
        "E",
        "Ø",
        "Li",
        "Ng",
        "Wu",
        "Владимир",
        "محمد",
        "李",
        "김",
        "Νίκος",
        "अमित",
    ] {
        assert_eq!(family(text).as_deref(), Some(text));
        assert!(!comparison_key(text).is_empty(), "{text} can be compared");
    }
}

#[test]
fn a_name_has_at_most_120_characters_however_many_bytes_or_spaces() {
    for letter in ["a", "é", "e\u{301}", "李"] {
        assert!(name_part(&letter.repeat(120)).is_ok(), "120 times {letter}");
        assert_eq!(
            why(&letter.repeat(121)),
            "a name has at most 120 characters",
            "121 times {letter}"
        );
    }
    let spaced = format!("  {}{}{}  ", "a".repeat(60), " ".repeat(50), "b".repeat(59));
    assert!(
        name_part(&spaced).is_ok(),
        "120 characters once the spaces are single"
    );
}

#[test]
fn both_parts_of_a_name_are_judged_at_once() {
    assert_eq!(
        parsed("J0hn", "Sm1th"),
        Err(vec![Field::GivenNames, Field::FamilyName])
    );
    assert_eq!(
        parsed("J0hn", " "),
        Err(vec![Field::GivenNames, Field::FamilyName])
    );
    assert_eq!(parsed("John", "Sm1th"), Err(vec![Field::FamilyName]));
    assert_eq!(parsed("J0hn", "Smith"), Err(vec![Field::GivenNames]));
}

proptest! {
    #[test]
    fn a_normal_form_has_single_spaces_a_letter_and_composed_accents(text in "[\\PC\u{300}-\u{32f} ]{0,130}") {
        if let Ok(name) = name_part(&text) {
            prop_assert!(!name.contains("  ") && name.trim() == name);
            prop_assert!(name.chars().count() <= 120);
            prop_assert!(unicode_normalization::is_nfc(&name));
            prop_assert!(!comparison_key(&name).is_empty());
            prop_assert_eq!(name_part(&name), Ok(name));
        }
    }

    #[test]
    fn spacing_and_the_form_of_accents_never_change_a_name(
        words in prop::collection::vec("[A-Za-zÀ-ÖØ-öø-ÿŁłĐđ]{1,12}", 1..5),
        gaps in prop::collection::vec("[ \t\u{a0}\u{2003}]{1,4}", 6),
    ) {
        let plain = words.join(" ");
        let mut loose = gaps[5].clone();
        for (word, gap) in words.iter().zip(&gaps) {
            loose.extend(word.nfd());
            loose.push_str(gap);
        }
        prop_assert_eq!(name_part(&loose), Ok(plain));
    }

    #[test]
    fn folding_leaves_capitals_spaces_and_marks_and_changes_nothing_twice(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert!(folded.chars().all(|symbol| matches!(symbol, 'A'..='Z' | ' ' | '\'' | '-' | '.')));
        prop_assert_eq!(comparison_key(&folded), comparison_key(&text));
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn every_candidate_of_a_name_has_a_letter_in_both_parts(
        given in "[A-Za-z' .-]{0,16}",
        family in "[A-Za-z' .-]{1,16}",
        alias in "[A-Za-z' .-]{1,16}",
    ) {
        if let (Ok(name), Ok(alias)) = (Name::parse(&given, &family), name_part(&alias)) {
            for candidate in crate::names::candidates(&name, &[alias]) {
                prop_assert!(!comparison_key(&candidate.first).is_empty(), "{}", *candidate.first);
                prop_assert!(!comparison_key(&candidate.last).is_empty(), "{}", *candidate.last);
            }
        }
    }
}
