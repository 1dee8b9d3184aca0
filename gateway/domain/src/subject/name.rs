//! Names.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{Field, FormatError};
use crate::names;

/// Longest name part accepted, in characters: passports hold 39, and some names are longer than passports.
const NAME_CHARS_MAX: usize = 120;

/// A person's name. Family name is never blank; given names are empty for a person with one name.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    given: Zeroizing<String>,
    family: Zeroizing<String>,
}

impl Name {
    /// Parses both parts.
    ///
    /// # Errors
    /// Names the part at fault: a blank family name, no letter in a part, symbols that are in no name, or too long.
    pub fn parse(given: &str, family: &str) -> Result<Self, Vec<(Field, FormatError)>> {
        let mut faults = Vec::new();
        let given_names = if given.trim().is_empty() {
            Ok(String::new())
        } else {
            name_part(given)
        };
        let family_name = name_part(family);
        if let Err(fault) = given_names {
            faults.push((Field::GivenNames, fault));
        }
        if let Err(fault) = family_name {
            faults.push((Field::FamilyName, fault));
        }
        match (given_names, family_name) {
            (Ok(given), Ok(family)) => Ok(Self {
                given: Zeroizing::new(given),
                family: Zeroizing::new(family),
            }),
            _ => Err(faults),
        }
    }

    /// Given names, separated by single spaces; empty for a person with one name.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Family name or names.
    pub fn family(&self) -> &str {
        &self.family
    }

    pub(super) fn family_alone(&self) -> Self {
        Self {
            given: Zeroizing::default(),
            family: self.family.clone(),
        }
    }
}

/// One name or several separated by spaces, in composed form with single spaces.
///
/// # Errors
/// Blank after cleaning, symbols that are in no name, or too long.
pub fn name_part(text: &str) -> Result<String, FormatError> {
    let spaced = Zeroizing::new(text.nfc().collect::<String>());
    let mut cleaned = Zeroizing::new(spaced.split_whitespace().collect::<Vec<_>>().join(" "));
    if cleaned.chars().count() > NAME_CHARS_MAX {
        return Err(FormatError("a name has at most 120 characters"));
    }
    let in_names = |symbol: char| {
        symbol.is_alphabetic()
            || matches!(
                symbol,
                ' ' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '.' | '\'' | '`'
            )
            || matches!(
                symbol,
                '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{ff07}'
            )
            || matches!(symbol, '\u{02bc}' | '\u{02bb}' | '\u{b4}' | '\u{b7}')
            || unicode_normalization::char::is_combining_mark(symbol)
    };
    if !cleaned.chars().all(in_names) {
        return Err(FormatError(
            "use letters, spaces, hyphens, apostrophes and full stops only",
        ));
    }
    if names::comparison_key(&cleaned).is_empty() {
        return Err(FormatError("is blank; give at least one letter"));
    }
    Ok(std::mem::take(&mut *cleaned))
}
