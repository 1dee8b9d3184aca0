//! Whom a step of a case is told to, once its call has ended, and what.

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
    let clocks = change.events.iter().filter_map(|event| match &event.kind {
        EventKind::Clock(happened) => after.clock.as_ref().map(|clock| of_clock(clock, happened)),
        _ => None,
    });
    let changed = is_changed(before, after).then_some((Audience::Caller, Happening::Changed));
    changed.into_iter().chain(clocks.flatten()).collect()
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
