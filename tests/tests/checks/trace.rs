//! DWP's trace: does the National Insurance number belong to the person? It can ask for the number again, and nothing
//! else.

use statuscheck::server::CheckSettings;
use statuscheck_tests::prelude::*;

const THEIRS: &str = "GX100001A";
const ANOTHERS: &str = "GX100002B";
const NOBODYS: &str = "GX100009C";

/// Somebody else, who holds the other number.
fn another() -> Resident {
    person("another").born("1985-02-03").nino(ANOTHERS)
}

async fn house(about: Resident, checks: CheckSettings) -> House {
    House::start(Plan {
        people: vec![about, another()],
        checks,
        ..Plan::default()
    })
    .await
}

fn settled(id: &str) -> Resident {
    person(id).settled("2019-06-01").nino(THEIRS)
}

async fn told(about: Resident, number: &str) -> String {
    let checks = CheckSettings {
        budget: Duration::from_secs(20),
        // Whichever of two replies comes first is left to the tests that ask about it.
        trace_grace: Duration::from_secs(20),
        ..CheckSettings::default()
    };
    let house = house(about.clone(), checks).await;
    reason(&right_to_work(&house, about.by_name().and_nino(number)).await)
}

#[tokio::test]
async fn a_number_of_somebody_else_is_asked_for_again_though_a_status_was_found() {
    assert_eq!(
        told(settled("Okafor"), ANOTHERS).await,
        "more_information_needed national_insurance_number"
    );
}

#[tokio::test]
async fn a_number_that_is_not_the_one_dwp_knows_the_person_by_is_asked_for_again() {
    assert_eq!(
        told(settled("Okafor"), NOBODYS).await,
        "more_information_needed national_insurance_number"
    );
}

#[tokio::test]
async fn the_persons_own_number_changes_nothing() {
    assert_eq!(told(settled("Okafor"), THEIRS).await, "established");
}

#[tokio::test]
async fn a_trace_that_finds_nothing_or_fails_does_not_hold_up_a_found_status() {
    let without_a_number = person("Okafor").settled("2019-06-01");
    assert_eq!(told(without_a_number, NOBODYS).await, "established");
    for behaviour in ["no_record", "ambiguous", "fail", "garbage", "defer:2h"] {
        let person = settled("Okafor").behaves("dwp", behaviour);
        assert_eq!(told(person, THEIRS).await, "established", "{behaviour}");
    }
}

#[tokio::test]
async fn a_slow_trace_does_not_hold_up_a_found_status() {
    let person = settled("Okafor").behaves("dwp", "slow:60s");
    let checks = CheckSettings {
        // Who waited for DWP would wait longer than any test.
        budget: Duration::from_secs(3600),
        ..CheckSettings::default()
    };
    let house = house(person.clone(), checks).await;
    let told = right_to_work(&house, person.by_name().and_nino(ANOTHERS)).await;
    assert_eq!(reason(&told), "established");
}

#[tokio::test]
async fn a_mismatch_is_said_while_the_home_office_is_still_at_it() {
    for behaviour in ["defer:48h", "closed", "fail", "garbage"] {
        let person = settled("Okafor").behaves("home-office", behaviour);
        assert_eq!(
            told(person, ANOTHERS).await,
            "more_information_needed national_insurance_number",
            "{behaviour}"
        );
    }
}

#[tokio::test]
async fn a_mismatch_comes_before_every_no() {
    let unknown = person("unknown");
    let ended = person("ended").leave("Skilled Worker", "2022-01-01", "2025-12-31");
    let barred = person("barred")
        .leave("Visitor", "2026-01-01", "2026-06-30")
        .leave_with("may_work", json!(false));
    let to_come = person("to-come").leave("Skilled Worker", "2026-04-01", "2028-03-31");
    for person in [unknown, ended, barred, to_come] {
        assert_eq!(
            told(person, ANOTHERS).await,
            "more_information_needed national_insurance_number"
        );
    }
}

#[tokio::test]
async fn a_no_waits_for_the_trace_that_may_change_it() {
    let unknown = person("unknown").behaves("dwp", "slow:300ms");
    assert_eq!(
        told(unknown, ANOTHERS).await,
        "more_information_needed national_insurance_number"
    );
}

#[tokio::test]
async fn a_trace_that_says_nothing_leaves_a_no_a_no() {
    for behaviour in ["no_record", "ambiguous", "fail", "garbage", "defer:2h"] {
        let ended = person("ended")
            .leave("Skilled Worker", "2022-01-01", "2025-12-31")
            .nino(THEIRS)
            .behaves("dwp", behaviour);
        assert_eq!(
            told(ended, THEIRS).await,
            "not_established EXPIRED",
            "{behaviour}"
        );
    }
}

#[tokio::test]
async fn several_records_at_the_home_office_are_asked_about_first() {
    let several = settled("Okafor").behaves("home-office", "ambiguous");
    assert_eq!(
        told(several, ANOTHERS).await,
        "more_information_needed home_office_reference"
    );
}

#[tokio::test]
async fn a_mismatch_that_comes_after_the_answer_is_recorded_and_retracts_nothing() {
    let person = settled("Okafor").behaves("dwp", "slow:1s");
    let checks = CheckSettings {
        budget: Duration::from_secs(20),
        trace_grace: Duration::ZERO,
        ..CheckSettings::default()
    };
    let house = house(person.clone(), checks).await;
    let answered = right_to_work(&house, person.by_name().and_nino(ANOTHERS)).await;
    assert_eq!(reason(&answered), "established");

    // The receipt, the answer, and what came after it.
    until(|| house.faults.recorded() == 3).await;
    let case = house.case(EMPLOYER, &answered.case_id).await.unwrap();
    let late = case.history.last().unwrap();
    assert_eq!((late.kind.as_str(), late.department.as_str()), ("replied", "dwp"));
    assert_eq!(case.state().as_str_name(), "CASE_STATE_ANSWERED");
    assert_eq!(json_of("Answer", case.answer.as_ref().unwrap()), json(&answered));
}
