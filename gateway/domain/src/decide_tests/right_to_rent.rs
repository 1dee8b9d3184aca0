//! Right to rent.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::row::{
    BORN_IN_TIME, By, Expect, Group, Row, TODAY, TOMORROW, YESTERDAY, established, group, held, more, no,
    pending, rent, rows,
};
use super::said::{
    CAUSES, ambiguous, closed, deferred, failed, leave, no_record, out, seen_from, support, trace,
    unavailable,
};
use super::words::cause_words;
use crate::answer::{Entitlement, Facts, Negative, PendingReason};
use crate::ids::DepartmentId::HomeOffice;
use crate::subject::Field;

pub(super) fn groups() -> Vec<Group> {
    vec![
        group(
            "The leave must hold on the first day of the tenancy.",
            leave_rows(),
        ),
        group(
            "Follow up on the latest of 12 months, end of leave and end of document.",
            follow_up_rows(),
        ),
        group(
            "A right with an end is checked at most 28 days ahead.",
            ahead_rows(),
        ),
        group("Adults only.", age_rows()),
        group(
            "No answer from the Home Office is never a \"no\"; its reply gives the reason.",
            pending_rows(),
        ),
        group(
            "Nothing that DWP or HMRC says changes the answer.",
            supporting_rows(),
        ),
        group(
            "A \"no\" about a person with a Windrush profile is held.",
            windrush_rows(),
        ),
        group("Days are London's.", london_rows()),
    ]
}

fn unlimited() -> Facts {
    facts(Entitlement::Unlimited, None, None)
}

/// With no other date, 12 months from the check is the day to follow up.
fn in_twelve_months() -> Date {
    date(2027, 6, 10)
}

fn time_limited(until: Date, follow_up_on: Date) -> Facts {
    facts(Entitlement::TimeLimited, Some(until), Some(follow_up_on))
}

fn facts(entitlement: Entitlement, valid_until: Option<Date>, follow_up_on: Option<Date>) -> Facts {
    let entitlement = Some(entitlement);
    Facts::RightToRent {
        entitlement,
        valid_until,
        follow_up_on,
    }
}

fn leave_rows() -> Vec<Row> {
    let until = |last| established(time_limited(last, in_twelve_months()));
    let start = TODAY + 14.days();
    let before = TODAY + 13.days();
    let after = TODAY + 15.days();
    let condition = "no lodgers";
    let restricted = |until: Option<Date>| {
        established(facts(
            Entitlement::Restricted,
            until,
            until.map(|_| in_twelve_months()),
        ))
    };
    rows! {
        rent("No end, no conditions").home_office(leave()) => established(unlimited());
        rent("Work is not asked about").home_office(leave().without_work()) => established(unlimited());
        rent("Conditions, no end").home_office(leave().on(condition)) => restricted(None);
        rent("Conditions and an end").home_office(leave().on(condition).until(start))
            => restricted(Some(start));
        rent("Ends the day before the tenancy").tenancy(start).home_office(leave().until(before))
            => no(Negative::Expired);
        rent("Ends on the first day of the tenancy").tenancy(start).home_office(leave().until(start))
            => until(start);
        rent("Ends the day after").tenancy(start).home_office(leave().until(after)) => until(after);
        rent("Begins the day before the tenancy").tenancy(start).home_office(leave().starting(before))
            => established(unlimited());
        rent("Begins on the first day of the tenancy").tenancy(start).home_office(leave().starting(start))
            => established(unlimited());
        rent("Begins the day after").tenancy(start).home_office(leave().starting(after))
            => no(Negative::NotYetValid);
        rent("The tenancy began yesterday, and the leave held then").tenancy(YESTERDAY)
            .home_office(leave().until(YESTERDAY))
            => until(YESTERDAY);
        rent("The tenancy began yesterday, and the leave today").tenancy(YESTERDAY)
            .home_office(leave().starting(TODAY))
            => no(Negative::NotYetValid);
        rent("Does not carry renting").home_office(leave().without_renting()) => no(Negative::NotPermitted);
        rent("No such share code, or the date of birth is wrong").home_office(no_record())
            => no(Negative::NoRecord);
        rent("No record by names").by(By::Names).home_office(no_record()) => no(Negative::NoRecord);
        rent("Share code past its 90 days").home_office(ambiguous(&[Field::ShareCode]))
            => more(&[Field::ShareCode]);
        rent("More than one record fits").by(By::Names).home_office(ambiguous(&[Field::HomeOfficeReference]))
            => more(&[Field::HomeOfficeReference]);
    }
}

