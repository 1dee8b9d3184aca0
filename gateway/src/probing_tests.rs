use jiff::civil::date;
use statuscheck_domain::check::{CheckKind, Draft};
use statuscheck_domain::clock::ManualClock;

use super::*;

fn parsed(kind: CheckKind, draft: Draft<'_>) -> Check {
    let Ok(check) = draft.parse(kind, date(2026, 3, 11)) else {
        panic!("the check is well formed")
    };
    check
}

fn about(given_names: &str, born: &str) -> Check {
    let draft = Draft {
        given_names,
        family_name: "Example",
        date_of_birth: born,
        ..Draft::default()
    };
    parsed(CheckKind::RightToWork, draft)
}

fn supported(family_name: &str, born: &str, reference: &str) -> Check {
    let draft = Draft {
        family_name,
        date_of_birth: born,
        asylum_support_reference: reference,
        benefit: Some(statuscheck_domain::check::EducationBenefit::FreeSchoolMeals),
        ..Draft::default()
    };
    parsed(CheckKind::Section95, draft)
}

struct Bench {
    probing: Arc<Probing>,
    clock: ManualClock,
}

impl Bench {
    fn new(settings: ProbingSettings) -> Self {
        let clock = ManualClock::at("2026-03-11T10:00:00Z".parse().unwrap());
        Self {
            probing: Probing::new(settings, Arc::new(clock.clone())),
            clock,
        }
    }

    /// One check that ended so; or how many seconds to wait.
    fn check(&self, who: &str, check: &Check, end: End) -> Result<(), u64> {
        self.begin(who, check).map(|mut attempt| attempt.end = end)
    }

    fn begin(&self, who: &str, check: &Check) -> Result<Attempt, u64> {
        match self.probing.attempt(&who.parse().unwrap(), check) {
            Ok(attempt) => Ok(attempt),
            Err(Error::ProbingLimit { retry_after }) => Err(retry_after.as_secs()),
            Err(error) => panic!("{error}"),
        }
    }
}

const BORN: &str = "1990-05-01";
const DAY_S: u64 = 86_400;

#[test]
fn ten_checks_a_day_about_one_person_are_the_last_for_one_caller_alone() {
    let bench = Bench::new(ProbingSettings::default());
    let person = about("Sam", BORN);
    for _ in 0..10 {
        assert_eq!(bench.check("employer", &person, End::Counts), Ok(()));
    }
    assert_eq!(bench.check("employer", &person, End::Counts), Err(DAY_S));
    assert_eq!(bench.check("employer", &about("Ann", BORN), End::Counts), Ok(()));
    assert_eq!(bench.check("landlord", &person, End::Counts), Ok(()));
    bench.clock.advance(DAY - Duration::from_secs(1));
    // Those that were refused do not make it longer.
    assert_eq!(bench.check("employer", &person, End::Counts), Err(1));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.check("employer", &person, End::Counts), Ok(()));
}

#[test]
fn one_person_is_one_by_any_of_their_details() {
    let bench = Bench::new(ProbingSettings::default());
    let by_number = |given_names| {
        let draft = Draft {
            given_names,
            family_name: "Example",
            date_of_birth: BORN,
            national_insurance_number: "AB123456C",
            ..Draft::default()
        };
        parsed(CheckKind::RightToWork, draft)
    };
    for name in [
        "Ann", "Bea", "Cat", "Dee", "Eve", "Fay", "Gil", "Hal", "Ida", "Jan",
    ] {
        assert_eq!(bench.check("employer", &by_number(name), End::Counts), Ok(()));
    }
    assert_eq!(
        bench.check("employer", &by_number("Kim"), End::Counts),
        Err(DAY_S)
    );
    assert_eq!(bench.check("employer", &about("Kim", BORN), End::Counts), Ok(()));
    assert_eq!(bench.check("employer", &about("Ann", BORN), End::Counts), Ok(()));
}

