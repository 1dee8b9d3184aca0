//! A caller who was asked for more and stays silent: the case is not kept open for ever.

use jiff::Timestamp;

use super::{Case, CaseState};
use crate::event::EventKind;
use crate::sla::Target;
use crate::windrush::Rules;
use crate::working_time::after;

impl Case {
    /// When the case lapses unless its caller provides what it asks for: so long after the caller was asked last as the clock's
    /// terms say. None where it does not wait for its caller.
    ///
    /// A case about a possible Windrush profile never lapses: that a caller was silent is no reason to leave such a person without
    /// an answer. Its place is a referral to the taskforce; until it is made, the case stays as it is.
    pub fn lapses_at(&self) -> Option<Timestamp> {
        let waits = self.state == CaseState::AwaitingInformation;
        let has_profile = || Rules::default().has_profile(&self.receipt.check, &self.questions.replies());
        if !waits || self.referrals.open().is_some() || has_profile() {
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

    /// What the silence of its caller makes of the case at `now`; none before its time.
    pub fn lapsed(&self, now: Timestamp) -> Option<EventKind> {
        self.lapses_at()
            .filter(|at| *at <= now)
            .map(|_| EventKind::Lapsed)
    }
}

#[cfg(test)]
#[path = "lapse_tests.rs"]
mod tests;
