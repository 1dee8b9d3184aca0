//! Checks under way: callers who hang up, short deadlines, a shutdown, and many at once.

use statuscheck::server::CheckSettings;
use statuscheck_tests::patient;
use statuscheck_tests::prelude::*;
use tokio::task::JoinHandle;
use tonic::Status;

fn slow(id: &str, how: &str) -> Resident {
    person(id).settled("2019-06-01").behaves("home-office", how)
}

/// A check that is being asked.
fn calling(house: &House, subject: Subject) -> JoinHandle<Result<v1::CheckResponse, Status>> {
    let mut client = house.client(EMPLOYER);
    let asked = request(subject.work());
    tokio::spawn(async move { Ok(client.check(asked).await?.into_inner()) })
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_a_case_that_is_decided_all_the_same() {
    let person = slow("Okafor", "slow:300ms");
    let house = House::with([person.clone()]).await;
    let call = calling(&house, person.by_name());
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    call.abort();
    assert!(call.await.is_err_and(|ended| ended.is_cancelled()));
    // The receipt, and the answer that nobody waited for.
    until(|| house.faults.recorded() == 2).await;
    let cases = house.cases(EMPLOYER).await;
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].state().as_str_name(), "CASE_STATE_ANSWERED");
}

#[tokio::test]
async fn a_caller_who_hangs_up_and_asks_again_gets_the_answer_of_the_first_call() {
    let person = slow("Okafor", "slow:300ms");
    let house = House::with([person.clone()]).await;
    let asked = request(person.by_name().work());
    let call = {
        let (mut client, asked) = (house.client(EMPLOYER), asked.clone());
        tokio::spawn(async move { client.check(asked).await.map(|_| ()) })
    };
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    call.abort();
    let told = house.answered(EMPLOYER, asked).await;
    assert_eq!(reason(&told), "established");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn a_short_deadline_gives_pending_and_not_an_error() {
    let person = slow("Okafor", "slow:30s");
    let house = House::start(Plan {
        people: vec![person.clone()],
        checks: CheckSettings {
            // Only the caller's deadline can end it.
            budget: Duration::from_secs(3600),
            ..CheckSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let mut hurried = tonic::Request::new(request(person.by_name().work()));
    hurried.set_timeout(Duration::from_millis(300));
    let mut client = patient::client(&house, EMPLOYER).await;
    let told = client.check(hurried).await.unwrap().into_inner();
    assert_eq!(reason(&told), "pending DEPARTMENT_UNAVAILABLE home-office");
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(case.state().as_str_name(), "CASE_STATE_OPEN");
}

#[tokio::test]
async fn a_check_under_way_is_answered_and_recorded_before_the_house_goes_down() {
    let person = slow("Okafor", "slow:300ms");
    let house = House::with([person.clone()]).await;
    let call = calling(&house, person.by_name());
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    let stopped = house.stop().await;
    let told = call.await.unwrap().unwrap();
    assert_eq!(reason(&told), "established");

    let house = stopped.start().await;
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(case.state().as_str_name(), "CASE_STATE_ANSWERED");
    assert_eq!(json_of("Answer", case.answer.as_ref().unwrap()), json(&told));
}

#[tokio::test]
async fn a_check_whose_caller_has_gone_is_recorded_before_the_house_goes_down_too() {
    let person = slow("Okafor", "slow:300ms");
    let house = House::with([person.clone()]).await;
    let call = calling(&house, person.by_name());
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    call.abort();
    let house = house.stop().await.start().await;
    let cases = house.cases(EMPLOYER).await;
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].state().as_str_name(), "CASE_STATE_ANSWERED");
}

#[tokio::test]
async fn slow_checks_wait_neither_for_one_another_nor_keep_a_quick_one_waiting() {
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let crowd: Vec<_> = ["x-", "y-", "z-", "w-"]
        .iter()
        .flat_map(|first| letters.map(|second| slow(&format!("{first}{second}"), "slow:30s")))
        .collect();
    let quick = person("quick").settled("2019-06-01");
    let house = House::start(Plan {
        people: crowd.iter().chain([&quick]).cloned().collect(),
        checks: CheckSettings {
            budget: Duration::from_secs(25),
            ..CheckSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let calls: Vec<_> = crowd
        .iter()
        .map(|person| calling(&house, person.by_name()))
        .collect();
    house.until_asked(DepartmentId::HomeOffice, 32).await;
    let told = right_to_work(&house, quick.by_name()).await;
    assert_eq!(reason(&told), "established");
    // All 32 are out at once: none was waited for, none is answered.
    assert!(calls.iter().all(|call| !call.is_finished()));
    let cases = house.cases(EMPLOYER).await;
    let asked_and_no_more = cases.iter().filter(|case| case.version == 2);
    assert_eq!(asked_and_no_more.count(), 32);
}
