//! The shape of an agreement's file, of a suspension order's, and of a Windrush safeguard's. Unknown keys are refused; values are texts until every
//! one of them has been looked at, so that all faults are told at once.

use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroU32};

use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::{Agreement, Contact, Fault, Party, Quota, Rate, Suspension, Uplift};
use statuscheck_domain::answer::Facts;
use statuscheck_domain::calendar::Division;
use statuscheck_domain::check::{CheckKind, EducationBenefit};
use statuscheck_domain::ids::{DepartmentId, OrganisationId, PolicyVersion};
use statuscheck_domain::question::Operation;
use statuscheck_domain::sla::{Ground, OrganisationKind, Promise, SlaPolicy, Target, Threshold, Thresholds};
use statuscheck_domain::subject::Field;

use super::values::Values;
use super::webhook::WebhookFile;

mod feed;
mod order;
mod safeguard;
mod writing;

use self::feed::FeedFile;

pub(super) use self::order::OrderFile;
pub(super) use self::safeguard::SafeguardFile;

/// One agreement.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgreementFile {
    /// Lower-case letters, digits and hyphens.
    pub(super) id: String,
    /// What it is called.
    title: String,
    /// What it is for, in a sentence.
    purpose: String,
    /// The law that allows it, in full; it stands in every answer.
    legal_basis: String,
    /// Who agreed; the first answers for the agreement.
    parties: Vec<PartyFile>,
    /// `right-to-work`, `right-to-rent`, `section-95`, `iecas`.
    #[serde(default)]
    checks: Vec<String>,
    /// What Section 95 may be checked for.
    #[serde(default)]
    benefits: Vec<String>,
    /// Ids of the organisations that may ask, by their kind.
    #[serde(default)]
    organisations: BTreeMap<String, Vec<String>>,
    /// Where organisations are told of their cases, by organisation.
    #[serde(default)]
    webhooks: BTreeMap<String, WebhookFile>,
    /// Where the senior owner is told that answers are late.
    owner_webhook: Option<WebhookFile>,
    /// What departments may be asked, e.g. `dwp/nino_trace`.
    #[serde(default)]
    operations: Vec<String>,
    /// Fields of the person that may be sent.
    #[serde(default)]
    request_fields: Vec<String>,
    /// Facts that may be released.
    #[serde(default)]
    released_fields: Vec<String>,
    /// How records are matched, in words.
    #[serde(default)]
    match_rule: String,
    /// How long an answer may take.
    sla: SlaFile,
    /// How often each organisation may ask each check.
    rate: Option<RateFile>,
    /// Share of each organisation under overload, 1 to 255; 1 where it is not given.
    weight: Option<NonZeroU8>,
    /// Most questions a month, by department.
    #[serde(default)]
    quotas: BTreeMap<String, QuotaFile>,
    /// How long a closed case is kept: `90d`, `6mo`, `2y`. Without it, as is usual for the check.
    retention: Option<String>,
    /// YYYY-MM-DD.
    signed_on: Option<String>,
    /// YYYY-MM-DD.
    review_on: Option<String>,
    /// Its last day, YYYY-MM-DD; without it, it has no end.
    expires_on: Option<String>,
    /// Why it is not in force although it was signed.
    suspension: Option<SuspensionFile>,
    /// What is volunteered regularly.
    feed: Option<FeedFile>,
    /// Listed for others to know of, and not served.
    #[serde(default)]
    listed_only: bool,
    /// Data is volunteered, not asked for.
    #[serde(default)]
    proactive: bool,
    /// Callers are not told that a person is referred to the Windrush taskforce.
    #[serde(default)]
    withholds_referrals: bool,
}

/// One side.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyFile {
    /// A department's id, or the name of those who ask.
    name: String,
    /// Who answers for it.
    owner: ContactFile,
    /// Whom to turn to.
    contact: ContactFile,
}

/// A post and its address.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactFile {
    /// Name of the post.
    name: String,
    /// E-mail address.
    email: String,
}