#[test]
fn three_variations_that_were_not_found_are_the_last_for_an_hour() {
    let bench = Bench::new(ProbingSettings::default());
    for day in 1..=3 {
        let tried = about("Zoë O'Hara", &format!("1990-05-0{day}"));
        assert_eq!(bench.check("employer", &tried, End::NotFound), Ok(()));
    }
    // Accents, marks and case are no other name.
    let fourth = about("ZOE OHARA", "1990-05-04");
    assert_eq!(bench.check("employer", &fourth, End::Counts), Err(3_600));
    assert_eq!(bench.check("landlord", &fourth, End::Counts), Ok(()));
    assert_eq!(
        bench.check("employer", &about("Zoe", "1990-05-04"), End::Counts),
        Ok(())
    );
    bench.clock.advance(HOUR);
    assert_eq!(bench.check("employer", &fourth, End::NotFound), Ok(()));
}

#[test]
fn in_section_95_a_family_name_is_no_person_and_with_a_date_of_birth_it_is() {
    let bench = Bench::new(ProbingSettings::default());
    for n in 1..=3 {
        let tried = supported("Example", &format!("1990-05-0{n}"), &format!("25070000{n}"));
        assert_eq!(bench.check("lea", &tried, End::NotFound), Ok(()));
    }
    for n in 4..=6 {
        let tried = supported("Example", BORN, &format!("25070000{n}"));
        let expected = if n == 6 { Err(3_600) } else { Ok(()) };
        assert_eq!(bench.check("lea", &tried, End::NotFound), expected);
    }
}

#[test]
fn variations_that_are_tried_all_at_once_are_held_up_until_the_first_are_answered() {
    let bench = Bench::new(ProbingSettings::default());
    let tried = |day: usize| about("Sam", &format!("1990-05-{day:02}"));
    let under_way: Vec<_> = (1..=11).map(|day| bench.begin("employer", &tried(day))).collect();
    assert!(under_way.iter().all(Result::is_ok));
    assert_eq!(bench.begin("employer", &tried(12)).err(), Some(2));
    // They turn out to be repeats: nothing was tried.
    drop(under_way);
    for day in 1..=3 {
        assert_eq!(bench.check("employer", &tried(day), End::NotFound), Ok(()));
    }
    assert_eq!(bench.check("employer", &tried(4), End::Counts), Err(3_600));
}

#[test]
fn a_repeat_is_not_another_check() {
    let bench = Bench::new(ProbingSettings::default());
    let person = about("Sam", BORN);
    for _ in 0..50 {
        assert_eq!(bench.check("employer", &person, End::GivenBack), Ok(()));
    }
    for _ in 0..10 {
        assert_eq!(bench.check("employer", &person, End::Counts), Ok(()));
    }
    assert_eq!(bench.check("employer", &person, End::Counts), Err(DAY_S));
}

#[test]
fn many_callers_together_block_nobody() {
    let bench = Bench::new(ProbingSettings::default());
    let person = about("Sam", BORN);
    for n in 0..100 {
        assert_eq!(
            bench.check(&format!("caller-{n}"), &person, End::NotFound),
            Ok(())
        );
    }
}

#[test]
fn parallel_checks_are_counted_exactly() {
    let bench = Bench::new(ProbingSettings {
        alike_at_once: NonZeroU32::MAX,
        ..ProbingSettings::default()
    });
    let person = about("Sam", BORN);
    let allowed: usize = std::thread::scope(|scope| {
        let ask = || {
            let checks = (0..50).map(|_| bench.check("employer", &person, End::Counts));
            checks.filter(Result::is_ok).count()
        };
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(allowed, 10);
}

#[test]
fn no_more_counts_are_kept_than_there_is_room_for() {
    let bench = Bench::new(ProbingSettings {
        counts_max: NonZeroUsize::new(100).unwrap(),
        ..ProbingSettings::default()
    });
    for n in 0..1_000 {
        let person = about(
            &format!("Sam {}", "x".repeat(n % 30 + 1)),
            &format!("19{:02}-05-01", n % 90 + 10),
        );
        assert_eq!(bench.check("employer", &person, End::Counts), Ok(()));
        assert!(bench.probing.counts().len() <= 100);
    }
}
