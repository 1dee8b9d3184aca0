use statuscheck::upkeep::{Found, Sought};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::subject::{AsylumSupportReference, DateOfBirth, Name, Nino, Subject};

use crate::bench::{ACTOR, Bench, asked, worker};

fn nobody(born: &str) -> Subject {
    Subject {
        name: None,
        also_known_as: Vec::new(),
        date_of_birth: DateOfBirth::of(born.parse().unwrap()),
        nino: None,
        home_office_reference: None,
        asylum_support_reference: None,
        postcode: None,
        share_code: None,
    }
}

fn named(given: &str, family: &str, born: &str) -> Subject {
    Subject {
        name: Some(Name::parse(given, family).ok().unwrap()),
        ..nobody(born)
    }
}

async fn find(bench: &Bench, subject: Subject) -> Found {
    let Some(sought) = Sought::of(subject) else {
        panic!("somebody is meant")
    };
    let Ok(found) = bench.keeping().find(ACTOR, &sought).await else {
        panic!("the store can be read")
    };
    found
}

fn ids(found: &Found) -> Vec<CaseId> {
    found.checks.iter().map(|check| check.case.id).collect()
}

#[tokio::test]
async fn every_check_about_a_person_is_found_and_nobody_elses() {
    let bench = Bench::new().await;
    let mut theirs = Vec::new();
    for (number, kind) in (0..).zip([CheckKind::RightToWork, CheckKind::RightToRent, CheckKind::Iecas]) {
        theirs.push(bench.answered(&asked(number, kind)).await);
    }
    let mut namesake = worker(7);
    namesake.draft.date_of_birth = "1971-05-06";
    bench.answered(&namesake).await;
    let mut other = worker(8);
    other.draft.family_name = "Jones";
    bench.answered(&other).await;

    let found = find(&bench, named("ANN", "smith", "1970-05-06")).await;
    assert_eq!(ids(&found), theirs);
    assert!(found.set_aside.is_empty() && !found.more);
    for check in &found.checks {
        assert_eq!(check.purpose, "To see everything.");
        assert_eq!(check.case.receipt.organisation.as_str(), "north");
    }
}

#[tokio::test]
async fn a_section_95_check_is_found_by_its_reference_and_not_by_a_family_name() {
    let bench = Bench::new().await;
    let id = bench.answered(&asked(1, CheckKind::Section95)).await;
    let by_name = find(&bench, named("", "Smith", "1970-05-06")).await;
    assert!(ids(&by_name).is_empty());
    let by_reference = Subject {
        asylum_support_reference: AsylumSupportReference::parse("240112345").ok(),
        ..nobody("1970-05-06")
    };
    assert_eq!(ids(&find(&bench, by_reference).await), [id]);
}

#[tokio::test]
async fn a_case_under_the_same_number_with_another_birthday_is_set_aside_and_not_handed_out() {
    let bench = Bench::new().await;
    let mut asked = worker(1);
    asked.draft.national_insurance_number = "AB123456C";
    let id = bench.answered(&asked).await;
    let number = |born| Subject {
        nino: Nino::parse("AB 12 34 56").ok(),
        ..nobody(born)
    };
    let other = find(&bench, number("1980-01-01")).await;
    assert!(ids(&other).is_empty());
    assert_eq!(other.set_aside, [id]);
    assert_eq!(ids(&find(&bench, number("1970-05-06")).await), [id]);
}

#[tokio::test]
async fn a_person_is_found_by_what_was_provided_later_too() {
    let bench = Bench::new().await;
    let id = bench.answered(&worker(1)).await;
    bench.provide(id, "AB123456C").await;
    bench.provide(id, "AB123456C").await;
    let number = Subject {
        nino: Nino::parse("AB 12 34 56").ok(),
        ..nobody("1970-05-06")
    };
    let found = find(&bench, number).await;
    assert_eq!(ids(&found), [id]);
    let case = &found.checks[0].case;
    assert!(case.receipt.check.subject.nino.is_some());
    assert_eq!(
        ids(&find(&bench, named("Ann", "Smith", "1970-05-06")).await),
        [id]
    );
}

#[tokio::test]
async fn a_date_of_birth_alone_means_nobody() {
    assert!(Sought::of(nobody("1970-05-06")).is_none());
}

#[tokio::test]
async fn an_export_is_recorded_with_who_and_how_many_and_nothing_about_the_person() {
    let bench = Bench::new().await;
    bench.answered(&worker(1)).await;
    find(&bench, named("Ann", "Smith", "1970-05-06")).await;
    let house = bench.house();
    assert_eq!(house.len(), 1);
    let (kind, entry) = &house[0];
    assert_eq!(kind, "subject_accessed");
    assert_eq!(
        entry.to_string(),
        r#"{"actor":"ops/duty-1","details":{"checks":1,"set_aside":0},"v":1}"#
    );
}

#[tokio::test]
async fn a_purged_case_is_no_longer_found() {
    let bench = Bench::new().await;
    bench.answered(&worker(1)).await;
    bench.set("2028-03-02T09:00:00Z");
    assert!(bench.keeping().run_retention(ACTOR, false).await.is_ok());
    assert!(ids(&find(&bench, named("Ann", "Smith", "1970-05-06")).await).is_empty());
}
