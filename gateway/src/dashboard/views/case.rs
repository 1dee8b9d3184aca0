//! One case: each step, what its clock did, and how its due time was reached. Nothing about the person, nor what the caller
//! calls it.

use maud::{Markup, html};
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::event::{Event, EventKind};
use statuscheck_domain::ids::CaseId;

use super::words::{day_and_second, row, span, tag};
use super::{Sources, ViewError, agreement_words, department_name, time, whose_words};
use crate::store::ReadError;

pub(super) async fn case(sources: &Sources, id: CaseId) -> Result<Markup, ViewError> {
    let history = sources.live.store.history(id).await?.ok_or(ViewError::NotFound)?;
    let events: Vec<_> = history.into_iter().map(|recorded| recorded.event).collect();
    let case = Case::fold(id, events.iter().cloned()).map_err(|_history| ReadError::Corrupt)?;
    let now = sources.clock.now();
    let late = case.is_breached(now);
    let promise = case.promise();
    Ok(html! {
        dl class="govuk-summary-list" {
            (row("Case", &html! { code class="break" { (id) } }))
            (row("State", &html! {
                (state(case.state)) " "
                @if late { (tag("red", "Late")) }
                @else if case.is_paused() { (tag("grey", "Paused")) }
            }))
            @if let Some(standing) = case.standing() { (row("Whose turn", &html! { (whose_words(standing.whose)) })) }
            (row("Check", &html! { (agreement_words(case.receipt.check.kind(), &case.receipt.agreement_id)) }))
            (row("Asked by", &html! { (case.receipt.organisation.as_str()) }))
            (row("Received", &time(case.create_time)))
            (row("Due", &html! {
                (time(promise.due_at))
                @if !case.is_over() && !case.is_paused() {
                    @let left = promise.due_at.duration_since(now);
                    @if left.is_negative() { ", late by " (span(left)) } @else { ", in " (span(left)) }
                }
            }))
            (row("How it was reached", &html! { (promise.explanation) }))
        }
        h2 class="govuk-heading-m" { "What happened" }
        ol class="govuk-list timeline" { @for event in &events { (step(event)) } }
    })
}

const fn state(state: CaseState) -> &'static str {
    match state {
        CaseState::Open => "Open",
        CaseState::AwaitingInformation => "Waiting for details",
        CaseState::Referred => "Referred",
        CaseState::Answered => "Answered",
        CaseState::Withdrawn => "Withdrawn",
    }
}

fn step(event: &Event) -> Markup {
    let class = match &event.kind {
        EventKind::Clock(ClockEvent::Stepped(_)) => {
            "timeline__step timeline__step--clock timeline__step--warned"
        }
        EventKind::Clock(_) => "timeline__step timeline__step--clock",
        _ => "timeline__step",
    };
    html! {
        li class=(class) {
            span class="timeline__time" { (day_and_second(event.time)) }
            span class="timeline__what" {
                (event.kind.as_str().replace('_', " "))
                @if let Some(department) = event.kind.department() { ": " (department_name(department)) }
                @if let Some(due) = due(event) { ", due " (due) }
            }
        }
    }
}

/// Where the clock's due time came to lie with this.
fn due(event: &Event) -> Option<Markup> {
    let reckoning = match &event.kind {
        EventKind::Clock(ClockEvent::Set(setting)) => &setting.reckoning,
        EventKind::Clock(ClockEvent::Moved(moved)) => &moved.reckoning,
        _ => return None,
    };
    Some(html! { (time(reckoning.due_at)) ": " (reckoning.explanation) })
}
