//! What is late, what will be, and whose turn it is; the worst first.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use super::promises::promises;
use super::words::{span, tag, to_the_second};
use super::{Sources, ViewError, agreement_words, time, whose_words};
use crate::dashboard::bars::{Bar, bars};
use crate::dashboard::page::table;
use crate::ops::{Overview, Snapshot};
use crate::store::{Line, OpenCase, UrgentQuery};

/// Cases shown by themselves: as many as a duty manager can do something about at once.
const WORST_MAX: usize = 20;

pub(super) async fn now(sources: &Sources) -> Result<Markup, ViewError> {
    let open = sources.live.overview.now().await?;
    let worst = UrgentQuery {
        department: None,
        late_at: None,
        after: None,
        limit: WORST_MAX,
    };
    let worst = sources.live.store.most_urgent(worst).await?;
    let closed = sources.live.conditions(&open).await?;
    let closed = closed.iter().filter(|found| found.is_closed());
    Ok(html! {
        @for department in closed {
            div class="govuk-inset-text" {
                strong { (super::department_name(department.department)) " is closed" }
                @if let Some(until) = department.closed_until() { " until " (time(until)) }
                @if let Some(closure) = &department.closure { ": " (closure.reason) }
            }
        }
        (tiles(&open))
        div class="columns" {
            div class="columns__wide" { (worst_first(&worst, open.at)) }
            div class="columns__narrow" { (time_left(&open)) }
        }
        (whose_turn(&open))
        (promises(sources.promises.now().as_ref()))
        p class="govuk-body-s" { "Counted at " (to_the_second(open.at)) "." }
    })
}

fn sum(open: &Snapshot, of: impl Fn(&Line) -> u64) -> u64 {
    open.lines.iter().map(of).sum()
}

fn due_by(line: &Line, mark: usize) -> u64 {
    line.due_by.get(mark).copied().unwrap_or_default()
}

fn paused(line: &Line) -> u64 {
    if line.whose.is_paused() { line.open } else { 0 }
}

fn tiles(open: &Snapshot) -> Markup {
    let late = sum(open, |line| line.late);
    let at_risk = sum(open, |line| line.at_risk);
    let hour = sum(open, |line| due_by(line, 0));
    let figures = [
        ("Late", late, if late > 0 { "tile tile--late" } else { "tile" }),
        (
            "At risk",
            at_risk,
            if at_risk > 0 { "tile tile--risk" } else { "tile" },
        ),
        (
            "Due within 1 hour",
            hour,
            if hour > 0 { "tile tile--risk" } else { "tile" },
        ),
        ("Due within 4 hours", sum(open, |line| due_by(line, 1)), "tile"),
        ("Due within 24 hours", sum(open, |line| due_by(line, 2)), "tile"),
        ("Paused", sum(open, paused), "tile"),
        ("Open in all", sum(open, |line| line.open), "tile"),
    ];
    html! {
        dl class="tiles" {
            @for (name, count, class) in figures {
                div class=(class) { dt { (name) } dd { (count) } }
            }
        }
    }
}

fn worst_first(worst: &[OpenCase], now: Timestamp) -> Markup {
    const HEADS: [&str; 5] = ["Time left", "Due", "Check", "Whose turn", "Case"];
    let rows = html! { @for open in worst { (row(open, now)) } };
    html! {
        h2 class="govuk-heading-m" { "Worst first" }
        @if worst.is_empty() {
            p class="govuk-body" { "No case is open." }
        } @else {
            (table("Worst first", &HEADS, &rows))
        }
    }
}

fn row(open: &OpenCase, now: Timestamp) -> Markup {
    let standing = &open.standing;
    let left = standing.due_at.duration_since(now);
    let id = open.case_id.to_string();
    html! {
        tr class="govuk-table__row" {
            td class="govuk-table__cell nowrap" {
                @if standing.whose.is_paused() { (tag("grey", "Paused")) }
                @else if standing.is_breached(now) { (tag("red", &format!("Late by {}", span(left)))) }
                @else if standing.is_at_risk(now) { (tag("orange", &span(left))) }
                @else { (span(left)) }
            }
            td class="govuk-table__cell nowrap" {
                @if standing.whose.is_paused() { "when the caller replies" } @else { (time(standing.due_at)) }
            }
            td class="govuk-table__cell" { (agreement_words(open.check, &open.agreement)) }
            td class="govuk-table__cell" { (whose_words(standing.whose)) }
            td class="govuk-table__cell nowrap" {
                a class="govuk-link" href={ "/cases/" (id) } { span class="govuk-visually-hidden" { "Case " } (short(&id)) }
            }
        }
    }
}

