//! Section 95.

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use super::row::{
    BORN_IN_TIME, By, Expect, FEED_INTERVAL, Group, Row, Situation, TODAY, TOMORROW, YESTERDAY, established,
    group, held, more, no, noon, pending, rows, school,
};
use super::said::{
    CAUSES, Entry, STARTED, ambiguous, closed, deferred, eligible, failed, leave, no_record, not_eligible,
    out, seen_from, support, trace, unavailable,
};
use super::words::cause_words;
use crate::answer::{Facts, Negative, PendingReason};
use crate::decide::Verdict;
use crate::ids::DepartmentId::{self, Dfe, HomeOffice};
use crate::route::Standing;
use crate::subject::Field;

pub(super) fn groups() -> Vec<Group> {
    vec![
        group(
            "DfE settles it with a Home Office record from a feed younger than twice its interval.",
            dfe_rows(),
        ),
        group(
            "The Home Office's basis decides: Part VI, section 95, and nothing else.",
            basis_rows(),
        ),
        group(
            "No record at the Home Office is a \"no\" only where DfE really answered.",
            no_record_rows(),
        ),
        group(
            "No answer from the Home Office is never a \"no\"; its reply gives the reason.",
            pending_rows(),
        ),
        group("While DfE is out it may still establish it.", dfe_out_rows()),
        group(
            "Established by either is established, whatever the other says.",
            precedence_rows(),
        ),
        group("By National Insurance number.", nino_rows()),
        group(
            "A \"no\" about a person with a Windrush profile is held.",
            windrush_rows(),
        ),
        group("Days are London's.", london_rows()),
    ]
}

fn supported(since: Option<Date>) -> Expect {
    established(Facts::Section95 {
        supported_since: since,
    })
}

/// Established by DfE alone, whose feed gives the age and no first day.
fn by_dfe(age: SignedDuration) -> Expect {
    Expect::Is(Verdict::Established {
        facts: Facts::Section95 {
            supported_since: None,
        },
        as_of: Some(noon() - age),
    })
}

