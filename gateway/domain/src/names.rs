//! Names as an honest matcher compares them.
//!
//! The variants follow what public Home Office code tries when it matches a person with HMRC; see the adapter of a
//! department for which of them it sends.

use zeroize::Zeroizing;

use crate::subject::Name;

/// Folds a name to capital letters A–Z, spaces, hyphens, apostrophes and full stops: accents are dropped, `Æ` becomes
/// `AE`, `Ø` `O`, `Ł` `L`, `Đ` `D`, `ß` `SS`; typographic apostrophes and dashes become plain ones; white space is single.
pub fn fold(name: &str) -> String {
    let plain = deunicode::deunicode(name).to_ascii_uppercase();
    let kept = plain.chars().map(|symbol| match symbol {
        'A'..='Z' | '\'' | '-' | '.' => symbol,
        '`' => '\'',
        _ => ' ',
    });
    single_spaced(&Zeroizing::new(kept.collect::<String>()))
}

/// The letters of a folded name alone: two names are the same where these are.
///
/// So `O'Brien`, `O’BRIEN`, `O Brien` and `Obrien` are one name, and so are `Łukasz` and `Lukasz`.
pub fn comparison_key(name: &str) -> String {
    // Nearly every name has plain letters alone, which fold to themselves.
    if name.is_ascii() {
        return capitals(name);
    }
    capitals(&Zeroizing::new(deunicode::deunicode(name)))
}

fn capitals(plain: &str) -> String {
    let mut letters = String::with_capacity(plain.len());
    letters.extend(
        plain
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_uppercase()),
    );
    letters
}

/// Forename and surname, as a department that knows only those two is asked. No `Debug`: it is a person's name.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Forename, folded.
    pub first: Zeroizing<String>,
    /// Surname, folded.
    pub last: Zeroizing<String>,
}

/// The forename and surname pairs by which a person may be known, most likely first, without repeats.
///
/// In order: all forenames and all surnames as given; each forename with the whole surname; short particles joined to
/// their neighbour (`de Souza`, `El Amin`); each forename with each surname; punctuation removed, then replaced by a
/// space; swapped order; then the same for every other name. A person with one name is tried under it on both sides.
pub fn candidates(name: &Name, also_known_as: &[impl AsRef<str>]) -> Vec<Candidate> {
    let mut found = Found(Vec::new());
    found.of(name.given(), name.family());
    for alias in also_known_as {
        let alias = alias.as_ref();
        match alias.trim().rsplit_once(char::is_whitespace) {
            Some((given, family)) => found.of(given, family),
            None => found.of("", alias),
        }
    }
    found.0
}

struct Found(Vec<Candidate>);

impl Found {
    fn of(&mut self, given: &str, family: &str) {
        let (given, family) = (Zeroizing::new(fold(given)), Zeroizing::new(fold(family)));
        if given.is_empty() || family.is_empty() {
            let only = if given.is_empty() { &family } else { &given };
            return self.add(only, only);
        }
        self.add(&given, &family);
        for forename in given.split(' ') {
            self.add(forename, &family);
        }
        let joined = Zeroizing::new(join_particles(&family));
        self.add(&given, &joined);
        for forename in given.split(' ') {
            for surname in joined.split(' ').chain(family.split(' ')) {
                self.add(forename, surname);
            }
        }
        for mark in [None, Some(' ')] {
            let (first, last) = (without_marks(&given, mark), without_marks(&family, mark));
            self.add(&first, &last);
        }
        for surname in without_marks(&family, Some(' ')).split(' ') {
            self.add(&given, surname);
        }
        self.add(&family, &given);
    }

    fn add(&mut self, first: &str, last: &str) {
        let candidate = Candidate {
            first: Zeroizing::new(first.to_owned()),
            last: Zeroizing::new(last.to_owned()),
        };
        let lettered = |part: &str| part.contains(|symbol: char| symbol.is_ascii_uppercase());
        if lettered(first) && lettered(last) && !self.0.contains(&candidate) {
            self.0.push(candidate);
        }
    }
}

