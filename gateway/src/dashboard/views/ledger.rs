//! The ledger: how far it goes, when its end was last signed, and when it was last verified.

use jiff::SignedDuration;
use maud::{Markup, html};
use serde_json::Value;

use super::words::{row, span, tag};
use super::{Sources, ViewError, time};
use crate::store::{HouseEntry, HouseKind, HouseQuery};

/// What operators did, shown at most.
const ACTS_MAX: usize = 10;

/// Kinds of what operators do that a duty manager wants to know of.
const ACTS: [(HouseKind, &str); 6] = [
    (HouseKind::DepartmentSet, "Department closed or opened"),
    (HouseKind::DueExtended, "More time given"),
    (HouseKind::HookRetried, "Parked notice tried again"),
    (HouseKind::RegisterApplied, "Register applied"),
    (HouseKind::KeyRotated, "Keys rotated"),
    (HouseKind::RetentionRun, "Retention run"),
];

pub(super) async fn ledger(sources: &Sources) -> Result<Markup, ViewError> {
    let store = &sources.live.store;
    let position = store.position().await?;
    let entries: u64 = position.chains().map(|(_, sequence)| sequence).sum();
    let verified = store.noted(newest(HouseKind::LedgerVerified, 1)).await?;
    let age = SignedDuration::try_from(sources.notary.age()).unwrap_or(SignedDuration::MAX);
    let mut acts = Vec::new();
    for (kind, name) in ACTS {
        let found = store.noted(newest(kind, ACTS_MAX)).await?;
        acts.extend(found.into_iter().map(|entry| (entry, name)));
    }
    acts.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.time));
    acts.truncate(ACTS_MAX);
    Ok(html! {
        dl class="govuk-summary-list" {
            (row("Entries", &html! { (entries) }))
            (row("Chains", &html! { (position.chains().count()) }))
            (row("End last signed", &html! { (span(age)) " ago" }))
            (row("Last verified", &verification(verified.first())))
            (row("Store", &html! {
                @if store.is_healthy() { (tag("green", "Records")) } @else { (tag("red", "Records nothing")) }
            }))
        }
        h2 class="govuk-heading-m" { "What operators did" }
        @if acts.is_empty() {
            p class="govuk-body" { "Nothing yet." }
        } @else {
            ol class="govuk-list timeline" { @for (entry, name) in &acts { li class="timeline__step" {
                span class="timeline__time" { (time(entry.time)) }
                span class="timeline__what" { (name) ", by " (entry.actor) (reason(entry)) }
            } } }
        }
    })
}

const fn newest(kind: HouseKind, limit: usize) -> HouseQuery {
    HouseQuery {
        kind,
        after: None,
        before: None,
        limit,
    }
}

fn verification(entry: Option<&HouseEntry>) -> Markup {
    let Some(entry) = entry else {
        return html! { "never while a gateway was running" };
    };
    let intact = entry.details.get("intact").and_then(Value::as_bool);
    html! {
        (time(entry.time)) ", by " (entry.actor) " "
        @match intact {
            Some(true) => (tag("green", "Intact")),
            Some(false) => (tag("red", "Not intact")),
            None => {},
        }
    }
}

fn reason(entry: &HouseEntry) -> Markup {
    let text = |name: &str| entry.details.get(name).and_then(Value::as_str);
    html! {
        @if let Some(department) = text("department") { " (" (department) ")" }
        @if let Some(receiver) = text("receiver") { " (" (receiver) ")" }
        @if let Some(reason) = text("reason") { ": " (reason) }
    }
}
