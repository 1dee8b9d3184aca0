//! Open referrals by their age and where they stand, and the notices that receivers have not taken. Ids, ages and states: what a
//! referral says about anybody is the taskforce's alone.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use statuscheck_domain::referral::ReferralState;

use super::words::{span, tag, to_the_second};
use super::{Sources, ViewError, time};
use crate::dashboard::page::table;
use crate::error::Error;
use crate::ops::{NoticeCount, NoticeState, OpenReferrals, ReferralCount, written};
use crate::referrals::Referred;
use crate::store::{HookQuery, HookRow, ReadError};
use crate::telemetry::catalogue::RECEIVERS;

/// Referrals and notices shown by themselves, the oldest: as many as a duty manager can do something about at once.
const SHOWN_MAX: usize = 50;

pub(super) async fn referrals(sources: &Sources) -> Result<Markup, ViewError> {
    let live = &sources.live;
    let counted = live.referrals.now().await?;
    let page = sources.taskforce.page(vec![ReferralState::Open], None, SHOWN_MAX);
    let (oldest, _) = page.await.map_err(unreadable)?;
    let notices = live.notices.now().await?;
    let parked = HookQuery {
        parked_only: true,
        after: None,
        limit: SHOWN_MAX,
    };
    let parked = live.store.hooks(parked).await?;
    Ok(html! {
        (tiles(&counted, &notices))
        (by_age(&counted))
        (oldest_first(&oldest, counted.at))
        (hooks(&notices, counted.at))
        (parked_ones(&parked, counted.at))
        p class="govuk-body-s" { "Counted at " (to_the_second(counted.at)) "." }
    })
}

/// Listing asks the store and nothing else.
fn unreadable(error: Error) -> ViewError {
    tracing::warn!(%error, "referrals cannot be listed");
    ReadError::Unavailable.into()
}

fn tiles(counted: &ReferralCount, notices: &NoticeCount) -> Markup {
    let all = counted.all();
    let parked = notices.in_state(NoticeState::Parked);
    let coloured = |count: u64, class: &'static str| if count > 0 { class } else { "tile" };
    let figures = [
        ("Open referrals", all.open, "tile"),
        ("Findings late", all.late, coloured(all.late, "tile tile--late")),
        (
            "Findings due within 24 hours",
            all.soon,
            coloured(all.soon, "tile tile--risk"),
        ),
        (
            "Notices that wait",
            notices.in_state(NoticeState::Waiting),
            "tile",
        ),
        (
            "Notices tried again",
            notices.in_state(NoticeState::Retried),
            coloured(notices.in_state(NoticeState::Retried), "tile tile--risk"),
        ),
        ("Notices parked", parked, coloured(parked, "tile tile--late")),
    ];
    html! {
        dl class="tiles" {
            @for (name, count, class) in figures { div class=(class) { dt { (name) } dd { (count) } } }
        }
        @if counted.has_more || notices.has_more {
            p class="govuk-body" { "There are more than are counted here." }
        }
    }
}

fn by_age(counted: &ReferralCount) -> Markup {
    let mut from = None;
    let limits = OpenReferrals::AGES.into_iter().map(Some).chain([None]);
    let rows = limits.zip(counted.by_age).map(|(until, findings)| {
        let words = |length: std::time::Duration| {
            let hours = length.as_secs() / 3_600;
            if hours > 48 {
                format!("{} days", hours / 24)
            } else {
                format!("{hours} hours")
            }
        };
        let label = match (from, until) {
            (None, Some(until)) => format!("under {}", words(until)),
            (Some(from), Some(until)) => format!("{} to {}", words(from), words(until)),
            (Some(from), None) => format!("over {}", words(from)),
            (None, None) => "any".to_owned(),
        };
        from = until;
        (label, findings)
    });
    let rows: Vec<_> = rows.collect();
    html! {
        h2 class="govuk-heading-m" { "Open referrals by age" }
        div class="scrolls" role="region" aria-label="Open referrals by age" tabindex="0" {
            table class="govuk-table" {
                thead class="govuk-table__head" { tr class="govuk-table__row" {
                    th scope="col" class="govuk-table__header" { "Age" }
                    @for head in ["Open", "Due within 24 hours", "Late"] {
                        th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                    }
                } }
                tbody class="govuk-table__body" { @for (label, findings) in &rows { tr class="govuk-table__row" {
                    th scope="row" class="govuk-table__header" { (label) }
                    td class="govuk-table__cell govuk-table__cell--numeric" { (findings.open) }
                    td class="govuk-table__cell govuk-table__cell--numeric" { (findings.soon) }
                    td class="govuk-table__cell govuk-table__cell--numeric" {
                        @if findings.late > 0 { (tag("red", &findings.late.to_string())) } @else { "0" }
                    }
                } } }
            }
        }
        @if let Some(oldest) = counted.oldest {
            p class="govuk-body" { "The oldest was opened " (ago(oldest, counted.at)) " ago." }
        }
    }
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(then).max(SignedDuration::ZERO))
}

