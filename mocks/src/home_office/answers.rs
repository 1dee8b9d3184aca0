//! What the Home Office says.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::{Time, Weekday, time};
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};
use statuscheck_domain::clock::{london, london_day};

use crate::person::{IssuedCode, Leave, Person, Section95};

/// A share code can be used up to this many days after the day of issue, the last one included.
const SHARE_CODE_DAYS: i32 = 90;

/// When a caseworker's desk opens, Monday to Friday.
const DESK_OPENS: Time = time(9, 0, 0, 0);

/// Status and JSON body of an answer. It may tell of a person, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Said {
    status: StatusCode,
    body: Value,
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl Said {
    fn found(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    pub(super) fn refused(status: StatusCode, code: &str, message: &str) -> Self {
        Self {
            status,
            body: json!({ "code": code, "message": message }),
        }
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    /// The same for an unknown person and for a wrong date of birth.
    pub(super) fn no_record() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "NO_RECORD", "no record fits")
    }

    pub(super) fn ambiguous() -> Self {
        Self {
            status: StatusCode::CONFLICT,
            body: json!({ "code": "AMBIGUOUS", "wouldSettle": ["reference"] }),
        }
    }
}

/// The status behind a share code, if the code still lived in London on the day when it was asked.
pub(super) fn share_code_answer(
    person: &Person,
    issued: &IssuedCode,
    asked_at: Timestamp,
    as_of: Timestamp,
) -> Said {
    if person.leave.is_none() {
        return Said::no_record();
    }
    let last_day = issued.issued_on.saturating_add(SHARE_CODE_DAYS.days());
    if london_day(asked_at) > last_day {
        return Said::refused(
            StatusCode::GONE,
            "CODE_EXPIRED",
            "the code has expired; ask the person for a new one",
        );
    }
    status_answer(person, as_of)
}

/// The person's status; what the records lack is left out.
pub(super) fn status_answer(person: &Person, as_of: Timestamp) -> Said {
    let Some(Leave {
        kind,
        valid_from,
        valid_until,
        may_work,
        may_rent,
        conditions,
        health_surcharge_paid,
    }) = &person.leave
    else {
        return Said::no_record();
    };
    let mut body = json!({
        "statusRef": format!("status-{}", person.id),
        "conditions": conditions,
        "healthSurchargePaid": health_surcharge_paid,
        "asOf": as_of,
    });
    put(&mut body, "leave", kind.as_ref());
    put(&mut body, "validFrom", *valid_from);
    put(&mut body, "validUntil", *valid_until);
    put(&mut body, "mayWork", *may_work);
    put(&mut body, "mayRent", *may_rent);
    put(&mut body, "arrivedOn", person.arrived_on);
    Said::found(body)
}

/// The person's asylum support, with the part and section of the Act as the record words them.
pub(super) fn support_answer(person: &Person, as_of: Timestamp) -> Said {
    let Some(Section95 {
        in_force,
        since,
        legal_basis,
    }) = &person.section_95
    else {
        return Said::no_record();
    };
    let basis = legal_basis.as_deref().unwrap_or_default();
    let mut body = json!({
        "since": since,
        "part": word_after("part", basis),
        "section": word_after("section", basis),
        "asOf": as_of,
    });
    put(&mut body, "inForce", *in_force);
    Said::found(body)
}

/// Writes a fact that the records have; another is left out, as a real record may lack it.
fn put(body: &mut Value, key: &str, fact: Option<impl Serialize>) {
    if let Some(fact) = fact {
        body[key] = json!(fact);
    }
}

/// "VI" after "part" in "Part VI, section 95".
fn word_after<'a>(keyword: &str, text: &'a str) -> Option<&'a str> {
    let mut words = text
        .split(|symbol: char| !symbol.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.find(|word| word.eq_ignore_ascii_case(keyword))?;
    words.next()
}

/// Nobody is at the desk: the answer, and whole seconds until it opens.
pub(super) fn desk_closed(now: Timestamp) -> (Said, i64) {
    let opens_at = next_opening(now);
    let said = Said {
        status: StatusCode::SERVICE_UNAVAILABLE,
        body: json!({ "code": "DESK_CLOSED", "opensAt": opens_at }),
    };
    let left = opens_at.duration_since(now);
    (said, left.as_secs() + i64::from(left.subsec_nanos() > 0))
}

/// The next 09:00 of a Monday to Friday in London, after `now`. Bank holidays are not kept: a desk that is told to be
/// closed is so for a test, not by the calendar.
fn next_opening(now: Timestamp) -> Timestamp {
    let local = now.to_zoned(london());
    let mut day = local.date();
    if local.time() >= DESK_OPENS {
        day = day.saturating_add(1.day());
    }
    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
        day = day.saturating_add(1.day());
    }
    day.to_datetime(DESK_OPENS)
        .to_zoned(london())
        .map_or(Timestamp::MAX, |opening| opening.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_opens_at_nine_on_the_next_weekday_in_london() {
        for (now, opening) in [
            ("2026-01-05T08:59:59Z", "2026-01-05T09:00:00Z"),
            ("2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z"),
            ("2026-01-09T16:00:00Z", "2026-01-12T09:00:00Z"),
            ("2026-03-28T12:00:00Z", "2026-03-30T08:00:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(next_opening(now).to_string(), opening);
        }
    }

    #[test]
    fn part_and_section_are_read_from_the_legal_basis() {
        let read = |basis| (word_after("part", basis), word_after("section", basis));
        assert_eq!(read("Part VI, section 95"), (Some("VI"), Some("95")));
        assert_eq!(read("section 4"), (None, Some("4")));
        assert_eq!(read("PART IV; Section 95."), (Some("IV"), Some("95")));
        assert_eq!(read(""), (None, None));
    }
}
