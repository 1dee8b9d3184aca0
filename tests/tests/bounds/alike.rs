//! A wrong date of birth, an unknown person, and a wrong date of birth of a name that several people have take the same time, as
//! far as thousands of calls tell: nobody finds out by a stop-watch what the bytes do not say.

use std::cell::RefCell;

use statuscheck::limits::LimitSettings;
use statuscheck_domain::clock::SystemClock;
use statuscheck_tests::prelude::*;

/// Calls of each kind.
const CALLS: usize = 700;

/// Distance of two distributions that equals would pass once in a million times (Kolmogorov and Smirnov, two samples of this
/// size): sqrt(ln(2 / 1e-6) / 2) * sqrt(2 / CALLS).
const DISTANCE_MAX: f64 = 0.1440;

/// The largest distance of the two distributions.
fn distance(one: &mut [Duration], other: &mut [Duration]) -> f64 {
    one.sort_unstable();
    other.sort_unstable();
    let below = |all: &[Duration], limit: Duration| {
        let count = all.partition_point(|took| *took <= limit);
        f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(all.len()).unwrap())
    };
    let limits = one.iter().chain(other.iter());
    let distances = limits.map(|limit| (below(one, *limit) - below(other, *limit)).abs());
    distances.fold(0.0, f64::max)
}

#[test]
fn the_distance_of_distributions_tells_a_delay_from_none() {
    let spread = |from: u64| {
        (0..700)
            .map(|n| Duration::from_micros(from + n * n % 997))
            .collect::<Vec<_>>()
    };
    assert!(distance(&mut spread(1_000), &mut spread(1_000)) < f64::EPSILON);
    assert!(distance(&mut spread(1_000), &mut spread(1_200)) > DISTANCE_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_found_is_not_found_in_the_same_time_for_whatever_reason() {
    let known = person("Okafor").settled("2019-06-01");
    let one = person("one").named("Ann", "Namesake").settled("2019-06-01");
    let other = person("other").named("Ann", "Namesake").settled("2020-06-01");
    let plenty = 1_000_000.try_into().unwrap();
    let house = House::start(Plan {
        people: vec![known.clone(), one.clone(), other],
        limits: LimitSettings {
            checks_per_second: plenty,
            burst: plenty,
        },
        ..Plan::default()
    })
    .await;
    let ambiguous = right_to_work(&house, one.by_name()).await;
    assert_eq!(
        reason(&ambiguous),
        "more_information_needed home_office_reference"
    );

    let kinds = [
        known.by_name().but_born("1991-06-02"),
        by_name("Sam", "Nobody", "1991-06-02"),
        one.by_name().but_born("1991-06-02"),
    ];
    let clock = SystemClock::shared();
    let took = RefCell::new([const { Vec::new() }; 3]);
    let ask = async |place: usize| {
        let asked = request(kinds[place].clone().work());
        let began = clock.elapsed();
        let told = house.answered(EMPLOYER, asked).await;
        took.borrow_mut()[place].push(clock.elapsed() - began);
        assert_eq!(reason(&told), "not_established NO_RECORD");
    };
    // Interleaved, each in each place as often, so that whatever else the machine does falls on all alike.
    for round in 0..CALLS {
        for turn in 0..3 {
            ask((round + turn) % 3).await;
        }
    }
    let [mut wrong, mut unknown, mut namesake] = took.into_inner();
    let distances = [
        distance(&mut wrong, &mut unknown),
        distance(&mut wrong, &mut namesake),
        distance(&mut unknown, &mut namesake),
    ];
    println!(
        "distances {distances:.3?} of at most {DISTANCE_MAX}; medians {:?}",
        [wrong[CALLS / 2], unknown[CALLS / 2], namesake[CALLS / 2],]
    );
    assert!(
        distances.iter().all(|distance| *distance < DISTANCE_MAX),
        "{distances:?}"
    );
}
