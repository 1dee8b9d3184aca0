//! What another register would change, in words: for whoever has to say yes to it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::{
    Agreement, FeedTerms, Party, Quota, Rate, Register, Safeguard, SuspensionOrder, Uplift, Webhook,
};
use crate::check::{CheckKind, EducationBenefit};
use crate::ids::AgreementId;
use crate::question::Operation;
use crate::sla::{Ground, SlaPolicy};
use crate::subject::Field;

mod safeguard;

/// One difference between two registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Id of the agreement or order, or version of the Windrush safeguard.
    pub id: String,
    /// What would change, such as "promise: 5 days becomes 48 hours".
    pub words: String,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.id, self.words)
    }
}

/// Every difference between `old` and `new`: agreements, orders and the Windrush safeguard, each by id; nothing where they say
/// the same.
pub fn plan(old: &Register, new: &Register) -> Vec<Change> {
    let agreements = |register: &Register| -> BTreeMap<String, Agreement> {
        let by_id = |agreement: &Agreement| (agreement.id.to_string(), agreement.clone());
        register.agreements().map(by_id).collect()
    };
    let orders = |register: &Register| -> BTreeMap<String, SuspensionOrder> {
        let by_id = |order: &SuspensionOrder| (order.id.to_string(), order.clone());
        register.orders().iter().map(by_id).collect()
    };
    let mut changes = by_id(&agreements(old), &agreements(new), introduced, agreement_changes);
    let order_in_words =
        |order: &SuspensionOrder| format!("a new suspension order, {}", order_in_words(order));
    changes.extend(by_id(&orders(old), &orders(new), order_in_words, order_changes));
    let safeguards = |register: &Register| -> BTreeMap<String, Safeguard> {
        let by_version = |safeguard: &Safeguard| (safeguard.rules.version.to_string(), safeguard.clone());
        register.safeguards().map(by_version).collect()
    };
    changes.extend(by_id(
        &safeguards(old),
        &safeguards(new),
        safeguard::introduced,
        safeguard::changes,
    ));
    changes
}

/// The agreements of `old` that `new` changes or no longer has.
pub fn touched(old: &Register, new: &Register) -> Vec<AgreementId> {
    old.agreements()
        .filter(|agreement| new.agreement(&agreement.id) != Some(agreement))
        .map(|agreement| agreement.id.clone())
        .collect()
}

fn by_id<T>(
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    introduced: impl Fn(&T) -> String,
    changed: impl Fn(&T, &T, &mut Words),
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut ids: Vec<_> = old.keys().chain(new.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let mut words = Words::default();
        match (old.get(id), new.get(id)) {
            (Some(old), Some(new)) => changed(old, new, &mut words),
            (Some(_), None) => words.0.push("is taken out of the register".to_owned()),
            (None, Some(new)) => words.0.push(introduced(new)),
            (None, None) => {}
        }
        let change = |words| Change {
            id: id.clone(),
            words,
        };
        changes.extend(words.0.into_iter().map(change));
    }
    changes
}

fn introduced(agreement: &Agreement) -> String {
    let who = match agreement.organisations.len() {
        0 => "nobody may ask under it".to_owned(),
        1 => "1 organisation may ask under it".to_owned(),
        count => format!("{count} organisations may ask under it"),
    };
    let served = if agreement.listed_only {
        ", listed only"
    } else {
        ""
    };
    format!("a new agreement, \"{}\"{served}: {who}", agreement.title)
}

/// Lines of one agreement, order or safeguard.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn text(&mut self, key: &str, old: &str, new: &str) {
        if old != new {
            self.0.push(format!("{key}: \"{old}\" becomes \"{new}\""));
        }
    }

    fn value<T: PartialEq + fmt::Display>(&mut self, key: &str, old: &T, new: &T) {
        if old != new {
            self.0.push(format!("{key}: {old} becomes {new}"));
        }
    }

    fn day(&mut self, key: &str, old: Option<Date>, new: Option<Date>) {
        let day = |day: Option<Date>| day.map_or_else(|| "none".to_owned(), |day| day.to_string());
        self.value(key, &day(old), &day(new));
    }

    fn switch(&mut self, old: bool, new: bool, on: &str, off: &str) {
        if old != new {
            self.0.push(if new { on } else { off }.to_owned());
        }
    }

    /// A webhook of somebody, told by its host alone.
    fn webhook(&mut self, whose: &impl fmt::Display, old: &Webhook, new: &Webhook) {
        if old != new && old.host() == new.host() {
            let what = format!("webhook of {whose}: its path or its secrets change");
            self.0.push(what);
        } else {
            self.value(&format!("webhook of {whose}"), &old.host(), &new.host());
        }
    }

    fn list(&mut self, key: &str, old: &[String], new: &[String]) {
        let without = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|one| !those.contains(one)).cloned().collect()
        };
        let (added, gone) = (without(new, old), without(old, new));
        if !added.is_empty() {
            self.0.push(format!("{key}: {} added", listed(&added)));
        }
        if !gone.is_empty() {
            self.0.push(format!("{key}: {} taken out", listed(&gone)));
        }
    }
}