/// Joins parts of one or two letters to the part after them; a short last part is joined to the one before.
fn join_particles(name: &str) -> String {
    let mut joined: Vec<String> = Vec::new();
    let mut particle = String::new();
    for part in name.split(' ') {
        if part.len() < 3 {
            particle.push_str(part);
        } else {
            joined.push(std::mem::take(&mut particle) + part);
        }
    }
    match joined.last_mut() {
        Some(last) => last.push_str(&particle),
        None => joined.push(particle),
    }
    joined.join(" ")
}

fn without_marks(name: &str, replacement: Option<char>) -> Zeroizing<String> {
    let replaced = name.chars().filter_map(|symbol| match symbol {
        '\'' | '-' | '.' => replacement,
        other => Some(other),
    });
    Zeroizing::new(single_spaced(&Zeroizing::new(replaced.collect::<String>())))
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &str, family: &str, also: &[&str]) -> Vec<(String, String)> {
        let Ok(name) = Name::parse(given, family) else {
            panic!("the name is well formed")
        };
        let also: Vec<String> = also.iter().map(|alias| (*alias).to_owned()).collect();
        candidates(&name, &also)
            .into_iter()
            .map(|found| (found.first.to_string(), found.last.to_string()))
            .collect()
    }

    fn has(pairs: &[(String, String)], first: &str, last: &str) -> bool {
        pairs.iter().any(|pair| pair.0 == first && pair.1 == last)
    }

    #[test]
    fn accents_and_special_letters_fold_to_plain_capitals() {
        assert_eq!(fold("Æsa Østergård"), "AESA OSTERGARD");
        assert_eq!(fold("Łukasz Đorđević"), "LUKASZ DORDEVIC");
        assert_eq!(fold("Jürgen Strauß"), "JURGEN STRAUSS");
        assert_eq!(fold("  O’Brien   "), "O'BRIEN");
    }

    #[test]
    fn punctuation_and_spacing_do_not_make_another_name() {
        for variant in ["O'Brien", "O’Brien", "O Brien", "obrien", "O-BRIEN", "O. Brien"] {
            assert_eq!(comparison_key(variant), "OBRIEN");
        }
        assert_ne!(comparison_key("Brian"), comparison_key("Brien"));
    }

    #[test]
    fn every_kind_of_variant_is_tried_and_the_given_order_comes_first() {
        let found = pairs("María José", "de Souza-Pérez", &["Maria Perez"]);
        assert_eq!(found[0], ("MARIA JOSE".to_owned(), "DE SOUZA-PEREZ".to_owned()));
        assert!(has(&found, "JOSE", "DE SOUZA-PEREZ"));
        assert!(has(&found, "MARIA JOSE", "DESOUZA-PEREZ"));
        assert!(has(&found, "MARIA JOSE", "DE SOUZAPEREZ"));
        assert!(has(&found, "MARIA JOSE", "DE SOUZA PEREZ"));
        assert!(has(&found, "MARIA JOSE", "PEREZ"));
        assert!(has(&found, "DE SOUZA-PEREZ", "MARIA JOSE"));
        assert!(has(&found, "MARIA", "PEREZ"));
    }

    #[test]
    fn a_person_with_one_name_and_short_surnames_are_tried() {
        assert_eq!(
            pairs("", "Suryani", &[]),
            [("SURYANI".to_owned(), "SURYANI".to_owned())]
        );
        assert!(has(&pairs("Li", "O", &[]), "LI", "O"));
        assert!(has(&pairs("Ann", "El Amin", &[]), "ANN", "ELAMIN"));
    }

    #[test]
    fn no_candidate_is_tried_twice() {
        let found = pairs("Ann", "Lee", &["Ann Lee"]);
        assert_eq!(
            found
                .iter()
                .filter(|pair| *pair == &("ANN".to_owned(), "LEE".to_owned()))
                .count(),
            1
        );
    }
}
