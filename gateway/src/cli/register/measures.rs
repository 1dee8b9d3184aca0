//! How an agreement went, as a running gateway counts it.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::clock::london;
use statuscheck_proto::register::v1::{GetMeasuresRequest, GetMeasuresResponse};

use super::super::client::Connection;
use super::super::output::{Output, print_json, say, table, waiting};
use super::Shown;

/// Which figures.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The agreement's id.
    agreement_id: String,
    /// Checks received from then on: a day, from its beginning in London, or a time such as 2026-03-01T09:00:00Z.
    #[arg(long, value_name = "DAY|TIME", value_parser = instant)]
    from: Timestamp,
    /// Checks received before then; all that were known where it is not given.
    #[arg(long, value_name = "DAY|TIME", value_parser = instant)]
    to: Option<Timestamp>,
    /// As it was known then; now where it is not given. The figures of a time that has passed are the same for ever.
    #[arg(long, value_name = "DAY|TIME", value_parser = instant)]
    as_of: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let of_day = |day: Date| day.to_zoned(london()).map(|start| start.timestamp());
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    match day {
        Some(day) => of_day(day).map_err(|error| error.to_string()),
        None => text
            .parse()
            .map_err(|_neither| "must be a day as 2026-03-01, or a time as 2026-03-01T09:00:00Z".to_owned()),
    }
}

/// Asks for the figures and shows them.
pub(super) async fn measures(
    shown: &Shown,
    connection: &Connection,
    wanted: Wanted,
) -> anyhow::Result<ExitCode> {
    let on_the_wire = |time: Timestamp| prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    };
    let request = GetMeasuresRequest {
        agreement_id: wanted.agreement_id.clone(),
        from: Some(on_the_wire(wanted.from)),
        to: wanted.to.map(on_the_wire),
        as_of: wanted.as_of.map(on_the_wire),
    };
    let mut client = connection.register()?;
    let told = match waiting("counting", client.get_measures(request)).await {
        Ok(told) => told.into_inner(),
        Err(status) => return Output::of(shown.json).error(&status),
    };
    if shown.json {
        print_json("statuscheck.register.v1.GetMeasuresResponse", &told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let to = wanted
        .to
        .map_or_else(String::new, |to| format!(" to {}", in_london(to)));
    say!("{} · from {}{to}", wanted.agreement_id, in_london(wanted.from))?;
    if let Some(as_of) = told
        .as_of
        .and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
    {
        say!("as known at {}", in_london(as_of))?;
    }
    let mut figures = table(["", "figure"]);
    for (name, figure) in lines(&told) {
        figures.add_row([name.to_owned(), figure]);
    }
    say!("{figures}")?;
    Ok(ExitCode::SUCCESS)
}

fn in_london(time: Timestamp) -> String {
    time.to_zoned(london()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn lines(told: &GetMeasuresResponse) -> Vec<(&'static str, String)> {
    let answered = told.answered_in_time + told.answered_late;
    let seconds = |seconds: f64| match answered {
        0 => "–".to_owned(),
        _ => format!("{seconds:.3} s"),
    };
    let part = |part: Option<prost_types::Duration>| {
        let duration = part.and_then(|part| std::time::Duration::try_from(part).ok());
        duration.map_or_else(
            || "–".to_owned(),
            |duration| format!("{:.3} s", duration.as_secs_f64()),
        )
    };
    let quota = match told.quota_limit {
        0 => told.quota_used.to_string(),
        limit => format!("{} of {limit}", told.quota_used),
    };
    vec![
        ("checks", told.checks.to_string()),
        ("answered in time", told.answered_in_time.to_string()),
        ("  of these in the call", told.answered_at_once.to_string()),
        ("answered late", told.answered_late.to_string()),
        ("open", told.open.to_string()),
        ("late, answered or not", told.breached.to_string()),
        ("established", told.established.to_string()),
        ("not established", told.not_established.to_string()),
        ("referred", told.referred.to_string()),
        ("disputed", told.disputed.to_string()),
        ("feedback given", told.feedback_given.to_string()),
        ("turnaround, half within", seconds(told.turnaround_p50_seconds)),
        ("turnaround, 95 % within", seconds(told.turnaround_p95_seconds)),
        ("turnaround, longest", seconds(told.turnaround_max_seconds)),
        ("questions under quotas", quota),
        ("a call's time: gateway, 95 % within", part(told.gateway_p95)),
        (
            "a call's time: department, 95 % within",
            part(told.department_p95),
        ),
        ("a call's time: network, 95 % within", part(told.network_p95)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_london_and_a_time_is_taken_as_it_is() {
        let read = |text: &str| instant(text).map(|time| time.to_string());
        assert_eq!(read("2026-03-01"), Ok("2026-03-01T00:00:00Z".to_owned()));
        assert_eq!(read("2026-07-01"), Ok("2026-06-30T23:00:00Z".to_owned()));
        assert_eq!(
            read("2026-07-01T10:00:00+01:00"),
            Ok("2026-07-01T09:00:00Z".to_owned())
        );
        for text in ["", "yesterday", "2026-02-30", "2026-03-01T09:00"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
