use jiff::civil::date;
use statuscheck_domain::agreement::{Agreement, Register};
use statuscheck_domain::check::Draft;
use statuscheck_domain::clock::ManualClock;

use super::*;

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// A register of the shipped agreement with that rate.
fn register(rate: Option<Rate>) -> Register {
    let shipped = crate::demo::shipped_register().unwrap();
    let right_to_work = shipped.agreement(&"right-to-work".parse().unwrap()).unwrap();
    let agreement = Agreement {
        rate,
        ..right_to_work.clone()
    };
    Register::new([agreement], []).unwrap()
}

fn permit(rate: Option<Rate>) -> Permit {
    let today = date(2026, 3, 11);
    let draft = Draft {
        given_names: "Sam",
        family_name: "Example",
        date_of_birth: "1990-05-01",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, today) else {
        panic!("the check is well formed")
    };
    register(rate)
        .authorise(&"employer".parse().unwrap(), &check, None, today)
        .unwrap()
}

fn limits(burst: u32) -> (Limits, ManualClock) {
    let clock = ManualClock::at("2026-03-11T10:00:00Z".parse().unwrap());
    let settings = LimitSettings {
        checks_per_second: number(1),
        burst: number(burst),
    };
    (Limits::new(&settings, Arc::new(clock.clone())), clock)
}

fn rate(per_minute: u32, burst: u32) -> Option<Rate> {
    Some(Rate {
        per_minute: number(per_minute),
        burst: number(burst),
    })
}

/// Remaining and seconds until all are there again; or the wait in milliseconds and whose limits were met.
fn asked(limits: &Limits, permit: &Permit) -> Result<(u32, u64), (u128, Vec<String>)> {
    match limits.reserve(permit.clone()) {
        Ok(reserved) => Ok((
            reserved.allowance().remaining,
            reserved.allowance().reset.as_secs(),
        )),
        Err(Error::RateLimited {
            retry_after,
            subjects,
            ..
        }) => Err((retry_after.as_millis(), subjects)),
        Err(error) => panic!("{error}"),
    }
}

const IN_ALL: &str = "organisation:employer";
const UNDER: &str = "organisation:employer agreement:right-to-work check:right-to-work";

#[test]
fn the_rate_of_an_agreement_counts_beside_the_organisations() {
    let (limits, clock) = limits(10);
    // One every six seconds, two at once.
    let permit = permit(rate(10, 2));
    assert_eq!(asked(&limits, &permit), Ok((1, 6)));
    assert_eq!(asked(&limits, &permit), Ok((0, 12)));
    assert_eq!(asked(&limits, &permit), Err((6_000, vec![UNDER.to_owned()])));
    clock.advance(Duration::from_millis(5_999));
    assert_eq!(asked(&limits, &permit), Err((1, vec![UNDER.to_owned()])));
    clock.advance(Duration::from_millis(1));
    assert_eq!(asked(&limits, &permit), Ok((0, 12)));
}

#[test]
fn a_rejected_check_takes_nothing_of_either_rate() {
    let (limits, clock) = limits(3);
    let (narrow, wide) = (permit(rate(1, 1)), permit(None));
    assert_eq!(asked(&limits, &narrow), Ok((0, 60)));
    for _ in 0..50 {
        assert_eq!(asked(&limits, &narrow), Err((60_000, vec![UNDER.to_owned()])));
    }
    // Of three, one was taken.
    assert_eq!(asked(&limits, &wide), Ok((1, 2)));
    assert_eq!(asked(&limits, &wide), Ok((0, 3)));
    assert_eq!(asked(&limits, &wide), Err((1_000, vec![IN_ALL.to_owned()])));
    // Both are over: both are told, and the longer wait.
    let both = vec![IN_ALL.to_owned(), UNDER.to_owned()];
    assert_eq!(asked(&limits, &narrow), Err((60_000, both)));
    // The organisation's is over when the agreement's has one again: that one stays.
    clock.advance(Duration::from_secs(60));
    for _ in 0..3 {
        asked(&limits, &wide).unwrap();
    }
    for _ in 0..50 {
        assert_eq!(asked(&limits, &narrow), Err((1_000, vec![IN_ALL.to_owned()])));
    }
    clock.advance(Duration::from_secs(1));
    assert_eq!(asked(&limits, &narrow), Ok((0, 60)));
}

#[test]
fn a_refund_leaves_the_rate_as_it_was() {
    let (limits, clock) = limits(2);
    let permit = permit(rate(60, 2));
    for _ in 0..20 {
        limits.reserve(permit.clone()).unwrap().refund();
        clock.advance(Duration::from_millis(10));
    }
    asked(&limits, &permit).unwrap();
    limits.reserve(permit.clone()).unwrap().refund();
    assert_eq!(asked(&limits, &permit), Ok((0, 2)));
    assert!(asked(&limits, &permit).is_err());
}

#[test]
fn parallel_callers_get_exactly_what_there_is() {
    let (limits, _clock) = limits(100);
    let permit = permit(rate(60, 40));
    let granted: usize = std::thread::scope(|scope| {
        let ask = || (0..50).filter(|_| asked(&limits, &permit).is_ok()).count();
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(granted, 40);
    // What the organisation has left is what was not granted.
    let wide = self::permit(None);
    assert_eq!((0..100).filter(|_| asked(&limits, &wide).is_ok()).count(), 60);
}

#[test]
fn a_rate_that_changes_begins_anew() {
    let (limits, _clock) = limits(10);
    asked(&limits, &permit(rate(1, 1))).unwrap();
    assert!(asked(&limits, &permit(rate(1, 1))).is_err());
    asked(&limits, &permit(rate(1, 2))).unwrap();
}

#[test]
fn who_leaves_the_register_begins_anew_on_coming_back_and_who_stays_does_not() {
    let (limits, _clock) = limits(100);
    let permit = permit(rate(1, 1));
    assert!(asked(&limits, &permit).is_ok());
    assert!(asked(&limits, &permit).is_err());
    limits.keep_up(1, &register(rate(1, 1)));
    assert!(asked(&limits, &permit).is_err());
    limits.keep_up(2, &Register::default());
    assert!(asked(&limits, &permit).is_ok());
    // A version that is no newer lets nobody go.
    for old in [1, 2] {
        limits.keep_up(old, &Register::default());
        assert!(asked(&limits, &permit).is_err());
    }
}
