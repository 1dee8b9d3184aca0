//! The register as it counts now: what each agreement is for, whom to turn to, what is used of it, and what falls due.

use jiff::civil::Date;
use maud::{Markup, html};
use statuscheck_domain::agreement::{Agreement, Standing};
use statuscheck_domain::clock::london_day;

use super::words::{check_name, date, row, tag};
use super::{Sources, ViewError, department_name};
use crate::dashboard::bars::drawing;
use crate::quota::{Usage, is_near_end};

pub(super) async fn agreements(sources: &Sources) -> Result<Markup, ViewError> {
    let version = sources.register.now();
    let today = london_day(sources.clock.now());
    let (mut served, mut listed) = (Vec::new(), Vec::new());
    for agreement in version.register.agreements() {
        let usage = usage(sources, agreement).await?;
        let cards = if agreement.listed_only {
            &mut listed
        } else {
            &mut served
        };
        cards.push(card(agreement, &usage, today, true));
    }
    Ok(html! {
        p class="govuk-body" {
            @match version.number {
                0 => { "The register as its files have it: " },
                number => { "Version " (number) " of the register: " },
            }
            (served.len()) " agreements that are served here, and " (listed.len()) " that are listed for others."
        }
        div class="cards" { @for card in served { (card) } }
        h2 class="govuk-heading-m" { "Listed for others" }
        div class="cards" { @for card in listed { (card) } }
    })
}

/// How its quotas stand; of one that is only listed nothing is known.
pub(super) async fn usage(sources: &Sources, agreement: &Agreement) -> Result<Vec<Usage>, ViewError> {
    if agreement.listed_only {
        return Ok(Vec::new());
    }
    Ok(sources.quotas.usage(agreement).await?)
}

/// All about it but how it went, with a link to that where `is_listed` among others.
pub(super) fn card(agreement: &Agreement, usage: &[Usage], today: Date, is_listed: bool) -> Markup {
    let checks: Vec<_> = agreement.checks.iter().map(|check| check_name(*check)).collect();
    html! {
        div class="govuk-summary-card" {
            div class="govuk-summary-card__title-wrapper" {
                h3 class="govuk-summary-card__title" { (agreement.title) " " (standing(agreement, today)) }
                @if is_listed {
                    ul class="govuk-summary-card__actions" { li class="govuk-summary-card__action" {
                        a class="govuk-link" href={ "/agreements/" (agreement.id.as_str()) } {
                            "Measures" span class="govuk-visually-hidden" { " of " (agreement.title) }
                        }
                    } }
                }
            }
            div class="govuk-summary-card__content" {
                dl class="govuk-summary-list" {
                    (row("Purpose", &html! { (agreement.purpose) }))
                    @if !checks.is_empty() { (row("Checks", &html! { (checks.join(", ")) })) }
                    @if !agreement.listed_only { (row("Who may ask", &organisations(agreement.organisations.len()))) }
                    (row("Contacts", &contacts(agreement)))
                    @if !usage.is_empty() { (row("Quota used this month", &quotas(usage))) }
                    (row("Review", &review(agreement, today)))
                    @if let Some(day) = agreement.expires_on { (row("Last day", &date(day))) }
                }
            }
        }
    }
}

fn standing(agreement: &Agreement, today: Date) -> Markup {
    match agreement.standing(today) {
        Standing::InForce => tag("green", "In force"),
        Standing::Suspended(_) => tag("red", "Suspended"),
        Standing::Expired => tag("red", "Expired"),
        Standing::NotSigned => tag("grey", "Not signed"),
        Standing::ListedOnly => tag("grey", "Listed only"),
    }
}

fn organisations(count: usize) -> Markup {
    html! { (count) @if count == 1 { " organisation" } @else { " organisations" } }
}

fn contacts(agreement: &Agreement) -> Markup {
    html! {
        ul class="govuk-list" {
            @for party in &agreement.parties {
                li {
                    @match party.department() { Some(department) => (department_name(department)), None => (party.name) }
                    ": " (party.contact.name) ", "
                    a class="govuk-link" href={ "mailto:" (party.contact.email) } { (party.contact.email) }
                }
            }
        }
    }
}

fn quotas(usage: &[Usage]) -> Markup {
    html! {
        ul class="govuk-list" {
            @for quota in usage {
                li {
                    (department_name(quota.key.department)) ": " (quota.used) " of " (quota.limit) " "
                    @if is_near_end(quota.used, quota.limit) { (tag("orange", "Nearly used up")) }
                    (drawing(quota.used, quota.limit, "bar__fine"))
                }
            }
        }
    }
}

fn review(agreement: &Agreement, today: Date) -> Markup {
    html! {
        @match agreement.review_on {
            Some(day) if day <= today => { (date(day)) " " (tag("red", "Due")) },
            Some(day) => (date(day)),
            None => { "no day is set" },
        }
    }
}
