//! The other ways in which one name is written, as a clerk compares them.

use std::collections::HashSet;

use statuscheck_domain::names::{candidates, comparison_key, fold};
use statuscheck_domain::subject::Name;

use crate::person::{Person, whole_key};

/// Letters from which a word inside a name counts for itself. A shorter one is a particle or an initial: `de`, `El`, `O`.
const WORD_LETTERS: usize = 3;

/// Every forename and surname of a person, also those of aliases, folded to letters. Given names and family name count
/// as wholes too, so that `O Brien` is `O'Brien` and `Mary-Ann` is `Maryann`; particles and initials between others do
/// not count.
pub(crate) fn name_parts(given: &str, family: &str, also_known_as: &[String]) -> HashSet<String> {
    let registered = format!("{given} {family}");
    let names = std::iter::once(&registered).chain(also_known_as);
    let words = names.flat_map(|name| counting_words(name));
    let wholes = [comparison_key(given), comparison_key(family)];
    wholes
        .into_iter()
        .chain(words)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The words of a full name, parted at spaces and again at hyphens, apostrophes and full stops.
fn counting_words(name: &str) -> Vec<String> {
    let folded = fold(name);
    let at_spaces: Vec<&str> = folded.split(' ').collect();
    let at_marks: Vec<&str> = folded
        .split(|symbol: char| !symbol.is_ascii_uppercase())
        .collect();
    let inside = |place: usize, words: &[&str]| place > 0 && place + 1 < words.len();
    [at_spaces, at_marks]
        .iter()
        .flat_map(|words| {
            words
                .iter()
                .enumerate()
                .filter(|(place, word)| word.len() >= WORD_LETTERS || !inside(*place, words))
                .map(|(_, word)| comparison_key(word))
        })
        .collect()
}

/// A forename and surname pair, both sides reduced to letters.
type Pair = (String, String);

/// The names of one person, and the variants under which an honest matcher tries them. No `Debug`: they are a person's.
pub(crate) struct NameVariants {
    /// Forenames and family name, nothing left out: of the registered name, and of every way to part a name that nobody
    /// has parted.
    wholes: Vec<Pair>,
    /// What is tried: see [`candidates`], and the first few of several forenames.
    tried: HashSet<Pair>,
    /// The letters of each full name in order, wherever it is parted.
    letters: Vec<String>,
}

impl NameVariants {
    pub(crate) fn of(name: &Name, also_known_as: &[String]) -> Self {
        let (given, family) = (name.given(), name.family());
        let mut wholes = vec![(comparison_key(given), comparison_key(family))];
        let unparted = given.is_empty().then_some(family);
        for full_name in unparted
            .into_iter()
            .chain(also_known_as.iter().map(String::as_str))
        {
            wholes.extend(partings(full_name));
        }
        let pairs = candidates(name, also_known_as).into_iter();
        let tried = pairs
            .map(|pair| (comparison_key(&pair.first), comparison_key(&pair.last)))
            .chain(fewer_forenames(given, family))
            .collect();
        let letters = std::iter::once(whole_key(given, family))
            .chain(also_known_as.iter().map(|alias| comparison_key(alias)))
            .collect();
        Self {
            wholes,
            tried,
            letters,
        }
    }

    /// The variants of a record; none where its names cannot be taken for a name.
    pub(crate) fn held(person: &Person) -> Option<Self> {
        let name = Name::parse(&person.given_names, &person.family_name).ok()?;
        Some(Self::of(&name, &person.also_known_as))
    }

    /// A variant of the one is a whole name of the other: two names that are both cut short are not compared, or
    /// anybody who shares a forename and a surname would fit.
    pub(crate) fn fit(&self, other: &Self) -> bool {
        let within = |whole: &NameVariants, cut: &NameVariants| {
            whole.wholes.iter().any(|pair| cut.tried.contains(pair))
        };
        within(self, other)
            || within(other, self)
            || self
                .letters
                .iter()
                .any(|full_name| other.letters.contains(full_name))
    }
}

/// Each way to part a full name into forenames and surnames; one word is both.
fn partings(full_name: &str) -> Vec<Pair> {
    let words: Vec<&str> = full_name.split_whitespace().collect();
    if let [only] = words.as_slice() {
        return vec![(comparison_key(only), comparison_key(only))];
    }
    (1..words.len())
        .map(|place| {
            let (given, family) = words.split_at(place);
            (comparison_key(&given.concat()), comparison_key(&family.concat()))
        })
        .collect()
}

/// The first two or more of several forenames with the whole family name; one alone is among [`candidates`].
fn fewer_forenames(given: &str, family: &str) -> Vec<Pair> {
    let forenames: Vec<&str> = given.split_whitespace().collect();
    (2..forenames.len())
        .map(|count| {
            (
                comparison_key(&forenames[..count].concat()),
                comparison_key(family),
            )
        })
        .collect()
}

/// The same family name, or the one is a surname of the other's several: `García` of `García Núñez`.
pub(crate) fn same_family(asked: &str, held: &str) -> bool {
    let (asked_whole, held_whole) = (comparison_key(asked), comparison_key(held));
    asked_whole == held_whole
        || surnames(held).contains(&asked_whole)
        || surnames(asked).contains(&held_whole)
}

/// The surnames of a family name, without particles; parted at marks too.
fn surnames(family: &str) -> Vec<String> {
    let folded = fold(family);
    folded
        .split(|symbol: char| !symbol.is_ascii_uppercase())
        .filter(|word| word.len() >= WORD_LETTERS)
        .map(str::to_owned)
        .collect()
}