fn follow_up_rows() -> Vec<Row> {
    let soon = TODAY + 30.days();
    let late = date(2027, 6, 11);
    let row = |label, leave, last, follow_up| {
        rent(label)
            .home_office(leave)
            .then(established(time_limited(last, follow_up)))
    };
    rows! {
        row("12 months are the latest", leave().until(soon).document_until(soon + 1.day()), soon, in_twelve_months());
        row("The leave ends in 12 months to the day", leave().until(in_twelve_months()), in_twelve_months(), in_twelve_months());
        row("The leave ends a day later", leave().until(late), late, late);
        row("The document ends last", leave().until(soon).document_until(late), soon, late);
        rent("No end, so nothing to follow up").home_office(leave().document_until(soon))
            => established(unlimited());
    }
}

fn ahead_rows() -> Vec<Row> {
    let far = TODAY + 200.days();
    let asks = || more(&[Field::TenancyStart]);
    let days = |ahead: i32| TODAY + ahead.days();
    let fits = |last| established(time_limited(last, in_twelve_months()));
    rows! {
        rent("27 days ahead").tenancy(days(27)).home_office(leave().until(far)) => fits(far);
        rent("28 days ahead").tenancy(days(28)).home_office(leave().until(far)) => fits(far);
        rent("29 days ahead").tenancy(days(29)).home_office(leave().until(far)) => asks();
        rent("29 days ahead, with a profile").born(BORN_IN_TIME).tenancy(days(29))
            .home_office(leave().until(far))
            => asks();
        rent("29 days ahead, unlimited").tenancy(days(29)).home_office(leave()) => established(unlimited());
        rent("29 days ahead, conditions and an end").tenancy(days(29))
            .home_office(leave().until(far).on("no lodgers"))
            => asks();
        rent("29 days ahead, and ended by then: another start may do").tenancy(days(29))
            .home_office(leave().until(days(28)))
            => asks();
        rent("29 days ahead, and ends today").tenancy(days(29)).home_office(leave().until(TODAY)) => asks();
        rent("29 days ahead, and ended already: no start would do").tenancy(days(29))
            .home_office(leave().until(YESTERDAY))
            => no(Negative::Expired);
        rent("29 days ahead, and begins later still").tenancy(days(29))
            .home_office(leave().starting(days(30)).until(far))
            => no(Negative::NotYetValid);
        rent("29 days ahead, and does not carry renting").tenancy(days(29))
            .home_office(leave().until(far).without_renting())
            => no(Negative::NotPermitted);
        rent("28 days from the next day in London").at("2026-06-10T23:00:00Z").tenancy(days(29))
            .home_office(leave().until(far))
            => established(time_limited(far, date(2027, 6, 11)));
        rent("A second before it, 29 days").at("2026-06-10T22:59:59Z").tenancy(days(29))
            .home_office(leave().until(far))
            => asks();
    }
}

fn age_rows() -> Vec<Row> {
    rows! {
        rent("18 on the first day of the tenancy").born(date(2008, 6, 10)).home_office(leave())
            => established(unlimited());
        rent("18 the day after").born(date(2008, 6, 11)).home_office(leave())
            => Expect::BadInput(Field::DateOfBirth);
        rent("17 today, 18 when the tenancy begins").born(date(2008, 6, 11)).tenancy(TOMORROW)
            .home_office(leave())
            => established(unlimited());
    }
}

