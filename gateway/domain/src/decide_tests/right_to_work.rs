//! Right to work.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::row::{
    BORN_IN_TIME, By, Group, Row, TODAY, TOMORROW, YESTERDAY, established, group, held, more, no, pending,
    rows, work,
};
use super::said::{
    CAUSES, Leave, ambiguous, closed, deferred, failed, leave, no_record, out, seen_from, support, trace,
    unavailable,
};
use super::words::cause_words;
use crate::answer::{Entitlement, Facts, Negative, PendingReason};
use crate::ids::DepartmentId::HomeOffice;
use crate::question::Operation;
use crate::route::Standing;
use crate::subject::Field;

const NINO: &[Field] = &[Field::NationalInsuranceNumber];
const SETTLES: &[Field] = &[Field::HomeOfficeReference, Field::AlsoKnownAs];

/// The last day of arrival that counts, and the first that does not.
const LAST_DAY: Date = date(1988, 12, 31);
const DAY_AFTER: Date = date(1989, 1, 1);

pub(super) fn groups() -> Vec<Group> {
    vec![
        group(
            "The Home Office's leave decides; the last day is included.",
            leave_rows(),
        ),
        group(
            "No answer from the Home Office is never a \"no\"; its reply gives the reason.",
            pending_rows(),
        ),
        group(
            "Established, whatever DWP and HMRC say, but for a number that is somebody else's.",
            supporting_rows(),
        ),
        group(
            "A number that is somebody else's is settled with the caller first.",
            mismatch_rows(),
        ),
        group(
            "What is still out and may change the answer is waited for.",
            waiting_rows(),
        ),
        group(
            "A \"no\" about a person with a Windrush profile is held.",
            windrush_rows(),
        ),
        group("Days are London's.", london_rows()),
    ]
}

fn unlimited() -> Facts {
    facts(Entitlement::Unlimited, None, &[])
}

fn time_limited(until: Date) -> Facts {
    facts(Entitlement::TimeLimited, Some(until), &[])
}

fn facts(entitlement: Entitlement, until: Option<Date>, conditions: &[&str]) -> Facts {
    Facts::RightToWork {
        entitlement: Some(entitlement),
        valid_until: until,
        conditions: conditions.iter().map(|&condition| condition.to_owned()).collect(),
        follow_up_on: until,
    }
}

fn leave_rows() -> Vec<Row> {
    let hours = "20 hours a week";
    let later = TODAY + 400.days();
    let restricted = |until| facts(Entitlement::Restricted, until, &[hours]);
    rows! {
        work("No end, no conditions").home_office(leave()) => established(unlimited());
        work("An end, no conditions").home_office(leave().until(later)) => established(time_limited(later));
        work("Conditions and an end").home_office(leave().until(later).on(hours))
            => established(restricted(Some(later)));
        work("Conditions, no end").home_office(leave().on(hours)) => established(restricted(None));
        work("Renting is not asked about").home_office(leave().without_renting()) => established(unlimited());
        work("Ends tomorrow").home_office(leave().until(TOMORROW)) => established(time_limited(TOMORROW));
        work("Ends today").home_office(leave().until(TODAY)) => established(time_limited(TODAY));
        work("Ended yesterday").home_office(leave().until(YESTERDAY)) => no(Negative::Expired);
        work("Began yesterday").home_office(leave().starting(YESTERDAY)) => established(unlimited());
        work("Begins today").home_office(leave().starting(TODAY)) => established(unlimited());
        work("Begins tomorrow").home_office(leave().starting(TOMORROW)) => no(Negative::NotYetValid);
        work("Does not carry work").home_office(leave().without_work()) => no(Negative::NotPermitted);
        work("Ended, and did not carry work").home_office(leave().until(YESTERDAY).without_work())
            => no(Negative::Expired);
        work("Begins tomorrow, and will not carry work")
            .home_office(leave().starting(TOMORROW).without_work())
            => no(Negative::NotYetValid);
        work("No record, or the date of birth is wrong").home_office(no_record()) => no(Negative::NoRecord);
        work("No such share code, or the date of birth is wrong").by(By::ShareCode).home_office(no_record())
            => no(Negative::NoRecord);
        work("Share code past its 90 days").by(By::ShareCode).home_office(ambiguous(&[Field::ShareCode]))
            => more(&[Field::ShareCode]);
        work("More than one record fits").home_office(ambiguous(SETTLES)) => more(SETTLES);
    }
}

