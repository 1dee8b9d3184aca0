//! Work and benefits over the years: the evidence of residence that HMRC and DWP hold.

use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::stories::Story;
use super::{Dice, day_between};
use crate::person::{Benefit, Employment, Person};

const EMPLOYERS: &str = include_str!("../../data/employers.txt");

/// Jobs of one life: more would only make the line longer.
const JOBS_MAX: usize = 12;

/// State pension age of those born before it began to rise beyond.
const PENSION_AGE: i16 = 66;

/// State Pension Credit Act 2002.
const PENSION_CREDIT_OPENED: Date = date(2003, 10, 6);

/// A benefit, DWP's name of it, and the days between which it was paid to new claimants.
struct Scheme {
    kind: &'static str,
    opened: Date,
    closed: Option<Date>,
}

/// Opened and closed by: Family Allowances Act 1945, Ministry of Social Security Act 1966, Child Benefit Act 1975,
/// Social Security Act 1986, Jobseekers Act 1995, Welfare Reform Acts 2007 and 2012.
const SCHEMES: [Scheme; 7] = [
    Scheme {
        kind: "family_allowance",
        opened: date(1946, 8, 6),
        closed: Some(date(1977, 4, 3)),
    },
    Scheme {
        kind: "supplementary_benefit",
        opened: date(1966, 11, 28),
        closed: Some(date(1988, 4, 10)),
    },
    Scheme {
        kind: "child_benefit",
        opened: date(1977, 4, 4),
        closed: None,
    },
    Scheme {
        kind: "income_support",
        opened: date(1988, 4, 11),
        closed: Some(date(2018, 12, 11)),
    },
    Scheme {
        kind: "job_seekers_allowance_income_based",
        opened: date(1996, 10, 7),
        closed: Some(date(2018, 12, 11)),
    },
    Scheme {
        kind: "employment_support_allowance_income_based",
        opened: date(2008, 10, 27),
        closed: Some(date(2018, 12, 11)),
    },
    Scheme {
        kind: "universal_credit",
        opened: date(2013, 4, 29),
        closed: None,
    },
];

struct EmployerWords {
    places: Vec<&'static str>,
    trades: Vec<&'static str>,
    forms: Vec<&'static str>,
}

static WORDS: LazyLock<EmployerWords> = LazyLock::new(|| {
    let under = |key: &str| {
        let lines = EMPLOYERS.lines().filter_map(|line| line.strip_prefix(key));
        lines.flat_map(|line| line.split(',').map(str::trim)).collect()
    };
    EmployerWords {
        places: under("places:"),
        trades: under("trades:"),
        forms: under("forms:"),
    }
});

/// Writes HMRC's and DWP's records of the person. Without a National Insurance number there are none.
pub(super) fn tell(story: Story, person: &mut Person, today: Date, dice: &mut Dice) {
    if person.national_insurance_number.is_none() {
        return;
    }
    let Some(here_since) = here_since(story, person, today, dice) else {
        return;
    };
    let grown = here_since.max(person.date_of_birth.saturating_add(16.years()));
    let pension = person.date_of_birth.saturating_add(PENSION_AGE.years());
    let may_work = person
        .leave
        .as_ref()
        .is_none_or(|leave| leave.may_work == Some(true));
    if may_work {
        person.employments = jobs(grown, working_until(person, pension, today), today, dice);
    }
    if entitled(story) {
        person.benefits = claims(story, grown, pension, today, dice);
        if pension <= today && here_since.saturating_add(10.years()) < pension {
            person.benefits.push(Benefit {
                kind: "state_pension".to_owned(),
                from: pension,
                to: None,
            });
            if dice.random_ratio(1, 6) {
                person.benefits.push(Benefit {
                    kind: "pensions_credit".to_owned(),
                    from: pension.max(PENSION_CREDIT_OPENED),
                    to: None,
                });
            }
        }
    }
}

/// First day of residence, known to the Home Office or not; none where the person is yet to come.
fn here_since(story: Story, person: &Person, today: Date, dice: &mut Dice) -> Option<Date> {
    let recorded = person.arrived_on;
    let first = match story {
        Story::British => person.date_of_birth,
        Story::Windrush => recorded.unwrap_or_else(|| {
            let earliest = person.date_of_birth.max(date(1948, 6, 22));
            let latest = person
                .date_of_birth
                .saturating_add(30.years())
                .min(date(1971, 12, 31));
            day_between(earliest, latest, dice)
        }),
        _ => recorded.or_else(|| person.leave.as_ref()?.valid_from)?,
    };
    (first <= today).then_some(first)
}

fn working_until(person: &Person, pension: Date, today: Date) -> Date {
    let leave_ends = person.leave.as_ref().and_then(|leave| leave.valid_until);
    today.min(pension).min(leave_ends.unwrap_or(today))
}

const fn entitled(story: Story) -> bool {
    matches!(
        story,
        Story::British
            | Story::Settled
            | Story::PreSettled
            | Story::Indefinite
            | Story::Refugee
            | Story::Windrush
    )
}

/// Jobs one after another with gaps between; the last goes on where it reaches today.
fn jobs(from: Date, until: Date, today: Date, dice: &mut Dice) -> Vec<Employment> {
    let mut jobs = Vec::new();
    let mut day = from.saturating_add(dice.random_range(5..500).days());
    // Somebody with a long life at work changes jobs less often, so that the list covers it.
    let years = (until.year() - from.year()).max(1);
    let longest = (i32::from(years) * 365 / 6).max(700);
    while day < until && jobs.len() < JOBS_MAX {
        let last = day.saturating_add(dice.random_range(60..longest).days());
        let ends = last < until || until < today;
        jobs.push(Employment {
            employer: employer(dice),
            from: day,
            to: ends.then_some(last.min(until)),
        });
        day = last.saturating_add(dice.random_range(1..400).days());
    }
    jobs
}

/// Up to three claims under schemes that were open.
fn claims(story: Story, from: Date, until: Date, today: Date, dice: &mut Dice) -> Vec<Benefit> {
    let most = if story == Story::Windrush { 5 } else { 3 };
    let mut claims: Vec<Benefit> = Vec::new();
    for _ in 0..dice.random_range(0..most) {
        let Some(scheme) = SCHEMES.choose(dice) else {
            break;
        };
        let closed = scheme.closed.unwrap_or(today).min(today).min(until);
        let opened = scheme.opened.max(from);
        let claimed_before = claims.iter().any(|claim| claim.kind == scheme.kind);
        if opened >= closed || claimed_before {
            continue;
        }
        // Half of the claims that may still go on are recent, so that some do.
        let recent = scheme.closed.is_none() && dice.random_ratio(1, 2);
        let earliest = if recent {
            opened.max(closed.saturating_sub(3.years()))
        } else {
            opened
        };
        let first = day_between(earliest, closed, dice);
        let last = first.saturating_add(dice.random_range(90..3_000).days());
        let goes_on = last >= today && scheme.closed.is_none() && until > today;
        claims.push(Benefit {
            kind: scheme.kind.to_owned(),
            from: first,
            to: (!goes_on).then_some(last.min(closed)),
        });
    }
    claims.sort_by_key(|claim| claim.from);
    claims
}

fn employer(dice: &mut Dice) -> String {
    let word = |words: &[&'static str], dice: &mut Dice| words.choose(dice).copied().unwrap_or_default();
    let (place, trade) = (word(&WORDS.places, dice), word(&WORDS.trades, dice));
    format!("{place} {trade} {}", word(&WORDS.forms, dice))
}