/// More than these are counted, not named.
const NAMED_MAX: usize = 8;

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(NAMED_MAX) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..NAMED_MAX].join(", ")),
    }
}

fn agreement_changes(old: &Agreement, new: &Agreement, words: &mut Words) {
    words.text("title", &old.title, &new.title);
    words.text("purpose", &old.purpose, &new.purpose);
    words.text("legal basis", &old.legal_basis, &new.legal_basis);
    words.value("feed", &feed(old.feed.as_ref()), &feed(new.feed.as_ref()));
    words.switch(
        old.listed_only,
        new.listed_only,
        "is listed only from now on",
        "is served from now on",
    );
    words.switch(
        old.proactive,
        new.proactive,
        "is proactive from now on: suspension orders apply",
        "is not proactive from now on: suspension orders do not apply",
    );
    words.switch(
        old.withholds_referrals,
        new.withholds_referrals,
        "withholds from now on that a person is referred to the Windrush taskforce",
        "tells from now on that a person is referred to the Windrush taskforce",
    );
    words.list(
        "checks",
        &names(&old.checks, CheckKind::as_str),
        &names(&new.checks, CheckKind::as_str),
    );
    let benefits = |of: &Agreement| names(&of.benefits, EducationBenefit::as_str);
    words.list("benefits", &benefits(old), &benefits(new));
    organisation_changes(old, new, words);
    webhook_changes(old, new, words);
    owner_webhook_changes(old, new, words);
    let operations = |of: &Agreement| names(&of.operations, Operation::as_str);
    words.list("operations", &operations(old), &operations(new));
    let fields = |of: &Agreement| names(&of.request_fields, Field::as_str);
    words.list("request fields", &fields(old), &fields(new));
    words.list("released fields", &old.released_fields, &new.released_fields);
    words.text("match rule", &old.match_rule, &new.match_rule);
    sla_changes(&old.sla, &new.sla, words);
    words.value("rate", &rate(old.rate), &rate(new.rate));
    words.value("weight", &old.weight, &new.weight);
    quota_changes(old, new, words);
    let retention = |of: &Agreement| {
        of.retention
            .map_or_else(|| "as usual".to_owned(), |kept| kept.to_string())
    };
    words.value("retention", &retention(old), &retention(new));
    words.day("signed", old.signed_on, new.signed_on);
    words.day("review", old.review_on, new.review_on);
    words.day("expiry", old.expires_on, new.expires_on);
    match (&old.suspension, &new.suspension) {
        (old, new) if old == new => {}
        (_, None) => words.0.push("the suspension is lifted".to_owned()),
        (_, Some(new)) => words.0.push(format!(
            "is suspended from {} by {}, to be reviewed on {}: {}",
            new.since, new.owner, new.review_on, new.reason
        )),
    }
    party_changes(&old.parties, &new.parties, words);
}

fn names<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| name(*value).to_owned()).collect()
}

fn organisation_changes(old: &Agreement, new: &Agreement, words: &mut Words) {
    let ids = |of: &Agreement| -> Vec<String> { of.organisations.keys().map(ToString::to_string).collect() };
    words.list("organisations", &ids(old), &ids(new));
    for (organisation, kind) in &new.organisations {
        if let Some(before) = old.organisations.get(organisation) {
            words.value(&format!("kind of {organisation}"), before, kind);
        }
    }
}

fn webhook_changes(old: &Agreement, new: &Agreement, words: &mut Words) {
    let ids = |of: &Agreement| -> Vec<String> { of.webhooks.keys().map(ToString::to_string).collect() };
    words.list("webhooks", &ids(old), &ids(new));
    for (organisation, webhook) in &new.webhooks {
        if let Some(before) = old.webhooks.get(organisation) {
            words.webhook(organisation, before, webhook);
        }
    }
}

