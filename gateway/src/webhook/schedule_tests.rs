use proptest::prelude::*;

use super::super::{Failure, NotAllowed};
use super::*;

const CHANCES: [u64; 3] = [0, u64::MAX / 2, u64::MAX];

/// When the attempts after the first are made, each failing at once.
fn attempts(
    schedule: &RetrySchedule,
    retry_after: Option<Duration>,
    mut random: impl FnMut() -> u64,
) -> Vec<Duration> {
    let (mut made, mut at) = (Vec::new(), Duration::ZERO);
    for attempts in 1.. {
        let tried = Tried {
            attempts,
            since_first: at,
        };
        match schedule.next(tried, retry_after, random()) {
            Next::Again(pause) => at += pause,
            Next::Park => break,
        }
        made.push(at);
    }
    made
}

#[test]
fn pauses_grow_from_seconds_to_a_working_day() {
    let hours = Duration::from_hours;
    let seconds = |at: &Duration| at.as_secs();
    let made = attempts(&RetrySchedule::default(), None, || 0);
    let early: Vec<_> = made[..7].iter().map(seconds).collect();
    assert_eq!(early, [5, 25, 105, 425, 1_705, 6_825, 27_305]);
    let late = made[7..].iter().map(|at| *at - made[6]);
    let due: Vec<_> = (1..=8).map(|third| hours(8 * third)).collect();
    assert!(late.clone().take(8).eq(due));
    assert_eq!(made.last(), Some(&hours(72)));
    assert_eq!(made.len(), 16);
}

#[test]
fn what_the_receiver_asks_for_lengthens_a_pause_within_bounds() {
    let schedule = RetrySchedule::default();
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let next = |since_first, retry_after| {
        let tried = Tried {
            attempts: 1,
            since_first,
        };
        let Next::Again(pause) = schedule.next(tried, Some(retry_after), 0) else {
            panic!("there is time left")
        };
        pause
    };
    assert_eq!(next(Duration::ZERO, minutes(10)), minutes(10));
    assert_eq!(next(Duration::ZERO, Duration::ZERO), schedule.first_pause);
    assert_eq!(next(Duration::ZERO, Duration::MAX), schedule.pause_max);
    assert_eq!(next(schedule.give_up_after - minutes(2), minutes(10)), minutes(2));
}

#[test]
fn what_can_never_succeed_is_parked_at_once() {
    let schedule = RetrySchedule::default();
    let tried = Tried {
        attempts: 1,
        since_first: Duration::ZERO,
    };
    let after = |failed: DeliveryError| schedule.after(&failed, tried, 0);
    assert_eq!(after(DeliveryError::Gone), Next::Park);
    assert_eq!(after(NotAllowed::PlainHttp.into()), Next::Park);
    assert_eq!(
        after(Failure::Refused(404).into()),
        Next::Again(schedule.first_pause)
    );
    let asked = DeliveryError::Again {
        failure: Failure::Busy(503),
        retry_after: Some(Duration::from_secs(90)),
    };
    assert_eq!(after(asked), Next::Again(Duration::from_secs(90)));
}

fn any_schedule() -> impl Strategy<Value = RetrySchedule> {
    let first = 1_u64..600;
    (
        first,
        1_u32..10,
        600_u64..100_000,
        0_u8..=100,
        100_000_u64..=259_200,
    )
        .prop_map(
            |(first, growth, longest, jitter_percent, give_up)| RetrySchedule {
                first_pause: Duration::from_secs(first),
                growth,
                pause_max: Duration::from_secs(longest),
                jitter_percent,
                give_up_after: Duration::from_secs(give_up),
            },
        )
}

proptest! {
    #[test]
    fn chance_takes_off_no_more_than_its_share(
        schedule in any_schedule(), attempts in 1_u32..=u32::MAX, random: u64,
    ) {
        let tried = Tried { attempts, since_first: Duration::ZERO };
        let whole = schedule.pause(attempts);
        let least = whole - whole * u32::from(schedule.jitter_percent) / 100;
        let Next::Again(pause) = schedule.next(tried, None, random) else { panic!("there is time left") };
        prop_assert!(least <= pause && pause <= whole, "{least:?} {pause:?} {whole:?}");
        prop_assert!(pause <= schedule.pause_max);
    }

    #[test]
    fn the_last_attempt_is_at_the_end_and_no_pause_is_longer_than_the_longest(
        growing in any_schedule(), jitter_percent in 0_u8..=50, asked in proptest::option::of(0_u64..400_000), seed: u64,
    ) {
        // Pauses of half a minute at least, so that the attempts of three days can be counted.
        let schedule = RetrySchedule { first_pause: Duration::from_secs(60), jitter_percent, ..growing };
        let mut random = seed;
        let chance = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random
        };
        let made = attempts(&schedule, asked.map(Duration::from_secs), chance);
        prop_assert_eq!(made.last(), Some(&schedule.give_up_after));
        let pauses = made.windows(2).map(|pair| pair[1] - pair[0]);
        prop_assert!(pauses.clone().all(|pause| pause <= schedule.pause_max));
        let shorter = pauses.filter(|pause| *pause < Duration::from_secs(30)).count();
        prop_assert!(shorter <= 1, "only the last is cut");
    }

    #[test]
    fn no_figures_make_it_fall(
        first: u64, growth: u32, longest: u64, jitter_percent: u8, attempts: u32, asked: u64, since: u64,
    ) {
        let schedule = RetrySchedule {
            first_pause: Duration::from_secs(first),
            growth,
            pause_max: Duration::from_secs(longest),
            jitter_percent,
            give_up_after: RetrySchedule::GIVE_UP_AFTER_MAX,
        };
        let tried = Tried { attempts, since_first: Duration::from_secs(since) };
        for random in CHANCES {
            match schedule.next(tried, Some(Duration::from_secs(asked)), random) {
                Next::Again(pause) => prop_assert!(pause + tried.since_first <= schedule.give_up_after),
                Next::Park => prop_assert!(tried.since_first >= schedule.give_up_after),
            }
        }
    }
}
