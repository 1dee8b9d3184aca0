//! Prints due times of random clocks, one a line, for a check by a program that shares no code with this one:
//! `tests/foreign/python/deadlines.py`.
//!
//! Fields, with tabs between: division, start, promise, and where the clock was paused the beginning and end of the
//! pause (else two hyphens), due time, and last the calendar's version. Times are UTC, in whole seconds.
//!
//!     cargo run -p statuscheck-domain --example due_times -- --seed 7 --count 10000

use std::error::Error;
use std::io::{BufWriter, Write as _};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use statuscheck_domain::calendar::Division;
use statuscheck_domain::case_clock::{CaseClock, ClockEvent};
use statuscheck_domain::clock::london;
use statuscheck_domain::sla::{Ground, Promise, SlaPolicy, Thresholds};
use statuscheck_domain::working_time::Calendars;

/// The built-in calendar's first day, and so many days of it that the longest clock still ends within its years.
const FIRST_DAY: Date = date(2019, 1, 1);
const DAYS: u64 = 9 * 365 + 300;
/// Seconds of the day at which something turns, and their neighbours.
const TURNS: [i64; 9] = [0, 32_399, 32_400, 32_401, 43_200, 61_199, 61_200, 61_201, 86_399];

fn main() -> Result<(), Box<dyn Error>> {
    let (mut dice, count) = arguments()?;
    let calendars = Calendars::default();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for _ in 0..count {
        let division = Division::ALL[dice.below(3) as usize];
        let start = dice.instant()?;
        let promise: Promise = match dice.below(4) {
            0 => format!("{}h", 1 + dice.below(240)),
            _ => format!("{} working days", 1 + dice.below(20)),
        }
        .parse()?;
        let policy = SlaPolicy::new("random".parse()?, promise, promise, division, Thresholds::USUAL)?;
        let terms = policy.terms(start, Ground::Usual, calendars.current().version());
        let mut clock = CaseClock::open(start, CaseClock::start(terms, &calendars)?)?;
        let pause = (dice.below(2) == 0).then(|| {
            let paused = start + SignedDuration::from_secs(dice.seconds(5));
            (paused, paused + SignedDuration::from_secs(dice.seconds(10)))
        });
        if let Some((paused, resumed)) = pause {
            let events = clock.pause(paused, &calendars)?;
            apply(&mut clock, paused, events)?;
            let events = clock.resume(resumed, &calendars)?;
            apply(&mut clock, resumed, events)?;
        }
        let (paused, resumed) = pause.map_or(("-".to_owned(), "-".to_owned()), |(paused, resumed)| {
            (paused.to_string(), resumed.to_string())
        });
        let (division, due, calendar) = (division.as_str(), clock.due_at(), &clock.terms().calendar);
        writeln!(
            out,
            "{division}\t{start}\t{promise}\t{paused}\t{resumed}\t{due}\t{calendar}"
        )?;
    }
    Ok(out.flush()?)
}

fn apply(clock: &mut CaseClock, at: Timestamp, events: Vec<ClockEvent>) -> Result<(), Box<dyn Error>> {
    for event in events {
        clock.apply(at, event)?;
    }
    Ok(())
}

fn arguments() -> Result<(Dice, u64), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["--seed", seed, "--count", count] => Ok((Dice(seed.parse()?), count.parse()?)),
        _ => Err("usage: due_times --seed NUMBER --count NUMBER".into()),
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same clocks for the same seed, on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Of at most `days` days.
    fn seconds(&mut self, days: u64) -> i64 {
        self.below(days * 86_400).cast_signed()
    }

    /// Any second of the years, or, for a third of them, one at which something turns.
    fn instant(&mut self) -> Result<Timestamp, jiff::Error> {
        let day = FIRST_DAY.checked_add(self.below(DAYS).cast_signed().days())?;
        let second = match self.below(3) {
            0 => TURNS[self.below(TURNS.len() as u64) as usize],
            _ => self.seconds(1),
        };
        let local = day
            .at(0, 0, 0, 0)
            .checked_add(SignedDuration::from_secs(second))?;
        Ok(local.to_zoned(london())?.timestamp())
    }
}