/// The end of an id: what comes first is the time, and the same for all of a moment.
pub(super) fn short(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

fn whose_turn(open: &Snapshot) -> Markup {
    let mut lines: Vec<_> = open.lines.iter().collect();
    lines.sort_by_key(|line| {
        let due = line.next_due;
        (
            std::cmp::Reverse(line.late),
            std::cmp::Reverse(line.at_risk),
            due.is_none(),
            due,
        )
    });
    html! {
        h2 class="govuk-heading-m" { "Whose turn it is" }
        @if lines.is_empty() {
            p class="govuk-body" { "Nobody's." }
        } @else {
            div class="scrolls" role="region" aria-label="Whose turn it is" tabindex="0" {
                table class="govuk-table" {
                    thead class="govuk-table__head" { tr class="govuk-table__row" {
                        th scope="col" class="govuk-table__header" { "Whose turn" }
                        th scope="col" class="govuk-table__header" { "Check" }
                        @for head in ["Late", "At risk", "1 h", "4 h", "24 h", "Paused", "Open"] {
                            th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                        }
                        th scope="col" class="govuk-table__header" { "Next due" }
                    } }
                    tbody class="govuk-table__body" { @for line in lines { (line_row(line)) } }
                }
            }
        }
    }
}

fn line_row(line: &Line) -> Markup {
    let figures = [
        due_by(line, 0),
        due_by(line, 1),
        due_by(line, 2),
        paused(line),
        line.open,
    ];
    html! {
        tr class="govuk-table__row" {
            th scope="row" class="govuk-table__header" { (whose_words(line.whose)) }
            td class="govuk-table__cell" { (agreement_words(line.check, &line.agreement)) }
            td class="govuk-table__cell govuk-table__cell--numeric" {
                @if line.late > 0 { (tag("red", &line.late.to_string())) } @else { (count(0)) }
            }
            td class="govuk-table__cell govuk-table__cell--numeric" {
                @if line.at_risk > 0 { (tag("orange", &line.at_risk.to_string())) } @else { (count(0)) }
            }
            @for figure in figures { td class="govuk-table__cell govuk-table__cell--numeric" { (count(figure)) } }
            td class="govuk-table__cell nowrap" {
                @match line.next_due { Some(due) => (time(due)), None => "stands still" }
            }
        }
    }
}

/// A count; nothing catches no eye.
fn count(figure: u64) -> Markup {
    html! { @if figure == 0 { span class="zero" { "0" } } @else { (figure) } }
}

/// The open cases by how much time is left.
fn time_left(open: &Snapshot) -> Markup {
    let mut rows = vec![Bar {
        label: "Late".to_owned(),
        value: sum(open, |line| if line.whose.is_paused() { 0 } else { line.late }),
        class: "bar__late",
    }];
    let (mut from, mut before) = (Duration::ZERO, 0);
    for (mark, until) in Overview::AHEAD.into_iter().enumerate() {
        let due = sum(open, |line| due_by(line, mark));
        rows.push(Bar {
            label: format!("{} to {}", hours(from), hours(until)),
            value: due.saturating_sub(before),
            class: if mark == 0 { "bar__risk" } else { "bar__fine" },
        });
        (from, before) = (until, due);
    }
    let running = sum(open, |line| if line.whose.is_paused() { 0 } else { line.open });
    let shown: u64 = rows.iter().map(|bar| bar.value).sum();
    rows.push(Bar {
        label: format!("over {}", hours(from)),
        value: running.saturating_sub(shown),
        class: "bar__fine",
    });
    rows.push(Bar {
        label: "Paused".to_owned(),
        value: sum(open, paused),
        class: "bar__paused",
    });
    bars("Time left", "Time left", "Cases", &rows)
}

fn hours(length: Duration) -> String {
    let hours = length.as_secs() / 3_600;
    if hours > 24 && hours.is_multiple_of(24) {
        format!("{} d", hours / 24)
    } else {
        format!("{hours} h")
    }
}
