//! What the caller of a case sees of its events.

use crate::answer::Outcome;
use crate::case::CaseState;
use crate::case_clock::{Cause, ClockEvent};
use crate::check::CheckKind;
use crate::event::{EventKind, Receipt};

/// Which events of a case its caller sees, taken one after another from the receipt on.
///
/// Where the agreement withholds that a person is referred, a case that is held must look like one that waits, in every byte and at
/// every moment. An ordinary one is asked about again while it waits, and its reason to wait changes; a held one is and does not.
/// So of such an agreement's cases no caller sees whom departments were asked, what they replied, or that the case goes on
/// waiting: a case waits from its receipt on, and what ends that is the next event.
#[derive(Clone, Copy)]
pub struct Sight {
    kind: CheckKind,
    is_discreet: bool,
    waits: bool,
    is_disputed: bool,
}

impl Sight {
    /// That of a case with this receipt, which the caller sees.
    pub const fn of(receipt: &Receipt) -> Self {
        Self {
            kind: receipt.check.kind(),
            is_discreet: receipt.is_discreet,
            waits: true,
            is_disputed: false,
        }
    }

    /// Whether the caller sees `next`, the event after all those that were taken before.
    pub fn sees(&mut self, next: &EventKind) -> bool {
        let is_unseen = next.is_hidden(self.kind) || self.is_discreet && self.is_waiting(next);
        if let Some(state) = next.state() {
            self.waits = state == CaseState::Open;
        }
        self.is_disputed |= matches!(next, EventKind::Disputed { .. });
        !is_unseen
    }

    /// `next` is no more than that the case goes on waiting.
    fn is_waiting(&self, next: &EventKind) -> bool {
        match next {
            EventKind::Asked { .. }
            | EventKind::Replied { .. }
            | EventKind::InformationRequested { .. }
            | EventKind::Postponed { .. } => true,
            EventKind::Decided(answer) => self.waits && matches!(answer.outcome, Outcome::Pending { .. }),
            // It starts with the first decision, and counts from the receipt. After a dispute it counts from that.
            EventKind::Clock(ClockEvent::Set(setting)) => {
                setting.cause == Cause::Started && !self.is_disputed
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "sight_tests.rs"]
mod tests;
