//! Working time the slow way, for comparison: every minute of 2026 to 2028 is open or not, and is walked over one by
//! one. It shares nothing with what it judges: days are counted with arithmetic of its own, summer time has its dates
//! written out, and the list of holidays is only split at its tabs.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::Timestamp;

use crate::calendar::Division;

const FIRST_MINUTE: i64 = 1_767_225_600 / 60; // 2026-01-01T00:00:00Z
const DAYS: usize = 365 + 365 + 366;
pub(crate) const MINUTES: usize = DAYS * 24 * 60;

/// Months and days on which summer time begins and ends, at 01:00 UTC.
const SUMMER: [(usize, [(usize, usize); 2]); 3] = [
    (2026, [(3, 29), (10, 25)]),
    (2027, [(3, 28), (10, 31)]),
    (2028, [(3, 26), (10, 29)]),
];

static OPEN: LazyLock<[Vec<bool>; 3]> =
    LazyLock::new(|| ["england-and-wales", "scotland", "northern-ireland"].map(open));

fn open(division: &str) -> Vec<bool> {
    let holidays: HashSet<_> = include_str!("../../data/bank-holidays.tsv")
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let day = fields.next()?;
            (fields.next()? == division).then_some(day)
        })
        .collect();
    let days = days();
    let is_open_day = |(index, (year, month, day)): (usize, &(usize, usize, usize))| {
        // 1 January 2026 was a Thursday.
        let weekday = (index + 3) % 7;
        weekday < 5 && !holidays.contains(format!("{year}-{month:02}-{day:02}").as_str())
    };
    let open_days: Vec<_> = days.iter().enumerate().map(is_open_day).collect();
    let summers: Vec<_> = SUMMER
        .iter()
        .map(|(year, ends)| {
            ends.map(|(month, day)| {
                days.iter()
                    .position(|known| *known == (*year, month, day))
                    .unwrap()
                    * 1_440
                    + 60
            })
        })
        .collect();
    (0..MINUTES)
        .map(|minute| {
            let is_summer = summers
                .iter()
                .any(|[begin, end]| (*begin..*end).contains(&minute));
            let local = minute + if is_summer { 60 } else { 0 };
            let hour = local / 60 % 24;
            (9..17).contains(&hour) && open_days.get(local / 1_440) == Some(&true)
        })
        .collect()
}

fn days() -> Vec<(usize, usize, usize)> {
    let mut days = Vec::new();
    for (year, february) in [(2026, 28), (2027, 28), (2028, 29)] {
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in (1..).zip(lengths) {
            days.extend((1..=length).map(|day| (year, month, day)));
        }
    }
    days
}

/// The instant at which minute `minute` begins.
pub(crate) fn instant(minute: usize) -> Timestamp {
    let minute = i64::try_from(minute).unwrap();
    Timestamp::from_second((FIRST_MINUTE + minute) * 60).unwrap()
}

/// Whether desks are open in minute `minute`.
pub(crate) fn is_open(division: Division, minute: usize) -> bool {
    OPEN[division as usize][minute]
}

/// The open minute that comes after `count` open ones, from minute `start` on.
pub(crate) fn add(division: Division, start: usize, count: usize) -> usize {
    let mut left = count;
    for minute in start..MINUTES {
        if OPEN[division as usize][minute] {
            if left == 0 {
                return minute;
            }
            left -= 1;
        }
    }
    panic!("the model's years are over")
}

/// The open minutes from `start` until `end`.
pub(crate) fn between(division: Division, start: usize, end: usize) -> usize {
    let open = &OPEN[division as usize];
    (start..end).filter(|minute| open[*minute]).count()
}
