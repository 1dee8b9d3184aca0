//! Whom a step of a case is told to, in its call and once that has ended, and what.

use super::Happening;
use crate::answer::Outcome;
use crate::case::Case;
use crate::case_clock::{CaseClock, ClockEvent, Movement, Step};
use crate::event::{Change, EventKind};
use crate::sla::{Audience, Told};

/// What `change`, which takes a case from `before` to `after`, is to be told of, and to whom, in the order in which it happened.
///
/// A case that waits for another reason than before is none to be told of: there is nothing that its caller could do about it.
pub fn tidings(before: &Case, change: &Change, after: &Case) -> Vec<(Audience, Happening)> {
    let changed = is_changed(before, after).then_some((Audience::Caller, Happening::Changed));
    changed.into_iter().chain(of_clocks(change, after)).collect()
}

/// The same of a step that is told in its call: what its caller learns there is not told again, and what the clock fired with it is
/// told as ever.
pub fn tidings_in_call(change: &Change, after: &Case) -> Vec<(Audience, Happening)> {
    of_clocks(change, after).collect()
}

fn of_clocks(change: &Change, after: &Case) -> impl Iterator<Item = (Audience, Happening)> {
    let clocks = change.events.iter().filter_map(|event| match &event.kind {
        EventKind::Clock(happened) => after.clock.as_ref().map(|clock| of_clock(clock, happened)),
        _ => None,
    });
    clocks.flatten()
}

fn is_changed(before: &Case, after: &Case) -> bool {
    let waits = |case: &Case| matches!(case.answer.outcome, Outcome::Pending { .. });
    let is_same = before.state == after.state
        && (before.answer.outcome == after.answer.outcome || (waits(before) && waits(after)));
    !is_same
}

fn of_clock(clock: &CaseClock, happened: &ClockEvent) -> Vec<(Audience, Happening)> {
    let due_at = clock.due_at();
    let (told, happening) = match happened {
        ClockEvent::Stepped(step) => {
            let happening = match step {
                Step::AtRisk(percent) => Happening::AtRisk {
                    percent: *percent,
                    due_at,
                },
                Step::Breached => Happening::Breached { due_at },
            };
            (clock.terms().thresholds.told(step.percent()), happening)
        }
        ClockEvent::Moved(moved) if matches!(moved.movement, Movement::Extended { .. }) => {
            (Told::of([Audience::Caller]), Happening::DueExtended { due_at })
        }
        ClockEvent::Set(_) | ClockEvent::Moved(_) | ClockEvent::Stopped => return Vec::new(),
    };
    told.iter().map(|audience| (audience, happening)).collect()
}