fn pending_rows() -> Vec<Row> {
    let unavailable_now = || pending(PendingReason::DepartmentUnavailable, HomeOffice);
    let mut rows = rows! {
        work("Not asked yet") => unavailable_now(), waiting;
        work("Still out").home_office(out()) => unavailable_now(), waiting;
        work("Deferred").home_office(deferred()) => pending(PendingReason::DepartmentWorking, HomeOffice);
        work("Closed").home_office(closed()) => pending(PendingReason::DepartmentClosed, HomeOffice);
        work("Found something else: garbage").home_office(support()) => unavailable_now();
        work("Deferred, with a profile").born(BORN_IN_TIME).home_office(deferred())
            => pending(PendingReason::DepartmentWorking, HomeOffice);
        work("Failed, with a profile").born(BORN_IN_TIME).home_office(failed()) => unavailable_now();
        work("Closed, with a profile").born(BORN_IN_TIME).home_office(closed())
            => pending(PendingReason::DepartmentClosed, HomeOffice);
        work("Out, with a profile").born(BORN_IN_TIME).home_office(out()) => unavailable_now(), waiting;
        work("More than one record fits, with a profile").born(BORN_IN_TIME).home_office(ambiguous(SETTLES))
            => more(SETTLES);
        work("Only HMRC has something").home_office(failed()).hmrc(seen_from(date(1979, 4, 6)))
            => unavailable_now();
        work("Only DWP knows the number").home_office(deferred()).dwp(trace(true))
            => pending(PendingReason::DepartmentWorking, HomeOffice);
    };
    rows.extend(CAUSES.map(|cause| {
        let label = format!("Unavailable: {}", cause_words(cause));
        work(label)
            .home_office(unavailable(cause))
            .then(unavailable_now())
    }));
    rows
}

/// Replies that say neither yes nor no, with what they are called.
fn silent() -> Vec<(String, Standing)> {
    let mut replies = vec![
        ("has no record".to_owned(), no_record()),
        ("finds several".to_owned(), ambiguous(&[Field::AlsoKnownAs])),
        ("has deferred".to_owned(), deferred()),
        ("is closed".to_owned(), closed()),
    ];
    let causes = CAUSES.map(|cause| (format!("unavailable: {}", cause_words(cause)), unavailable(cause)));
    replies.extend(causes);
    replies
}

fn supporting_rows() -> Vec<Row> {
    let granted = || established(unlimited());
    let mut rows = rows! {
        work("DWP knows the number").home_office(leave()).dwp(trace(true)) => granted();
        work("DWP still out").home_office(leave()).dwp(out()) => granted(), briefly;
        work("HMRC still out").home_office(leave()).hmrc(out()) => granted();
        work("DWP and HMRC still out").home_office(leave()).dwp(out()).hmrc(out()) => granted(), briefly;
        work("HMRC saw the person").home_office(leave()).hmrc(seen_from(TODAY)) => granted();
        work("HMRC replies to another question: garbage").home_office(leave()).hmrc(trace(false))
            => granted();
        work("DWP replies to another question: garbage").home_office(leave()).dwp(seen_from(TODAY))
            => granted();
    };
    for (what, said) in silent() {
        rows.push(
            work(format!("DWP {what}"))
                .home_office(leave())
                .dwp(said.clone())
                .then(granted()),
        );
        rows.push(
            work(format!("HMRC {what}"))
                .home_office(leave())
                .hmrc(said)
                .then(granted()),
        );
    }
    rows
}

