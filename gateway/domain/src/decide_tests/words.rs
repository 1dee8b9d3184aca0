//! Situations and answers in plain words, for the table and for a failing row.

use jiff::Timestamp;
use jiff::civil::Date;

use super::row::{BORN_LATER, By, Expect, FEED_INTERVAL, Row, Situation, TODAY, noon};
use super::said::STARTED;
use crate::answer::{Entitlement, Facts, PendingReason};
use crate::check::CheckKind;
use crate::decide::{Verdict, Wait};
use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::referral::Held;
use crate::reply::{self, EducationEligibility, ImmigrationStatus, Section95Support, Unavailable};
use crate::route::Standing;
use crate::subject::Field;

/// Near days by their distance from today, others by date.
pub(super) fn day(day: Date) -> String {
    match TODAY.until(day).unwrap().get_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        ahead @ 2..=60 => format!("today + {ahead} days"),
        _ => day.to_string(),
    }
}

/// What differs from the check's ordinary case; empty where nothing does.
pub(super) fn who(situation: &Situation) -> String {
    let ordinary_way = match situation.kind {
        CheckKind::RightToWork => By::NamesAndNino,
        CheckKind::RightToRent => By::ShareCode,
        CheckKind::Section95 => By::NamesAndSupportReference,
        CheckKind::Iecas => By::Names,
    };
    let way = match situation.by {
        By::ShareCode => "share code only",
        By::Names => "names only",
        By::NamesAndNino => "names and NINO",
        By::NamesAndNinoWithoutSuffix => "names and NINO without its suffix",
        By::NamesAndSupportReference => "names and asylum support reference",
    };
    let mut parts = Vec::new();
    if situation.born != BORN_LATER {
        parts.push(format!("born {}", situation.born));
    }
    if situation.by != ordinary_way {
        parts.push(way.to_owned());
    }
    if situation.now != noon() {
        parts.push(format!("at {}", situation.now));
    }
    if situation.tenancy_start != TODAY {
        parts.push(format!("tenancy from {}", day(situation.tenancy_start)));
    }
    parts.join("; ")
}

pub(super) fn replies(situation: &Situation) -> String {
    let said = |(operation, standing): &(Operation, Standing)| {
        format!("{}: {}", asked_of(*operation), self::standing(standing))
    };
    let parts: Vec<_> = situation.replies.iter().map(said).collect();
    if parts.is_empty() {
        "nobody asked yet".to_owned()
    } else {
        parts.join("; ")
    }
}

pub(super) const fn asked_of(operation: Operation) -> &'static str {
    match operation {
        Operation::ImmigrationStatus | Operation::Section95Support => "Home Office",
        Operation::NinoTrace => "DWP trace",
        Operation::BenefitHistory => "DWP benefits",
        Operation::EmploymentHistory => "HMRC employments",
        Operation::EducationEligibility => "DfE",
        Operation::ContributionHistory => "HMRC contributions",
    }
}

pub(super) fn standing(standing: &Standing) -> String {
    let Standing::Replied(reply) = standing else {
        return "still out".to_owned();
    };
    match &reply.outcome {
        reply::Outcome::Found(facts) => found(facts),
        reply::Outcome::NoRecord => "no record".to_owned(),
        reply::Outcome::Ambiguous { would_settle } => format!("ambiguous ({})", fields(would_settle)),
        reply::Outcome::Deferred { .. } => "deferred".to_owned(),
        reply::Outcome::Unavailable(cause) => cause_words(*cause).to_owned(),
        reply::Outcome::Closed { .. } => "closed".to_owned(),
    }
}

pub(super) const fn cause_words(cause: Unavailable) -> &'static str {
    match cause {
        Unavailable::Failed => "failed",
        Unavailable::Slow => "too slow",
        Unavailable::Garbage => "garbage",
        Unavailable::Throttled => "throttled",
        Unavailable::Refused => "refused us",
        Unavailable::BreakerOpen => "breaker open",
    }
}

fn found(facts: &reply::Facts) -> String {
    match facts {
        reply::Facts::ImmigrationStatus(status) => leave(status),
        reply::Facts::Section95Support(support) => support_words(support),
        reply::Facts::NinoTrace { matches: true } => "number is the person's".to_owned(),
        reply::Facts::NinoTrace { matches: false } => "number is somebody else's".to_owned(),
        reply::Facts::Residence(periods) => {
            let from: Vec<_> = periods.iter().map(|period| day(period.from)).collect();
            format!("seen from {}", from.join(", "))
        }
        reply::Facts::EducationEligibility(entry) => entry_words(entry),
    }
}

fn leave(status: &ImmigrationStatus) -> String {
    let mut parts = vec!["leave".to_owned()];
    if status.valid_from != STARTED {
        parts.push(format!("from {}", day(status.valid_from)));
    }
    parts.extend(status.valid_until.map(|last| format!("until {}", day(last))));
    parts.extend((!status.may_work).then(|| "no work".to_owned()));
    parts.extend((!status.may_rent).then(|| "no renting".to_owned()));
    parts.extend(
        status
            .conditions
            .iter()
            .map(|condition| format!("on condition: {condition}")),
    );
    parts.extend(
        status
            .arrived_on
            .map(|arrived| format!("arrived {}", day(arrived))),
    );
    parts.extend(
        status
            .document_valid_until
            .map(|last| format!("document until {}", day(last))),
    );
    parts.extend(status.health_surcharge_paid.map(|_| "surcharge paid".to_owned()));
    parts.join(", ")
}

