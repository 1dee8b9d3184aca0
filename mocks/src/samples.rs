//! Sixteen synthetic people, one for each way a check can go: established, pending, more information needed, not
//! established. They are known to every mock department from the start, and their ids never change.
//!
//! None of them is real: their National Insurance numbers have a prefix that was never given out, and their codes and
//! references say that they are samples. Days that must lie before or after today are counted from it.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::subject::{AsylumSupportReference, HomeOfficeReference, Nino, ShareCode};

use crate::behaviour::Behaviour;
use crate::generator::stories::{limited, support, unlimited};
use crate::generator::unrecorded;
use crate::person::{Education, Employment, Feed, IssuedCode, Leave, Person};

/// The ids, in the order in which [`samples`] gives the people.
pub const SAMPLE_IDS: [&str; 16] = [
    "work-settled",
    "work-deferred",
    "work-twin",
    "work-expired",
    "rent-student",
    "rent-closed",
    "rent-twin",
    "rent-visitor",
    "section95-supported",
    "section95-validated",
    "section95-failing",
    "section95-nino-only",
    "section95-section4",
    "iecas-ended-leave",
    "iecas-deferred",
    "iecas-no-record",
];

/// The sixteen people as they are on `today`.
///
/// | id | what a check of its kind finds |
/// | --- | --- |
/// | `work-settled` | settled status, W code: established, unlimited |
/// | `work-deferred` | by names; the Home Office takes 48 hours: pending |
/// | `work-twin` | by names: `rent-twin` fits too: more information, for IECAS as well |
/// | `work-expired` | leave ended, W code: not established |
/// | `rent-student` | a student's leave, R code: established, restricted; a second R code is past its 90 days |
/// | `rent-closed` | by names; the Home Office's desk is closed: pending |
/// | `rent-twin` | by names: `work-twin` fits too: more information |
/// | `rent-visitor` | may not rent, R code: not established |
/// | `section95-supported` | DfE has it from the Home Office's feed: established |
/// | `section95-validated` | DfE has no record, the Home Office has: established |
/// | `section95-failing` | DfE has no record and the Home Office fails: pending |
/// | `section95-nino-only` | a National Insurance number that nobody has a record under: more information |
/// | `section95-section4` | supported under section 4: not established |
/// | `iecas-ended-leave` | leave that has ended: established, with dates |
/// | `iecas-deferred` | the Home Office takes five hours: pending |
/// | `iecas-no-record` | no record: not established |
pub fn samples(today: Date) -> Vec<Person> {
    let mut people = Vec::with_capacity(SAMPLE_IDS.len());
    people.extend(work(today));
    people.extend(rent(today));
    people.extend(section_95(today));
    people.extend(iecas(today));
    people
}

fn work(today: Date) -> [Person; 4] {
    let begun = today.saturating_sub(4.years());
    let mut settled = sample("work-settled", "Zofia", "Wiśniewska", date(1991, 3, 14));
    settled.national_insurance_number = nino("GX000001A");
    settled.home_office_reference = reference("SAMPLE-0001");
    settled.leave = Some(unlimited("Settled status (EU Settlement Scheme)", begun));
    settled.arrived_on = Some(date(2012, 9, 3));
    settled.share_codes = vec![code("W00 SAM P01", today, IN_DATE)];
    settled.employments = vec![Employment {
        employer: "Harbourside Bakery Ltd".to_owned(),
        from: begun,
        to: None,
    }];

    let mut deferred = sample("work-deferred", "Kwabena", "Ofori", date(1990, 6, 2));
    deferred.leave = Some(limited("Skilled Worker", today.saturating_sub(1.year()), 36));
    deferred.arrived_on = Some(today.saturating_sub(1.year()));
    behaves(&mut deferred, HOME_OFFICE_TAKES_48_HOURS);

    let mut twin = twin("work-twin", today);
    twin.home_office_reference = reference("SAMPLE-0003");
    twin.share_codes = vec![code("W00 SAM P03", today, IN_DATE)];

    let mut expired = sample("work-expired", "Tendai", "Moyo", date(1994, 11, 23));
    expired.home_office_reference = reference("SAMPLE-0004");
    expired.leave = Some(ended("Skilled Worker", today, 36));
    expired.arrived_on = Some(today.saturating_sub(4.years()));
    expired.share_codes = vec![code("W00 SAM P04", today, IN_DATE)];
    [settled, deferred, twin, expired]
}

fn rent(today: Date) -> [Person; 4] {
    let mut student = sample("rent-student", "Meera", "Nair", date(2003, 9, 17));
    let arrived = today.saturating_sub(6.months());
    student.home_office_reference = reference("SAMPLE-0005");
    student.leave = Some(Leave {
        conditions: vec!["20 hours a week in term time".to_owned()],
        health_surcharge_paid: Some(true),
        ..limited("Student", arrived, 36)
    });
    student.arrived_on = Some(arrived);
    student.share_codes = vec![
        code("R00 SAM P05", today, IN_DATE),
        code("R00 SAM X05", today, PAST_ITS_90_DAYS),
    ];

    let mut closed = sample("rent-closed", "Folake", "Adéwálé", date(1991, 4, 30));
    closed.leave = Some(limited(
        "Refugee permission to stay",
        today.saturating_sub(2.years()),
        60,
    ));
    closed.arrived_on = Some(today.saturating_sub(3.years()));
    behaves(&mut closed, Behaviour::Closed);

    let mut twin = twin("rent-twin", today);
    twin.home_office_reference = reference("SAMPLE-0007");
    twin.share_codes = vec![code("R00 SAM P07", today, IN_DATE)];

    let mut visitor = sample("rent-visitor", "Lucía", "García Núñez", date(1996, 2, 29));
    let arrived = today.saturating_sub(1.month());
    visitor.leave = Some(Leave {
        may_work: Some(false),
        may_rent: Some(false),
        health_surcharge_paid: Some(false),
        ..limited("Visitor", arrived, 6)
    });
    visitor.arrived_on = Some(arrived);
    visitor.share_codes = vec![code("R00 SAM P08", today, IN_DATE)];
    [student, closed, twin, visitor]
}