/// A promise about time.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlaFile {
    /// Changes whenever the promise does; lower-case letters, digits and hyphens.
    version: String,
    /// `48h`, `5d`, `5 working days`.
    promise: String,
    /// The same for vulnerable subjects. Without it 48 hours, or the promise where that is shorter.
    vulnerable: Option<String>,
    /// Whose bank holidays count: `england-and-wales`, `scotland`, `northern-ireland`.
    division: Option<String>,
    /// When, and to whom, it is said that an answer takes long, e.g. `80% ops, owner`.
    thresholds: Option<Vec<String>>,
    /// How long a caller who is asked for more may stay silent before the case lapses: `28d`. Without it four weeks.
    silence: Option<String>,
}

/// A rate.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateFile {
    /// Checks a minute over time.
    per_minute: NonZeroU32,
    /// Checks at once after a quiet while.
    burst: NonZeroU32,
}

/// A quota.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaFile {
    /// Questions a calendar month.
    monthly: u64,
    /// More for a time.
    #[serde(default)]
    uplifts: Vec<UpliftFile>,
}

/// A larger quota for a time.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpliftFile {
    /// Questions a month instead.
    monthly: u64,
    /// First day.
    starts_on: String,
    /// Last day.
    ends_on: String,
    /// Post that approved it.
    approved_by: String,
    /// Why.
    reason: String,
}

/// A suspension.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuspensionFile {
    /// First day.
    since: String,
    /// Who ordered it.
    owner: String,
    /// Why.
    reason: String,
    /// When it is looked at again.
    review_on: String,
}

impl AgreementFile {
    /// The agreement.
    ///
    /// # Errors
    /// Every value that does not fit; and where each fits, everything that cannot be meant.
    pub(super) fn agreement(self) -> Result<Agreement, Vec<Fault>> {
        let mut values = Values::default();
        let of_person = |name: &str| Field::named(name).filter(|field| field.is_of_person());
        let fact = |name: &str| Facts::FIELDS.contains(&name).then(|| name.to_owned());
        let checks = values.known("checks", &self.checks, CheckKind::named);
        let benefits = values.known("benefits", &self.benefits, EducationBenefit::named);
        let organisations = organisations(&self.organisations, &mut values);
        let webhooks = WebhookFile::by_name("webhooks", self.webhooks, &mut values);
        let operations = values.known("operations", &self.operations, Operation::named);
        let request_fields = values.known("request_fields", &self.request_fields, of_person);
        let released_fields = values.known("released_fields", &self.released_fields, fact);
        let sla = self.sla.policy(&mut values);
        let quotas = self.quotas.into_iter();
        let quotas: Vec<_> = quotas
            .map(|(department, quota)| quota.quota(&department, &mut values))
            .collect();
        let retention = values.optional("retention", self.retention.as_deref());
        let signed_on = values.optional("signed_on", self.signed_on.as_deref());
        let review_on = values.optional("review_on", self.review_on.as_deref());
        let expires_on = values.optional("expires_on", self.expires_on.as_deref());
        let suspension = self
            .suspension
            .map(|suspension| suspension.suspension(&mut values));
        let feed = self.feed.map(|feed| feed.terms(&mut values));
        let id = values.one("id", &self.id);
        let agreement = Agreement {
            id: id.unwrap_or_else(unread),
            title: self.title,
            purpose: self.purpose,
            legal_basis: self.legal_basis,
            parties: self.parties.into_iter().map(PartyFile::party).collect(),
            checks,
            benefits,
            organisations,
            webhooks,
            owner_webhook: self.owner_webhook.map(WebhookFile::webhook),
            operations,
            request_fields,
            released_fields,
            match_rule: self.match_rule,
            sla: sla.unwrap_or_else(|| SlaPolicy::of(unread(), Target::DEFAULT)),
            rate: self.rate.map(|rate| Rate {
                per_minute: rate.per_minute,
                burst: rate.burst,
            }),
            weight: self.weight.unwrap_or(NonZeroU8::MIN),
            quotas: quotas.into_iter().flatten().collect(),
            retention,
            signed_on,
            review_on,
            expires_on,
            suspension: suspension.flatten(),
            feed: feed.flatten(),
            listed_only: self.listed_only,
            proactive: self.proactive,
            withholds_referrals: self.withholds_referrals,
        };
        values.all_fit(agreement, Agreement::faults)
    }
}

