//! What cannot be meant in an agreement, all of it at once.

use std::fmt;

use jiff::civil::Date;

use super::{Agreement, Contact, Quota, SuspensionOrder};
use crate::answer::Facts;
use crate::check::CheckKind;
use crate::route;
use crate::subject::Field;

/// A key at fault, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The key in the agreement's file.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    /// `what` is wrong with `key`.
    pub fn new(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.what)
    }
}

impl Agreement {
    /// Everything that cannot be meant. One that is only listed may leave out what serving it would need.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (key, text) in [
            ("title", &self.title),
            ("purpose", &self.purpose),
            ("legal_basis", &self.legal_basis),
        ] {
            not_blank(key, text, &mut faults);
        }
        self.parties_at_fault(&mut faults);
        self.coverage_at_fault(&mut faults);
        self.dates_at_fault(&mut faults);
        self.webhooks_at_fault(&mut faults);
        self.feed_at_fault(&mut faults);
        for quota in &self.quotas {
            self.quota_at_fault(quota, &mut faults);
        }
        if let Some(suspension) = &self.suspension {
            not_blank("suspension.owner", &suspension.owner, &mut faults);
            not_blank("suspension.reason", &suspension.reason, &mut faults);
            let days = ("suspension.since", Some(suspension.since));
            in_order(
                days,
                ("suspension.review_on", Some(suspension.review_on)),
                &mut faults,
            );
        }
        faults
    }

    fn parties_at_fault(&self, faults: &mut Vec<Fault>) {
        if self.parties.len() < 2 {
            faults.push(Fault::new("parties", "an agreement has two sides at least"));
        }
        for (place, party) in self.parties.iter().enumerate() {
            not_blank(&format!("parties[{place}].name"), &party.name, faults);
            contact_at_fault(&format!("parties[{place}].owner"), &party.owner, faults);
            contact_at_fault(&format!("parties[{place}].contact"), &party.contact, faults);
            if self.parties[..place]
                .iter()
                .any(|before| before.name == party.name)
            {
                let what = format!("\"{}\" is a party already", party.name);
                faults.push(Fault::new(format!("parties[{place}].name"), what));
            }
        }
        for department in self.departments() {
            if !self
                .parties
                .iter()
                .any(|party| party.department() == Some(department))
            {
                let what = format!("{department} is asked, so it has to be a party");
                faults.push(Fault::new("parties", what));
            }
        }
    }

    fn coverage_at_fault(&self, faults: &mut Vec<Fault>) {
        // Under a feed alone nobody asks anything.
        if !self.listed_only && (self.feed.is_none() || !self.checks.is_empty()) {
            let empty = [
                ("checks", self.checks.is_empty()),
                ("organisations", self.organisations.is_empty()),
                ("operations", self.operations.is_empty()),
            ];
            let empty = empty.into_iter().filter(|(_, is_empty)| *is_empty);
            faults.extend(empty.map(|(key, _)| Fault::new(key, "is empty")));
            if !self.request_fields.contains(&Field::DateOfBirth) {
                let what = "date_of_birth is missing, and no check goes without it";
                faults.push(Fault::new("request_fields", what));
            }
        }
        for check in &self.checks {
            let needed = route::indispensable(*check).iter();
            for operation in needed.filter(|needed| !self.operations.contains(needed)) {
                let what = format!("{} needs {}", check.as_str(), operation.as_str());
                faults.push(Fault::new("operations", what));
            }
        }
        match (
            self.checks.contains(&CheckKind::Section95),
            self.benefits.is_empty(),
        ) {
            (true, true) => faults.push(Fault::new(
                "benefits",
                "is empty: say what section-95 is checked for",
            )),
            (false, false) => faults.push(Fault::new("benefits", "only section-95 is checked for a benefit")),
            (true, false) | (false, true) => {}
        }
        for name in &self.released_fields {
            let is_fact = |check: &CheckKind| Facts::fields_of(*check).contains(&name.as_str());
            if !self.listed_only && !self.checks.iter().any(is_fact) {
                let what = format!("no answer of its checks has \"{name}\"");
                faults.push(Fault::new("released_fields", what));
            }
        }
    }

    fn dates_at_fault(&self, faults: &mut Vec<Fault>) {
        let (signed, review, expires) = (
            ("signed_on", self.signed_on),
            ("review_on", self.review_on),
            ("expires_on", self.expires_on),
        );
        if !self.listed_only && self.review_on.is_none() {
            faults.push(Fault::new(
                "review_on",
                "is missing; only an agreement that is listed only may lack it",
            ));
        }
        in_order(signed, review, faults);
        in_order(signed, expires, faults);
        in_order(review, expires, faults);
    }

    fn webhooks_at_fault(&self, faults: &mut Vec<Fault>) {
        for (organisation, webhook) in &self.webhooks {
            let key = format!("webhooks.{organisation}");
            if !self.organisations.contains_key(organisation) {
                faults.push(Fault::new(&key, "is none of the organisations"));
            }
            let fault = |(part, what)| Fault::new(format!("{key}.{part}"), what);
            faults.extend(webhook.faults().into_iter().map(fault));
        }
        let fault = |(key, what)| Fault::new(format!("owner_webhook.{key}"), what);
        let webhook = self.owner_webhook.iter();
        faults.extend(webhook.flat_map(|webhook| webhook.faults()).map(fault));
    }

    fn quota_at_fault(&self, quota: &Quota, faults: &mut Vec<Fault>) {
        let department = quota.department;
        let key = format!("quotas.{department}");
        let is_party = self
            .parties
            .iter()
            .any(|party| party.department() == Some(department));
        // What is only listed may be asked by other ways than this gateway's.
        let is_asked = self.departments().contains(&department) || (self.listed_only && is_party);
        if !is_asked {
            faults.push(Fault::new(&key, "none of the operations asks this department"));
        }
        if quota.monthly == 0 {
            faults.push(Fault::new(
                &key,
                "monthly must be at least 1; leave the quota out where there is none",
            ));
        }
        let same = self.quotas.iter().filter(|other| other.department == department);
        if same.count() > 1
            && self
                .quota(department)
                .is_some_and(|first| std::ptr::eq(first, quota))
        {
            faults.push(Fault::new(&key, "is given twice"));
        }
        for (place, uplift) in quota.uplifts.iter().enumerate() {
            let key = format!("{key}.uplifts[{place}]");
            not_blank(&format!("{key}.approved_by"), &uplift.approved_by, faults);
            not_blank(&format!("{key}.reason"), &uplift.reason, faults);
            if uplift.monthly <= quota.monthly {
                faults.push(Fault::new(&key, "monthly must be above the quota's"));
            }
            if uplift.ends_on < uplift.starts_on {
                faults.push(Fault::new(&key, "ends_on is before starts_on"));
            }
        }
    }
}

