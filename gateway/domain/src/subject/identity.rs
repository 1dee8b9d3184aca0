//! By what a person is found again: the combinations of details that together mean one person.
//!
//! Only for a keyed digest inside the store. Nothing here may be kept or sent as it is.

use zeroize::Zeroizing;

use super::{AsylumSupportReference, DateOfBirth, HomeOfficeReference, Name, Nino, ShareCode, Subject};
use crate::check::{Check, CheckKind};
use crate::names;

/// One combination that identifies a person, as unambiguous bytes. It is wiped when dropped, and has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(Zeroizing<Vec<u8>>);

impl Identity {
    /// Whole name and date of birth. The letters of all names count, in order: `Ann O'Brien` and `ANN OBRIEN` are one,
    /// and a former name is found whether it was given as a name or among the other names.
    pub fn of_name(full_name: &str, born: DateOfBirth) -> Self {
        Self::of_letters(&letters(full_name), Some(born))
    }

    /// National Insurance number, without its suffix: the suffix tells no two people apart, and is often left out.
    pub fn of_nino(number: &Nino) -> Self {
        Self::of("nino", &number.expose()[..8], None)
    }

    /// Home Office reference and date of birth. One reference may stand for a family.
    pub fn of_home_office_reference(reference: &HomeOfficeReference, born: DateOfBirth) -> Self {
        let capitals = Zeroizing::new(reference.expose().to_ascii_uppercase());
        Self::of("home office reference", &capitals, Some(born))
    }

    /// National Asylum Support Service (NASS) reference.
    pub fn of_asylum_support_reference(reference: &AsylumSupportReference) -> Self {
        Self::of("asylum support reference", reference.expose(), None)
    }

    /// Share code and date of birth.
    pub fn of_share_code(code: &ShareCode, born: DateOfBirth) -> Self {
        Self::of("share code", code.expose(), Some(born))
    }

    /// The bytes, for a keyed digest.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    fn of_letters(letters: &str, born: Option<DateOfBirth>) -> Self {
        Self::of("name", letters, born)
    }

    /// Each part has its length before it, so that no two combinations share their bytes.
    fn of(what: &str, value: &str, born: Option<DateOfBirth>) -> Self {
        let day = Zeroizing::new(born.map_or_else(String::new, |born| born.date().to_string()));
        let parts = [what, value, &day];
        let length = parts.iter().map(|part| part.len() + 8).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes)
    }
}

/// The letters of a name, by which it is compared.
fn letters(full_name: &str) -> Zeroizing<String> {
    Zeroizing::new(names::comparison_key(full_name))
}

/// What checks are counted by: [`Check::identities`] and [`Check::likenesses`].
pub struct Counted {
    /// The combinations that are the person.
    pub persons: Vec<Identity>,
    /// What variations about one person have in common.
    pub likenesses: Vec<Identity>,
}

impl Check {
    /// Its combinations and likenesses in one: each name is folded once.
    pub fn counted(&self) -> Counted {
        let names = self.subject.names_in_letters();
        let persons = match self.kind() {
            CheckKind::Section95 => self.subject.numbered_identities(),
            _ => self.subject.identities_with(&names),
        };
        Counted {
            persons,
            likenesses: self.likenesses_with(&names),
        }
    }

    /// Every combination by which the person of this check can be found again.
    ///
    /// Section 95 asks for a family name alone, which with a date of birth is not one person; there the reference or
    /// number counts, one of which is always given.
    pub fn identities(&self) -> Vec<Identity> {
        if self.kind() == CheckKind::Section95 {
            self.subject.numbered_identities()
        } else {
            self.subject.identities()
        }
    }

    /// What checks that try variations about one person have in common, beside [`Check::identities`]: the whole name, or the
    /// reference or code, whatever the date of birth; in Section 95, where the family name is no person, that name with the
    /// date of birth, whatever the number.
    pub fn likenesses(&self) -> Vec<Identity> {
        self.likenesses_with(&self.subject.names_in_letters())
    }

    fn likenesses_with(&self, names: &[Zeroizing<String>]) -> Vec<Identity> {
        let subject = &self.subject;
        if self.kind() == CheckKind::Section95 {
            return named(names, Some(subject.date_of_birth));
        }
        let capitals =
            |reference: &HomeOfficeReference| Zeroizing::new(reference.expose().to_ascii_uppercase());
        let reference = subject.home_office_reference.as_ref().map(capitals);
        let code = subject.share_code.as_ref().map(ShareCode::expose);
        let mut found = named(names, None);
        found.extend(reference.map(|reference| Identity::of("home office reference", &reference, None)));
        found.extend(code.map(|code| Identity::of("share code", code, None)));
        found
    }
}

impl Subject {
    /// Every combination that there is, a family name with a date of birth among them.
    pub fn identities(&self) -> Vec<Identity> {
        self.identities_with(&self.names_in_letters())
    }

    fn identities_with(&self, names: &[Zeroizing<String>]) -> Vec<Identity> {
        let mut found = self.numbered_identities();
        found.extend(named(names, Some(self.date_of_birth)));
        found
    }

    /// The combinations by number, reference or code.
    fn numbered_identities(&self) -> Vec<Identity> {
        let born = self.date_of_birth;
        let reference = |reference| Identity::of_home_office_reference(reference, born);
        let code = |code| Identity::of_share_code(code, born);
        [
            self.nino.as_ref().map(Identity::of_nino),
            self.home_office_reference.as_ref().map(reference),
            self.asylum_support_reference
                .as_ref()
                .map(Identity::of_asylum_support_reference),
            self.share_code.as_ref().map(code),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The letters of all names, without repeats.
    fn names_in_letters(&self) -> Vec<Zeroizing<String>> {
        let full = |name: &Name| Zeroizing::new([name.given(), " ", name.family()].concat());
        let mut found = Vec::new();
        let own = self.name.as_ref().map(full);
        let others = self.also_known_as.iter().cloned();
        for name in own.into_iter().chain(others) {
            let letters = letters(&name);
            if !found.contains(&letters) {
                found.push(letters);
            }
        }
        found
    }
}

/// The combinations by name; with no date of birth, the names alone.
fn named(names: &[Zeroizing<String>], born: Option<DateOfBirth>) -> Vec<Identity> {
    let named = |letters: &Zeroizing<String>| Identity::of_letters(letters, born);
    names.iter().map(named).collect()
}
