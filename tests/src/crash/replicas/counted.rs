//! What was counted by the departments, the quotas and the clocks, against what it may be.

use std::collections::HashSet;

use statuscheck_domain::ids::DepartmentId;
use statuscheck_proto::v1::answer::Outcome;

use super::traffic::HELD;
use super::{HMRC_MONTHLY, Kind, Replicas, TAKEN_OVER, WAITING, wait_while};
use crate::crash::holds::people::person_of;

impl Replicas {
    /// What HMRC was asked, in one request a question, and what is charged, against the quota; and how often it was warned of.
    pub(super) fn count_quota(&mut self) {
        let sent = self.site.requests(DepartmentId::Hmrc);
        let [charged, warnings] = self.numbers(
            "SELECT (SELECT coalesce(sum(used), 0) FROM statuscheck.quotas WHERE department = 'hmrc'),
                    (SELECT count(*) FROM statuscheck.entries WHERE kind = 'quota_warned')",
        );
        let charged = u64::try_from(charged).expect("a count");
        self.report.charged = charged;
        if sent > charged || charged > HMRC_MONTHLY {
            let what = format!("{sent} questions to HMRC, {charged} charged, of {HMRC_MONTHLY}");
            self.find(Kind::Overshot, what);
        }
        if warnings > 1 {
            self.find(Kind::Doubled, format!("{warnings} warnings of one quota"));
        }
    }

    /// Every person who is held back has one open referral, whichever gateways they were checked at and died over it.
    pub(super) fn count_referrals(&mut self) {
        let mut told = HashSet::new();
        for place in 0..self.journal.len() {
            let asked = self.journal.entry(place);
            let answer = asked.told.and_then(|told| told.answer);
            if let Some(Outcome::Referred(_)) = answer.and_then(|answer| answer.outcome) {
                told.insert(person_of(&asked.request).to_owned());
            }
        }
        let [open] =
            self.numbers("SELECT count(*) FROM statuscheck.referrals WHERE NOT joined AND state = 'open'");
        self.report.referred = open;
        // Somebody may be held after the call in which nobody was told so.
        if open < told.len() {
            let what = format!(
                "{open} open referrals, of {} people that callers know of",
                told.len()
            );
            self.find(Kind::Lost, what);
        }
        if open > HELD as usize {
            self.find(Kind::Doubled, format!("{open} open referrals of {HELD} people"));
        }
    }

    /// Waits until every clock that was left to step has stepped, whichever gateway saw to it.
    pub(super) fn until_stepped(&self) {
        let [(_, clocks), _] = WAITING;
        let left = (self.report.rounds as usize + 1) * clocks;
        let stepped = "SELECT count(DISTINCT case_id) FROM statuscheck.entries WHERE kind = 'at_risk'";
        wait_while(&self.postgres, &format!("({stepped}) < {left}"), TAKEN_OVER);
    }
}
