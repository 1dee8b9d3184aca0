//! How somebody stands to the United Kingdom: what leave, support and references that brings, and with what dates.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rand::RngExt as _;

use super::names::Route;
use super::numbers::Numbers;
use super::{Dice, day_between};
use crate::person::{Leave, Person, Section95};

/// One way of standing to the United Kingdom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Story {
    /// British: the Home Office has no record.
    British,
    /// Settled status under the EU Settlement Scheme.
    Settled,
    /// Pre-settled status.
    PreSettled,
    /// Indefinite leave to remain or enter.
    Indefinite,
    /// Skilled Worker, Health and Care Worker.
    Worker,
    /// Partner or parent of somebody here.
    Family,
    /// Student.
    Student,
    /// Graduate.
    Graduate,
    /// Ukraine schemes.
    Ukraine,
    /// British National (Overseas) route.
    HongKong,
    /// Refugee or under humanitarian protection.
    Refugee,
    /// Visitor.
    Visitor,
    /// Leave that has ended.
    Ended,
    /// Asylum seeker supported under section 95.
    Section95,
    /// Refused asylum seeker supported under section 4.
    Section4,
    /// Came between 1948 and 1971 and stayed, often without a record.
    Windrush,
    /// No record with the Home Office at all.
    Unrecorded,
}

/// Out of a thousand: chosen so that every rule meets its cases, not as statistics.
const SHARES: [(Story, u32); 17] = [
    (Story::British, 110),
    (Story::Settled, 140),
    (Story::PreSettled, 100),
    (Story::Indefinite, 90),
    (Story::Worker, 130),
    (Story::Family, 50),
    (Story::Student, 80),
    (Story::Graduate, 45),
    (Story::Ukraine, 25),
    (Story::HongKong, 25),
    (Story::Refugee, 55),
    (Story::Visitor, 30),
    (Story::Ended, 40),
    (Story::Section95, 35),
    (Story::Section4, 10),
    (Story::Windrush, 25),
    (Story::Unrecorded, 10),
];

impl Story {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut left = dice.random_range(0..SHARES.iter().map(|share| share.1).sum());
        for (story, share) in SHARES {
            if left < share {
                return story;
            }
            left -= share;
        }
        Self::Unrecorded
    }

    pub(super) const fn route(self) -> Route {
        match self {
            Self::British => Route::Home,
            Self::Windrush => Route::Commonwealth,
            Self::Settled | Self::PreSettled => Route::European,
            Self::Refugee | Self::Section95 | Self::Section4 => Route::Asylum,
            Self::Ukraine => Route::Ukraine,
            Self::HongKong => Route::HongKong,
            Self::Indefinite
            | Self::Worker
            | Self::Family
            | Self::Student
            | Self::Graduate
            | Self::Visitor
            | Self::Ended
            | Self::Unrecorded => Route::Work,
        }
    }

    /// Youngest and oldest, in years.
    pub(super) const fn ages(self) -> (i16, i16) {
        match self {
            Self::British => (16, 90),
            Self::Settled | Self::Indefinite => (5, 85),
            Self::PreSettled | Self::Family | Self::Ukraine | Self::HongKong | Self::Unrecorded => (4, 70),
            Self::Worker => (20, 60),
            Self::Student => (17, 35),
            Self::Graduate => (21, 38),
            Self::Refugee => (3, 65),
            Self::Visitor | Self::Ended => (18, 75),
            Self::Section95 | Self::Section4 => (18, 60),
            Self::Windrush => (55, 98),
        }
    }

    /// Share of those of age with a National Insurance number. Of those traced for a new permit about 30 in a hundred
    /// have one already (inspection report of 2019, paragraph 6.41).
    pub(super) const fn with_nino_percent(self) -> u32 {
        match self {
            Self::British | Self::Windrush => 99,
            Self::Settled | Self::Indefinite => 95,
            Self::Ended => 60,
            Self::PreSettled
            | Self::Worker
            | Self::Family
            | Self::Student
            | Self::Graduate
            | Self::Ukraine
            | Self::HongKong
            | Self::Refugee => 30,
            Self::Section95 | Self::Section4 => 3,
            Self::Visitor | Self::Unrecorded => 0,
        }
    }
}

