//! What the taskforce found, with its note. Facts are those of the contract's answers, so they are read as strictly as a
//! department's.

use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::answer::{Entitlement, Facts};
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::ReferralId;
use statuscheck_domain::referral::{Found, NOTE_MAX};
use statuscheck_domain::subject::iso_date;
use statuscheck_proto::referral::v1 as wire;
use statuscheck_proto::v1 as answers;
use zeroize::Zeroizing;

use super::NOT_AN_ID;
use super::violation;
use crate::error::Error;

/// Longest kind of leave or condition, in characters: the caller reads them.
const TEXT_CHARS_MAX: usize = 500;
/// Most conditions.
const CONDITIONS_MAX: usize = 50;

/// Parses a resolution: of which referral, what was found, and the note.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn found(request: &wire::ResolveRequest) -> Result<(ReferralId, Found, Zeroizing<String>), Error> {
    let mut reading = Reading(Vec::new());
    let id = request.referral_id.parse().ok();
    if id.is_none() {
        reading.fault("referral_id", NOT_AN_ID);
    }
    let note = Zeroizing::new(request.note.trim().to_owned());
    if note.is_empty() {
        reading.fault("note", "must say why");
    } else if note.chars().count() > NOTE_MAX {
        reading.fault("note", "must be at most 2,000 characters");
    }
    let found = match &request.finding {
        None => {
            reading.fault(
                "finding",
                "is missing; give one of confirmed, not_confirmed, needs_longer",
            );
            None
        }
        Some(wire::resolve_request::Finding::NotConfirmed(_)) => Some(Found::NotConfirmed),
        Some(wire::resolve_request::Finding::NeedsLonger(longer)) => reading.longer(longer),
        Some(wire::resolve_request::Finding::Confirmed(established)) => {
            reading.facts(established).map(Found::Confirmed)
        }
    };
    match (id, found) {
        (Some(id), Some(found)) if reading.0.is_empty() => Ok((id, found, note)),
        _ => Err(Error::Invalid(reading.0)),
    }
}

/// What is wrong so far.
struct Reading(Vec<Violation>);

impl Reading {
    fn fault(&mut self, field: &str, description: &str) {
        self.0.push(violation(field, description));
    }

    fn longer(&mut self, longer: &wire::NeedsLonger) -> Option<Found> {
        let until = longer.until.as_ref();
        let until = until.and_then(|until| Timestamp::new(until.seconds, until.nanos).ok());
        if until.is_none() {
            self.fault("needs_longer.until", "must be a time");
        }
        until.map(Found::NeedsLonger)
    }

    fn facts(&mut self, established: &answers::Established) -> Option<Facts> {
        if !established.withheld_fields.is_empty() {
            let what = "must be empty: the agreement says what is withheld";
            self.fault("confirmed.withheld_fields", what);
        }
        let Some(facts) = &established.facts else {
            let what = "is missing; give the facts of the check that was referred";
            self.fault("confirmed.facts", what);
            return None;
        };
        Some(match facts {
            answers::established::Facts::RightToWork(facts) => self.right_to_work(facts),
            answers::established::Facts::RightToRent(facts) => self.right_to_rent(facts),
            answers::established::Facts::Section95(facts) => {
                if !facts.supported {
                    let what = "must be true: support that is not in force is not confirmed";
                    self.fault("confirmed.section_95.supported", what);
                }
                let since = facts.supported_since.as_deref();
                Facts::Section95 {
                    supported_since: self.day("confirmed.section_95.supported_since", since),
                }
            }
            answers::established::Facts::Iecas(facts) => self.iecas(facts),
        })
    }

    fn right_to_work(&mut self, facts: &answers::RightToWorkFacts) -> Facts {
        let root = "confirmed.right_to_work";
        self.no_reference(root, &facts.statutory_excuse_reference);
        let conditions = self.conditions(root, &facts.conditions);
        let valid_until = self.day(&format!("{root}.valid_until"), facts.valid_until.as_deref());
        let follow_up_on = self.day(&format!("{root}.follow_up_on"), facts.follow_up_on.as_deref());
        let entitlement = self.entitlement(root, facts.entitlement(), valid_until, !conditions.is_empty());
        Facts::RightToWork {
            entitlement,
            valid_until,
            conditions,
            follow_up_on: follow_up_on.or(valid_until),
        }
    }

    fn right_to_rent(&mut self, facts: &answers::RightToRentFacts) -> Facts {
        let root = "confirmed.right_to_rent";
        self.no_reference(root, &facts.statutory_excuse_reference);
        let valid_until = self.day(&format!("{root}.valid_until"), facts.valid_until.as_deref());
        let follow_up_on = self.day(&format!("{root}.follow_up_on"), facts.follow_up_on.as_deref());
        // Conditions are none of the landlord's business, so nothing shows whether there are any.
        let restricted = facts.entitlement() == answers::Entitlement::Restricted;
        let entitlement = self.entitlement(root, facts.entitlement(), valid_until, restricted);
        Facts::RightToRent {
            entitlement,
            valid_until,
            follow_up_on: follow_up_on.or(valid_until),
        }
    }

    fn iecas(&mut self, facts: &answers::IecasFacts) -> Facts {
        let root = "confirmed.iecas";
        let status = facts.immigration_status.trim();
        if status.is_empty() || status.chars().count() > TEXT_CHARS_MAX {
            let what = "must be the kind of leave in words, at most 500 characters";
            self.fault(&format!("{root}.immigration_status"), what);
        }
        Facts::Iecas {
            immigration_status: Some(status.to_owned()),
            valid_from: self.day(&format!("{root}.valid_from"), facts.valid_from.as_deref()),
            valid_until: self.day(&format!("{root}.valid_until"), facts.valid_until.as_deref()),
            health_surcharge_paid: facts.health_surcharge_paid,
        }
    }

    /// How far a right reaches must fit its end and its conditions, or the caller would be told two things.
    fn entitlement(
        &mut self,
        root: &str,
        entitlement: answers::Entitlement,
        valid_until: Option<Date>,
        is_restricted: bool,
    ) -> Option<Entitlement> {
        let should = match (is_restricted, valid_until) {
            (true, _) => (answers::Entitlement::Restricted, Entitlement::Restricted),
            (false, Some(_)) => (answers::Entitlement::TimeLimited, Entitlement::TimeLimited),
            (false, None) => (answers::Entitlement::Unlimited, Entitlement::Unlimited),
        };
        if should.0 != entitlement {
            let what = "must be unlimited without an end and conditions, time-limited with an end, restricted with conditions";
            self.fault(&format!("{root}.entitlement"), what);
        }
        Some(should.1)
    }

    fn conditions(&mut self, root: &str, conditions: &[String]) -> Vec<String> {
        let fits = |text: &String| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        if conditions.len() > CONDITIONS_MAX || !conditions.iter().all(fits) {
            let what = "must be at most 50, of 1 to 500 characters each";
            self.fault(&format!("{root}.conditions"), what);
        }
        conditions.to_vec()
    }

    fn no_reference(&mut self, root: &str, reference: &str) {
        if !reference.is_empty() {
            let field = format!("{root}.statutory_excuse_reference");
            self.fault(&field, "must be empty: the gateway makes it");
        }
    }

    fn day(&mut self, field: &str, text: Option<&str>) -> Option<Date> {
        let text = text.filter(|text| !text.is_empty())?;
        let day = iso_date(text).ok();
        if day.is_none() {
            self.fault(field, "must be a day, YYYY-MM-DD");
        }
        day
    }
}
