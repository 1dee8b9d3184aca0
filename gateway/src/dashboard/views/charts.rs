//! Where looking beats reading: load and latency of the last hour, and how long answers took of the last thirty days beside what
//! is agreed.

use std::time::Duration;

use maud::{Markup, html};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::sla::Promise;

use super::promises::within;
use super::words::{department_name, short_date, to_the_second};
use super::{Sources, ViewError};
use crate::dashboard::charts::{Chart, Column, Scale, Series, chart};
use crate::ops::KeptLine;
use crate::telemetry::{Load, MINUTES, Minute};

/// Every so many minutes one has a word.
const MARK_EVERY: usize = 10;

pub(super) fn charts(sources: &Sources) -> Result<Markup, ViewError> {
    let kept = sources.promises.now();
    Ok(html! {
        h2 class="govuk-heading-m" { "The last hour" }
        (last_hour(sources))
        h2 class="govuk-heading-m" { "Answers beside what is agreed" }
        @match &kept {
            None => { p class="govuk-body" { "Being counted: it is here in a moment." } },
            Some(kept) => {
                div class="charts" { @for line in &kept.lines { (turnaround(line)) } }
                p class="govuk-body-s" { "Counted at " (to_the_second(kept.at)) ", again after ten minutes." }
            },
        }
    })
}

fn last_hour(sources: &Sources) -> Markup {
    let of = |load| sources.figures.minutes(load);
    let Some(checks) = of(Load::Checks) else {
        return html! {
            p class="govuk-body" { "This gateway measures nothing: [telemetry] says where it would be told." }
        };
    };
    let departments = DepartmentId::ALL.into_iter();
    let departments =
        departments.filter_map(|id| Some((id, of(Load::Questions(id))?)).filter(|(_, all)| asked(all) > 0));
    html! {
        div class="charts" {
            (load(&checks))
            (latency("checks-latency", "Checks: how long calls took", &checks))
            @for (id, minutes) in departments {
                @let title = format!("{}: how long questions took", department_name(id));
                (latency(&format!("{}-latency", id.as_str()), &title, &minutes))
            }
        }
        p class="govuk-body-s" { "As this gateway measured them, since it started. Rows of batches are not among the calls; their questions are among the questions." }
    }
}

fn asked(minutes: &[Minute]) -> u64 {
    minutes.iter().map(|minute| minute.count).sum()
}

fn load(minutes: &[Minute]) -> Markup {
    let (all, failed) = (
        asked(minutes),
        minutes.iter().map(|minute| minute.failed).sum::<u64>(),
    );
    let most = minutes
        .iter()
        .map(|minute| minute.count)
        .max()
        .unwrap_or_default();
    let column = |minute: &Minute| {
        let values = vec![
            (minute.count > 0).then(|| number(minute.count)),
            (minute.failed > 0).then(|| number(minute.failed)),
        ];
        (values, vec![minute.count.to_string(), minute.failed.to_string()])
    };
    chart(&Chart {
        id: "checks-load",
        title: "Checks: calls a minute",
        summary: format!(
            "{all} in the last hour, {most} in the busiest minute; {failed} failed by our fault."
        ),
        scale: Scale::counts(number(most)),
        series: vec![
            Series::new("calls", "bar__fine", 0.8),
            Series::new("failed by our fault", "bar__late", 0.8),
        ],
        target: None,
        columns: by_minute(minutes, column),
        of: "Minute",
        heads: vec!["Calls", "Failed"],
    })
}

fn latency(id: &str, title: &str, minutes: &[Minute]) -> Markup {
    let all: Vec<_> = minutes.iter().filter_map(|minute| minute.within).collect();
    let shortest = all.iter().map(|[half, _]| *half).min();
    let longest = all.iter().map(|[_, most]| *most).max();
    let column = |minute: &Minute| {
        let [half, most] = minute.within.unwrap_or_default();
        let values = [most, half].map(|length| minute.within.map(|_| length.as_secs_f64()));
        let row = vec![minute.count.to_string(), within(half), within(most)];
        (values.to_vec(), row)
    };
    chart(&Chart {
        id,
        title,
        summary: match longest {
            Some(longest) => format!(
                "{} in the last hour; in the slowest minute 95 of 100 took {} at the most.",
                asked(minutes),
                within(longest)
            ),
            None => "Nothing was asked in the last hour.".to_owned(),
        },
        scale: Scale::lengths(seconds(shortest), seconds(longest)),
        series: lengths(),
        target: None,
        columns: by_minute(minutes, column),
        of: "Minute",
        heads: vec!["Count", "Half within", "95 of 100 within"],
    })
}

