//! A caller who was asked for more and stays silent: the case is not kept open for ever.

use jiff::Timestamp;

use super::{Case, CaseState};
use crate::referral::{Held, Hold};
use crate::sla::Target;
use crate::windrush::Rules;
use crate::working_time::after;

/// What the silence of its caller makes of a case.
#[derive(Clone, PartialEq, Eq)]
pub enum Silence {
    /// It is over without an answer.
    Lapses,
    /// The person may be of the Windrush generation: that a caller was silent is no reason to leave such a person without an answer,
    /// so the taskforce looks into it.
    Refers(Hold),
}

impl Case {
    /// When the silence of its caller has lasted too long: so long after the caller was asked last as the clock's terms say. None
    /// where the case does not wait for its caller, or the taskforce is looking into it already.
    pub fn silence_ends_at(&self) -> Option<Timestamp> {
        let waits = self.state == CaseState::AwaitingInformation;
        if !waits || self.referrals.open().is_some() {
            return None;
        }
        let mut steps = self.history.iter().rev();
        let asked = steps.find(|step| step.kind == "more_information_needed")?;
        let silence = self
            .clock
            .as_ref()
            .map_or(Target::SILENCE, |clock| clock.terms().silence);
        Some(after(asked.time, silence.length()))
    }

    /// What the silence of its caller makes of the case at `now`; none before its time. `rules` say who has a Windrush profile: those
    /// of the day on which the case was received.
    pub fn silenced(&self, now: Timestamp, rules: &Rules) -> Option<Silence> {
        self.silence_ends_at().filter(|at| *at <= now)?;
        let grounds = rules.grounds(&self.receipt.check, &self.questions.replies());
        Some(if grounds.is_empty() {
            Silence::Lapses
        } else {
            let held = Held::Silence;
            Silence::Refers(Hold { held, grounds })
        })
    }
}

#[cfg(test)]
#[path = "lapse_tests.rs"]
mod tests;