fn unavailable_at(department: DepartmentId) -> Expect {
    pending(PendingReason::DepartmentUnavailable, department)
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const LIMIT: SignedDuration = SignedDuration::from_secs(FEED_INTERVAL.as_secs() * 2);

fn dfe_rows() -> Vec<Row> {
    let asks_home_office = || unavailable_at(HomeOffice);
    rows! {
        school("Eligible, fresh").dfe(eligible()) => by_dfe(DAY);
        school("A second under twice the interval").dfe(eligible().aged(LIMIT - SECOND))
            => by_dfe(LIMIT - SECOND);
        school("Exactly twice the interval").dfe(eligible().aged(LIMIT)) => asks_home_office(), waiting;
        school("A second over").dfe(eligible().aged(LIMIT + SECOND)) => asks_home_office(), waiting;
        school("Of unknown age").dfe(eligible().of_unknown_age()) => asks_home_office(), waiting;
        school("Eligible by DWP's feed").dfe(eligible().by(Some(DepartmentId::Dwp)))
            => asks_home_office(), waiting;
        school("Eligible by HMRC's feed").dfe(eligible().by(Some(DepartmentId::Hmrc)))
            => asks_home_office(), waiting;
        school("Eligible by an unnamed feed").dfe(eligible().by(None)) => asks_home_office(), waiting;
        school("Not eligible").dfe(not_eligible()) => asks_home_office(), waiting;
        school("No record").dfe(no_record()) => asks_home_office(), waiting;
        school("Queued").dfe(deferred()) => asks_home_office(), waiting;
        school("Failed").dfe(failed()) => asks_home_office(), waiting;
        school("Not asked yet") => asks_home_office(), waiting;
    }
}

fn basis_rows() -> Vec<Row> {
    let row = |label: &str, basis: &str, expect| {
        school(label)
            .dfe(not_eligible())
            .home_office(support().under(basis))
            .then(expect)
    };
    let unclear = || {
        Expect::Is(Verdict::Pending {
            reason: PendingReason::DepartmentUnavailable,
            departments: vec![HomeOffice],
            alarm: true,
        })
    };
    let ours = || school("").dfe(no_record());
    let named = |label: &str| Situation {
        label: label.to_owned(),
        ..ours()
    };
    rows! {
        row("In force", "Part VI, section 95", supported(Some(STARTED)));
        row("In force, the Act named too", "Immigration and Asylum Act 1999, Part VI, section 95", supported(Some(STARTED)));
        row("In force, section first", "Section 95 of Part VI", supported(Some(STARTED)));
        named("In force, since an unstated day").home_office(support().since(None)) => supported(None);
        row("Section 4", "section 4", no(Negative::Section4));
        row("Section 4, called Part IV", "Part IV, section 4", no(Negative::Section4));
        row("Section 4, called Part VI", "Part VI, section 4", no(Negative::Section4));
        row("The wrong part", "Part IV, section 95", unclear());
        row("No part", "section 95", unclear());
        row("Another section", "Part VI, section 98", unclear());
        row("Empty", "", unclear());
        named("Missing").home_office(support().without_basis()) => unclear();
        named("Missing, with a profile").born(BORN_IN_TIME).home_office(support().without_basis())
            => unclear();
        named("The wrong part, and not in force")
            .home_office(support().under("Part IV, section 95").not_in_force())
            => unclear();
        named("Not in force").home_office(support().not_in_force()) => no(Negative::NotSupported);
        named("Section 4, not in force").home_office(support().under("section 4").not_in_force())
            => no(Negative::Section4);
        named("Begins today").home_office(support().since(Some(TODAY))) => supported(Some(TODAY));
        named("Begins tomorrow").home_office(support().since(Some(TOMORROW))) => no(Negative::NotYetValid);
    }
}

/// What DfE can say beside a Home Office that has no record.
fn no_record_rows() -> Vec<Row> {
    let row =
        |label: &str, dfe: Standing, expect| school(label).dfe(dfe).home_office(no_record()).then(expect);
    let aged = |entry: Entry| Standing::from(entry);
    let held_eligible = || pending(PendingReason::DepartmentWorking, HomeOffice);
    let mut rows = rows! {
        row("DfE has no record", no_record(), no(Negative::NoRecord));
        row("DfE says not eligible", aged(not_eligible()), no(Negative::NoRecord));
        row("DfE says not eligible by a stale feed", aged(not_eligible().aged(LIMIT + DAY)), no(Negative::NoRecord));
        row("DfE queued", deferred(), pending(PendingReason::DepartmentWorking, Dfe));
        row("DfE closed", closed(), pending(PendingReason::DepartmentClosed, Dfe));
        row("DfE found something else: garbage", leave().into(), unavailable_at(Dfe));
        row("DfE finds several", ambiguous(&[Field::DateOfBirth]), more(&[Field::DateOfBirth]));
        row("DfE eligible by another feed", aged(eligible().by(Some(DepartmentId::Dwp))), held_eligible());
        row("DfE eligible by a stale feed", aged(eligible().aged(LIMIT)), held_eligible());
        row("DfE still out", out(), unavailable_at(Dfe)).waiting();
        school("DfE was not asked").home_office(no_record()) => unavailable_at(Dfe);
    };
    rows.extend(CAUSES.map(|cause| {
        let label = format!("DfE unavailable: {}", cause_words(cause));
        row(&label, unavailable(cause), unavailable_at(Dfe))
    }));
    rows
}

/// Each reply of DfE that asks the Home Office, with each reply of the Home Office that is none.
fn pending_rows() -> Vec<Row> {
    let working = || pending(PendingReason::DepartmentWorking, HomeOffice);
    let mut rows = Vec::new();
    let unsettled: [(&str, Standing); 4] = [
        ("not eligible", not_eligible().into()),
        ("no record", no_record()),
        ("failed", failed()),
        ("stale", eligible().aged(LIMIT).into()),
    ];
    for (what, dfe) in unsettled {
        let of = |label: &str| school(format!("DfE {what}; {label}")).dfe(dfe.clone());
        rows.extend(rows! {
            of("Home Office still out").home_office(out()) => unavailable_at(HomeOffice), waiting;
            of("Home Office deferred").home_office(deferred()) => working();
            of("Home Office closed").home_office(closed())
                => pending(PendingReason::DepartmentClosed, HomeOffice);
            of("Home Office failed").home_office(failed()) => unavailable_at(HomeOffice);
            of("Home Office finds several").home_office(ambiguous(&[Field::FamilyName]))
                => more(&[Field::FamilyName]);
            of("Home Office found something else: garbage").home_office(leave())
                => unavailable_at(HomeOffice);
            of("Home Office in force").home_office(support()) => supported(Some(STARTED));
        });
    }
    rows.extend(CAUSES.map(|cause| {
        let label = format!("Home Office unavailable: {}", cause_words(cause));
        school(label)
            .dfe(deferred())
            .home_office(unavailable(cause))
            .then(unavailable_at(HomeOffice))
    }));
    rows
}

fn dfe_out_rows() -> Vec<Row> {
    let of = |label: &str| school(label).dfe(out());
    rows! {
        of("Home Office not asked yet") => unavailable_at(Dfe), waiting;
        of("Home Office out").home_office(out()) => unavailable_at(HomeOffice), waiting;
        of("Home Office in force").home_office(support()) => supported(Some(STARTED));
        of("Home Office deferred").home_office(deferred())
            => pending(PendingReason::DepartmentWorking, HomeOffice), waiting;
        of("Home Office failed").home_office(failed()) => unavailable_at(HomeOffice), waiting;
        of("Home Office finds several").home_office(ambiguous(&[Field::FamilyName]))
            => more(&[Field::FamilyName]), waiting;
        of("Home Office says section 4").home_office(support().under("section 4"))
            => no(Negative::Section4), waiting;
        of("Home Office says not in force").home_office(support().not_in_force())
            => no(Negative::NotSupported), waiting;
        of("Home Office says not in force, with a profile").born(BORN_IN_TIME)
            .home_office(support().not_in_force())
            => held(Negative::NotSupported), waiting;
    }
}

fn precedence_rows() -> Vec<Row> {
    rows! {
        school("DfE eligible; Home Office section 4").dfe(eligible())
            .home_office(support().under("section 4"))
            => by_dfe(DAY);
        school("DfE eligible; Home Office not in force").dfe(eligible()).home_office(support().not_in_force())
            => by_dfe(DAY);
        school("DfE eligible; Home Office no record").dfe(eligible()).home_office(no_record()) => by_dfe(DAY);
        school("DfE eligible; Home Office out").dfe(eligible()).home_office(out()) => by_dfe(DAY);
        school("DfE eligible; Home Office finds several").dfe(eligible())
            .home_office(ambiguous(&[Field::FamilyName]))
            => by_dfe(DAY);
        school("DfE not eligible; Home Office section 4").dfe(not_eligible())
            .home_office(support().under("section 4"))
            => no(Negative::Section4);
        school("DfE failed; Home Office section 4").dfe(failed()).home_office(support().under("section 4"))
            => no(Negative::Section4);
        school("DfE failed; Home Office not in force").dfe(failed()).home_office(support().not_in_force())
            => no(Negative::NotSupported);
    }
}

fn nino_rows() -> Vec<Row> {
    let full = |label: &str| school(label).by(By::NamesAndNino);
    let short = |label: &str| school(label).by(By::NamesAndNinoWithoutSuffix);
    let asks = || more(&[Field::AsylumSupportReference]);
    rows! {
        full("No record anywhere").dfe(no_record()).home_office(no_record()) => asks();
        full("No record anywhere, with a profile").born(BORN_IN_TIME).dfe(no_record())
            .home_office(no_record())
            => asks();
        full("DfE not eligible; no record at the Home Office").dfe(not_eligible()).home_office(no_record())
            => no(Negative::NoRecord);
        full("DfE failed; no record at the Home Office").dfe(failed()).home_office(no_record())
            => unavailable_at(Dfe);
        full("DfE eligible").dfe(eligible()) => by_dfe(DAY);
        full("DfE has no record; in force").dfe(no_record()).home_office(support())
            => supported(Some(STARTED));
        short("Without its suffix, Home Office not asked yet") => unavailable_at(HomeOffice), waiting;
        short("Without its suffix, in force").home_office(support()) => supported(Some(STARTED));
        short("Without its suffix, no record").home_office(no_record()) => asks();
        short("Without its suffix, no record, with a profile").born(BORN_IN_TIME).home_office(no_record())
            => asks();
        short("Without its suffix, section 4").home_office(support().under("section 4"))
            => no(Negative::Section4);
        short("Without its suffix, failed").home_office(failed()) => unavailable_at(HomeOffice);
    }
}

fn windrush_rows() -> Vec<Row> {
    let elder = |label: &str| school(label).born(BORN_IN_TIME).dfe(no_record());
    let last_day = date(1988, 12, 31);
    rows! {
        elder("No record anywhere").home_office(no_record()) => held(Negative::NoRecord);
        elder("Section 4").home_office(support().under("section 4")) => held(Negative::Section4);
        elder("Not in force").home_office(support().not_in_force()) => held(Negative::NotSupported);
        elder("Begins tomorrow").home_office(support().since(Some(TOMORROW))) => held(Negative::NotYetValid);
        elder("In force").home_office(support()) => supported(Some(STARTED));
        elder("Home Office failed").home_office(failed()) => unavailable_at(HomeOffice);
        school("Born on the last day").born(last_day).dfe(no_record()).home_office(no_record())
            => held(Negative::NoRecord);
        school("Born the day after").born(date(1989, 1, 1)).dfe(no_record()).home_office(no_record())
            => no(Negative::NoRecord);
        school("Born later, supported on the last day").dfe(no_record())
            .home_office(support().not_in_force().since(Some(last_day)))
            => held(Negative::NotSupported);
        school("Born later, supported from the day after").dfe(no_record())
            .home_office(support().not_in_force().since(Some(date(1989, 1, 1))))
            => no(Negative::NotSupported);
        school("Born later, HMRC saw them on the last day").dfe(no_record()).home_office(no_record())
            .hmrc(seen_from(last_day))
            => held(Negative::NoRecord);
        school("A trace is never asked for, and is no reason to hold").dfe(no_record())
            .home_office(no_record()).dwp(trace(true))
            => no(Negative::NoRecord);
    }
}

fn london_rows() -> Vec<Row> {
    let row = |label: &str, now: &str, first, expect| {
        school(label)
            .at(now)
            .dfe(no_record())
            .home_office(support().since(Some(first)))
            .then(expect)
    };
    rows! {
        row("Summer: begins at 23:00 UTC, and not a second before", "2026-06-10T22:59:59Z", TOMORROW, no(Negative::NotYetValid));
        row("Summer: begun at 23:00 UTC", "2026-06-10T23:00:00Z", TOMORROW, supported(Some(TOMORROW)));
        row("Winter: 23:59 UTC is the same day", "2026-12-31T23:59:59Z", date(2027, 1, 1), no(Negative::NotYetValid));
        row("Begun yesterday", "2026-06-10T12:00:00Z", YESTERDAY, supported(Some(YESTERDAY)));
    }
}
