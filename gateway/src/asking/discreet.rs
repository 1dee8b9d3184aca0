//! When callers are told that there is no answer yet, where their agreement withholds that a person is referred.

use std::time::Duration;

use futures_util::FutureExt as _;
use statuscheck_domain::answer::Outcome;
use statuscheck_domain::case::Case;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep};

use super::Asking;

/// The moments at which a call is told that there is no answer yet: the end of its time, whatever the reason, and, where that was too
/// soon for its record, each full step after it. What a department's reply or recording a referral took shows in none of them.
pub(crate) struct Steps {
    step: Duration,
    ends: Interval,
}

impl Steps {
    /// What is left of `left` to ask in: the last step of it is for recording.
    pub(crate) fn within(&self, left: Duration) -> Duration {
        // A short call keeps most of its time.
        left.saturating_sub(self.step.min(left / 4))
    }

    /// Waits until what `case` says may be told.
    pub(crate) async fn until_told(mut self, case: &Case) {
        if !matches!(case.answer.outcome, Outcome::Pending { .. }) {
            return;
        }
        // Where the call's time is over already, the next full step counts.
        self.ends.tick().now_or_never();
        self.ends.tick().await;
    }
}

impl Asking {
    /// The steps of a call that has `budget` from now on; none where settings have everybody told as soon as may be.
    pub(crate) fn steps(&self, budget: Duration) -> Option<Steps> {
        let step = self.referrals.step;
        (!step.is_zero()).then(|| {
            let mut ends = interval_at(sleep(budget).deadline(), step);
            ends.set_missed_tick_behavior(MissedTickBehavior::Skip);
            Steps { step, ends }
        })
    }
}
