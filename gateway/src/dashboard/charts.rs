//! Figures over time as drawings: columns that stand beside each other, with a title and a description for who does not see
//! them, and the same figures as a table.

mod scale;

use maud::{Markup, html};

pub(super) use self::scale::Scale;

/// Width and height of the drawing, in its own units; it is stretched to the width that there is.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;

/// What is left for the words: at the left for those of the scale, below for those of the columns, of which the last
/// reaches beyond its column.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const BELOW: f64 = 26.0;
/// So that a word at the top is whole.
const ABOVE: f64 = 12.0;

/// A drawing.
pub(super) struct Chart<'a> {
    /// A word that no other drawing of the page has.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What there is to see, in a sentence.
    pub(super) summary: String,
    pub(super) scale: Scale,
    /// What the columns stand for, each with the class that colours it; the first stands behind the others.
    pub(super) series: Vec<Series<'a>>,
    /// A line across, and what it is.
    pub(super) target: Option<(f64, String)>,
    pub(super) columns: Vec<Column>,
    /// The head of the first column of the table.
    pub(super) of: &'a str,
    /// The heads of the others.
    pub(super) heads: Vec<&'a str>,
}

/// What columns stand for.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) class: &'a str,
    /// How much of its place a column takes.
    pub(super) width: f64,
}

impl<'a> Series<'a> {
    pub(super) const fn new(name: &'a str, class: &'a str, width: f64) -> Self {
        Self { name, class, width }
    }
}

/// One place along the drawing.
pub(super) struct Column {
    /// What it is of, in the table.
    pub(super) label: String,
    /// The word below the drawing, where there is one.
    pub(super) mark: Option<String>,
    /// By series; none where there is nothing to show.
    pub(super) values: Vec<Option<f64>>,
    /// The row of the table; it is left out where there is none.
    pub(super) row: Option<Vec<String>>,
}

/// The drawing, its legend, and its table.
pub(super) fn chart(chart: &Chart<'_>) -> Markup {
    let (title_id, summary_id) = (format!("{}-title", chart.id), format!("{}-summary", chart.id));
    html! {
        figure class="chart" {
            figcaption class="chart__title" { (chart.title) }
            (legend(chart))
            div class="scrolls chart__window" role="region" aria-label=(chart.title) tabindex="0" {
                svg class="chart__drawing" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" focusable="false"
                    aria-labelledby={ (title_id) " " (summary_id) } {
                    title id=(title_id) { (chart.title) }
                    desc id=(summary_id) { (chart.summary) }
                    (grid(&chart.scale))
                    @for (place, column) in chart.columns.iter().enumerate() { (drawn(chart, place, column)) }
                    @if let Some((value, words)) = &chart.target { (line(chart.scale.height(*value), words)) }
                }
            }
            p class="govuk-body-s" { (chart.summary) }
            (table(chart))
        }
    }
}

fn legend(chart: &Chart<'_>) -> Markup {
    html! {
        ul class="chart__legend" {
            @for series in &chart.series {
                li {
                    svg class="chart__swatch" viewBox="0 0 10 10" aria-hidden="true" focusable="false" {
                        rect class=(series.class) width="10" height="10" {}
                    }
                    (series.name)
                }
            }
        }
    }
}

/// How far down something lies that is so high, from 0 to 1.
fn down(height: f64) -> f64 {
    ABOVE + (HEIGHT - ABOVE - BELOW) * (1.0 - height)
}

fn grid(scale: &Scale) -> Markup {
    html! {
        @for (height, words) in scale.marks() {
            @let y = rounded(down(height));
            line class="chart__grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
            text class="chart__words" x=(LEFT - 8.0) y=(y + 4.0) text-anchor="end" { (words) }
        }
    }
}

fn line(height: f64, words: &str) -> Markup {
    let y = rounded(down(height));
    html! {
        line class="chart__target" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
        text class="chart__words chart__words--target" x=(WIDTH - RIGHT - 4.0) y=(y - 5.0) text-anchor="end" { (words) }
    }
}

fn drawn(chart: &Chart<'_>, place: usize, column: &Column) -> Markup {
    let step = (WIDTH - LEFT - RIGHT) / share(chart.columns.len().max(1));
    let left = LEFT + step * share(place);
    html! {
        @for (series, value) in chart.series.iter().zip(&column.values) {
            @if let Some(value) = value {
                @let width = step * series.width;
                // Something is seen of what is there.
                @let top = down(chart.scale.height(*value).max(0.01));
                rect class=(series.class) x=(rounded(left + (step - width) / 2.0)) y=(rounded(top))
                    width=(rounded(width)) height=(rounded(HEIGHT - BELOW - top)) {}
            }
        }
        @if let Some(mark) = &column.mark {
            text class="chart__words" x=(rounded(left + step / 2.0)) y=(HEIGHT - 8.0) text-anchor="middle" { (mark) }
        }
    }
}

fn table(chart: &Chart<'_>) -> Markup {
    html! {
        details class="govuk-details" data-key=(chart.id) {
            summary class="govuk-details__summary" {
                span class="govuk-details__summary-text" { "The figures as a table" span class="govuk-visually-hidden" { " of " (chart.title) } }
            }
            div class="scrolls" role="region" aria-label={ (chart.title) ", as a table" } tabindex="0" {
                table class="govuk-table" {
                    thead class="govuk-table__head" { tr class="govuk-table__row" {
                        th scope="col" class="govuk-table__header" { (chart.of) }
                        @for head in &chart.heads {
                            th scope="col" class="govuk-table__header govuk-table__header--numeric" { (head) }
                        }
                    } }
                    tbody class="govuk-table__body" { @for column in &chart.columns {
                        @if let Some(cells) = &column.row { tr class="govuk-table__row" {
                            th scope="row" class="govuk-table__header nowrap" { (column.label) }
                            @for cell in cells { td class="govuk-table__cell govuk-table__cell--numeric" { (cell) } }
                        } }
                    } }
                }
            }
        }
    }
}

/// To a tenth: finer is not seen.
fn rounded(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

fn share(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
