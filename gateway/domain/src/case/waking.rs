//! When a case must be looked at by itself.

use jiff::Timestamp;

use super::Case;
use crate::case_clock::CaseClock;

impl Case {
    /// When somebody must look at the case by itself next: at the next step of its clock, to ask a department again, to tell
    /// somebody of it, or because its caller was silent for too long. None where nothing will ever be due unless something else
    /// happens to it.
    ///
    /// A case about which nothing was decided yet is looked after by whoever received it.
    pub fn wake(&self) -> Option<Timestamp> {
        self.own_wake().into_iter().chain(self.outbox.wake()).min()
    }

    /// [`Case::wake`], but for what is to be told by `now`: when something else is due.
    pub fn wake_beside_notices(&self, now: Timestamp) -> Option<Timestamp> {
        let own = self.own_wake();
        let notices = self.outbox.wake_after(now);
        own.into_iter().chain(notices).min()
    }

    fn own_wake(&self) -> Option<Timestamp> {
        let step = self.clock.as_ref().and_then(CaseClock::wake);
        let again = self.questions.again().filter(|_| self.is_asked_on());
        let silence = self.silence_ends_at();
        let others = again.into_iter().chain(silence).chain(self.referrals.wake());
        step.into_iter().chain(others).min()
    }
}
