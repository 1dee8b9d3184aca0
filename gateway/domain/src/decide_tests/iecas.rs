//! IECAS: immigration status for an NHS trust.

use jiff::civil::{Date, date};

use super::row::{
    BORN_IN_TIME, Expect, Group, Row, TODAY, TOMORROW, YESTERDAY, established, group, held, more, no,
    pending, rows, trust,
};
use super::said::{
    CAUSES, STARTED, ambiguous, closed, deferred, leave, no_record, out, seen_from, stated_age, support,
    unavailable,
};
use super::words::cause_words;
use crate::answer::{Facts, Negative, PendingReason};
use crate::decide::Verdict;
use crate::ids::DepartmentId::HomeOffice;
use crate::question::Operation;
use crate::referral::Held;
use crate::subject::Field;

pub(super) fn groups() -> Vec<Group> {
    vec![
        group(
            "Found: facts and dates, also when the leave has ended. Charging is the trust's decision.",
            found_rows(),
        ),
        group(
            "No answer from the Home Office is never a \"no\"; its reply gives the reason.",
            pending_rows(),
        ),
        group(
            "No record, and ended leave, of a person with a Windrush profile are held.",
            windrush_rows(),
        ),
        group("Days are London's.", london_rows()),
    ]
}

fn facts(valid_from: Date, valid_until: Option<Date>) -> Facts {
    Facts::Iecas {
        immigration_status: Some("leave to remain".to_owned()),
        valid_from: Some(valid_from),
        valid_until,
        health_surcharge_paid: None,
    }
}

fn held_leave(valid_from: Date, last: Date) -> Expect {
    Expect::Is(Verdict::Hold {
        held: Held::EndedLeave {
            facts: facts(valid_from, Some(last)),
            as_of: Some(stated_age()),
        },
    })
}

fn until(last: Date) -> Expect {
    established(facts(STARTED, Some(last)))
}

fn found_rows() -> Vec<Row> {
    let mut paid = facts(STARTED, None);
    if let Facts::Iecas {
        health_surcharge_paid,
        ..
    } = &mut paid
    {
        *health_surcharge_paid = Some(true);
    }
    rows! {
        trust("No end").home_office(leave()) => established(facts(STARTED, None));
        trust("Surcharge paid").home_office(leave().surcharge_paid()) => established(paid);
        trust("No right to work or rent").home_office(leave().without_work().without_renting())
            => established(facts(STARTED, None));
        trust("Ends tomorrow").home_office(leave().until(TOMORROW)) => until(TOMORROW);
        trust("Ends today").home_office(leave().until(TODAY)) => until(TODAY);
        trust("Ended yesterday").home_office(leave().until(YESTERDAY)) => until(YESTERDAY);
        trust("Begins tomorrow").home_office(leave().starting(TOMORROW))
            => established(facts(TOMORROW, None));
        trust("No record").home_office(no_record()) => no(Negative::NoRecord);
        trust("More than one record fits").home_office(ambiguous(&[Field::HomeOfficeReference]))
            => more(&[Field::HomeOfficeReference]);
    }
}

fn pending_rows() -> Vec<Row> {
    let unavailable_now = || pending(PendingReason::DepartmentUnavailable, HomeOffice);
    let working = || pending(PendingReason::DepartmentWorking, HomeOffice);
    let mut rows = rows! {
        trust("Not asked yet") => unavailable_now(), waiting;
        trust("Still out").home_office(out()) => unavailable_now(), waiting;
        trust("Deferred").home_office(deferred()) => working();
        trust("Closed").home_office(closed()) => pending(PendingReason::DepartmentClosed, HomeOffice);
        trust("Found something else: garbage").home_office(support()) => unavailable_now();
        trust("Deferred, with a profile").born(BORN_IN_TIME).home_office(deferred()) => working();
    };
    rows.extend(CAUSES.map(|cause| {
        let label = format!("Unavailable: {}", cause_words(cause));
        trust(label)
            .home_office(unavailable(cause))
            .then(unavailable_now())
    }));
    rows
}

fn windrush_rows() -> Vec<Row> {
    let last_day = date(1988, 12, 31);
    let day_after = date(1989, 1, 1);
    let ended = || leave().until(YESTERDAY);
    let elder = |label: &str| trust(label).born(BORN_IN_TIME);
    let dwp = Operation::BenefitHistory;
    rows! {
        elder("No record, born in time").home_office(no_record()) => held(Negative::NoRecord);
        trust("No record, born on the last day").born(last_day).home_office(no_record())
            => held(Negative::NoRecord);
        trust("No record, born the day after").born(day_after).home_office(no_record())
            => no(Negative::NoRecord);
        elder("Ended yesterday, born in time").home_office(ended()) => held_leave(STARTED, YESTERDAY);
        elder("Ends today, born in time").home_office(leave().until(TODAY)) => until(TODAY);
        elder("No end, born in time").home_office(leave()) => established(facts(STARTED, None));
        elder("Ended, arrived on the last day").home_office(ended().arrived(last_day))
            => held_leave(STARTED, YESTERDAY);
        elder("Ended, first arrived the day after").home_office(ended().arrived(day_after))
            => until(YESTERDAY);
        elder("Ended, first arrived late, DWP saw them on the last day")
            .home_office(ended().arrived(day_after)).said(dwp, seen_from(last_day))
            => held_leave(STARTED, YESTERDAY);
        trust("Ended, born later, leave from the last day").home_office(ended().starting(last_day))
            => held_leave(last_day, YESTERDAY);
        trust("Ended, born later, leave from the day after").home_office(ended().starting(day_after))
            => established(facts(day_after, Some(YESTERDAY)));
    }
}

fn london_rows() -> Vec<Row> {
    let row = |label: &str, now: &str, expect: Expect| {
        trust(label)
            .born(BORN_IN_TIME)
            .at(now)
            .home_office(leave().until(TODAY))
            .then(expect)
    };
    rows! {
        row("Summer: last second of the last day", "2026-06-10T22:59:59Z", until(TODAY));
        row("Summer: ended at 23:00 UTC", "2026-06-10T23:00:00Z", held_leave(STARTED, TODAY));
    }
}
