use std::num::{NonZeroU8, NonZeroU32};

use jiff::civil::date;

use super::super::tests::{TODAY, order, quota, sample, suspended};
use super::*;
use crate::agreement::Webhook;
use crate::ids::DepartmentId;
use crate::sla::{OrganisationKind, Target};

fn planned(change: impl FnOnce(&mut Agreement)) -> Vec<String> {
    let mut new = sample("a");
    change(&mut new);
    let registers = [sample("a"), new].map(|agreement| Register::new([agreement], []).unwrap());
    plan(&registers[0], &registers[1])
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn registers_that_say_the_same_have_nothing_to_plan() {
    assert_eq!(planned(|_| {}), [""; 0]);
}

#[test]
fn every_change_of_an_agreement_is_told_in_words() {
    assert_eq!(
        planned(|agreement| {
            agreement.checks.pop();
            agreement
                .organisations
                .insert("other".parse().unwrap(), OrganisationKind::School);
            agreement.request_fields.retain(|field| *field != Field::Postcode);
            agreement.sla = SlaPolicy::of("2025-1".parse().unwrap(), Target::VULNERABLE);
            agreement.quotas = vec![quota(300, 309)];
            agreement.expires_on = Some(date(2027, 1, 1));
            agreement.suspension = suspended(TODAY);
            agreement.parties[0].owner.name = "Director".to_owned();
        }),
        [
            "a: checks: iecas taken out",
            "a: organisations: other added",
            "a: request fields: postcode taken out",
            "a: promise: 5 days becomes 48 hours",
            "a: the promise changes and its version does not: give it a version of its own",
            "a: quota of dfe: none becomes 300 a month",
            "a: larger quota of dfe: 309 a month from 2026-07-15 to 2026-08-10, approved by Head of Statistics: nine \
             more added",
            "a: expiry: none becomes 2027-01-01",
            "a: is suspended from 2026-06-10 by Head of Policy, to be reviewed on 2026-09-01: accuracy is looked into",
            "a: senior owner of home-office: owner at home-office <owner@home-office.example> becomes Director \
             <owner@home-office.example>",
        ]
    );
}

const RATE: Rate = Rate {
    per_minute: NonZeroU32::MIN,
    burst: NonZeroU32::MIN,
};

fn webhook() -> Webhook {
    Webhook {
        url: "https://hooks.caller.example/t0ken".to_owned(),
        secret_files: vec!["caller".to_owned()],
    }
}

/// What is changed, in place.
type Edit = fn(&mut Agreement);

#[test]
fn no_field_of_an_agreement_can_change_without_a_word() {
    let changes: [(&str, Edit); 23] = [
        ("title", |a| a.title.push('!')),
        ("purpose", |a| a.purpose.push('!')),
        ("legal basis", |a| a.legal_basis.push('!')),
        ("parties", |a| a.parties.truncate(4)),
        ("who answers for it", |a| a.parties.swap(0, 1)),
        ("working contact", |a| a.parties[1].contact.email.push('x')),
        ("checks", |a| a.checks.truncate(1)),
        ("benefits", |a| a.benefits.truncate(1)),
        ("organisations", |a| drop(a.organisations.pop_first())),
        ("webhooks", |a| {
            drop(a.webhooks.insert("caller".parse().unwrap(), webhook()))
        }),
        ("operations", |a| a.operations.truncate(1)),
        ("request fields", |a| a.request_fields.truncate(1)),
        ("released fields", |a| a.released_fields.truncate(1)),
        ("match rule", |a| a.match_rule.push('!')),
        ("weight", |a| a.weight = NonZeroU8::MAX),
        ("rate", |a| a.rate = Some(RATE)),
        ("retention", |a| a.retention = "9d".parse().ok()),
        ("signed", |a| a.signed_on = None),
        ("review", |a| a.review_on = None),
        ("is listed only", |a| a.listed_only = true),
        ("is proactive", |a| a.proactive = true),
        ("withholds", |a| a.withholds_referrals = true),
        ("kind of caller", |a| {
            a.organisations = [("caller".parse().unwrap(), OrganisationKind::School)].into();
        }),
    ];
    for (told, change) in changes {
        let planned = planned(change);
        assert_eq!(planned.len(), 1, "{told}: {planned:?}");
        assert!(
            planned[0].starts_with(&format!("a: {told}")),
            "{told}: {planned:?}"
        );
    }
}

#[test]
fn another_silence_is_told_and_wants_a_version_of_its_own() {
    let told = planned(|a| a.sla = a.sla.clone().with_silence("14d".parse().unwrap()));
    assert_eq!(
        told[0],
        "a: silence after which a case lapses: 28 days becomes 14 days"
    );
    assert!(told[1].contains("give it a version of its own"), "{told:?}");
}

#[test]
fn a_feed_that_changes_is_told() {
    let feed = FeedTerms {
        name: "support".parse().unwrap(),
        from: DepartmentId::HomeOffice,
        to: DepartmentId::Dfe,
        every: Target::DEFAULT,
    };
    assert_eq!(
        planned(|agreement| agreement.feed = Some(feed)),
        ["a: feed: none becomes support from home-office to dfe, every 5 days"]
    );
}

#[test]
fn a_webhook_that_changes_is_told_by_its_host_alone() {
    let caller = || "caller".parse().unwrap();
    let with = |webhook: Webhook| {
        let mut agreement = sample("a");
        agreement.webhooks = [(caller(), webhook)].into();
        Register::new([agreement], []).unwrap()
    };
    let old = with(webhook());
    for (url, told) in [
        (
            "https://hooks.caller.example/0ther",
            "its path or its secrets change",
        ),
        (
            "https://other.example:8443/t0ken",
            "hooks.caller.example becomes other.example:8443",
        ),
    ] {
        let new = with(Webhook {
            url: url.to_owned(),
            ..webhook()
        });
        let planned: Vec<_> = plan(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(planned, [format!("a: webhook of caller: {told}")]);
    }
}

#[test]
fn agreements_and_orders_that_come_and_go_are_told() {
    let old = Register::new([sample("gone")], [order()]).unwrap();
    let new = Register::new([sample("new")], []).unwrap();
    let told: Vec<_> = plan(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "gone: is taken out of the register",
            "new: a new agreement, \"Everything\": 1 organisation may ask under it",
            "over-30: is taken out of the register",
        ]
    );
    let told: Vec<_> = plan(&new, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        told[2],
        "over-30: a new suspension order, about people over 30, to dwp, from 2026-06-01, to be reviewed on \
         2026-09-01, by Home Secretary: people were refused wrongly"
    );
}

#[test]
fn what_changes_or_goes_is_touched_and_what_is_new_or_stays_is_not() {
    let mut changed = sample("changed");
    changed.rate = Some(RATE);
    let old = Register::new(["changed", "gone", "same"].map(sample), [order()]).unwrap();
    let new = Register::new([changed, sample("new"), sample("same")], []).unwrap();
    let ids: Vec<_> = touched(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(ids, ["changed", "gone"]);
    assert_eq!(touched(&old, &old), []);
}
