//! A referral as a person reads it.

use std::process::ExitCode;

use statuscheck_proto::adapter::v1::Period;
use statuscheck_proto::referral::v1::{Evidence, Note, Referral, ReferralState, ResidenceSpan};
use statuscheck_proto::v1::{CheckKind, Sla};

use crate::cli::output::{named, say, time};

pub(super) const fn state(state: ReferralState) -> &'static str {
    match state {
        ReferralState::Unspecified => "",
        ReferralState::Open => "open",
        ReferralState::Confirmed => "confirmed",
        ReferralState::NotConfirmed => "not confirmed",
        ReferralState::Superseded => "superseded",
    }
}

const fn check(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Unspecified => "",
        CheckKind::RightToWork => "right to work",
        CheckKind::RightToRent => "right to rent",
        CheckKind::Section95 => "section 95",
        CheckKind::Iecas => "immigration status (IECAS)",
    }
}

fn due(sla: Option<&Sla>) -> String {
    sla.map(|sla| time(sla.due_at.as_ref())).unwrap_or_default()
}

fn late(sla: Option<&Sla>) -> &'static str {
    if sla.is_some_and(|sla| sla.breached) {
        "late"
    } else {
        ""
    }
}

pub(super) fn cells(referral: &Referral) -> [String; 8] {
    let sla = referral.sla.as_ref();
    [
        referral.referral_id.clone(),
        check(referral.check()).to_owned(),
        state(referral.state()).to_owned(),
        time(referral.create_time.as_ref()),
        due(sla),
        late(sla).to_owned(),
        referral.held.clone(),
        referral.grounds.join(", "),
    ]
}

/// Prints all that there is of it.
pub(super) fn print(referral: &Referral) -> anyhow::Result<ExitCode> {
    let sla = referral.sla.as_ref();
    say!("Referral   {}", referral.referral_id)?;
    say!("Case       {}", referral.case_id)?;
    say!("Check      {}", check(referral.check()))?;
    say!("State      {}", state(referral.state()))?;
    say!("Since      {}", time(referral.create_time.as_ref()))?;
    say!("Due        {}  {}", due(sla), late(sla))?;
    say!("Held back  {}", referral.held)?;
    say!("Grounds    {}", referral.grounds.join(", "))?;
    if !referral.fields_asked.is_empty() {
        say!("Asked for  {}", referral.fields_asked.join(", "))?;
    }
    if let Some(subject) = &referral.subject {
        say!("Person     {}", named(subject))?;
    }
    if !referral.dispute.is_empty() {
        say!("Dispute    {}", referral.dispute)?;
    }
    say!("")?;
    say!("Residence, as departments hold it")?;
    if referral.timeline.is_empty() {
        say!("  nothing")?;
    }
    for span in &referral.timeline {
        say!("  {}", line(span))?;
    }
    for evidence in &referral.evidence {
        say!("  {}", source(evidence))?;
    }
    if !referral.notes.is_empty() {
        say!("")?;
        say!("What was said")?;
    }
    for note in &referral.notes {
        say!("  {}", said(note))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One stretch of the line of time: `1968-04-06 to 1979-04-05  hmrc, dwp`.
fn line(span: &ResidenceSpan) -> String {
    let period = span.period.as_ref().map(period).unwrap_or_default();
    if span.departments.is_empty() {
        format!("{period}  -- gap --")
    } else {
        format!("{period}  {}", span.departments.join(", "))
    }
}

fn period(period: &Period) -> String {
    let to = if period.to.is_empty() {
        "today     "
    } else {
        &period.to
    };
    format!("{} to {to}", period.from)
}

fn source(evidence: &Evidence) -> String {
    let count = match (evidence.awaited, evidence.periods.len()) {
        (true, _) => "not replied yet".to_owned(),
        (false, 0) => "nothing held".to_owned(),
        (false, 1) => "1 period".to_owned(),
        (false, more) => format!("{more} periods"),
    };
    format!(
        "{} {}: {count}",
        evidence.department,
        evidence.source.replace('_', " ")
    )
}

fn said(note: &Note) -> String {
    let finding = note.finding.to_lowercase().replace('_', " ");
    format!(
        "{}  {}  {finding}: {}",
        time(note.time.as_ref()),
        note.author,
        note.text
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str, departments: &[&str]) -> ResidenceSpan {
        ResidenceSpan {
            period: Some(Period {
                from: from.to_owned(),
                to: to.to_owned(),
            }),
            departments: departments.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn the_line_of_time_shows_who_saw_the_person_and_the_gaps() {
        let lines = [
            span("1968-04-06", "1979-04-05", &["dwp", "hmrc"]),
            span("1979-04-06", "1984-04-05", &[]),
            span("1984-04-06", "", &["hmrc"]),
        ];
        assert_eq!(
            lines.each_ref().map(line),
            [
                "1968-04-06 to 1979-04-05  dwp, hmrc",
                "1979-04-06 to 1984-04-05  -- gap --",
                "1984-04-06 to today       hmrc",
            ]
        );
    }
}