/// The two that are drawn wherever something took its time.
fn lengths() -> Vec<Series<'static>> {
    vec![
        Series::new("95 of 100 within", "bar__most", 0.8),
        Series::new("half within", "bar__half", 0.4),
    ]
}

/// What is drawn of a minute, and its row of the table.
type Drawn = (Vec<Option<f64>>, Vec<String>);

/// Minutes as columns, the newest at the right; of those in which nothing happened the table says nothing.
fn by_minute(minutes: &[Minute], drawn: impl Fn(&Minute) -> Drawn) -> Vec<Column> {
    let missing = MINUTES.saturating_sub(minutes.len());
    let all = std::iter::repeat_n(None, missing).chain(minutes.iter().map(Some));
    let column = |(place, minute): (usize, Option<&Minute>)| {
        let ago = MINUTES - 1 - place;
        let (values, row) = minute.map(&drawn).unwrap_or_default();
        let happened = minute.is_some_and(|minute| minute.count > 0);
        Column {
            label: if ago == 0 {
                "this minute".to_owned()
            } else {
                format!("{ago} min ago")
            },
            mark: match ago {
                0 => Some("now".to_owned()),
                _ if ago.is_multiple_of(MARK_EVERY) => Some(format!("-{ago} min")),
                _ => None,
            },
            values,
            row: happened.then_some(row),
        }
    };
    all.enumerate().map(column).collect()
}

/// How long answers took, day by day, beside what is agreed.
pub(super) fn turnaround(line: &KeptLine) -> Markup {
    let Some(thirty) = &line.thirty_days else {
        return html! { p class="govuk-body" { (line.title) ": too many checks to be counted here." } };
    };
    let all = || thirty.days.iter().filter_map(|(_, figures)| figures.turnaround);
    let (target, words) = target(line.agreed);
    let shortest = all().map(|turnaround| turnaround.p50).min();
    let longest = all().map(|turnaround| turnaround.p95).max();
    let columns = thirty.days.iter().rev().enumerate().map(|(ago, (day, figures))| {
        let turnaround = figures.turnaround;
        let cell = |length: Option<Duration>| length.map(within).unwrap_or_default();
        let (half, most) = (
            turnaround.map(|turnaround| turnaround.p50),
            turnaround.map(|turnaround| turnaround.p95),
        );
        Column {
            label: short_date(*day),
            mark: ago.is_multiple_of(7).then(|| short_date(*day)),
            values: [most, half]
                .map(|length| length.map(|length| length.as_secs_f64()))
                .to_vec(),
            row: (figures.checks > 0).then(|| {
                let (checks, late) = (figures.checks.to_string(), figures.breached.to_string());
                vec![checks, late, cell(half), cell(most)]
            }),
        }
    });
    let mut columns: Vec<_> = columns.collect();
    columns.reverse();
    chart(&Chart {
        id: &format!("turnaround-{}", line.id.as_str()),
        title: &format!("{}: from receipt to answer", line.title),
        summary: match thirty.all.turnaround {
            Some(all) => format!(
                "{} checks in 30 days; 95 of 100 were answered within {}, where {} is agreed; {} were late.",
                thirty.all.checks,
                within(all.p95),
                line.agreed,
                thirty.all.breached
            ),
            None => format!("Nothing was answered in 30 days; {} is agreed.", line.agreed),
        },
        scale: Scale::lengths(seconds(shortest).min(target), seconds(longest).max(target)),
        series: lengths(),
        target: Some((target, words)),
        columns,
        of: "Received on",
        heads: vec!["Checks", "Late", "Half within", "95 of 100 within"],
    })
}

/// Where the line is drawn of what is agreed, in seconds, and its words. Working days are drawn as days: how many nights and
/// holidays lie between them depends on the day of receipt.
fn target(agreed: Promise) -> (f64, String) {
    match agreed {
        Promise::Elapsed(target) => (target.length().as_secs_f64(), format!("agreed: {agreed}")),
        Promise::Working(days) => {
            let length = Duration::from_hours(24) * u32::from(days.count());
            (length.as_secs_f64(), format!("agreed: {agreed}, drawn as days"))
        }
    }
}

/// In seconds; where there is none, a second, which has a mark.
fn seconds(length: Option<Duration>) -> f64 {
    length.map_or(1.0, |length| length.as_secs_f64())
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