fn support_words(support: &Section95Support) -> String {
    let mut parts = vec![match &support.legal_basis {
        Some(basis) => format!("support under \"{basis}\""),
        None => "support, no legal basis stated".to_owned(),
    }];
    parts.extend((!support.in_force).then(|| "not in force".to_owned()));
    match support.since {
        None => parts.push("no first day stated".to_owned()),
        Some(first) if first != STARTED => parts.push(format!("since {}", day(first))),
        Some(_) => {}
    }
    parts.join(", ")
}

fn entry_words(entry: &EducationEligibility) -> String {
    let verdict = if entry.eligible { "eligible" } else { "notEligible" };
    let source = entry.source.map_or("unnamed", DepartmentId::as_str);
    let age = entry.loaded_at.map_or_else(
        || "of unknown age".to_owned(),
        |loaded_at| {
            let limit = FEED_INTERVAL.as_secs() * 2;
            match noon().duration_since(loaded_at).as_secs() - limit {
                0 => "exactly two intervals old".to_owned(),
                -1 => "a second under two intervals old".to_owned(),
                1 => "a second over two intervals old".to_owned(),
                ..=-2 => "fresh".to_owned(),
                _ => "stale".to_owned(),
            }
        },
    );
    format!("{verdict} ({source} feed, {age})")
}

pub(super) fn fields(fields: &[Field]) -> String {
    let names: Vec<_> = fields
        .iter()
        .map(|field| format!("`{}`", field.as_str()))
        .collect();
    names.join(", ")
}

/// What the row says it must become.
pub(super) fn expected(row: &Row) -> String {
    match &row.expect {
        Expect::Is(verdict) => answer(verdict, row.wait),
        Expect::BadInput(field) => format!("**bad input**: {}", fields(&[*field])),
    }
}

pub(super) fn answer(verdict: &Verdict, wait: Wait) -> String {
    let said = match verdict {
        Verdict::Established { facts, as_of } => {
            format!("**established**: {}{}", released(facts), age(*as_of))
        }
        Verdict::MoreInformation { fields: named } => format!("**more information**: {}", fields(named)),
        Verdict::Pending {
            reason,
            departments,
            alarm,
        } => {
            let names: Vec<_> = departments.iter().map(|department| department.as_str()).collect();
            let alarm = if *alarm { ", ops alarmed" } else { "" };
            format!(
                "**pending**: {} ({}){alarm}",
                reason_code(*reason),
                names.join(", ")
            )
        }
        Verdict::Hold {
            held: Held::Negative(negative),
        } => format!("**hold**: {}", negative.as_str()),
        Verdict::Hold {
            held: Held::EndedLeave { facts, .. },
        } => format!("**hold**: ended leave ({})", released(facts)),
        Verdict::Hold { held: Held::Silence } => "**hold**: the caller's silence".to_owned(),
        Verdict::NotEstablished(negative) => format!("**not established**: {}", negative.as_str()),
    };
    match wait {
        Wait::No => said,
        Wait::Briefly => format!("{said}; a trace about to come in is taken in"),
        Wait::WhileTimeLasts => format!("{said}; waits while time lasts"),
    }
}

/// The reason's name in the contract.
const fn reason_code(reason: PendingReason) -> &'static str {
    match reason {
        PendingReason::DepartmentWorking => "DEPARTMENT_WORKING",
        PendingReason::DepartmentUnavailable => "DEPARTMENT_UNAVAILABLE",
        PendingReason::DepartmentClosed => "DEPARTMENT_CLOSED",
        PendingReason::Disputed => "DISPUTED",
    }
}

/// A source of another age than the Home Office's is told: DfE's feed.
fn age(as_of: Option<Timestamp>) -> String {
    match as_of {
        Some(as_of) if as_of == super::said::stated_age() => String::new(),
        Some(as_of) => format!("; as of the feed, {as_of}"),
        None => "; of unknown age".to_owned(),
    }
}

fn released(facts: &Facts) -> String {
    let dated = |word: &str, date: Option<Date>| date.map(|date| format!("{word} {}", day(date)));
    let reach = |entitlement: &Option<Entitlement>| {
        entitlement.map(|entitlement| match entitlement {
            Entitlement::Unlimited => "unlimited".to_owned(),
            Entitlement::TimeLimited => "time-limited".to_owned(),
            Entitlement::Restricted => "restricted".to_owned(),
        })
    };
    let parts: Vec<Option<String>> = match facts {
        Facts::RightToWork {
            entitlement,
            valid_until,
            conditions,
            follow_up_on,
        } => vec![
            reach(entitlement),
            dated("until", *valid_until),
            (!conditions.is_empty()).then(|| conditions.join(", ")),
            dated("follow up", *follow_up_on),
        ],
        Facts::RightToRent {
            entitlement,
            valid_until,
            follow_up_on,
        } => vec![
            reach(entitlement),
            dated("until", *valid_until),
            dated("follow up", *follow_up_on),
        ],
        Facts::Section95 { supported_since } => {
            vec![Some("supported".to_owned()), dated("since", *supported_since)]
        }
        Facts::Iecas {
            immigration_status,
            valid_from,
            valid_until,
            health_surcharge_paid,
        } => vec![
            immigration_status.clone(),
            dated("from", *valid_from),
            dated("until", *valid_until),
            health_surcharge_paid.map(|paid| format!("surcharge paid: {}", if paid { "yes" } else { "no" })),
        ],
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
