//! The open cases counted, as a table.

use statuscheck_proto::ops::v1::{GetSlaSummaryResponse, HookSummary, ReferralSummary, SlaLine};

use crate::cli::output::{say, table, time};

pub(super) fn print(found: &GetSlaSummaryResponse) -> anyhow::Result<()> {
    let mut lines: Vec<_> = found.lines.iter().collect();
    // The worst first: late, then what is due soonest.
    lines.sort_by_key(|line| {
        let due = line.next_due.map(|due| (due.seconds, due.nanos));
        (std::cmp::Reverse(line.breached), due.is_none(), due)
    });
    let mut table = table([
        "whose turn",
        "check",
        "agreement",
        "open",
        "paused",
        "at risk",
        "late",
        "1 h",
        "4 h",
        "24 h",
        "next due",
    ]);
    for line in &lines {
        table.add_row([
            line.department.clone(),
            line.check.clone(),
            line.agreement_id.clone(),
            line.open.to_string(),
            line.paused.to_string(),
            line.at_risk.to_string(),
            line.breached.to_string(),
            line.due_within_1h.to_string(),
            line.due_within_4h.to_string(),
            line.due_within_24h.to_string(),
            time(line.next_due.as_ref()),
        ]);
    }
    if !lines.is_empty() {
        say!("{table}")?;
    }
    let sum = |of: fn(&SlaLine) -> u64| found.lines.iter().map(of).sum::<u64>();
    say!(
        "{} open, {} late, {} at risk, {} due within 24 h, {} paused; counted at {}",
        sum(|line| line.open),
        sum(|line| line.breached),
        sum(|line| line.at_risk),
        sum(|line| line.due_within_24h),
        sum(|line| line.paused),
        time(found.as_of.as_ref())
    )?;
    if let Some(found) = &found.referrals {
        say!("{}", referrals(found))?;
    }
    if let Some(found) = &found.hooks {
        say!("{}", hooks(found))?;
    }
    Ok(())
}

fn referrals(found: &ReferralSummary) -> String {
    let oldest = found.oldest.as_ref();
    let oldest = oldest.map(|oldest| format!("; the oldest is of {}", time(Some(oldest))));
    format!(
        "{} referrals open, {} late, {} due within 24 h{}",
        counted(found.open, found.more),
        found.late,
        found.due_within_24h,
        oldest.unwrap_or_default()
    )
}

fn hooks(found: &HookSummary) -> String {
    format!(
        "{} webhooks parked, {} of them to the taskforce, {} waiting",
        counted(found.parked, found.more),
        found.taskforce_parked,
        found.waiting
    )
}

/// A number, and whether there are more.
fn counted(count: u64, more: bool) -> String {
    format!("{count}{}", if more { " or more" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_referrals_are_told_with_the_oldest_of_them() {
        let mut found = ReferralSummary {
            open: 7,
            due_within_24h: 2,
            late: 1,
            oldest: Some(prost_types::Timestamp {
                seconds: 1_781_082_000,
                nanos: 0,
            }),
            more: false,
        };
        let told = "7 referrals open, 1 late, 2 due within 24 h; the oldest is of 2026-06-10 10:00:00 BST";
        assert_eq!(referrals(&found), told);
        found.more = true;
        assert!(referrals(&found).starts_with("7 or more referrals open, 1 late"));
        let none = ReferralSummary::default();
        assert_eq!(referrals(&none), "0 referrals open, 0 late, 0 due within 24 h");
    }

    #[test]
    fn webhooks_that_were_not_taken_are_told_with_those_of_the_taskforce() {
        let mut found = HookSummary {
            waiting: 4,
            parked: 3,
            taskforce_parked: 1,
            more: false,
        };
        let told = "3 webhooks parked, 1 of them to the taskforce, 4 waiting";
        assert_eq!(hooks(&found), told);
        found.more = true;
        assert!(hooks(&found).starts_with("3 or more webhooks parked"));
    }
}