/// Writes the Home Office's records of the person.
pub(super) fn tell(story: Story, person: &mut Person, numbers: Numbers, today: Date, dice: &mut Dice) {
    person.leave = leave(story, person.date_of_birth, today, dice);
    match story {
        Story::British | Story::Unrecorded => {}
        Story::Section95 | Story::Section4 => supported(story, person, numbers, today, dice),
        Story::Windrush => {
            let arrived = windrush_arrival(person.date_of_birth, dice);
            // Those settled here on that day were deemed to have it: Immigration Act 1971, section 1(2).
            let deemed = arrived.max(date(1973, 1, 1));
            let recorded = dice.random_ratio(1, 3);
            person.leave = recorded.then(|| unlimited("Indefinite leave to remain", deemed));
            // Landing cards were destroyed, so the day of arrival is mostly lost.
            person.arrived_on = dice.random_ratio(1, 4).then_some(arrived);
        }
        _ => {
            let begun = leave_begun(person).unwrap_or(today);
            if dice.random_ratio(7, 10) {
                person.arrived_on =
                    arrival(story, begun, today, dice).map(|day| day.max(person.date_of_birth));
            }
        }
    }
    let known = person.leave.is_some() || person.section_95.is_some();
    if known && dice.random_ratio(3, 4) {
        person.home_office_reference = Some(numbers.home_office_reference(dice));
    }
    if story == Story::Refugee && dice.random_ratio(1, 3) {
        // Supported while the claim was open; support ends 28 days after it is granted.
        let granted = leave_begun(person).unwrap_or(today);
        let since = day_between(granted.saturating_sub(700.days()), granted, dice);
        if since > person.date_of_birth {
            person.asylum_support_reference = Some(numbers.asylum_support_reference(since, dice));
            person.section_95 = Some(support(false, since, "Part VI, section 95"));
        }
    }
}

fn leave_begun(person: &Person) -> Option<Date> {
    person.leave.as_ref()?.valid_from
}

/// The first day here of somebody whose leave began that day: before it where leave was given to those here already, in
/// the weeks after it where it was given abroad. None before they have come.
fn arrival(story: Story, begun: Date, today: Date, dice: &mut Dice) -> Option<Date> {
    let days_before = match story {
        Story::Settled | Story::Indefinite => 1_830..6_000,
        Story::PreSettled => 0..1_500,
        Story::Graduate => 330..1_200,
        Story::Refugee => 120..1_000,
        _ => -30..1,
    };
    let day = begun.saturating_sub(dice.random_range(days_before).days());
    (begun <= today).then_some(day.min(today))
}

/// From the arrival of the Empire Windrush to the end of 1971, at most thirty years old.
fn windrush_arrival(born: Date, dice: &mut Dice) -> Date {
    let first = born.saturating_add(30.days()).max(date(1948, 6, 22));
    let last = born.saturating_add(30.years()).min(date(1971, 12, 31));
    day_between(first, last, dice)
}

fn supported(story: Story, person: &mut Person, numbers: Numbers, today: Date, dice: &mut Dice) {
    let arrived = day_between(
        today.saturating_sub(900.days()),
        today.saturating_sub(15.days()),
        dice,
    );
    let since = day_between(arrived.saturating_add(5.days()), today, dice);
    person.arrived_on = dice.random_ratio(9, 10).then_some(arrived);
    person.asylum_support_reference = Some(numbers.asylum_support_reference(since, dice));
    let in_force = dice.random_ratio(17, 20);
    let basis = if story == Story::Section4 {
        "section 4"
    } else {
        "Part VI, section 95"
    };
    let mut support = support(in_force, since, basis);
    if dice.random_ratio(1, 50) {
        // Replies without it are what schools sent back for years (inspection report, paragraph 6.134).
        support.legal_basis = None;
    }
    person.section_95 = Some(support);
}

/// Support since that day under the part and section in the department's words.
pub(crate) fn support(in_force: bool, since: Date, legal_basis: &str) -> Section95 {
    Section95 {
        in_force: Some(in_force),
        since: Some(since),
        legal_basis: Some(legal_basis.to_owned()),
    }
}

