//! Agreements and orders as files again. What is written is read as the same agreement or order.

use std::collections::BTreeMap;

use statuscheck_domain::agreement::{
    Agreement, Contact, Party, Quota, Rate, Suspension, SuspensionOrder, Uplift,
};
use statuscheck_domain::check::{CheckKind, EducationBenefit};
use statuscheck_domain::ids::OrganisationId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::sla::{Ground, OrganisationKind, SlaPolicy};
use statuscheck_domain::subject::Field;

use super::{
    AgreementFile, ContactFile, FeedFile, OrderFile, PartyFile, QuotaFile, RateFile, SlaFile, SuspensionFile,
    UpliftFile,
};

fn names<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| name(*value).to_owned()).collect()
}

fn text(value: &impl ToString) -> String {
    value.to_string()
}

impl From<&Agreement> for AgreementFile {
    fn from(agreement: &Agreement) -> Self {
        let quotas = agreement.quotas.iter();
        Self {
            id: text(&agreement.id),
            title: agreement.title.clone(),
            purpose: agreement.purpose.clone(),
            legal_basis: agreement.legal_basis.clone(),
            parties: agreement.parties.iter().map(PartyFile::from).collect(),
            checks: names(&agreement.checks, CheckKind::as_str),
            benefits: names(&agreement.benefits, EducationBenefit::as_str),
            organisations: by_kind(&agreement.organisations),
            operations: names(&agreement.operations, Operation::as_str),
            request_fields: names(&agreement.request_fields, Field::as_str),
            released_fields: agreement.released_fields.clone(),
            match_rule: agreement.match_rule.clone(),
            sla: SlaFile::from(&agreement.sla),
            rate: agreement.rate.map(RateFile::from),
            weight: Some(agreement.weight),
            quotas: quotas
                .map(|quota| (text(&quota.department), quota.into()))
                .collect(),
            retention: agreement.retention.as_ref().map(text),
            signed_on: agreement.signed_on.as_ref().map(text),
            review_on: agreement.review_on.as_ref().map(text),
            expires_on: agreement.expires_on.as_ref().map(text),
            suspension: agreement.suspension.as_ref().map(SuspensionFile::from),
            webhooks: agreement
                .webhooks
                .iter()
                .map(|(organisation, webhook)| (text(organisation), webhook.into()))
                .collect(),
            owner_webhook: agreement.owner_webhook.as_ref().map(Into::into),
            feed: agreement.feed.as_ref().map(FeedFile::from),
            listed_only: agreement.listed_only,
            proactive: agreement.proactive,
            withholds_referrals: agreement.withholds_referrals,
        }
    }
}

fn by_kind(organisations: &BTreeMap<OrganisationId, OrganisationKind>) -> BTreeMap<String, Vec<String>> {
    let mut by_kind = BTreeMap::<_, Vec<_>>::new();
    for (organisation, kind) in organisations {
        by_kind.entry(text(kind)).or_default().push(text(organisation));
    }
    by_kind
}

impl From<&Party> for PartyFile {
    fn from(party: &Party) -> Self {
        Self {
            name: party.name.clone(),
            owner: ContactFile::from(&party.owner),
            contact: ContactFile::from(&party.contact),
        }
    }
}

impl From<&Contact> for ContactFile {
    fn from(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone(),
            email: contact.email.clone(),
        }
    }
}

impl From<&SlaPolicy> for SlaFile {
    fn from(policy: &SlaPolicy) -> Self {
        Self {
            version: text(policy.version()),
            promise: text(&policy.promise(Ground::Usual)),
            vulnerable: Some(text(&policy.promise(Ground::Leave))),
            division: Some(policy.division().as_str().to_owned()),
            silence: Some(text(&policy.silence())),
            thresholds: Some(policy.thresholds().iter().map(|each| text(&each)).collect()),
        }
    }
}

impl From<Rate> for RateFile {
    fn from(rate: Rate) -> Self {
        Self {
            per_minute: rate.per_minute,
            burst: rate.burst,
        }
    }
}

impl From<&Quota> for QuotaFile {
    fn from(quota: &Quota) -> Self {
        Self {
            monthly: quota.monthly,
            uplifts: quota.uplifts.iter().map(UpliftFile::from).collect(),
        }
    }
}

impl From<&Uplift> for UpliftFile {
    fn from(uplift: &Uplift) -> Self {
        Self {
            monthly: uplift.monthly,
            starts_on: text(&uplift.starts_on),
            ends_on: text(&uplift.ends_on),
            approved_by: uplift.approved_by.clone(),
            reason: uplift.reason.clone(),
        }
    }
}

impl From<&Suspension> for SuspensionFile {
    fn from(suspension: &Suspension) -> Self {
        Self {
            since: text(&suspension.since),
            owner: suspension.owner.clone(),
            reason: suspension.reason.clone(),
            review_on: text(&suspension.review_on),
        }
    }
}

impl From<&SuspensionOrder> for OrderFile {
    fn from(order: &SuspensionOrder) -> Self {
        Self {
            id: text(&order.id),
            reason: order.reason.clone(),
            owner: order.owner.clone(),
            departments: order.departments.iter().map(text).collect(),
            over_age: order.over_age,
            starts_on: text(&order.starts_on),
            review_on: text(&order.review_on),
            ends_on: order.ends_on.as_ref().map(text),
        }
    }
}