impl SuspensionOrder {
    /// Everything that cannot be meant.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        not_blank("owner", &self.owner, &mut faults);
        not_blank("reason", &self.reason, &mut faults);
        if self.departments.is_empty() {
            faults.push(Fault::new("departments", "is empty"));
        }
        let starts = ("starts_on", Some(self.starts_on));
        in_order(starts, ("review_on", Some(self.review_on)), &mut faults);
        in_order(starts, ("ends_on", self.ends_on), &mut faults);
        faults
    }
}

pub(super) fn not_blank(key: &str, text: &str, faults: &mut Vec<Fault>) {
    if text.trim().is_empty() {
        faults.push(Fault::new(key, "is blank"));
    }
}

fn contact_at_fault(key: &str, contact: &Contact, faults: &mut Vec<Fault>) {
    not_blank(&format!("{key}.name"), &contact.name, faults);
    e_mail(&format!("{key}.email"), &contact.email, faults);
}

pub(super) fn e_mail(key: &str, address: &str, faults: &mut Vec<Fault>) {
    let is_address = address
        .split_once('@')
        .is_some_and(|(account, host)| !account.is_empty() && host.contains('.'));
    if !is_address || address.contains(char::is_whitespace) {
        faults.push(Fault::new(key, "must be an e-mail address"));
    }
}

fn in_order(first: (&str, Option<Date>), second: (&str, Option<Date>), faults: &mut Vec<Fault>) {
    if let ((first_key, Some(first)), (key, Some(second))) = (first, second)
        && second < first
    {
        let what = format!("{second} is before {first_key} ({first})");
        faults.push(Fault::new(key, what));
    }
}
