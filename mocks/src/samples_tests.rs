use std::collections::HashSet;

use jiff::civil::date;

use super::*;
use crate::population::Population;

/// A common day, a leap day, the end of a month, and a day years ahead.
const DAYS: [Date; 4] = [
    date(2026, 11, 21),
    date(2028, 2, 29),
    date(2027, 8, 31),
    date(2034, 1, 1),
];

fn loaded(today: Date) -> Population {
    let mut lines = Vec::new();
    for person in samples(today) {
        serde_json::to_writer(&mut lines, &person).unwrap();
        lines.push(b'\n');
    }
    Population::from_lines(lines.as_slice()).unwrap()
}

fn of<'a>(population: &'a Population, id: &str) -> &'a Person {
    population.people().iter().find(|person| person.id == id).unwrap()
}

fn home_office(person: &Person) -> Behaviour {
    person.behaviour.of(DepartmentId::HomeOffice)
}

fn in_force(leave: &Leave, today: Date) -> bool {
    leave.valid_from.unwrap() <= today && leave.valid_until.is_none_or(|last| last >= today)
}

/// The purposes of the codes that are in date: W, R or S.
fn live_codes(person: &Person, today: Date) -> String {
    let live =
        |code: &&IssuedCode| code.issued_on <= today && today <= code.issued_on.saturating_add(90.days());
    let codes = person.share_codes.iter().filter(live);
    codes
        .filter_map(|code| code.code.expose().chars().next())
        .collect()
}

#[test]
fn there_are_sixteen_with_the_ids_that_are_promised() {
    let people = samples(DAYS[0]);
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(ids, SAMPLE_IDS);
}

#[test]
fn no_two_share_a_number_or_a_code() {
    let mut seen = HashSet::new();
    for person in &samples(DAYS[0]) {
        let numbers = [
            person.national_insurance_number.as_ref().map(Nino::expose),
            person
                .home_office_reference
                .as_ref()
                .map(HomeOfficeReference::expose),
            person
                .asylum_support_reference
                .as_ref()
                .map(AsylumSupportReference::expose),
        ];
        let codes = person.share_codes.iter().map(|code| code.code.expose());
        for text in numbers.into_iter().flatten().chain(codes) {
            assert!(seen.insert(text.to_owned()), "{}", person.id);
        }
    }
    assert_eq!(seen.len(), 2 + 7 + 4 + 7);
}

#[test]
fn only_the_twins_share_names_and_date_of_birth() {
    let population = loaded(DAYS[0]);
    for person in population.people() {
        let namesakes = population.called(&person.given_names, &person.family_name, person.date_of_birth);
        let expected = if person.id.ends_with("-twin") { 2 } else { 1 };
        assert_eq!(namesakes.count(), expected, "{}", person.id);
    }
}

#[test]
fn nobody_is_old_enough_for_a_windrush_profile() {
    for person in samples(DAYS[0]) {
        assert!(
            person.date_of_birth > statuscheck_domain::windrush::LAST_ARRIVAL,
            "{}",
            person.id
        );
    }
}

#[test]
fn right_to_work_goes_each_of_the_four_ways() {
    for today in DAYS {
        let population = loaded(today);
        let settled = of(&population, "work-settled");
        let leave = settled.leave.as_ref().unwrap();
        assert!(leave.may_work == Some(true) && leave.valid_until.is_none() && leave.conditions.is_empty());
        assert_eq!(live_codes(settled, today), "W");

        let deferred = of(&population, "work-deferred");
        assert_eq!(deferred.date_of_birth.year(), 1990);
        assert_eq!(
            home_office(deferred).to_string().parse(),
            Ok(HOME_OFFICE_TAKES_48_HOURS)
        );
        assert!(deferred.share_codes.is_empty() && deferred.home_office_reference.is_none());
        assert!(in_force(deferred.leave.as_ref().unwrap(), today));

        assert!(in_force(
            of(&population, "work-twin").leave.as_ref().unwrap(),
            today
        ));

        let expired = of(&population, "work-expired");
        assert_eq!(expired.date_of_birth.year(), 1994);
        assert!(expired.leave.as_ref().unwrap().valid_until.unwrap() < today);
        assert_eq!(live_codes(expired, today), "W");
    }
}

#[test]
fn right_to_rent_goes_each_of_the_four_ways() {
    for today in DAYS {
        let population = loaded(today);
        let student = of(&population, "rent-student");
        let leave = student.leave.as_ref().unwrap();
        assert!(leave.may_rent == Some(true) && leave.valid_until.unwrap() > today.saturating_add(1.year()));
        assert!(!leave.conditions.is_empty());
        assert_eq!(
            live_codes(student, today),
            "R",
            "one of the two codes is past its 90 days"
        );
        assert_eq!(student.share_codes.len(), 2);

        let closed = of(&population, "rent-closed");
        assert_eq!(closed.date_of_birth.year(), 1991);
        assert_eq!(home_office(closed), Behaviour::Closed);

        assert!(in_force(
            of(&population, "rent-twin").leave.as_ref().unwrap(),
            today
        ));

        let visitor = of(&population, "rent-visitor");
        assert_eq!(visitor.date_of_birth.year(), 1996);
        let leave = visitor.leave.as_ref().unwrap();
        assert!(in_force(leave, today) && leave.may_rent == Some(false));
        assert_eq!(live_codes(visitor, today), "R");
    }
}

#[test]
fn section_95_goes_each_of_the_four_ways() {
    for today in DAYS {
        let population = loaded(today);
        let basis = |id: &str| {
            let person = of(&population, id);
            let support = person.section_95.clone().unwrap();
            assert!(
                support.in_force == Some(true) && support.since.unwrap() < today,
                "{id}"
            );
            assert!(person.asylum_support_reference.is_some(), "{id}");
            support.legal_basis.unwrap()
        };
        assert_eq!(basis("section95-supported"), "Part VI, section 95");
        assert_eq!(basis("section95-validated"), "Part VI, section 95");
        assert_eq!(basis("section95-failing"), "Part VI, section 95");
        assert_eq!(basis("section95-section4"), "section 4");
        assert_eq!(of(&population, "section95-section4").date_of_birth.year(), 1993);

        let eligible = of(&population, "section95-supported").education.as_ref().unwrap();
        assert!(eligible.eligible == Some(true) && eligible.source == Some(Feed::HomeOffice));
        for id in ["section95-validated", "section95-failing", "section95-section4"] {
            assert!(of(&population, id).education.is_none(), "{id}");
        }
        assert_eq!(home_office(of(&population, "section95-failing")), Behaviour::Fail);

        let nino_only = of(&population, "section95-nino-only");
        assert!(nino_only.national_insurance_number.is_some() && nino_only.section_95.is_none());
        assert!(nino_only.education.is_none() && nino_only.leave.is_none());
        assert!(nino_only.asylum_support_reference.is_none());
    }
}

#[test]
fn iecas_goes_each_of_its_ways() {
    for today in DAYS {
        let population = loaded(today);
        let ended = of(&population, "iecas-ended-leave");
        assert_eq!(ended.date_of_birth.year(), 1992);
        assert!(ended.leave.as_ref().unwrap().valid_until.unwrap() < today);

        let deferred = of(&population, "iecas-deferred");
        assert_eq!(home_office(deferred), HOME_OFFICE_TAKES_5_HOURS);

        let nobody = of(&population, "iecas-no-record");
        assert_eq!(nobody.date_of_birth.year(), 1999);
        assert!(nobody.leave.is_none() && nobody.section_95.is_none());
    }
}
