//! One agreement: what it is for, whom to turn to, what is used of it, and how it went.

use std::time::Duration;

use maud::{Markup, html};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::measures::Figures;

use super::agreements::{card, usage};
use super::charts::turnaround;
use super::promises::within;
use super::words::to_the_second;
use super::{Sources, ViewError};
use crate::ops::{Kept, KeptLine};

pub(super) async fn agreement(sources: &Sources, id: &AgreementId) -> Result<Markup, ViewError> {
    let version = sources.register.now();
    let agreement = version.register.agreement(id).ok_or(ViewError::NotFound)?;
    let today = london_day(sources.clock.now());
    let usage = usage(sources, agreement).await?;
    // It is counted for everybody who looks, at most every ten minutes, and not waited for.
    let kept = (!agreement.listed_only).then(|| sources.promises.now());
    Ok(html! {
        (card(agreement, &usage, today, false))
        @match kept.as_ref().map(|kept| kept.as_ref()) {
            None => { p class="govuk-body" { "It is listed for others, so nothing is measured here." } },
            Some(None) => { p class="govuk-body" { "Its measures are being counted: they are here in a moment." } },
            Some(Some(kept)) => (measured(kept, kept.line(id))),
        }
    })
}

fn measured(kept: &Kept, line: Option<&KeptLine>) -> Markup {
    html! {
        h2 class="govuk-heading-m" { "Measures" }
        @match line {
            None => { p class="govuk-body" { "It was not served when they were counted." } },
            Some(line) => { (measures(line)) (turnaround(line)) },
        }
        p class="govuk-body-s" { "Counted at " (to_the_second(kept.at)) ", again after ten minutes. Of all its organisations together." }
    }
}

fn measures(line: &KeptLine) -> Markup {
    let days = line.thirty_days.as_ref().map(|days| &days.all);
    let (Some(month), Some(days)) = (&line.month, days) else {
        return html! {
            p class="govuk-body" { "There are too many checks to be counted here; ask for a shorter time with " code { "statuscheck register measures" } "." }
        };
    };
    html! {
        div class="scrolls" role="region" aria-label="Measures" tabindex="0" {
            table class="govuk-table" {
                thead class="govuk-table__head" { tr class="govuk-table__row" {
                    th scope="col" class="govuk-table__header" { "Checks received" }
                    @for head in ["This month", "Last 30 days"] {
                        th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                    }
                } }
                tbody class="govuk-table__body" {
                    @for ((name, month), (_, days)) in figures(month).into_iter().zip(figures(days)) {
                        tr class="govuk-table__row" {
                            th scope="row" class="govuk-table__header" { (name) }
                            td class="govuk-table__cell govuk-table__cell--numeric" { (month) }
                            td class="govuk-table__cell govuk-table__cell--numeric" { (days) }
                        }
                    }
                }
            }
        }
    }
}

fn figures(figures: &Figures) -> [(&'static str, String); 15] {
    let length = |length: Option<Duration>| length.map_or_else(|| "–".to_owned(), within);
    let turnaround = figures.turnaround;
    let calls = figures.calls;
    let count = |count: u64| count.to_string();
    [
        ("Checks", count(figures.checks)),
        ("Answered in time", count(figures.answered_in_time)),
        ("Of these, in the call", count(figures.answered_at_once)),
        ("Answered late", count(figures.answered_late)),
        ("Open", count(figures.open)),
        ("Late, answered or not", count(figures.breached)),
        ("Established", count(figures.established)),
        ("Not established", count(figures.not_established)),
        ("Referred", count(figures.referred)),
        ("Disputed", count(figures.disputed)),
        ("Half answered within", length(turnaround.map(|after| after.p50))),
        (
            "95 of 100 answered within",
            length(turnaround.map(|after| after.p95)),
        ),
        (
            "A call's time: gateway, 95 of 100 within",
            length(calls.gateway_p95),
        ),
        (
            "A call's time: department, 95 of 100 within",
            length(calls.department_p95),
        ),
        (
            "A call's time: network, 95 of 100 within",
            length(calls.network_p95),
        ),
    ]
}
