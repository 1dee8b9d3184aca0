//! The open cases counted, as a table.

use statuscheck_proto::ops::v1::{GetSlaSummaryResponse, SlaLine};

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
    if let Some(referrals) = &found.referrals {
        let oldest = referrals.oldest.as_ref();
        let oldest = oldest.map(|oldest| format!("; the oldest is of {}", time(Some(oldest))));
        say!(
            "{} referrals open, {} late, {} due within 24 h{}",
            counted(referrals.open, referrals.more),
            referrals.late,
            referrals.due_within_24h,
            oldest.unwrap_or_default()
        )?;
    }
    if let Some(hooks) = &found.hooks {
        say!(
            "{} webhooks parked, {} of them to the taskforce, {} waiting",
            counted(hooks.parked, hooks.more),
            hooks.taskforce_parked,
            hooks.waiting
        )?;
    }
    Ok(())
}

/// A number, and whether there are more.
fn counted(count: u64, more: bool) -> String {
    format!("{count}{}", if more { " or more" } else { "" })
}