fn section_95(today: Date) -> [Person; 5] {
    let since = today.saturating_sub(8.months());
    let asylum_seeker = |id: &str, given: &str, family: &str, born: Date, basis: &str, number: u32| {
        let mut person = sample(id, given, family, born);
        let text = format!("{}{number:05}", since.strftime("%y%m"));
        let support_reference = AsylumSupportReference::parse(&text);
        person.asylum_support_reference = Some(support_reference.expect("samples keep the shape"));
        person.section_95 = Some(support(true, since, basis));
        person.arrived_on = Some(since.saturating_sub(20.days()));
        person
    };
    let part_vi = "Part VI, section 95";
    let mut supported = asylum_seeker(
        "section95-supported",
        "Selam",
        "Tesfay Haile",
        date(1992, 7, 7),
        part_vi,
        9,
    );
    supported.education = Some(Education {
        eligible: Some(true),
        source: Some(Feed::HomeOffice),
    });
    let validated = asylum_seeker(
        "section95-validated",
        "Rojin",
        "Barzani",
        date(1990, 10, 12),
        part_vi,
        10,
    );
    let mut failing = asylum_seeker(
        "section95-failing",
        "Mursal",
        "Noorzai",
        date(1995, 5, 5),
        part_vi,
        11,
    );
    behaves(&mut failing, Behaviour::Fail);
    let mut nino_only = sample("section95-nino-only", "Grace", "Mensah", date(1989, 8, 19));
    nino_only.national_insurance_number = nino("GX000012B");
    let section_4 = asylum_seeker(
        "section95-section4",
        "Behrouz",
        "Kia",
        date(1993, 12, 1),
        "section 4",
        13,
    );
    [supported, validated, failing, nino_only, section_4]
}

fn iecas(today: Date) -> [Person; 3] {
    let mut ended_leave = sample("iecas-ended-leave", "Văn Hùng", "Nguyễn", date(1992, 1, 20));
    ended_leave.home_office_reference = reference("SAMPLE-0014");
    ended_leave.leave = Some(Leave {
        health_surcharge_paid: Some(true),
        ..ended("Student", today, 24)
    });
    ended_leave.arrived_on = Some(today.saturating_sub(3.years()));

    let mut deferred = sample("iecas-deferred", "Lub’omyr", "Hryhor’iev", date(1990, 3, 8));
    deferred.home_office_reference = reference("SAMPLE-0015");
    let begun = today.saturating_sub(3.months());
    deferred.leave = Some(limited("Ukraine Permission Extension scheme", begun, 18));
    deferred.arrived_on = Some(date(2022, 5, 16));
    behaves(&mut deferred, HOME_OFFICE_TAKES_5_HOURS);

    let no_record = sample("iecas-no-record", "Dewi", "Kusuma", date(1999, 6, 25));
    [ended_leave, deferred, no_record]
}

const HOME_OFFICE_TAKES_48_HOURS: Behaviour = Behaviour::Defer(Duration::from_hours(48));
const HOME_OFFICE_TAKES_5_HOURS: Behaviour = Behaviour::Defer(Duration::from_hours(5));

/// Days since a code was issued: well within the 90 that it lives, and well past them.
const IN_DATE: i32 = 10;
const PAST_ITS_90_DAYS: i32 = 120;

fn sample(id: &str, given: &str, family: &str, born: Date) -> Person {
    unrecorded(id.to_owned(), given, family, born)
}

/// One of two people with the same names and date of birth, both with leave.
fn twin(id: &str, today: Date) -> Person {
    let mut person = sample(id, "Amina", "Warsame", date(1993, 1, 1));
    let begun = today.saturating_sub(2.years());
    person.leave = Some(unlimited("Indefinite leave to remain", begun));
    person.arrived_on = Some(date(2009, 4, 6));
    person
}

/// Leave of that many months that ended two months ago.
fn ended(kind: &str, today: Date, months: i32) -> Leave {
    let last = today.saturating_sub(2.months());
    limited(
        kind,
        last.saturating_sub(months.months()).saturating_add(1.day()),
        months,
    )
}

fn behaves(person: &mut Person, home_office: Behaviour) {
    let told = person.behaviour.tell(DepartmentId::HomeOffice, home_office);
    told.expect("the Home Office can express every behaviour");
}

fn nino(text: &str) -> Option<Nino> {
    Some(Nino::parse(text).expect("samples keep the shape"))
}

fn reference(text: &str) -> Option<HomeOfficeReference> {
    Some(HomeOfficeReference::parse(text).expect("samples keep the shape"))
}

fn code(text: &str, today: Date, days_ago: i32) -> IssuedCode {
    IssuedCode {
        code: ShareCode::parse(text).expect("samples keep the shape"),
        issued_on: today.saturating_sub(days_ago.days()),
    }
}

#[cfg(test)]
#[path = "samples_tests.rs"]
mod tests;
