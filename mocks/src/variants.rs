//! The other ways in which one name is written, as a clerk compares them.

use std::collections::HashSet;

use statuscheck_domain::names::{comparison_key, fold};

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
