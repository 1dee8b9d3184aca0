//! What each department's ways of not answering become: never a "no".

use statuscheck::server::CheckSettings;
use statuscheck_tests::prelude::*;

/// Long enough for a department that answers, and for one repeat of a question that failed.
const BUDGET: Duration = Duration::from_secs(1);

async fn house(people: Vec<Resident>) -> House {
    House::start(Plan {
        people,
        checks: CheckSettings {
            budget: BUDGET,
            ..Default::default()
        },
        ..Plan::default()
    })
    .await
}

/// What the Home Office does, and what becomes of a check that needs it.
const HOME_OFFICE: [(&str, &str); 7] = [
    ("no_record", "not_established NO_RECORD"),
    ("ambiguous", "more_information_needed home_office_reference"),
    ("fail", "pending DEPARTMENT_UNAVAILABLE home-office"),
    ("garbage", "pending DEPARTMENT_UNAVAILABLE home-office"),
    ("slow:30s", "pending DEPARTMENT_UNAVAILABLE home-office"),
    ("defer:2h", "pending DEPARTMENT_WORKING home-office"),
    ("closed", "pending DEPARTMENT_CLOSED home-office"),
];

fn holders_of_leave() -> Vec<Resident> {
    let person = |(place, (behaviour, _)): (usize, &(&str, &str))| {
        person(&format!("person-{}", ["a", "b", "c", "d", "e", "f", "g"][place]))
            .settled("2019-06-01")
            .behaves("home-office", behaviour)
    };
    HOME_OFFICE.iter().enumerate().map(person).collect()
}

#[tokio::test]
async fn right_to_work_follows_what_the_home_office_does() {
    let people = holders_of_leave();
    let house = house(people.clone()).await;
    for (person, (behaviour, expected)) in people.iter().zip(HOME_OFFICE) {
        let told = right_to_work(&house, person.by_name()).await;
        assert_eq!(reason(&told), expected, "{behaviour}");
    }
}

#[tokio::test]
async fn right_to_rent_follows_what_the_home_office_does() {
    let people = holders_of_leave();
    let house = house(people.clone()).await;
    for (person, (behaviour, expected)) in people.iter().zip(HOME_OFFICE) {
        let told = right_to_rent(&house, person.by_name(), "2026-04-01").await;
        assert_eq!(reason(&told), expected, "{behaviour}");
    }
}

#[tokio::test]
async fn iecas_follows_what_the_home_office_does() {
    let people = holders_of_leave();
    let house = house(people.clone()).await;
    for (person, (behaviour, expected)) in people.iter().zip(HOME_OFFICE) {
        let told = iecas(&house, person.by_name()).await;
        assert_eq!(reason(&told), expected, "{behaviour}");
    }
}

fn supported(place: usize) -> Resident {
    let nass = format!("25070000{place}");
    person(&format!("family-{place}"))
        .named("Sam", "Example")
        .nass(&nass)
        .supported(true, "2025-07-11", "Part VI, section 95")
}

#[tokio::test]
async fn section_95_follows_what_the_home_office_does_where_dfe_has_no_record() {
    let people: Vec<_> = HOME_OFFICE
        .iter()
        .enumerate()
        .map(|(place, (behaviour, _))| supported(place).behaves("home-office", behaviour))
        .collect();
    let house = house(people.clone()).await;
    for (family, (behaviour, expected)) in people.iter().zip(HOME_OFFICE) {
        let told = section_95(&house, family.by_nass()).await;
        let expected = expected.replace("home_office_reference", "asylum_support_reference");
        assert_eq!(reason(&told), expected, "{behaviour}");
    }
}

/// What DfE does, and what becomes of a family that the Home Office has no record of.
const DFE: [(&str, &str); 5] = [
    ("no_record", "not_established NO_RECORD"),
    ("fail", "pending DEPARTMENT_UNAVAILABLE dfe"),
    ("garbage", "pending DEPARTMENT_UNAVAILABLE dfe"),
    ("slow:30s", "pending DEPARTMENT_UNAVAILABLE dfe"),
    ("defer:2h", "pending DEPARTMENT_WORKING dfe"),
];

#[tokio::test]
async fn no_record_at_the_home_office_is_a_no_only_where_dfe_really_answered() {
    let people: Vec<_> = DFE
        .iter()
        .enumerate()
        .map(|(place, (behaviour, _))| {
            supported(place)
                .behaves("dfe", behaviour)
                .behaves("home-office", "no_record")
        })
        .collect();
    let house = house(people.clone()).await;
    for (family, (behaviour, expected)) in people.iter().zip(DFE) {
        let told = section_95(&house, family.by_nass()).await;
        assert_eq!(reason(&told), expected, "{behaviour}");
    }
}

#[tokio::test]
async fn whatever_dfe_does_the_home_office_can_establish_support() {
    let people: Vec<_> = DFE
        .iter()
        .enumerate()
        .map(|(place, (behaviour, _))| supported(place).behaves("dfe", behaviour))
        .collect();
    let house = house(people.clone()).await;
    for (family, (behaviour, _)) in people.iter().zip(DFE) {
        let told = section_95(&house, family.by_nass()).await;
        assert_eq!(reason(&told), "established", "{behaviour}");
    }
}

#[tokio::test]
async fn whatever_hmrc_does_changes_nothing_and_delays_nobody() {
    for behaviour in ["answer", "no_record", "fail", "garbage", "slow:60s"] {
        let worker = person("Okafor")
            .settled("2019-06-01")
            .nino("GX100001A")
            .employed("Harbourside Bakery Ltd", "2021-01-01")
            .behaves("hmrc", behaviour);
        let house = House::start(Plan {
            people: vec![worker.clone()],
            checks: CheckSettings {
                // Who waited for HMRC would wait longer than any test.
                budget: Duration::from_secs(3600),
                ..Default::default()
            },
            ..Plan::default()
        })
        .await;
        let told = right_to_work(&house, worker.by_name().and_nino("GX100001A")).await;
        assert_eq!(reason(&told), "established", "{behaviour}");
        assert_eq!(house.requests(DepartmentId::HomeOffice), 1, "{behaviour}");
    }
}

#[tokio::test]
async fn a_department_that_does_not_listen_is_unavailable() {
    let settled = person("Okafor").settled("2019-06-01");
    let mut house = House::with([settled.clone()]).await;
    house.close_departments().await;
    let told = right_to_work(&house, settled.by_name()).await;
    assert_eq!(reason(&told), "pending DEPARTMENT_UNAVAILABLE home-office");
}
