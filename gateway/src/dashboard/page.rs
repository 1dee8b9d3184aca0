//! The frame around everything that is shown, in the styles of GOV.UK Frontend without its crown and fonts.

mod parts;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Board;
use super::access::Operator;
use super::views::View;
pub(super) use parts::{error_summary, field, hidden};

/// How often a page without JavaScript renews itself, in seconds: often enough to be of use, and time to read it.
const REFRESH_SECONDS: u32 = 15;

/// Who sees a page.
struct Seen<'a> {
    actor: &'a str,
    /// For the form that signs out; none of who has a certificate.
    proof: Option<String>,
}

fn document(title: &str, seen: Option<&Seen<'_>>, current: Option<&View>, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" class="govuk-template" {
            head {
                meta charset="utf-8";
                title { (title) " – Status checking: duty desk" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href="/assets/govuk-frontend.css";
                link rel="stylesheet" href="/assets/dashboard.css";
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                @if current.is_some() {
                    noscript { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                    script src="/assets/dashboard.js" defer {}
                }
            }
            body class="govuk-template__body" {
                a href="#main" class="govuk-skip-link" { "Skip to main content" }
                header class="desk-header" {
                    div class="desk-width desk-header__row" {
                        a class="desk-header__name" href="/" { "Status checking: duty desk" }
                        @if let Some(seen) = seen { (signed_in(seen)) }
                    }
                }
                @if seen.is_some() { (navigation(current)) }
                div class="desk-width" {
                    main class="govuk-main-wrapper" id="main" { (main) }
                }
            }
        }
    }
}

fn signed_in(seen: &Seen<'_>) -> Markup {
    html! {
        div class="desk-header__who" {
            span { (seen.actor) }
            @if let Some(proof) = &seen.proof {
                form method="post" action="/sign-out" {
                    (hidden("proof", proof))
                    button class="desk-header__button" { "Sign out" }
                }
            }
        }
    }
}

fn navigation(current: Option<&View>) -> Markup {
    html! {
        nav class="desk-navigation" aria-label="Views" {
            div class="desk-width desk-navigation__row" {
                ul class="desk-navigation__list" {
                    @for view in View::LISTED {
                        li {
                            @let is_current = current == Some(&view);
                            a href={ "/" (view.name()) } aria-current=[is_current.then_some("page")] { (view.title()) }
                        }
                    }
                    li { a href="/more-time" { "Give more time" } }
                }
                form class="desk-find" method="get" action="/find" role="search" {
                    label class="govuk-visually-hidden" for="find" { "Case id" }
                    input class="govuk-input desk-find__input" id="find" name="case" placeholder="Case id" autocomplete="off" spellcheck="false";
                    button class="govuk-button govuk-button--secondary desk-find__button" { "Find" }
                }
            }
        }
    }
}

impl Board {
    fn document(&self, title: &str, operator: &Operator, current: Option<&View>, main: &Markup) -> Markup {
        let seen = Seen {
            actor: &operator.actor,
            proof: operator.token().map(|_| self.sessions.proof(&operator.session())),
        };
        document(title, Some(&seen), current, main)
    }

    /// A page with a form, or with what came of one.
    pub(super) fn form_page(&self, title: &str, operator: &Operator, content: &Markup) -> Markup {
        let main = html! { h1 class="govuk-heading-l" { (title) } div class="reading" { (content) } };
        self.document(title, operator, None, &main)
    }
}

/// A view, with what was done before it where that is so.
pub(super) fn view(board: &Board, operator: &Operator, view: &View, content: &str, done: &str) -> Markup {
    let main = html! {
        @if let Some(words) = done_words(done) {
            div class="govuk-notification-banner govuk-notification-banner--success" role="region" aria-labelledby="done" {
                div class="govuk-notification-banner__header" {
                    h2 class="govuk-notification-banner__title" id="done" { "Done" }
                }
                div class="govuk-notification-banner__content" {
                    p class="govuk-notification-banner__heading" { (words) }
                }
            }
        }
        div class="title" {
            h1 class="govuk-heading-l" { (view.title()) }
            p class="title__live" {
                span id="live-state" role="status" {}
                button class="govuk-button govuk-button--secondary" id="live-pause" type="button" hidden { "Pause updates" }
            }
        }
        div id="live" data-live={ "/live/" (view.name()) } { (PreEscaped(content)) }
    };
    board.document(view.title(), operator, Some(view), &main)
}

/// Only what is known here is shown, whatever stands in an address.
fn done_words(done: &str) -> Option<&'static str> {
    match done {
        "closed" => Some("The department is closed. Every gateway keeps to it within seconds."),
        "opened" => Some("The department is open again."),
        "retried" => Some("The notice is sent again now."),
        _ => None,
    }
}

fn notice(title: &str, text: &Markup) -> Markup {
    let main = html! { h1 class="govuk-heading-l" { (title) } div class="reading" { (text) } };
    document(title, None, None, &main)
}

/// For whoever is no operator.
pub(super) fn sign_in_first() -> Markup {
    notice(
        "Sign in first",
        &html! { p class="govuk-body" {
            "These pages are for operators: use a browser with an operator's certificate, or a link to sign in."
        } },
    )
}

/// Where a link to sign in leads.
pub(super) fn sign_in(link: &str) -> Markup {
    notice(
        "Sign in",
        &html! {
            p class="govuk-body" { "The link signs this browser in, once. What you look at is recorded." }
            form method="post" action={ "/sign-in/" (link) } { button class="govuk-button" { "Sign in" } }
        },
    )
}

pub(super) fn link_is_used() -> Markup {
    notice(
        "This link cannot be used",
        &html! { p class="govuk-body" { "It was used before, or it is too old. Ask for another." } },
    )
}

pub(super) fn signed_out() -> Markup {
    notice(
        "Signed out",
        &html! { p class="govuk-body" { "To sign in again, use another link." } },
    )
}

pub(super) fn stale_form() -> Markup {
    notice(
        "Load the page again",
        &html! { p class="govuk-body" { "The form is not from this session. Nothing was done." } },
    )
}

pub(super) fn not_found() -> Markup {
    notice(
        "Not found",
        &html! { p class="govuk-body" { "There is no such page, case, agreement or notice. " a class="govuk-link" href="/" { "What is there now" } } },
    )
}

pub(super) fn busy() -> Markup {
    notice(
        "Not now",
        &html! { p class="govuk-body" {
            "The gateway cannot show this now, or cannot record that you look at it. Try again in a moment; if it goes on, look at the log."
        } },
    )
}

/// A table that scrolls by itself where the page is narrower; `rows` fit under `heads`.
pub(super) fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="scrolls" role="region" aria-label=(label) tabindex="0" {
            table class="govuk-table" {
                thead class="govuk-table__head" { tr class="govuk-table__row" {
                    @for head in heads { th scope="col" class="govuk-table__header" { (head) } }
                } }
                tbody class="govuk-table__body" { (rows) }
            }
        }
    }
}
