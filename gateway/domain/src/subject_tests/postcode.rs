//! Postcodes.

use super::*;

fn parsed(text: &str) -> Option<String> {
    Postcode::parse(text).ok().map(|code| code.expose().to_owned())
}

#[test]
fn every_shape_of_postcode_is_accepted_in_any_spacing_and_case() {
    for (text, normal) in [
        ("m1 1ae", "M1 1AE"),
        ("B338TH", "B33 8TH"),
        ("cr26xh", "CR2 6XH"),
        ("DN55 1PT", "DN55 1PT"),
        ("w1a0ax", "W1A 0AX"),
        (" EC 1A 1B B ", "EC1A 1BB"),
        ("gir0aa", "GIR 0AA"),
        ("BF1\u{a0}0AX", "BF1 0AX"),
    ] {
        assert_eq!(parsed(text).as_deref(), Some(normal), "{text}");
    }
}

#[test]
fn any_other_shape_is_refused() {
    for text in [
        "",
        "M",
        "M1",
        "1AE",
        "SW1A",
        "M1 AE1",
        "M1 1A",
        "M1 1AEE",
        "1M 1AE",
        "MMM1 1AE",
        "M111 1AE",
        "M1AA 1AE",
        "A9A9 9AA",
        "AA9AA 9AA",
        "GIR 1AA",
        "SW1A-1AA",
        "75001",
        "É1 1AA",
        "M1 1ÀE",
        "M١ 1AE",
    ] {
        let said = refusal(Postcode::parse(text));
        assert_eq!(said, Some("must be a UK postcode, such as SW1A 1AA"), "{text}");
    }
}

proptest! {
    #[test]
    fn spacing_and_case_never_change_the_postcode(
        (code, loose) in written_loosely("[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}", &["", " ", "\t"])
    ) {
        let spaced = format!("{} {}", &code[..code.len() - 3], &code[code.len() - 3..]);
        prop_assert_eq!(parsed(&loose), Some(spaced));
    }
}