fn pending_rows() -> Vec<Row> {
    let unavailable_now = || pending(PendingReason::DepartmentUnavailable, HomeOffice);
    let working = || pending(PendingReason::DepartmentWorking, HomeOffice);
    let mut rows = rows! {
        rent("Not asked yet") => unavailable_now(), waiting;
        rent("Still out").home_office(out()) => unavailable_now(), waiting;
        rent("Deferred").home_office(deferred()) => working();
        rent("Closed").home_office(closed()) => pending(PendingReason::DepartmentClosed, HomeOffice);
        rent("Found something else: garbage").home_office(support()) => unavailable_now();
        rent("Deferred, with a profile").born(BORN_IN_TIME).home_office(deferred()) => working();
    };
    rows.extend(CAUSES.map(|cause| {
        let label = format!("Unavailable: {}", cause_words(cause));
        rent(label)
            .home_office(unavailable(cause))
            .then(unavailable_now())
    }));
    rows
}

fn supporting_rows() -> Vec<Row> {
    let named = |label: &str| rent(label).by(By::NamesAndNino);
    rows! {
        named("Established; the number is somebody else's").home_office(leave()).dwp(trace(false))
            => established(unlimited());
        named("Established; the trace is out").home_office(leave()).dwp(out()) => established(unlimited());
        named("Established; HMRC failed").home_office(leave()).hmrc(failed()) => established(unlimited());
        named("No record; the number is somebody else's").home_office(no_record()).dwp(trace(false))
            => no(Negative::NoRecord);
        named("No record; the number is the person's").home_office(no_record()).dwp(trace(true))
            => no(Negative::NoRecord);
        named("Deferred; the number is somebody else's").home_office(deferred()).dwp(trace(false))
            => pending(PendingReason::DepartmentWorking, HomeOffice);
        named("No record; HMRC saw the person lately").home_office(no_record())
            .hmrc(seen_from(date(2015, 4, 6)))
            => no(Negative::NoRecord);
    }
}

fn windrush_rows() -> Vec<Row> {
    let elder = |label: &str| rent(label).born(BORN_IN_TIME);
    rows! {
        rent("Born on the last day").born(date(1988, 12, 31)).home_office(no_record())
            => held(Negative::NoRecord);
        rent("Born the day after").born(date(1989, 1, 1)).home_office(no_record()) => no(Negative::NoRecord);
        elder("No record by names").by(By::Names).home_office(no_record()) => held(Negative::NoRecord);
        elder("Named nobody, held all the same").home_office(no_record()) => held(Negative::NoRecord);
        elder("Ended").home_office(leave().until(YESTERDAY)) => held(Negative::Expired);
        elder("Not begun").home_office(leave().starting(TOMORROW)) => held(Negative::NotYetValid);
        elder("Not permitted").home_office(leave().without_renting()) => held(Negative::NotPermitted);
        elder("First arrived on the last day")
            .home_office(leave().until(YESTERDAY).arrived(date(1988, 12, 31)))
            => held(Negative::Expired);
        elder("First arrived the day after").home_office(leave().until(YESTERDAY).arrived(date(1989, 1, 1)))
            => no(Negative::Expired);
        elder("Held; the number is somebody else's").by(By::NamesAndNino).home_office(no_record())
            .dwp(trace(false))
            => held(Negative::NoRecord);
        elder("A positive answer is not held").home_office(leave()) => established(unlimited());
    }
}

/// A tenancy's day is a day; only "28 days ahead" and the 12 months count from the moment of the check.
fn london_rows() -> Vec<Row> {
    let last = TODAY + 20.days();
    let follow_up = |day| established(time_limited(last, day));
    rows! {
        rent("Summer, 22:59 UTC: 12 months from that day").at("2026-06-10T22:59:59Z")
            .home_office(leave().until(last))
            => follow_up(in_twelve_months());
        rent("Summer, 23:30 UTC: 12 months from the next day").at("2026-06-10T23:30:00Z")
            .home_office(leave().until(last))
            => follow_up(date(2027, 6, 11));
    }
}
