//! What the taskforce said, against what stands, and against what callers were told: nothing adverse about somebody before it was
//! found that it may be, and nothing adverse at all where a status was confirmed.

use std::collections::HashMap;

use statuscheck_proto::referral::v1::{Referral, ReferralState};
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{CheckKind, CheckRequest};

use super::ledger::{ANSWERED, JOINED, Ledger, OPENED, RECALLED, RESOLVED, Row};
use super::office::{End, File, Files, What};
use super::people::person_of;
use crate::crash::journal::{Asked, Finding, Kind};

/// The referral as it was read, against what was said about it.
pub(super) fn read(referral: &Referral, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let id = &referral.referral_id;
    let mut find = |kind, what: String| findings.push(Finding::new(kind, id, what));
    for said in &file.said {
        let note = &said.request.note;
        let count = referral.notes.iter().filter(|read| read.text == *note).count();
        match (said.end, count) {
            (End::Taken, 0) => find(Kind::Lost, format!("{:?} was taken, and is not there", said.what)),
            (End::Refused, 1..) => find(
                Kind::Altered,
                format!("{:?} was refused, and is there", said.what),
            ),
            (_, 0 | 1) => {}
            (_, times) => find(Kind::Doubled, format!("{:?} is there {times} times", said.what)),
        }
    }
    let mut finals = Vec::new();
    for note in &referral.notes {
        let mut said = file.said.iter();
        match said.find(|said| said.request.note == note.text) {
            Some(said) if named(said.what) == note.finding => {
                finals.extend(said.what.is_final().then_some(said.what));
            }
            Some(said) => find(
                Kind::Altered,
                format!("{:?} was said, and {} is there", said.what, note.finding),
            ),
            None => find(Kind::Altered, "something is there that nobody said".to_owned()),
        }
    }
    let stands = match finals.as_slice() {
        [] => ReferralState::Open,
        [What::NotConfirmed] => ReferralState::NotConfirmed,
        [_] => ReferralState::Confirmed,
        several => {
            find(Kind::Doubled, format!("{} findings are there", several.len()));
            return findings;
        }
    };
    if referral.state() != stands {
        let state = referral.state().as_str_name();
        find(Kind::Altered, format!("by what was said it is not {state}"));
    }
    if finals.is_empty() {
        if file.said.iter().any(|said| said.end == End::Refused) {
            find(Kind::Altered, "refused for a finding that nobody made".to_owned());
        }
        findings.extend(due(referral, file));
    }
    findings
}

/// The referrals as they are listed, against what was read of each.
pub(super) fn listed(referrals: &[Referral], files: &Files) -> Vec<Finding> {
    let stands = |referral: &&Referral| {
        let found = files.get(&referral.referral_id).and_then(File::finding);
        referral.state()
            == match found {
                None | Some(What::Longer) => ReferralState::Open,
                Some(What::NotConfirmed) => ReferralState::NotConfirmed,
                Some(What::Confirmed | What::Limited) => ReferralState::Confirmed,
            }
    };
    let other = referrals.iter().filter(|referral| !stands(referral));
    let what = "it is listed otherwise than it was read, or nobody resolved it";
    other
        .map(|referral| Finding::new(Kind::Altered, &referral.referral_id, what))
        .collect()
}

/// Until when it takes is what was said last.
fn due(referral: &Referral, file: &File) -> Option<Finding> {
    use statuscheck_proto::referral::v1::resolve_request::Finding as Found;
    let note = referral.notes.last()?;
    let said = file.said.iter().find(|said| said.request.note == note.text)?;
    let Some(Found::NeedsLonger(longer)) = &said.request.finding else {
        return None;
    };
    let due = referral.sla.as_ref().and_then(|sla| sla.due_at);
    let what = "it takes longer, and is due at another time than was said";
    (due != longer.until).then(|| Finding::new(Kind::Altered, &referral.referral_id, what))
}

fn named(what: What) -> &'static str {
    match what {
        What::Confirmed | What::Limited => "CONFIRMED",
        What::NotConfirmed => "NOT_CONFIRMED",
        What::Longer => "NEEDS_LONGER",
    }
}

/// A referral by the case that opened it.
struct Origin<'a> {
    row: &'a Row,
    kind: CheckKind,
    opened: i64,
    /// Where it was found, and what.
    resolved: Option<(i64, What)>,
}

/// The referrals of each person, in the order in which they were opened.
type Origins<'a> = HashMap<&'a str, Vec<Origin<'a>>>;

/// What callers were told, against the ledger and what was found.
pub(super) fn compare(asked: &[Asked], files: &Files, ledger: &Ledger) -> Vec<Finding> {
    let mut findings = steps(ledger);
    let cases: HashMap<&str, &CheckRequest> = asked
        .iter()
        .filter_map(|asked| Some((asked.told.as_ref()?.case_id.as_str(), &asked.request)))
        .collect();
    let mut origins = Origins::new();
    for row in ledger.rows().iter().filter(|row| !row.is_joined) {
        // A case that nobody asked for is found where referrals are compared.
        let Some(request) = cases.get(row.case.as_str()) else {
            continue;
        };
        let Some(opened) = ledger.places(&row.case, OPENED).first().copied() else {
            continue;
        };
        let resolved = ledger.places(&row.case, RESOLVED).last().copied();
        let found = files.get(&row.referral).and_then(File::finding);
        let found = found.filter(|found| found.is_final());
        origins.entry(person_of(request)).or_default().push(Origin {
            row,
            kind: kind_of(request),
            opened,
            resolved: resolved.zip(found),
        });
    }
    for (person, origins) in &mut origins {
        origins.sort_unstable_by_key(|origin| origin.opened);
        findings.extend(one_after_another(person, origins));
    }
    let none = Vec::new();
    for asked in asked {
        let of_person = origins.get(person_of(&asked.request)).unwrap_or(&none);
        findings.extend(told(asked, of_person, ledger));
    }
    findings
}

