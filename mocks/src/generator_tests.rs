use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use statuscheck_domain::check::{CheckKind, Draft};
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, HomeOfficeReference, Name, Nino, Postcode, ShareCode, name_part,
};

use super::*;
use crate::population::Population;

const TODAY: Date = date(2026, 11, 21);

fn lines(seed: u64, count: usize, today: Date) -> Vec<u8> {
    let mut lines = Vec::new();
    for person in generate(seed, count, today) {
        serde_json::to_writer(&mut lines, &person).unwrap();
        lines.push(b'\n');
    }
    lines
}

/// What everything that leaves the generator keeps to.
fn assert_sound(person: &Person, today: Date) {
    let id = &person.id;
    assert!(
        Name::parse(&person.given_names, &person.family_name).is_ok(),
        "{id}"
    );
    assert!(
        person.also_known_as.iter().all(|alias| name_part(alias).is_ok()),
        "{id}"
    );
    assert!(
        DateOfBirth::parse(&person.date_of_birth.to_string(), today).is_ok(),
        "{id}"
    );
    let nino = person.national_insurance_number.as_ref().map(Nino::expose);
    assert!(nino.is_none_or(|text| Nino::parse(text).is_ok()), "{id}");
    let reference = person
        .home_office_reference
        .as_ref()
        .map(HomeOfficeReference::expose);
    assert!(
        reference.is_none_or(|text| HomeOfficeReference::parse(text).is_ok()),
        "{id}"
    );
    let support = person
        .asylum_support_reference
        .as_ref()
        .map(AsylumSupportReference::expose);
    assert!(
        support.is_none_or(|text| AsylumSupportReference::parse(text).is_ok()),
        "{id}"
    );
    let postcode = person.postcode.as_ref().map(Postcode::expose);
    assert!(postcode.is_none_or(|text| Postcode::parse(text).is_ok()), "{id}");
    for code in &person.share_codes {
        assert!(ShareCode::parse(code.code.expose()).is_ok(), "{id}");
        assert!(code.issued_on <= today, "{id}");
    }
    let born = person.date_of_birth;
    if let Some(leave) = &person.leave {
        let begun = leave.valid_from.unwrap();
        assert!(begun >= born, "{id}");
        assert!(leave.valid_until.is_none_or(|last| last >= begun), "{id}");
        assert!(leave.kind.is_some() && leave.may_work.is_some() && leave.may_rent.is_some());
    }
    assert!(
        person.arrived_on.is_none_or(|day| (born..=today).contains(&day)),
        "{id}"
    );
    let support_since = person.section_95.as_ref().and_then(|support| support.since);
    assert!(
        support_since.is_none_or(|day| (born..=today).contains(&day)),
        "{id}"
    );
    let jobs = person.employments.iter().map(|job| (job.from, job.to));
    let claims = person.benefits.iter().map(|claim| (claim.from, claim.to));
    for (from, to) in jobs.chain(claims) {
        assert!(from > born && from <= today, "{id}: {from}");
        assert!(
            to.is_none_or(|to| (from..=today).contains(&to)),
            "{id}: {from} {to:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_person_parses_and_loads_whatever_the_seed_and_the_day(
        seed in any::<u64>(),
        days in 0..9_000_i32,
    ) {
        let today = date(2025, 1, 1).saturating_add(days.days());
        for person in generate(seed, 200, today) {
            assert_sound(&person, today);
        }
        let loaded = Population::from_lines(lines(seed, 50, today).as_slice());
        prop_assert_eq!(loaded.map(|population| population.people().len()).ok(), Some(50));
    }
}

#[test]
fn the_same_seed_gives_the_same_people_and_a_larger_count_only_adds() {
    let thousand = lines(7, 1_000, TODAY);
    assert!(thousand == lines(7, 1_000, TODAY));
    assert!(thousand.starts_with(&lines(7, 100, TODAY)));
    assert!(!lines(8, 100, TODAY).is_empty() && !thousand.starts_with(&lines(8, 100, TODAY)));
}

#[test]
fn nobody_shares_an_id_a_number_or_a_code() {
    let mut seen = HashSet::new();
    for person in generate(1, 20_000, TODAY) {
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
            Some(person.id.as_str()),
        ];
        let codes = person.share_codes.iter().map(|code| code.code.expose());
        for text in numbers.into_iter().flatten().chain(codes) {
            assert!(seen.insert(text.to_owned()), "{}", person.id);
        }
    }
}

