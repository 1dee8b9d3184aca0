//! How long clerks take: the turnaround of DWP's desk as the 2019 report has it (6.41), most answers within 48 hours and fewer
//! than one in a hundred past five days. No other department's figures are published, so the Home Office takes as long.

use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_domain::ids::DepartmentId;

use crate::behaviour::Behaviour;
use crate::person::Person;

/// Of a thousand answers, those within [`USUAL`].
const USUAL_OF_1000: u32 = 850;

/// Of a thousand answers, those past [`LATE`].
const LATE_OF_1000: u32 = 8;

/// A clerk does not answer in the minute.
const SHORTEST: Duration = Duration::from_hours(1);
const USUAL: Duration = Duration::from_hours(48);
const LATE: Duration = Duration::from_hours(5 * 24);
const LONGEST: Duration = Duration::from_hours(10 * 24);

/// Lets clerks answer about `percent` of these people, at the Home Office and at DWP. The same seed and place give the same
/// person the same time, however many people there are.
pub fn by_clerks(
    people: impl IntoIterator<Item = Person>,
    seed: u64,
    percent: u8,
) -> impl Iterator<Item = Person> {
    people.into_iter().zip(0_u64..).map(move |(mut person, place)| {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(place);
        if dice.random_range(0..100) < percent {
            for department in [DepartmentId::HomeOffice, DepartmentId::Dwp] {
                let taken = person
                    .behaviour
                    .tell(department, Behaviour::Defer(drawn(&mut dice)));
                taken.expect("both can defer");
            }
        }
        person
    })
}

/// A whole number of seconds that one answer takes.
fn drawn(dice: &mut ChaCha8Rng) -> Duration {
    let (from, to) = match dice.random_range(0..1_000) {
        of if of < USUAL_OF_1000 => (SHORTEST, USUAL),
        of if of < 1_000 - LATE_OF_1000 => (USUAL, LATE),
        _ => (LATE, LONGEST),
    };
    Duration::from_secs(dice.random_range(from.as_secs() + 1..=to.as_secs()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::generator::generate;

    fn turnarounds(count: usize, percent: u8) -> Vec<Option<Duration>> {
        let people = by_clerks(generate(3, count, date(2026, 6, 10)), 3, percent);
        let taken = |person: Person| match person.behaviour.of(DepartmentId::Dwp) {
            Behaviour::Defer(taken) => Some(taken),
            _ => None,
        };
        people.map(taken).collect()
    }

    #[test]
    fn most_answers_take_48_hours_at_most_and_under_one_in_a_hundred_more_than_five_days() {
        let all = turnarounds(5_000, 100);
        let longer = |than: Duration| all.iter().flatten().filter(|taken| **taken > than).count();
        assert_eq!(longer(Duration::ZERO), 5_000);
        assert!((500..1_000).contains(&longer(USUAL)), "{}", longer(USUAL));
        assert!((1..50).contains(&longer(LATE)), "{}", longer(LATE));
    }

    #[test]
    fn as_many_are_answered_by_clerks_as_were_asked_for_and_always_the_same() {
        let (few, more) = (turnarounds(100, 30), turnarounds(1_000, 30));
        assert_eq!(few, more[..100]);
        let deferred = more.iter().flatten().count();
        assert!((250..350).contains(&deferred), "{deferred}");
        assert_eq!(turnarounds(100, 0).iter().flatten().count(), 0);
    }
}