/// Each referral of each case was recorded once, and once what was found.
fn steps(ledger: &Ledger) -> Vec<Finding> {
    let mut cases: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in ledger.rows() {
        cases.entry(&row.case).or_default().push(row);
    }
    let mut findings = Vec::new();
    for (case, rows) in cases {
        let mut compare = |steps: usize, stand: usize, what: &str| {
            let kind = if steps < stand { Kind::Lost } else { Kind::Doubled };
            if steps != stand {
                let what = format!("{steps} {what} recorded, and {stand} stand");
                findings.push(Finding::new(kind, case, what));
            }
        };
        let opened = ledger.places(case, OPENED).len() + ledger.places(case, JOINED).len();
        compare(opened, rows.len(), "referrals");
        let is_resolved = |row: &&&Row| row.state == "confirmed" || row.state == "not_confirmed";
        let resolved = rows.iter().filter(is_resolved).count();
        compare(ledger.places(case, RESOLVED).len(), resolved, "findings");
        if let Some(row) = rows
            .iter()
            .find(|row| row.state == "superseded" && !row.is_joined)
        {
            let what = "needed no longer, and nobody established a status";
            findings.push(Finding::new(Kind::Altered, &row.referral, what));
        }
    }
    findings
}

/// Nobody has two referrals at once, nor another for what was found before.
fn one_after_another(person: &str, origins: &[Origin<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, origin) in origins.iter().enumerate() {
        for next in &origins[place + 1..] {
            let what = match origin.resolved {
                None => "referred while a referral is open",
                Some((resolved, _)) if next.opened < resolved => "referred while a referral was open",
                Some((_, found)) if found.establishes(origin.kind, next.kind) => {
                    "referred again after a status was confirmed"
                }
                Some(_) if origin.kind == next.kind => "referred again for what was found before",
                Some(_) => continue,
            };
            findings.push(Finding::new(Kind::Doubled, person, what));
        }
    }
    findings
}

/// What one caller was told, where that is an end.
fn told(asked: &Asked, origins: &[Origin<'_>], ledger: &Ledger) -> Option<Finding> {
    let told = asked.told.as_ref()?;
    let is_adverse = match told.answer.as_ref()?.outcome.as_ref()? {
        Outcome::NotEstablished(_) => true,
        Outcome::Established(_) => false,
        Outcome::Referred(_) | Outcome::Pending(_) | Outcome::MoreInformationNeeded(_) => return None,
    };
    let find = |what: &str| Some(Finding::new(Kind::Adverse, &asked.request.request_id, what));
    let Some(answered) = ledger.places(&told.case_id, ANSWERED).last().copied() else {
        return find("answered, and no answer is recorded");
    };
    let kind = kind_of(&asked.request);
    // What releases the case that was referred is recorded with the finding, one step before it.
    let found = |origin: &&Origin<'_>| origin.resolved.is_some_and(|(at, _)| at <= answered + 1);
    let establishes = |origin: &Origin<'_>| {
        let found = origin.resolved.map(|(_, what)| what);
        found.is_some_and(|what| what.establishes(origin.kind, kind))
    };
    let permits = |origin: &Origin<'_>| {
        let found = origin.resolved.map(|(_, what)| what);
        origin.opened < answered
            && if is_adverse {
                found == Some(What::NotConfirmed)
            } else {
                establishes(origin)
            }
    };
    let own: Vec<_> = ledger
        .rows()
        .iter()
        .filter(|row| row.case == told.case_id)
        .collect();
    let standing: Vec<_> = own.iter().filter(|row| row.state != "superseded").collect();
    let is_recalled = !ledger.places(&told.case_id, RECALLED).is_empty();
    if is_adverse && origins.iter().filter(found).any(establishes) {
        return find("refused after a status was confirmed");
    }
    let state = if is_adverse { "not_confirmed" } else { "confirmed" };
    match standing.as_slice() {
        [] if is_recalled => {
            let is_permitted = origins.iter().filter(found).any(permits);
            (!is_permitted)
                .then(|| find("answered by what nobody found before"))
                .flatten()
        }
        [] => find("answered, and nobody has looked into it"),
        [row] => {
            let mut by = origins.iter().filter(found);
            let by = by.find(|origin| origin.row.referral == row.referral);
            let is_permitted = row.state == state && by.is_some_and(permits);
            (!is_permitted)
                .then(|| find("answered otherwise than was found, or before it"))
                .flatten()
        }
        _ => find("answered, and held by several referrals"),
    }
}

pub(super) fn kind_of(request: &CheckRequest) -> CheckKind {
    match request.check.as_ref().expect("a check") {
        Check::RightToWork(_) => CheckKind::RightToWork,
        Check::RightToRent(_) => CheckKind::RightToRent,
        Check::Section95(_) => CheckKind::Section95,
        Check::Iecas(_) => CheckKind::Iecas,
    }
}

#[cfg(test)]
#[path = "law_tests.rs"]
mod tests;