#[test]
fn every_kind_of_status_record_and_name_comes_up() {
    let people: Vec<Person> = generate(3, 20_000, TODAY).collect();
    let share = |kind: &dyn Fn(&Person) -> bool| {
        people.iter().filter(|person| kind(person)).count() as f64 / people.len() as f64
    };
    let leave = |word: &'static str| {
        move |person: &Person| {
            person
                .leave
                .as_ref()
                .and_then(|leave| leave.kind.as_deref())
                .is_some_and(|kind| kind.starts_with(word))
        }
    };
    for kind in [
        "Settled",
        "Pre-settled",
        "Indefinite leave to remain",
        "Skilled Worker",
        "Health and Care",
        "Student",
        "Graduate",
        "Refugee",
        "Humanitarian",
        "Visitor",
        "Family",
        "Ukraine",
        "British National (Overseas)",
    ] {
        assert!(share(&leave(kind)) > 0.004, "{kind}");
    }
    let ended = |person: &Person| {
        let last = person.leave.as_ref().and_then(|leave| leave.valid_until);
        last.is_some_and(|last| last < TODAY)
    };
    let ahead = |person: &Person| {
        person
            .leave
            .as_ref()
            .and_then(|leave| leave.valid_from)
            .is_some_and(|begun| begun > TODAY)
    };
    let basis = |text: &'static str| {
        move |person: &Person| {
            let support = person
                .section_95
                .as_ref()
                .filter(|support| support.in_force == Some(true));
            support.is_some_and(|support| support.legal_basis.as_deref() == Some(text))
        }
    };
    let source = |feed: Feed| {
        move |person: &Person| {
            let education = person.education.as_ref();
            education.is_some_and(|education| education.source == Some(feed))
        }
    };
    let no_record = |person: &Person| person.leave.is_none() && person.section_95.is_none();
    let old_code = |person: &Person| {
        let issued = person.share_codes.iter();
        issued
            .clone()
            .any(|code| code.issued_on.saturating_add(90.days()) < TODAY)
    };
    assert!(share(&ended) > 0.03 && share(&ended) < 0.06);
    assert!(share(&ahead) > 0.002);
    assert!(share(&basis("Part VI, section 95")) > 0.02);
    assert!(share(&basis("section 4")) > 0.005);
    assert!(share(&source(Feed::HomeOffice)) > 0.01);
    assert!(share(&source(Feed::Dwp)) > 0.005);
    assert!(share(&source(Feed::Hmrc)) > 0.005);
    assert!(share(&no_record) > 0.1);
    assert!(share(&old_code) > 0.1);
}

#[test]
fn about_thirty_in_a_hundred_of_those_traced_have_a_number_already() {
    let people = generate(5, 20_000, TODAY);
    let traced: Vec<Person> = people
        .filter(|person| {
            let kind = person.leave.as_ref().and_then(|leave| leave.kind.as_deref());
            kind.is_some_and(|kind| kind == "Refugee permission to stay" || kind == "Graduate")
                && person.date_of_birth.saturating_add(16.years()) <= TODAY
        })
        .collect();
    let numbered = traced
        .iter()
        .filter(|person| person.national_insurance_number.is_some());
    let share = numbered.count() * 100 / traced.len();
    assert!((25..=35).contains(&share), "{share}");
}

#[test]
fn some_people_share_their_names_and_date_of_birth_and_nothing_else() {
    let mut doubles: HashMap<(String, String, Date), usize> = HashMap::new();
    for person in generate(6, 20_000, TODAY) {
        let key = (person.given_names, person.family_name, person.date_of_birth);
        *doubles.entry(key).or_default() += 1;
    }
    let doubled = doubles.values().filter(|count| **count > 1).count();
    assert!((30..150).contains(&doubled), "{doubled}");
}

#[test]
fn people_of_the_windrush_generation_came_in_time_and_were_seen_here_since() {
    let windrush = |person: &Person| {
        let arrived = person.arrived_on.is_some_and(|day| day <= date(1971, 12, 31));
        let worked = person
            .employments
            .iter()
            .any(|job| job.from <= date(1988, 12, 31));
        (person.date_of_birth <= date(1970, 12, 31) && worked, arrived)
    };
    let people: Vec<(bool, bool)> = generate(9, 20_000, TODAY)
        .map(|person| windrush(&person))
        .collect();
    assert!(people.iter().filter(|(worked, _)| *worked).count() > 300);
    let arrived = people.iter().filter(|(_, arrived)| *arrived).count();
    assert!((80..200).contains(&arrived), "{arrived}");
}

#[test]
fn a_check_can_be_asked_about_everybody() {
    for person in generate(10, 2_000, TODAY) {
        let born = person.date_of_birth.to_string();
        let draft = Draft {
            given_names: &person.given_names,
            family_name: &person.family_name,
            also_known_as: &person.also_known_as,
            date_of_birth: &born,
            national_insurance_number: person.national_insurance_number.as_ref().map_or("", Nino::expose),
            postcode: person.postcode.as_ref().map_or("", Postcode::expose),
            ..Draft::default()
        };
        let violations = draft.parse(CheckKind::Iecas, TODAY).err().unwrap_or_default();
        assert_eq!(violations, [], "{}", person.id);
    }
}
