//! Parts of forms.

use maud::{Markup, html};

/// A value that goes with a form unseen.
pub(in crate::dashboard) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// What is wrong with a form, by the field's id: at the top of the page, as GOV.UK does it.
pub(in crate::dashboard) fn error_summary(faults: &[(&str, &str)]) -> Markup {
    html! {
        @if !faults.is_empty() {
            div class="govuk-error-summary" role="alert" {
                h2 class="govuk-error-summary__title" { "There is a problem" }
                div class="govuk-error-summary__body" {
                    ul class="govuk-list govuk-error-summary__list" {
                        @for (field, text) in faults { li { a href={ "#" (field) } { (text) } } }
                    }
                }
            }
        }
    }
}

/// A field of a form with its label, its hint and what is wrong with it.
pub(in crate::dashboard) fn field(
    (id, label, hint): (&str, &str, &str),
    faults: &[(&str, &str)],
    input: impl FnOnce(&str) -> Markup,
) -> Markup {
    let fault = faults
        .iter()
        .find(|(field, _)| *field == id)
        .map(|(_, text)| *text);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = if fault.is_some() {
        format!("{hint_id} {error_id}")
    } else {
        hint_id.clone()
    };
    let group = if fault.is_some() {
        "govuk-form-group govuk-form-group--error"
    } else {
        "govuk-form-group"
    };
    html! {
        div class=(group) {
            label class="govuk-label govuk-label--s" for=(id) { (label) }
            div class="govuk-hint" id=(hint_id) { (hint) }
            @if let Some(fault) = fault {
                p class="govuk-error-message" id=(error_id) {
                    span class="govuk-visually-hidden" { "Error: " } (fault)
                }
            }
            (input(&described))
        }
    }
}