/// Nobody's own address is told, but its host.
fn owner_webhook_changes(old: &Agreement, new: &Agreement, words: &mut Words) {
    let host = |of: &Agreement| {
        let webhook = of.owner_webhook.as_ref();
        webhook.map_or_else(|| "none".to_owned(), |webhook| webhook.host().to_owned())
    };
    let (before, after) = (host(old), host(new));
    if before == after && old.owner_webhook != new.owner_webhook {
        let what = "webhook of the owner: its path or its secrets change";
        words.0.push(what.to_owned());
    }
    words.value("webhook of the owner", &before, &after);
}

fn sla_changes(old: &SlaPolicy, new: &SlaPolicy, words: &mut Words) {
    let promise = |of: &SlaPolicy| of.promise(Ground::Usual);
    words.value("promise", &promise(old), &promise(new));
    let vulnerable = |of: &SlaPolicy| of.promise(Ground::Leave);
    words.value(
        "promise to vulnerable subjects",
        &vulnerable(old),
        &vulnerable(new),
    );
    words.value("division", &old.division(), &new.division());
    let thresholds = |of: &SlaPolicy| -> String {
        let thresholds: Vec<_> = of.thresholds().iter().map(|each| each.to_string()).collect();
        thresholds.join("; ")
    };
    words.value("thresholds", &thresholds(old), &thresholds(new));
    words.value(
        "silence after which a case lapses",
        &old.silence(),
        &new.silence(),
    );
    words.value("version of the promise", old.version(), new.version());
    if old != new && old.version() == new.version() {
        let what = "the promise changes and its version does not: give it a version of its own";
        words.0.push(what.to_owned());
    }
}

fn feed(feed: Option<&FeedTerms>) -> String {
    feed.map_or_else(|| "none".to_owned(), FeedTerms::to_string)
}

fn rate(rate: Option<Rate>) -> String {
    let in_words = |rate: Rate| format!("{} a minute, {} at once", rate.per_minute, rate.burst);
    rate.map_or_else(|| "the gateway's own".to_owned(), in_words)
}

fn quota_changes(old: &Agreement, new: &Agreement, words: &mut Words) {
    for quota in &new.quotas {
        let department = quota.department;
        let before = old.quota(department);
        let monthly = |quota: Option<&Quota>| match quota {
            Some(quota) => format!("{} a month", quota.monthly),
            None => "none".to_owned(),
        };
        words.value(
            &format!("quota of {department}"),
            &monthly(before),
            &monthly(Some(quota)),
        );
        let uplifts = |quota: Option<&Quota>| -> Vec<String> {
            quota.map_or_else(Vec::new, |quota| {
                quota.uplifts.iter().map(Uplift::to_string).collect()
            })
        };
        words.list(
            &format!("larger quota of {department}"),
            &uplifts(before),
            &uplifts(Some(quota)),
        );
    }
    for quota in old
        .quotas
        .iter()
        .filter(|quota| new.quota(quota.department).is_none())
    {
        words.0.push(format!(
            "quota of {}: {} a month becomes none",
            quota.department, quota.monthly
        ));
    }
}

fn party_changes(old: &[Party], new: &[Party], words: &mut Words) {
    let names =
        |parties: &[Party]| -> Vec<String> { parties.iter().map(|party| party.name.clone()).collect() };
    words.list("parties", &names(old), &names(new));
    for party in new {
        let Some(before) = old.iter().find(|before| before.name == party.name) else {
            continue;
        };
        let name = &party.name;
        words.value(&format!("senior owner of {name}"), &before.owner, &party.owner);
        words.value(
            &format!("working contact of {name}"),
            &before.contact,
            &party.contact,
        );
    }
    let first = |parties: &[Party]| {
        parties
            .first()
            .map(|party| party.name.clone())
            .unwrap_or_default()
    };
    words.text("who answers for it", &first(old), &first(new));
}

fn order_in_words(order: &SuspensionOrder) -> String {
    let departments: Vec<_> = order.departments.iter().map(ToString::to_string).collect();
    let who = order
        .over_age
        .map_or_else(|| "everybody".to_owned(), |age| format!("people over {age}"));
    let end = order
        .ends_on
        .map_or_else(String::new, |day| format!(" until {day}"));
    format!(
        "about {who}, to {}, from {}{end}, to be reviewed on {}, by {}: {}",
        departments.join(" and "),
        order.starts_on,
        order.review_on,
        order.owner,
        order.reason
    )
}

fn order_changes(old: &SuspensionOrder, new: &SuspensionOrder, words: &mut Words) {
    if old != new {
        words
            .0
            .push(format!("the suspension order is now {}", order_in_words(new)));
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
