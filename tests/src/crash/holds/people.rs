//! People who may be of the Windrush generation and of whom no department has a record: whatever would be said of them is held.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_proto::v1::CheckRequest;
use statuscheck_proto::v1::check_request::Check;

use crate::asking::{EMPLOYER, LANDLORD, Subject, TRUST, by_name};
use crate::crash::journal::{Asked, Journal};
use crate::crash::load::begin;
use crate::person::{Resident, person};

const BORN: &str = "1960-04-02";

/// Every third of so many is somebody about whom departments take their time, so that kills fall into the asking as well.
const SLOW_BEFORE: u32 = 300;

/// People who were asked about last, of whom one is asked about again: the checks meet, and join each other.
const LATELY: u32 = 6;

/// Those about whom departments take their time.
pub(super) fn slow() -> impl Iterator<Item = Resident> {
    (0..SLOW_BEFORE).step_by(3).map(|number| {
        let slow = person(&family(number)).born(BORN);
        slow.behaves("home-office", "slow:20ms")
            .behaves("dwp", "slow:30ms")
    })
}

/// A check about each of so many of them, by one caller or another.
pub(in crate::crash) fn checks(people: u32) -> impl Iterator<Item = (&'static str, Check)> {
    (0..people).map(|number| match number % 2 {
        0 => (EMPLOYER, subject(number).work()),
        _ => (TRUST, subject(number).status()),
    })
}

fn subject(number: u32) -> Subject {
    by_name("Sam", &family(number), BORN)
}

/// A name of letters for each.
fn family(number: u32) -> String {
    let letters = [number / 676, number / 26, number].map(|place| {
        let letter = u8::try_from(place % 26).expect("fewer than there are letters");
        char::from(b'a' + letter)
    });
    letters.into_iter().fold("Held".to_owned(), |mut name, letter| {
        name.push(letter);
        name
    })
}

/// The family name of whom a request is about, which nobody else has.
pub(in crate::crash) fn person_of(request: &CheckRequest) -> &str {
    let person = match request.check.as_ref().expect("a check") {
        Check::RightToWork(check) => check.person.as_ref(),
        Check::RightToRent(check) => check.person.as_ref(),
        Check::Iecas(check) => check.person.as_ref(),
        Check::Section95(check) => check.person.as_ref(),
    };
    &person.expect("a person").family_name
}

/// Whoever there is to be asked about.
#[derive(Default)]
pub(super) struct People {
    next: AtomicU32,
}

impl People {
    /// A new check about somebody new, or about one of the last; or, one time in ten, an old request.
    pub(super) fn draw(&self, journal: &Journal, dice: &mut ChaCha8Rng) -> (usize, Asked) {
        let known = journal.len();
        if known > 0 && dice.random_ratio(1, 10) {
            let place = dice.random_range(0..known);
            return (place, journal.entry(place));
        }
        let people = self.next.load(Ordering::Relaxed);
        let number = if people > 0 && dice.random_ratio(1, 2) {
            people - 1 - dice.random_range(0..people.min(LATELY))
        } else {
            self.next.fetch_add(1, Ordering::Relaxed)
        };
        let subject = subject(number);
        let today = london_day(SystemClock::shared().now()).to_string();
        let (who, check) = match dice.random_range(0..3) {
            0 => (EMPLOYER, subject.work()),
            1 => (LANDLORD, subject.rent(&today)),
            _ => (TRUST, subject.status()),
        };
        begin(who, check, journal)
    }
}
