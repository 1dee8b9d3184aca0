//! Promises kept, beside the agreed one.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use maud::{Markup, html};
use statuscheck_domain::measures::Figures;

use super::words::{span, tag, to_the_second};
use crate::dashboard::bars::drawing;
use crate::ops::{Kept, KeptLine, kept_per_mille};

/// Of a thousand promises, fewer kept than that catch the eye. 950: one in twenty broken.
const WORTH_A_LOOK: u64 = 950;

pub(super) fn promises(kept: Option<&Arc<Kept>>) -> Markup {
    html! {
        h2 class="govuk-heading-m" { "Promises kept" }
        @match kept {
            None => { p class="govuk-body" { "Being counted: it is here in a moment." } },
            Some(kept) => { (table(kept)) },
        }
    }
}

fn table(kept: &Kept) -> Markup {
    html! {
        div class="scrolls" role="region" aria-label="Promises kept" tabindex="0" {
            table class="govuk-table" {
                thead class="govuk-table__head" { tr class="govuk-table__row" {
                    th scope="col" class="govuk-table__header" { "Agreement" }
                    th scope="col" class="govuk-table__header" { "Agreed" }
                    th scope="col" class="govuk-table__header" { "Kept this month" }
                    @for head in ["Checks", "Late"] {
                        th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                    }
                    th scope="col" class="govuk-table__header" { "Answered within, last 30 days: half" }
                    th scope="col" class="govuk-table__header" { "95 of 100" }
                } }
                tbody class="govuk-table__body" { @for line in &kept.lines { (row(line)) } }
            }
        }
        p class="govuk-body-s" { "Counted at " (to_the_second(kept.at)) ", again after ten minutes." }
    }
}

fn row(line: &KeptLine) -> Markup {
    let turnaround = line.thirty_days.as_ref().and_then(|days| days.all.turnaround);
    html! {
        tr class="govuk-table__row" {
            th scope="row" class="govuk-table__header" {
                a class="govuk-link" href={ "/agreements/" (line.id.as_str()) } { (line.title) }
            }
            td class="govuk-table__cell nowrap" { (line.agreed) }
            @match &line.month {
                Some(figures) => (month(figures)),
                None => { td class="govuk-table__cell" colspan="3" { "too many to be counted here" } },
            }
            @match turnaround {
                Some(turnaround) => {
                    td class="govuk-table__cell nowrap" { (within(turnaround.p50)) }
                    td class="govuk-table__cell nowrap" { (within(turnaround.p95)) }
                },
                None => { td class="govuk-table__cell" {} td class="govuk-table__cell" {} },
            }
        }
    }
}

fn month(figures: &Figures) -> Markup {
    let kept = kept_per_mille(figures);
    html! {
        td class="govuk-table__cell kept" {
            @match kept {
                Some(kept) => {
                    @let words = format!("{}.{} %", kept / 10, kept % 10);
                    @if kept < WORTH_A_LOOK { (tag("red", &words)) } @else { (words) }
                    (drawing(kept, 1_000, if kept < WORTH_A_LOOK { "bar__late" } else { "bar__fine" }))
                },
                None => { "nothing was due" },
            }
        }
        td class="govuk-table__cell govuk-table__cell--numeric" { (figures.checks) }
        td class="govuk-table__cell govuk-table__cell--numeric" { (figures.breached) }
    }
}

pub(super) fn within(length: Duration) -> String {
    if length < Duration::from_secs(1) {
        format!("{} ms", length.as_millis().max(1))
    } else {
        SignedDuration::try_from(length).map(span).unwrap_or_default()
    }
}