fn leave(story: Story, born: Date, today: Date, dice: &mut Dice) -> Option<Leave> {
    let ago =
        |days: i32, dice: &mut Dice| day_between(today.saturating_sub(days.days()), today, dice).max(born);
    let leave = match story {
        Story::British | Story::Section95 | Story::Section4 | Story::Windrush | Story::Unrecorded => {
            return None;
        }
        Story::Settled => {
            // The scheme opened to all on that day.
            let first = date(2019, 3, 30).max(born).min(today);
            let granted = day_between(first, today, dice);
            unlimited("Settled status (EU Settlement Scheme)", granted)
        }
        Story::Indefinite => {
            let kind = one_of(&["Indefinite leave to remain", "Indefinite leave to enter"], dice);
            unlimited(kind, ago(9_000, dice))
        }
        Story::PreSettled => limited("Pre-settled status (EU Settlement Scheme)", ago(1_700, dice), 60),
        Story::Worker => worker(today, ago(1_000, dice), dice),
        Story::Family => limited("Family permission (partner)", ago(850, dice), 30).surcharged(),
        Story::Student => student(ago(330, dice), one_of(&[12, 18, 36, 48], dice)),
        Story::Graduate => limited("Graduate", ago(700, dice), 24).surcharged(),
        Story::Ukraine => limited("Ukraine Permission Extension scheme", ago(500, dice), 18),
        Story::HongKong => limited(
            "British National (Overseas)",
            ago(850, dice),
            one_of(&[30, 60], dice),
        )
        .surcharged(),
        Story::Refugee => {
            let kind = one_of(
                &[
                    "Refugee permission to stay",
                    "Refugee permission to stay",
                    "Humanitarian protection",
                ],
                dice,
            );
            limited(kind, ago(1_800, dice), 60)
        }
        Story::Visitor => visitor(ago(170, dice)),
        Story::Ended => ended(today, dice),
    };
    Some(leave)
}

/// One in twenty-five has a permit that begins in the weeks ahead.
fn worker(today: Date, begun: Date, dice: &mut Dice) -> Leave {
    let ahead = today.saturating_add(dice.random_range(1..60).days());
    let from = if dice.random_ratio(1, 25) { ahead } else { begun };
    let kind = one_of(
        &["Skilled Worker", "Skilled Worker", "Health and Care Worker"],
        dice,
    );
    let mut leave = limited(kind, from, one_of(&[36, 48, 60], dice));
    leave.conditions = vec!["work only for the sponsor and in the job that the sponsor named".to_owned()];
    // Health and Care Workers are exempt.
    leave.health_surcharge_paid = Some(kind == "Skilled Worker");
    leave
}

fn student(from: Date, months: i32) -> Leave {
    let mut leave = limited("Student", from, months).surcharged();
    leave.conditions = vec!["20 hours a week in term time".to_owned()];
    leave
}

fn visitor(from: Date) -> Leave {
    let mut leave = limited("Visitor", from, 6);
    leave.may_work = Some(false);
    leave.may_rent = Some(false);
    leave.conditions = vec!["no work".to_owned(), "no recourse to public funds".to_owned()];
    leave.health_surcharge_paid = Some(false);
    leave
}

/// Leave of some kind whose last day lies up to three years back.
fn ended(today: Date, dice: &mut Dice) -> Leave {
    let last = day_between(
        today.saturating_sub(1_100.days()),
        today.saturating_sub(1.day()),
        dice,
    );
    let (months, mut leave) = match dice.random_range(0..4) {
        0 => (36, worker(today, today, dice)),
        1 => (12, student(today, 12)),
        2 => (6, visitor(today)),
        _ => (30, limited("Family permission (partner)", today, 30).surcharged()),
    };
    leave.valid_from = Some(last.saturating_sub(months.months()));
    leave.valid_until = Some(last);
    leave
}

/// Leave without an end.
pub(crate) fn unlimited(kind: &str, from: Date) -> Leave {
    Leave {
        kind: Some(kind.to_owned()),
        valid_from: Some(from),
        valid_until: None,
        may_work: Some(true),
        may_rent: Some(true),
        conditions: Vec::new(),
        health_surcharge_paid: None,
    }
}

/// Leave of that many months, the last day included.
pub(crate) fn limited(kind: &str, from: Date, months: i32) -> Leave {
    let last = from.saturating_add(months.months()).saturating_sub(1.day());
    Leave {
        valid_until: Some(last),
        ..unlimited(kind, from)
    }
}

impl Leave {
    fn surcharged(self) -> Self {
        Self {
            health_surcharge_paid: Some(true),
            ..self
        }
    }
}

fn one_of<T: Copy>(choices: &[T], dice: &mut Dice) -> T {
    choices[dice.random_range(0..choices.len())]
}
