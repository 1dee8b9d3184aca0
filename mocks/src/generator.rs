//! A synthetic population for load tests and demonstrations: **nobody in it is real.**
//!
//! Names are drawn from lists of common ones, so a name may be somebody's by chance. Everything else is made to meet
//! nobody: National Insurance numbers have prefixes that were never given out, postcodes lie in areas that do not exist,
//! employers are invented, and references and codes are permutations of a counter. The shares of kinds of leave, names
//! and records are chosen so that every rule of the gateway meets its cases; they are no statistics of anybody.
//!
//! The same seed, count and day give the same people, in every run and on every machine. Each person is drawn from a
//! stream of their own, so that the first thousand of a million are the thousand that a smaller count gives.

use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::behaviour::Behaviours;
use crate::person::{Education, Feed, IssuedCode, Person};

mod history;
mod names;
mod numbers;
pub(crate) mod stories;

use names::{Called, NameList};
use numbers::Numbers;
use stories::Story;

/// Where every chance comes from: small, and documented to give the same numbers everywhere.
type Dice = ChaCha8Rng;

static NAMES: LazyLock<NameList> =
    LazyLock::new(|| NameList::read().expect("the word list is part of the program, and a test reads it"));

/// `count` synthetic people as they are on `today`, one at a time, so that memory stays flat.
///
/// Ids are `p`, the seed, `-` and the place from 0. Numbers and codes are distinct within a population of up to a
/// million. About one person in three hundred has the names and date of birth of another. Nobody has a `behaviour`:
/// departments answer as their records say.
pub fn generate(seed: u64, count: usize, today: Date) -> impl Iterator<Item = Person> {
    (0_u64..).take(count).map(move |place| person(seed, place, today))
}

/// A person whom no department knows.
pub(crate) fn unrecorded(id: String, given_names: &str, family_name: &str, date_of_birth: Date) -> Person {
    Person {
        id,
        given_names: given_names.to_owned(),
        family_name: family_name.to_owned(),
        also_known_as: Vec::new(),
        date_of_birth,
        national_insurance_number: None,
        home_office_reference: None,
        asylum_support_reference: None,
        postcode: None,
        share_codes: Vec::new(),
        leave: None,
        arrived_on: None,
        section_95: None,
        employments: Vec::new(),
        benefits: Vec::new(),
        education: None,
        behaviour: Behaviours::default(),
    }
}

/// What is drawn of a person first, and what two people may have in common.
struct Opening {
    story: Story,
    called: Called,
    born: Date,
}

fn dice_of(seed: u64, place: u64) -> Dice {
    let mut dice = Dice::seed_from_u64(seed);
    dice.set_stream(place);
    dice
}

fn opening(today: Date, dice: &mut Dice) -> Opening {
    let story = Story::draw(dice);
    let called = NAMES.draw(story.route(), dice);
    let born = born(story, today, dice);
    Opening { story, called, born }
}

fn person(seed: u64, place: u64, today: Date) -> Person {
    let mut dice = dice_of(seed, place);
    let mut opening = opening(today, &mut dice);
    // Only odd places look back, so that nobody is the double of somebody's double.
    if place % 2 == 1 && dice.random_ratio(1, 150) {
        opening = self::opening(today, &mut dice_of(seed, place - 1));
    }
    let Opening { story, called, born } = opening;
    let numbers = Numbers { seed, place };
    let mut person = unrecorded(format!("p{seed}-{place}"), &called.given, &called.family, born);
    person.also_known_as = called.also_known_as;
    let of_age = born.saturating_add(16.years()) <= today;
    if of_age && dice.random_ratio(story.with_nino_percent(), 100) {
        person.national_insurance_number = Some(numbers.nino(&mut dice));
    }
    person.postcode = dice.random_ratio(4, 5).then(|| numbers::postcode(&mut dice));
    stories::tell(story, &mut person, numbers, today, &mut dice);
    history::tell(story, &mut person, today, &mut dice);
    person.education = education(story, &person, today, &mut dice);
    person.share_codes = share_codes(&person, numbers, today, &mut dice);
    person
}

/// A day on which somebody of that story may be born. Where papers were lost, the first of January stands for it.
fn born(story: Story, today: Date, dice: &mut Dice) -> Date {
    let (youngest, oldest) = story.ages();
    let first = today.saturating_sub(oldest.years());
    let last = today.saturating_sub(youngest.years());
    let (first, last) = if story == Story::Windrush {
        // Old enough to have come by the end of 1971, whatever day it is now.
        (first.max(date(1920, 1, 1)), date(1970, 12, 31))
    } else {
        (first, last)
    };
    let day = day_between(first, last, dice);
    let papers_lost = matches!(
        story,
        Story::Refugee | Story::Section95 | Story::Section4 | Story::Windrush
    );
    if papers_lost && dice.random_ratio(1, 7) && day.first_of_year() >= first {
        return day.first_of_year();
    }
    if day.in_leap_year() && dice.random_ratio(1, 60) {
        let leap_day = date(day.year(), 2, 29);
        if (first..=last).contains(&leap_day) {
            return leap_day;
        }
    }
    day
}

/// What DfE's engine holds about a parent: from the Home Office's feed for the supported, else from benefits or credits.
fn education(story: Story, person: &Person, today: Date, dice: &mut Dice) -> Option<Education> {
    let age = today.year() - person.date_of_birth.year();
    if !(18..=60).contains(&age) {
        return None;
    }
    let supported = person
        .section_95
        .as_ref()
        .is_some_and(|support| support.in_force == Some(true));
    if story == Story::Section95 && supported {
        return dice.random_ratio(4, 5).then_some(Education {
            eligible: Some(true),
            source: Some(Feed::HomeOffice),
        });
    }
    let on_benefits = person.benefits.iter().any(|benefit| benefit.to.is_none());
    let parents = if on_benefits { 2 } else { 5 };
    if person.national_insurance_number.is_none() || !dice.random_ratio(1, parents) {
        return None;
    }
    let source = if on_benefits { Feed::Dwp } else { Feed::Hmrc };
    Some(Education {
        eligible: Some(on_benefits || dice.random_ratio(1, 6)),
        source: Some(source),
    })
}

/// Codes of somebody with an online status; some are past their 90 days.
fn share_codes(person: &Person, numbers: Numbers, today: Date, dice: &mut Dice) -> Vec<IssuedCode> {
    let Some(leave) = &person.leave else {
        return Vec::new();
    };
    let count: u64 = [0, 0, 1, 1, 1, 2, 2, 3][dice.random_range(0..8)];
    let begun = leave.valid_from.map_or(today, |begun| begun.min(today));
    let first = today.saturating_sub(180.days()).max(begun);
    (0..count)
        .map(|order| IssuedCode {
            code: numbers.share_code(order, ['W', 'W', 'W', 'R', 'R', 'S'][dice.random_range(0..6)]),
            issued_on: day_between(first, today, dice),
        })
        .collect()
}

/// Any day from `first` to `last`, both included; `first` where there is none.
fn day_between(first: Date, last: Date, dice: &mut Dice) -> Date {
    let days = (last - first).get_days().max(0);
    first.saturating_add(dice.random_range(0..=days).days())
}

#[cfg(test)]
#[path = "generator_tests.rs"]
mod tests;
