//! Looks for words in every way in which a program may write them.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::flock::Flock;

/// Bytes by which a place is recognised that is worth a closer look; no word is shorter in any encoding.
const HEAD: usize = 6;

/// Words in all their encodings, by their first bytes.
#[derive(Default)]
pub(crate) struct Hunt {
    /// Looked for as they are.
    exact: Needles,
    /// Looked for in lower case.
    lower: Needles,
}

type Needles = HashMap<[u8; HEAD], Vec<(Vec<u8>, String)>>;

impl Hunt {
    pub(crate) fn for_all(flock: &Flock) -> Self {
        let mut hunt = Self::default();
        for (what, word) in flock.words() {
            hunt.add(what, &word);
        }
        hunt
    }

    fn add(&mut self, what: &str, word: &str) {
        for (encoding, needle) in caseless(word) {
            let needle = needle.to_ascii_lowercase();
            insert(&mut self.lower, needle, format!("{what} ({encoding})"));
        }
        for (encoding, needle) in exact(word) {
            insert(&mut self.exact, needle, format!("{what} ({encoding})"));
        }
    }

    /// What was found first, and how it was written.
    pub(crate) fn first_in(&self, bytes: &[u8]) -> Option<&str> {
        first(&self.exact, bytes).or_else(|| first(&self.lower, &bytes.to_ascii_lowercase()))
    }
}

fn insert(needles: &mut Needles, needle: Vec<u8>, name: String) {
    let head = *needle.first_chunk().expect("no word is so short");
    needles.entry(head).or_default().push((needle, name));
}

fn first<'a>(needles: &'a Needles, bytes: &[u8]) -> Option<&'a str> {
    bytes.windows(HEAD).enumerate().find_map(|(place, window)| {
        let head: &[u8; HEAD] = window.try_into().expect("windows have that length");
        let candidates = needles.get(head)?;
        let found = candidates
            .iter()
            .find(|(needle, _)| bytes[place..].starts_with(needle));
        found.map(|(_, name)| name.as_str())
    })
}

/// Encodings in which case does not matter.
fn caseless(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let each = |write: &dyn Fn(&mut String, u8)| {
        let mut text = String::new();
        word.bytes().for_each(|byte| write(&mut text, byte));
        text.into_bytes()
    };
    let mut forms = vec![
        ("plain", word.into()),
        ("in lower case", word.to_lowercase().into_bytes()),
        ("in upper case", word.to_uppercase().into_bytes()),
        ("reversed", word.chars().rev().collect::<String>().into_bytes()),
        ("hex", each(&|text, byte| write!(text, "{byte:02x}").unwrap())),
        (
            "hex with spaces",
            each(&|text, byte| write!(text, "{byte:02x} ").unwrap()),
        ),
        (
            "percent",
            each(&|text, byte| write!(text, "%{byte:02x}").unwrap()),
        ),
        (
            "escaped bytes",
            each(&|text, byte| write!(text, "\\x{byte:02x}").unwrap()),
        ),
        (
            "URL",
            each(&|text, byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => text.push(char::from(byte)),
                b' ' => text.push('+'),
                _ => write!(text, "%{byte:02x}").unwrap(),
            }),
        ),
        (
            "URL with %20",
            each(&|text, byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => text.push(char::from(byte)),
                _ => write!(text, "%{byte:02x}").unwrap(),
            }),
        ),
        (
            "as Rust shows bytes",
            each(&|text, byte| text.extend(std::ascii::escape_default(byte).map(char::from))),
        ),
        (
            "decimal bytes",
            each(&|text, byte| write!(text, "{byte}, ").unwrap()),
        ),
    ];
    let mut json = String::new();
    let mut json_whole = String::new();
    for unit in word.encode_utf16() {
        write!(json_whole, "\\u{unit:04x}").unwrap();
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => json.push(char::from(byte)),
            _ => write!(json, "\\u{unit:04x}").unwrap(),
        }
    }
    forms.push(("JSON", json.into_bytes()));
    forms.push(("JSON, each letter", json_whole.into_bytes()));
    let wide = |bytes: fn(u16) -> [u8; 2]| word.encode_utf16().flat_map(bytes).collect();
    forms.push(("UTF-16, little end first", wide(u16::to_le_bytes)));
    forms.push(("UTF-16, big end first", wide(u16::to_be_bytes)));
    forms
}

/// Encodings in which case matters: base64, as it looks in the middle of a longer text, at each of three alignments.
fn exact(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = Vec::new();
    for case in [word.to_owned(), word.to_lowercase(), word.to_uppercase()] {
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(case.as_bytes());
            // What comes before and after spoils the letters at either end.
            let (begin, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let text = engine.encode(&bytes).into_bytes();
                forms.push(("base64", text[begin..end].to_vec()));
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_in_every_encoding_and_no_other_word_is() {
        let mut hunt = Hunt::default();
        hunt.add("name", "Žqxtvalbeck");
        hunt.add("postcode", "ZE17 4QX");
        let among = |word: &[u8]| [b"before: ".as_slice(), word, b" after"].concat();
        for word in ["Žqxtvalbeck", "ZE17 4QX"] {
            for (encoding, form) in caseless(word) {
                assert!(hunt.first_in(&among(&form)).is_some(), "{encoding} {form:?}");
            }
            for padding in ["", "1", "12", "123"] {
                let text = format!("{padding}{word} and more");
                for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                    assert!(
                        hunt.first_in(&among(engine.encode(&text).as_bytes())).is_some(),
                        "{text}"
                    );
                }
            }
        }
        assert_eq!(hunt.first_in(&among("Žqxtvalbec".as_bytes())), None);
        assert_eq!(hunt.first_in(b"short"), None);
    }
}