fn oldest_first(oldest: &[Referred], now: Timestamp) -> Markup {
    const HEADS: [&str; 5] = ["Age", "Finding due", "State", "Referral", "Case"];
    let rows = html! { @for referred in oldest { (row(referred, now)) } };
    html! {
        h2 class="govuk-heading-m" { "Oldest first" }
        @if oldest.is_empty() {
            p class="govuk-body" { "No referral is open." }
        } @else {
            (table("Oldest first", &HEADS, &rows))
        }
    }
}

fn row(Referred { case, referral }: &Referred, now: Timestamp) -> Markup {
    let id = case.id.to_string();
    html! {
        tr class="govuk-table__row" {
            td class="govuk-table__cell nowrap" { (ago(referral.opened_at, now)) }
            td class="govuk-table__cell nowrap" { (time(referral.due.due_at)) }
            td class="govuk-table__cell" {
                @if referral.is_breached(now) { (tag("red", "Late")) " " }
                @if !referral.asked.is_empty() { "asks the caller for more" }
                @else if referral.said.is_empty() { "with the taskforce" }
                @else { "the taskforce needs longer" }
            }
            td class="govuk-table__cell nowrap" { code { (referral.id) } }
            td class="govuk-table__cell nowrap" {
                a class="govuk-link" href={ "/cases/" (id) } { "Case " (super::now::short(&id)) }
            }
        }
    }
}

fn hooks(notices: &NoticeCount, now: Timestamp) -> Markup {
    let states = [NoticeState::Waiting, NoticeState::Retried, NoticeState::Parked];
    html! {
        h2 class="govuk-heading-m" { "Notices that receivers have not taken" }
        div class="scrolls" role="region" aria-label="Notices by receiver" tabindex="0" {
            table class="govuk-table" {
                thead class="govuk-table__head" { tr class="govuk-table__row" {
                    th scope="col" class="govuk-table__header" { "Receivers" }
                    @for head in ["Waiting", "Tried again", "Parked"] {
                        th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                    }
                    th scope="col" class="govuk-table__header" { "Oldest" }
                } }
                tbody class="govuk-table__body" { @for kind in RECEIVERS { tr class="govuk-table__row" {
                    th scope="row" class="govuk-table__header" { (receivers(kind)) }
                    @for state in states {
                        td class="govuk-table__cell govuk-table__cell--numeric" {
                            @let count = notices.pile(kind, &[state]).count;
                            @if count > 0 && state == NoticeState::Parked { (tag("red", &count.to_string())) } @else { (count) }
                        }
                    }
                    td class="govuk-table__cell nowrap" {
                        @if let Some(oldest) = notices.pile(kind, &states).oldest { (ago(oldest, now)) }
                    }
                } } }
            }
        }
    }
}

fn receivers(kind: &str) -> &'static str {
    match kind {
        "organisation" => "Organisations that asked",
        "owner" => "Owners of agreements",
        "ops" => "Operators",
        "taskforce" => "Windrush taskforce",
        _ => "Subscribers to referrals",
    }
}

fn parked_ones(parked: &[HookRow], now: Timestamp) -> Markup {
    html! {
        h2 class="govuk-heading-m" { "Parked notices" }
        @if parked.is_empty() {
            p class="govuk-body" { "None: every receiver has taken what it was told, or is told again by itself." }
        } @else {
            div class="scrolls" role="region" aria-label="Parked notices" tabindex="0" {
                table class="govuk-table" {
                    thead class="govuk-table__head" { tr class="govuk-table__row" {
                        @for head in ["Receiver", "Tells of", "Age"] { th scope="col" class="govuk-table__header" { (head) } }
                        th scope="col" class="govuk-table__header govuk-table__header--numeric" { "Attempts" }
                        @for head in ["Last error", "Case", "Do"] { th scope="col" class="govuk-table__header" { (head) } }
                    } }
                    tbody class="govuk-table__body" { @for hook in parked { (parked_row(hook, now)) } }
                }
            }
            @if parked.len() == SHOWN_MAX {
                p class="govuk-body" { "There may be more: " code { "statuscheck hooks list --parked" } "." }
            }
        }
    }
}

fn parked_row(hook: &HookRow, now: Timestamp) -> Markup {
    let (id, case) = (hook.id.to_string(), hook.case_id.to_string());
    html! {
        tr class="govuk-table__row" {
            td class="govuk-table__cell" { (hook.receiver) }
            td class="govuk-table__cell" { (hook.happening) }
            td class="govuk-table__cell nowrap" { @if let Some(written) = written(hook) { (ago(written, now)) } }
            td class="govuk-table__cell govuk-table__cell--numeric" { (hook.attempts) }
            td class="govuk-table__cell" { @if let Some(fault) = &hook.fault { (fault) } }
            td class="govuk-table__cell nowrap" {
                a class="govuk-link" href={ "/cases/" (case) } { "Case " (super::now::short(&case)) }
            }
            td class="govuk-table__cell nowrap" {
                a class="govuk-link" href={ "/hooks/" (id) } { "Try again" span class="govuk-visually-hidden" { " to tell " (hook.receiver) " of notice " (super::now::short(&id)) } }
            }
        }
    }
}
