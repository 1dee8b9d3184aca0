//! What was counted by the departments, the quotas and the clocks, against what it may be.

use statuscheck_domain::ids::DepartmentId;

use super::{HMRC_MONTHLY, Kind, Replicas, TAKEN_OVER, WAITING, wait_while};

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

    /// Waits until every clock that was left to step has stepped, whichever gateway saw to it.
    pub(super) fn until_stepped(&self) {
        let [(_, clocks), _] = WAITING;
        let left = (self.report.rounds as usize + 1) * clocks;
        let stepped = "SELECT count(DISTINCT case_id) FROM statuscheck.entries WHERE kind = 'at_risk'";
        wait_while(&self.postgres, &format!("({stepped}) < {left}"), TAKEN_OVER);
    }
}
