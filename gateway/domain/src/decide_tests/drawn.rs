//! Checks and replies drawn at random, around every boundary that a rule names.

use std::fmt;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::row::{
    BORN_IN_TIME, BORN_LATER, By, FEED_INTERVAL, Situation, TODAY, noon, rent, school, trust, work,
};
use super::said::{
    CAUSES, Leave, ambiguous, closed, deferred, eligible, leave, no_record, not_eligible, out, seen_from,
    support, trace, unavailable,
};
use super::words;
use crate::check::CheckKind;
use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::route::{self, Standing};
use crate::subject::Field;

/// A drawn reply. Unlike real ones it may be shown: a counterexample that cannot be read is of no use, and nobody real is
/// in it.
#[derive(Clone)]
pub(super) struct Drawn(Standing);

fn drawn(standing: impl Into<Standing>) -> Drawn {
    Drawn(standing.into())
}

impl From<Drawn> for Standing {
    fn from(drawn: Drawn) -> Self {
        drawn.0
    }
}

impl fmt::Debug for Drawn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&words::standing(&self.0))
    }
}

impl fmt::Debug for Situation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, replies) = (words::who(self), words::replies(self));
        write!(formatter, "{}; {who}; {replies}", self.kind.as_str())
    }
}

/// Days around every boundary that a rule names.
pub(super) fn days() -> impl Strategy<Value = Date> {
    let windrush = date(1988, 12, 31);
    prop_oneof![
        (-2..=2i32).prop_map(|offset| TODAY + offset.days()),
        (27..=30i32).prop_map(|offset| TODAY + offset.days()),
        (-1..=1i32).prop_map(move |offset| windrush + offset.days()),
        (-9_000..=900i32).prop_map(|offset| TODAY + offset.days()),
    ]
}

fn leaves() -> impl Strategy<Value = Drawn> {
    let optional = || proptest::option::of(days());
    (days(), optional(), optional(), any::<[bool; 3]>()).prop_map(
        |(from, until, arrived, [work, rent, conditions])| {
            let mut found = leave().starting(from);
            found = until.into_iter().fold(found, Leave::until);
            found = arrived.into_iter().fold(found, Leave::arrived);
            found = if work { found } else { found.without_work() };
            found = if rent { found } else { found.without_renting() };
            found = if conditions {
                found.on("20 hours a week")
            } else {
                found
            };
            drawn(found)
        },
    )
}

fn supports() -> impl Strategy<Value = Drawn> {
    const BASES: [&str; 4] = ["Part VI, section 95", "Part IV, section 95", "section 4", ""];
    (select(&BASES[..]), any::<bool>(), proptest::option::of(days())).prop_map(|(basis, in_force, since)| {
        let found = support().under(basis).since(since);
        drawn(if in_force { found } else { found.not_in_force() })
    })
}

fn entries() -> impl Strategy<Value = Drawn> {
    const SOURCES: [Option<DepartmentId>; 3] =
        [None, Some(DepartmentId::HomeOffice), Some(DepartmentId::Dwp)];
    let limit = FEED_INTERVAL.as_secs() * 2;
    (any::<bool>(), select(&SOURCES[..]), limit - 2..limit + 2).prop_map(|(good, source, age)| {
        let entry = if good { eligible() } else { not_eligible() };
        drawn(entry.by(source).aged(SignedDuration::from_secs(age)))
    })
}

/// Everything that a department could say, garbage included.
pub(super) fn standings() -> impl Strategy<Value = Drawn> {
    prop_oneof![
        3 => leaves(),
        2 => supports(),
        2 => entries(),
        2 => any::<bool>().prop_map(|matches| drawn(trace(matches))),
        1 => days().prop_map(|day| drawn(seen_from(day))),
        2 => Just(drawn(no_record())),
        2 => unanswered(),
        1 => Just(drawn(ambiguous(&[Field::FamilyName]))),
    ]
}

/// Asked and not answered.
pub(super) fn unanswered() -> impl Strategy<Value = Drawn> {
    prop_oneof![
        Just(drawn(out())),
        Just(drawn(deferred())),
        Just(drawn(closed())),
        select(&CAUSES[..]).prop_map(|cause| drawn(unavailable(cause))),
    ]
}

/// A check without replies: every kind, way of naming, age and moment.
pub(super) fn checks() -> impl Strategy<Value = Situation> {
    let born = prop_oneof![
        Just(BORN_LATER),
        Just(BORN_IN_TIME),
        Just(date(1988, 12, 31)),
        Just(date(1989, 1, 1))
    ];
    let way = prop_oneof![
        Just(By::ShareCode),
        Just(By::Names),
        Just(By::NamesAndNino),
        Just(By::NamesAndNinoWithoutSuffix)
    ];
    (select(&CheckKind::ALL[..]), way, born, -1..40i32, 0..48i64).prop_map(
        |(kind, way, born, ahead, hours)| {
            let situation = match kind {
                CheckKind::RightToWork => work(""),
                CheckKind::RightToRent => rent("").tenancy(TODAY + ahead.days()),
                CheckKind::Section95 => school(""),
                CheckKind::Iecas => trust(""),
            };
            let by = match (kind, way) {
                (CheckKind::Section95, By::ShareCode | By::Names) => By::NamesAndSupportReference,
                (CheckKind::Iecas, By::ShareCode) => By::Names,
                (_, way) => way,
            };
            let now = noon() + SignedDuration::from_hours(hours);
            Situation {
                now,
                ..situation.born(born).by(by)
            }
        },
    )
}

/// A check and any replies to any of the questions.
pub(super) fn situations() -> impl Strategy<Value = Situation> {
    let asked = subsequence(Operation::ALL.to_vec(), 0..=Operation::ALL.len());
    let said = proptest::collection::vec(standings(), Operation::ALL.len());
    (checks(), asked, said).prop_map(|(situation, asked, said)| {
        let replies = asked.into_iter().zip(said);
        replies.fold(situation, |situation, (operation, standing)| {
            situation.said(operation, standing)
        })
    })
}

/// The same with the required question found, so that what follows from a found reply is met often enough.
pub(super) fn found_situations() -> impl Strategy<Value = Situation> {
    (situations(), leaves(), supports()).prop_map(|(situation, leave, support)| {
        let required = route::required(situation.kind);
        let found = if situation.kind == CheckKind::Section95 {
            support
        } else {
            leave
        };
        replacing(situation, required, found)
    })
}

pub(super) fn replacing(
    mut situation: Situation,
    operation: Operation,
    said: impl Into<Standing>,
) -> Situation {
    situation.replies.retain(|(asked, _)| *asked != operation);
    situation.said(operation, said)
}
