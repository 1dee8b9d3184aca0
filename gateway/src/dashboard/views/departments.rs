//! How departments are doing.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use statuscheck_adapters::vitals::{BreakerState, Condition};

use super::words::{row, span, tag, to_the_second};
use super::{Sources, ViewError, department_name, time};
use crate::dashboard::bars::drawing;
use crate::ops::{DepartmentCondition, DeskHours, DeskNow, FeedStanding};

pub(super) async fn departments(sources: &Sources) -> Result<Markup, ViewError> {
    let open = sources.live.overview.now().await?;
    let all = sources.live.conditions(&open).await?;
    let hours = sources.live.desk_hours();
    Ok(html! {
        div class="cards" { @for department in &all { (card(department, &hours, open.at)) } }
        p class="govuk-body-s" {
            "As this gateway sees them, by the questions of the last five minutes. Opening hours are those that clocks count; a department that closes at other times says so in its replies. Counted at "
            (to_the_second(open.at)) "."
        }
    })
}

fn card(found: &DepartmentCondition, hours: &DeskHours, now: Timestamp) -> Markup {
    let name = department_name(found.department);
    let id = found.department.as_str();
    html! {
        div class="govuk-summary-card" {
            div class="govuk-summary-card__title-wrapper" {
                h2 class="govuk-summary-card__title" { (name) " " (health(found)) }
                ul class="govuk-summary-card__actions" {
                    li class="govuk-summary-card__action" {
                        a class="govuk-link" href={ "/departments/" (id) } {
                            @if found.closure.is_some() { "Open" } @else { "Close" }
                            span class="govuk-visually-hidden" { " " (name) " by hand" }
                        }
                    }
                }
            }
            div class="govuk-summary-card__content" {
                dl class="govuk-summary-list" {
                    @if found.is_closed() { (row("Closed", &closed(found))) }
                    (row("Opening hours", &opening_hours(hours)))
                    (row("Open cases that wait for it", &html! { (found.waiting) }))
                    @match &found.condition {
                        Some(condition) => (figures(condition)),
                        None => (row("Questions", &html! { "it is not configured" })),
                    }
                    (row("Feeds that it sends", &feeds(&found.feeds, now)))
                }
            }
        }
    }
}

fn closed(found: &DepartmentCondition) -> Markup {
    html! {
        @match found.closed_until() {
            Some(until) => { "until " (time(until)) },
            None => { "until somebody opens it" },
        }
        @match &found.closure {
            Some(closure) => { ", by " (closure.actor) ": " (closure.reason) },
            None => { ", by its hours" },
        }
    }
}

fn opening_hours(desk: &DeskHours) -> Markup {
    html! {
        (desk.hours) ", Monday to Friday, not on bank holidays"
        @match &desk.now {
            Some(DeskNow::Open) => { "; now" },
            Some(DeskNow::Closed(opens)) => { "; next from " (time(*opens)) },
            None => {},
        }
    }
}

fn feeds(feeds: &[FeedStanding], now: Timestamp) -> Markup {
    html! {
        @if feeds.is_empty() { "none that is known here" }
        @else {
            ul class="govuk-list" { @for feed in feeds { li { (self::feed(feed, now)) } } }
        }
    }
}

fn feed(feed: &FeedStanding, now: Timestamp) -> Markup {
    let every = SignedDuration::try_from(feed.every).unwrap_or(SignedDuration::MAX);
    html! {
        (feed.name) ", to " (department_name(feed.to)) ": "
        @match feed.age(now) {
            Some(age) => { (span(age)) " old" },
            None => { "it never came" },
        }
        ", expected every " (span(every)) " "
        @if feed.is_late { (tag("red", "Late")) }
    }
}

fn health(found: &DepartmentCondition) -> Markup {
    match &found.condition {
        _ if found.is_closed() => tag("grey", "Closed"),
        None => tag("grey", "Not configured"),
        Some(condition) => match condition.breaker {
            BreakerState::Open => tag("red", "At rest after failures"),
            BreakerState::HalfOpen => tag("orange", "Being tried"),
            BreakerState::Closed if !condition.is_reachable => tag("red", "Failing"),
            BreakerState::Closed if condition.error_ratio > 0.05 => tag("orange", "Some failures"),
            BreakerState::Closed => tag("green", "Well"),
        },
    }
}

fn figures(condition: &Condition) -> Markup {
    let breaker = match condition.breaker {
        BreakerState::Closed => "closed: it is asked",
        BreakerState::Open => "open: it is given a rest",
        BreakerState::HalfOpen => "half open: one question tries it",
    };
    html! {
        (row("Breaker", &html! { (breaker) }))
        (row("Failed", &percent(condition.error_ratio, "bar__late")))
        (row("95 of 100 replies within", &html! {
            @match condition.latency_p95 {
                Some(latency) => { (latency.as_millis()) " ms" },
                None => { "nothing was asked lately" },
            }
        }))
        (row("Rate used", &percent(condition.rate_used, "bar__fine")))
    }
}

fn percent(share: f64, class: &str) -> Markup {
    let hundredths = (share * 100.0).round().clamp(0.0, 100.0);
    let text = format!("{hundredths:.0} %");
    // A whole number up to a hundred.
    let parts = (1..=100).filter(|part| f64::from(*part) <= hundredths).count() as u64;
    html! { (text) " " (drawing(parts, 100, class)) }
}