/// Stands for an id or a version that did not parse, so that the rest can be judged; what has it is refused.
fn unread<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    "unread".parse().expect("a word in small letters")
}

fn organisations(
    by_kind: &BTreeMap<String, Vec<String>>,
    values: &mut Values,
) -> BTreeMap<OrganisationId, OrganisationKind> {
    let mut organisations = BTreeMap::new();
    for (kind, ids) in by_kind {
        let key = format!("organisations.{kind}");
        let parsed: Option<OrganisationKind> = values.one(&key, kind);
        for id in ids {
            let organisation: Option<OrganisationId> = values.one(&key, id);
            let Some((organisation, kind)) = organisation.zip(parsed) else {
                continue;
            };
            if organisations.insert(organisation, kind).is_some() {
                values.fault(&key, format!("\"{id}\" is named twice"));
            }
        }
    }
    organisations
}

impl PartyFile {
    fn party(self) -> Party {
        Party {
            name: self.name,
            owner: self.owner.contact(),
            contact: self.contact.contact(),
        }
    }
}

impl ContactFile {
    fn contact(self) -> Contact {
        Contact {
            name: self.name,
            email: self.email,
        }
    }
}

impl SlaFile {
    fn policy(self, values: &mut Values) -> Option<SlaPolicy> {
        let version = values.one::<PolicyVersion>("sla.version", &self.version);
        let usual = values.one("sla.promise", &self.promise);
        let vulnerable = values.optional("sla.vulnerable", self.vulnerable.as_deref());
        let division = values.optional("sla.division", self.division.as_deref());
        let silence = values.optional("sla.silence", self.silence.as_deref());
        let thresholds = match self.thresholds {
            None => Some(Thresholds::USUAL),
            Some(texts) => {
                let parsed = texts.iter().map(|text| text.parse::<Threshold>());
                let parsed = parsed.collect::<Result<Vec<_>, _>>().and_then(Thresholds::new);
                parsed.map_err(|error| values.fault("sla.thresholds", error)).ok()
            }
        };
        let (version, usual, thresholds) = (version?, usual?, thresholds?);
        let shorter = vulnerable.unwrap_or_else(|| match usual {
            Promise::Elapsed(target) => SlaPolicy::of(version.clone(), target).promise(Ground::Leave),
            Promise::Working(_) => Target::VULNERABLE.into(),
        });
        let division = division.unwrap_or(Division::EnglandAndWales);
        SlaPolicy::new(version, usual, shorter, division, thresholds)
            .map(|policy| policy.with_silence(silence.unwrap_or(Target::SILENCE)))
            .map_err(|error| values.fault("sla.vulnerable", error))
            .ok()
    }
}

impl QuotaFile {
    fn quota(self, department: &str, values: &mut Values) -> Option<Quota> {
        let key = format!("quotas.{department}");
        let department: Option<DepartmentId> = values.one(&key, department);
        let uplifts: Vec<_> = (self.uplifts.into_iter().enumerate())
            .map(|(place, uplift)| uplift.uplift(&format!("{key}.uplifts[{place}]"), values))
            .collect();
        Some(Quota {
            department: department?,
            monthly: self.monthly,
            uplifts: uplifts.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl UpliftFile {
    fn uplift(self, key: &str, values: &mut Values) -> Option<Uplift> {
        let starts_on = values.one(&format!("{key}.starts_on"), &self.starts_on);
        let ends_on = values.one(&format!("{key}.ends_on"), &self.ends_on);
        Some(Uplift {
            monthly: self.monthly,
            starts_on: starts_on?,
            ends_on: ends_on?,
            approved_by: self.approved_by,
            reason: self.reason,
        })
    }
}

impl SuspensionFile {
    fn suspension(self, values: &mut Values) -> Option<Suspension> {
        let since = values.one("suspension.since", &self.since);
        let review_on = values.one("suspension.review_on", &self.review_on);
        Some(Suspension {
            since: since?,
            owner: self.owner,
            reason: self.reason,
            review_on: review_on?,
        })
    }
}