/// Leave and what else makes a "no", with what it is called.
fn refusals() -> [(&'static str, Standing, Negative); 4] {
    let said = |leave: Leave| Standing::from(leave);
    [
        ("No record", no_record(), Negative::NoRecord),
        ("Ended", said(leave().until(YESTERDAY)), Negative::Expired),
        (
            "Not begun",
            said(leave().starting(TOMORROW)),
            Negative::NotYetValid,
        ),
        (
            "Not permitted",
            said(leave().without_work()),
            Negative::NotPermitted,
        ),
    ]
}

fn mismatch_rows() -> Vec<Row> {
    let mut rows = rows! {
        work("Established otherwise").home_office(leave()).dwp(trace(false)) => more(NINO);
        work("Established otherwise, with a profile").born(BORN_IN_TIME).home_office(leave())
            .dwp(trace(false))
            => more(NINO);
        work("Deferred otherwise").home_office(deferred()).dwp(trace(false)) => more(NINO);
        work("Failed otherwise").home_office(failed()).dwp(trace(false)) => more(NINO);
        work("Closed otherwise").home_office(closed()).dwp(trace(false)) => more(NINO);
        work("Deferred otherwise, with a profile").born(BORN_IN_TIME).home_office(deferred())
            .dwp(trace(false))
            => more(NINO);
        work("The Home Office still out").home_office(out()).dwp(trace(false)) => more(NINO), waiting;
        work("More than one record fits").home_office(ambiguous(SETTLES)).dwp(trace(false)) => more(SETTLES);
    };
    for (what, said, negative) in refusals() {
        let label = |profile| format!("{what}, {profile} a profile");
        rows.push(
            work(label("without"))
                .home_office(said.clone())
                .dwp(trace(false))
                .then(more(NINO)),
        );
        rows.push(
            work(label("with"))
                .born(BORN_IN_TIME)
                .home_office(said)
                .dwp(trace(false))
                .then(held(negative)),
        );
    }
    for (what, said) in silent() {
        let situation = work(format!("No record; DWP {what}")).home_office(no_record());
        rows.push(situation.dwp(said).then(no(Negative::NoRecord)));
    }
    rows
}

fn waiting_rows() -> Vec<Row> {
    let ended = || leave().until(YESTERDAY);
    rows! {
        work("A \"no\", and the trace may make it a question").home_office(no_record()).dwp(out())
            => no(Negative::NoRecord), waiting;
        work("A \"no\", and employments, six years of them, are out").home_office(ended()).hmrc(out())
            => no(Negative::Expired);
        work("A \"no\", and contributions may show early residence").home_office(ended())
            .said(Operation::ContributionHistory, out())
            => no(Negative::Expired), waiting;
        work("A question, and benefits may show early residence").home_office(ended()).dwp(trace(false))
            .said(Operation::BenefitHistory, out())
            => more(NINO), waiting;
        work("Pending, and the trace may make it a question").home_office(deferred()).dwp(out())
            => pending(PendingReason::DepartmentWorking, HomeOffice), waiting;
        work("Pending, and HMRC changes nothing").home_office(deferred()).hmrc(out())
            => pending(PendingReason::DepartmentWorking, HomeOffice);
        work("Held, and nothing changes that").born(BORN_IN_TIME).home_office(no_record()).dwp(out())
            .hmrc(out())
            => held(Negative::NoRecord);
        work("Several records, and nothing changes that").home_office(ambiguous(SETTLES)).dwp(out())
            .hmrc(out())
            => more(SETTLES);
    }
}

fn windrush_rows() -> Vec<Row> {
    let ended = || leave().until(YESTERDAY);
    let came_late = || ended().arrived(DAY_AFTER);
    let elder = |label: &str| work(label).born(BORN_IN_TIME);
    let mut rows = rows! {
        work("Born on the last day").born(LAST_DAY).home_office(ended()) => held(Negative::Expired);
        work("Born the day after").born(DAY_AFTER).home_office(ended()) => no(Negative::Expired);
        elder("Arrived on the last day").home_office(ended().arrived(LAST_DAY)) => held(Negative::Expired);
        elder("First arrived the day after").home_office(came_late()) => no(Negative::Expired);
        elder("First arrived late; HMRC saw them on the last day").home_office(came_late())
            .hmrc(seen_from(LAST_DAY))
            => held(Negative::Expired);
        elder("First arrived late; HMRC saw them the day after").home_office(came_late())
            .hmrc(seen_from(DAY_AFTER))
            => no(Negative::Expired);
        elder("First arrived late; DWP paid them on the last day").home_office(came_late())
            .said(Operation::BenefitHistory, seen_from(LAST_DAY))
            => held(Negative::Expired);
        elder("First arrived late; contributions on the last day").home_office(came_late())
            .said(Operation::ContributionHistory, seen_from(LAST_DAY))
            => held(Negative::Expired);
        elder("First arrived late; leave from the last day").home_office(came_late().starting(LAST_DAY))
            => held(Negative::Expired);
        work("Born later; a sign of residence on the last day").home_office(ended()).hmrc(seen_from(LAST_DAY))
            => held(Negative::Expired);
        work("Born later; a sign of residence the day after").home_office(ended()).hmrc(seen_from(DAY_AFTER))
            => no(Negative::Expired);
        elder("A late arrival told by the wrong department is garbage").home_office(no_record())
            .hmrc(leave().arrived(DAY_AFTER))
            => held(Negative::NoRecord);
        elder("Named nobody, held all the same").by(By::ShareCode).home_office(no_record())
            => held(Negative::NoRecord);
        elder("Share code past its 90 days is asked for, not held").by(By::ShareCode)
            .home_office(ambiguous(&[Field::ShareCode]))
            => more(&[Field::ShareCode]);
        elder("A positive answer is not held").home_office(leave()) => established(unlimited());
    };
    rows.extend(refusals().map(|(what, said, negative)| {
        work(format!("{what}, born in time"))
            .born(BORN_IN_TIME)
            .home_office(said)
            .then(held(negative))
    }));
    rows
}

fn london_rows() -> Vec<Row> {
    let until = |day: Date| (leave().until(day), established(time_limited(day)));
    let row = |label: &str, now: &str, last: Date, in_force: bool| {
        let (leave, granted) = until(last);
        let expect = if in_force { granted } else { no(Negative::Expired) };
        work(label).at(now).home_office(leave).then(expect)
    };
    let begins = |label: &str, now: &str, first: Date, begun: bool| {
        let expect = if begun {
            established(unlimited())
        } else {
            no(Negative::NotYetValid)
        };
        work(label)
            .at(now)
            .home_office(leave().starting(first))
            .then(expect)
    };
    rows! {
        row("Summer: last second of the last day", "2026-06-10T22:59:59Z", TODAY, true);
        row("Summer: midnight is 23:00 UTC", "2026-06-10T23:00:00Z", TODAY, false);
        row("Summer: 23:30 UTC is the next day", "2026-06-10T23:30:00Z", TODAY, false);
        begins("Summer: begins at 23:00 UTC, and not a second before", "2026-06-10T22:59:59Z", TOMORROW, false);
        begins("Summer: begun at 23:00 UTC", "2026-06-10T23:00:00Z", TOMORROW, true);
        row("Winter: 23:30 UTC is the same day", "2026-12-31T23:30:00Z", date(2026, 12, 31), true);
        row("Winter: midnight is 00:00 UTC", "2027-01-01T00:00:00Z", date(2026, 12, 31), false);
        row("Clocks go forward: the day before ends at 00:00 UTC", "2026-03-28T23:59:59Z", date(2026, 3, 28), true);
        row("Clocks go forward: the day begins at 00:00 UTC", "2026-03-29T00:00:00Z", date(2026, 3, 28), false);
        row("Clocks went forward: that day lasts until 23:00 UTC", "2026-03-29T22:59:59Z", date(2026, 3, 29), true);
        row("Clocks went forward: that day is over at 23:00 UTC", "2026-03-29T23:00:00Z", date(2026, 3, 29), false);
        row("Clocks go back: the day begins at 23:00 UTC", "2026-10-24T23:00:00Z", date(2026, 10, 24), false);
        row("Clocks went back: that day lasts until 00:00 UTC", "2026-10-25T23:59:59Z", date(2026, 10, 25), true);
        row("Clocks went back: that day is over at 00:00 UTC", "2026-10-26T00:00:00Z", date(2026, 10, 25), false);
    }
}
