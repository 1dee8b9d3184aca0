//! Figures as bars: a table that everybody can read, with a drawing in each row.

use maud::{Markup, html};

/// A row of the table.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: u64,
    /// How it is coloured: a class of the style sheet.
    pub(super) class: &'static str,
}

/// The rows as a table, each bar as long as its part of the largest.
pub(super) fn bars(caption: &str, of: &str, count: &str, rows: &[Bar]) -> Markup {
    let largest = rows.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    html! {
        table class="govuk-table bars" {
            caption class="govuk-table__caption govuk-table__caption--m" { (caption) }
            thead class="govuk-table__head" { tr class="govuk-table__row" {
                th scope="col" class="govuk-table__header" { (of) }
                th scope="col" class="govuk-table__header govuk-table__header--numeric" { (count) }
                td class="govuk-table__cell bars__drawing" {}
            } }
            tbody class="govuk-table__body" { @for bar in rows { tr class="govuk-table__row" {
                th scope="row" class="govuk-table__header bars__label" { (bar.label) }
                td class="govuk-table__cell govuk-table__cell--numeric" { (bar.value) }
                td class="govuk-table__cell bars__drawing" { (drawing(bar.value, largest, bar.class)) }
            } } }
        }
    }
}

/// A bar of `value` parts of `whole`.
pub(super) fn drawing(value: u64, whole: u64, class: &str) -> Markup {
    // Something is seen of one case among a million.
    let length = if value == 0 {
        0
    } else {
        (value.saturating_mul(1_000) / whole.max(1)).clamp(4, 1_000)
    };
    html! {
        svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect class="bar__rest" width="1000" height="10" {}
            rect class=(class) width=(length) height="10" {}
        }
    }
}
