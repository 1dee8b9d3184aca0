//! Whoever tries a person out is stopped, and whoever repeats a request is not.

use statuscheck::probing::ProbingSettings;
use statuscheck_tests::prelude::*;
use tonic::Code;
use tonic_types::StatusExt as _;

async fn house(people: Vec<Resident>) -> House {
    House::start(Plan {
        people,
        probing: ProbingSettings::default(),
        ..Plan::default()
    })
    .await
}

#[tokio::test]
async fn the_eleventh_check_about_one_person_in_a_day_is_refused() {
    let known = person("Okafor").settled("2019-06-01");
    let house = house(vec![known.clone()]).await;
    let ask = || request(known.by_name().work());
    let first = ask();
    let told = house.answered(EMPLOYER, first.clone()).await;
    for _ in 0..9 {
        house.answered(EMPLOYER, ask()).await;
        // A repeat is no other check.
        house.answered(EMPLOYER, first.clone()).await;
    }
    let (asked, recorded) = (house.requests(DepartmentId::HomeOffice), house.faults.recorded());
    let status = house.check(EMPLOYER, ask()).await.err().unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "PROBING_LIMIT");
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(wait, Duration::from_hours(24));
    assert_eq!(
        (house.requests(DepartmentId::HomeOffice), house.faults.recorded()),
        (asked, recorded)
    );
    // What was answered may be read and repeated, and others may ask.
    assert_eq!(house.answered(EMPLOYER, first).await.case_id, told.case_id);
    right_to_rent(&house, known.by_name(), "2026-03-20").await;
    house.clock.advance(wait);
    house.answered(EMPLOYER, ask()).await;
}

#[tokio::test]
async fn dates_of_birth_are_not_tried_out_until_one_fits() {
    let known = person("Okafor").settled("2019-06-01");
    let house = house(vec![known.clone()]).await;
    for day in 10..13 {
        let tried = known.by_name().but_born(&format!("1990-05-{day}"));
        assert_eq!(
            reason(&right_to_work(&house, tried).await),
            "not_established NO_RECORD"
        );
    }
    // The right one is refused as any other is.
    let right = house.check(EMPLOYER, request(known.by_name().work())).await;
    let wrong = house
        .check(EMPLOYER, request(known.by_name().but_born("1990-05-13").work()))
        .await;
    let (right, wrong) = (refused(right), refused(wrong));
    assert_eq!(
        right.get_error_details().error_info().unwrap().reason,
        "PROBING_LIMIT"
    );
    assert_eq!(
        (right.message(), right.details()),
        (wrong.message(), wrong.details())
    );
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(
        reason(&right_to_work(&house, known.by_name()).await),
        "established"
    );
}

#[tokio::test]
async fn a_person_who_is_found_is_no_variation_that_was_not() {
    let people: Vec<_> = (1..=6)
        .map(|day| {
            let id = format!("namesake-{day}");
            let born = format!("1990-05-{day:02}");
            person(&id)
                .named("Sam", "Okafor")
                .born(&born)
                .settled("2019-06-01")
        })
        .collect();
    let house = house(people.clone()).await;
    for namesake in people {
        assert_eq!(
            reason(&right_to_work(&house, namesake.by_name()).await),
            "established"
        );
    }
}
