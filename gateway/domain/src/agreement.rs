//! The register of agreements: nothing is asked or told but under one of them (report, recommendations 1 and 2).

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use jiff::civil::Date;

use crate::check::{CheckKind, EducationBenefit};
use crate::ids::{AgreementId, DepartmentId, OrganisationId};
use crate::question::Operation;
use crate::retention::Retention;
use crate::sla::{OrganisationKind, SlaPolicy};
use crate::subject::Field;

mod clearance;
mod due;
mod faults;
mod feed;
mod order;
mod plan;
mod register;
mod safeguard;
mod terms;
mod webhook;

pub use self::clearance::{Clearance, Tally};
pub use self::due::{Due, DueKind};
pub use self::faults::Fault;
pub use self::feed::FeedTerms;
pub use self::order::SuspensionOrder;
pub use self::plan::{Change, plan, touched};
pub use self::register::{Permit, Refusal, Register, RegisterFault};
pub use self::safeguard::{Advice, AdviceError, Helpline, Safeguard};
pub use self::terms::{Contact, Party, Quota, Rate, Standing, Suspension, Uplift};
pub use self::webhook::Webhook;

/// What some organisations may ask, and on what terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// Its title.
    pub title: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// The law that allows it, in full.
    pub legal_basis: String,
    /// Who agreed. The first answers for the agreement, and its working contact is the one that callers are given.
    pub parties: Vec<Party>,
    /// The checks it covers.
    pub checks: Vec<CheckKind>,
    /// What Section 95 may be checked for under it; nothing where it does not cover that check.
    pub benefits: Vec<EducationBenefit>,
    /// Who may ask, and what kind of organisation each is.
    pub organisations: BTreeMap<OrganisationId, OrganisationKind>,
    /// Where organisations are told that something happened to their cases under it; not all of them need to be.
    pub webhooks: BTreeMap<OrganisationId, Webhook>,
    /// Where its senior owner is told that answers under it are late; none where the log alone tells of it.
    pub owner_webhook: Option<Webhook>,
    /// What departments may be asked under it.
    pub operations: Vec<Operation>,
    /// Fields of the person that may be sent.
    pub request_fields: Vec<Field>,
    /// Names of the facts that may be released.
    pub released_fields: Vec<String>,
    /// How records are matched, in words; may be empty.
    pub match_rule: String,
    /// How long an answer may take.
    pub sla: SlaPolicy,
    /// Callers are not told that a person is referred to the Windrush taskforce: they see an ordinary wait. It counts for cases that
    /// are received from then on.
    pub withholds_referrals: bool,
    /// How often each organisation may ask each check under it; none where only the gateway's own limit counts.
    pub rate: Option<Rate>,
    /// Share of each of its organisations when more is asked than can be answered at once, beside those of others.
    pub weight: NonZeroU8,
    /// Most questions a month, by department.
    pub quotas: Vec<Quota>,
    /// How long a closed case is kept; where it does not say, as is usual for the check.
    pub retention: Option<Retention>,
    /// When it was signed; none for a draft, and where an agreement that is only listed does not say.
    pub signed_on: Option<Date>,
    /// When the parties review it next; none only where an agreement that is only listed has no such day.
    pub review_on: Option<Date>,
    /// Its last day; none where it has no end.
    pub expires_on: Option<Date>,
    /// Why it is not in force although it was signed.
    pub suspension: Option<Suspension>,
    /// It is listed for other potential users, and not served by this gateway.
    pub listed_only: bool,
    /// Data is volunteered, not asked for, so suspension orders apply.
    pub proactive: bool,
    /// What is volunteered regularly; none where nothing is, or its way leads past this gateway.
    pub feed: Option<FeedTerms>,
}

impl Agreement {
    /// How long a closed case of `check` is kept under it.
    pub fn retention(&self, check: CheckKind) -> Retention {
        self.retention.unwrap_or(Retention::usual(check))
    }

    /// The post of its senior owner; none where it has no party, which no loaded register allows.
    pub fn owner(&self) -> Option<&str> {
        self.parties.first().map(|party| party.owner.name.as_str())
    }

    /// E-mail address of its working contact; empty where it has no party, which no loaded register allows.
    pub fn contact(&self) -> &str {
        self.parties.first().map_or("", |party| &party.contact.email)
    }

    /// The departments that may be asked under it, each once.
    pub fn departments(&self) -> Vec<DepartmentId> {
        DepartmentId::ALL
            .into_iter()
            .filter(|department| {
                self.operations
                    .iter()
                    .any(|asked| asked.department() == *department)
            })
            .collect()
    }

    /// The quota that `department` granted.
    pub fn quota(&self, department: DepartmentId) -> Option<&Quota> {
        self.quotas.iter().find(|quota| quota.department == department)
    }

    /// Where it stands on `today`, a day in London. Its last day is included; the day from which it is suspended, too.
    pub fn standing(&self, today: Date) -> Standing<'_> {
        let is_suspended = |suspension: &&Suspension| suspension.since <= today;
        if self.listed_only {
            Standing::ListedOnly
        } else if self.signed_on.is_none_or(|day| today < day) {
            Standing::NotSigned
        } else if self.expires_on.is_some_and(|last| last < today) {
            Standing::Expired
        } else if let Some(suspension) = self.suspension.as_ref().filter(is_suspended) {
            Standing::Suspended(suspension)
        } else {
            Standing::InForce
        }
    }

    /// It covers `check` for that purpose.
    fn covers_purpose(&self, benefit: Option<EducationBenefit>) -> bool {
        benefit.is_none_or(|benefit| self.benefits.contains(&benefit))
    }
}

#[cfg(test)]
#[path = "agreement_tests.rs"]
pub(crate) mod tests;
