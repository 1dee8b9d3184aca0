//! A question that the call could not wait for goes on.

use statuscheck::server::CheckSettings;

use super::*;

#[tokio::test]
async fn what_a_department_deferred_is_answered_when_it_is_done() {
    let deferred = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h");
    let house = House::with([deferred.clone()]).await;
    let told = right_to_work(&house, deferred.by_name()).await;
    assert_eq!(outcome(&told), "pending");
    house.clock.advance(HOUR);
    let id = told.case_id.as_str();
    let asked_again = case_when(&house, id, |case| times(case, "replied") == 2).await;
    assert!(asked_again.state() == CaseState::Open);
    assert_eq!(times(&asked_again, "pending"), 1, "nothing new is not told again");

    // Two days after it was first asked, not after the last time: it is asked after the same work.
    house.clock.advance(HOUR * 47);
    let case = answered(&house, id).await;
    assert_eq!(steps(&case)[..4], ["received", "asked", "replied", "pending"]);
    assert_eq!(steps(&case).last(), Some(&"clock_stopped"));
    assert!(!is_late(&case));
    assert_eq!(told_of(&case), "established");
}

#[tokio::test]
async fn a_restart_forgets_no_question() {
    let deferred = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h");
    let house = House::with([deferred.clone()]).await;
    let told = right_to_work(&house, deferred.by_name()).await;
    // The department forgets its tickets when it is started anew, and is asked again.
    let house = house.stop().await.start().await;
    house.clock.advance(HOUR);
    case_when(&house, &told.case_id, |case| times(case, "replied") == 2).await;
    house.clock.advance(HOUR * 48);
    answered(&house, &told.case_id).await;
}

#[tokio::test]
async fn a_reply_that_comes_after_the_call_decides_the_case() {
    let slow = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "slow:300ms");
    let house = House::start(Plan {
        people: vec![slow.clone()],
        checks: CheckSettings {
            budget: Duration::from_millis(100),
            ..CheckSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let told = right_to_work(&house, slow.by_name()).await;
    assert_eq!(outcome(&told), "pending");
    house.clock.advance(Duration::from_secs(7));
    let case = answered(&house, &told.case_id).await;
    assert_eq!(told_of(&case), "established");
}

#[tokio::test]
async fn a_department_that_was_away_is_asked_until_it_is_back() {
    let settled = person("Okafor").settled("2019-06-01");
    let mut house = House::with([settled.clone()]).await;
    house.close_departments().await;
    let told = right_to_work(&house, settled.by_name()).await;
    assert_eq!(reason(&told), "pending DEPARTMENT_UNAVAILABLE home-office");
    let id = told.case_id.as_str();
    for replied in 2..5 {
        house.clock.advance(Duration::from_mins(20));
        case_when(&house, id, |case| times(case, "replied") >= replied).await;
    }
    let house = house.stop().await.start().await;
    house.clock.advance(Duration::from_mins(20));
    let case = answered(&house, id).await;
    assert_eq!(times(&case, "pending"), 1);
    assert_eq!(told_of(&case), "established");
}

#[tokio::test]
async fn a_closed_desk_is_asked_when_it_opens_and_not_before() {
    let closed = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "closed");
    let house = House::with([closed.clone()]).await;
    let told = right_to_work(&house, closed.by_name()).await;
    assert_eq!(reason(&told), "pending DEPARTMENT_CLOSED home-office");
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(times(&case, "asked"), 1);
    // It opens at nine the next morning, 23 hours from now.
    house.clock.advance(HOUR * 22);
    let house = house.stop().await.start().await;
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(times(&case, "asked"), 1);
    house.clock.advance(HOUR + Duration::from_mins(2));
    case_when(&house, &told.case_id, |case| times(case, "asked") == 2).await;
}

#[tokio::test]
async fn a_supporting_question_that_failed_holds_nothing_up_and_is_not_asked_for_ever() {
    let person = person("Okafor")
        .settled("2019-06-01")
        .nino("AB123456C")
        .behaves("dwp", "fail");
    let house = House::with([person.clone()]).await;
    let told = right_to_work(&house, person.by_name().and_nino("AB123456C")).await;
    assert_eq!(outcome(&told), "established");
    let before = house.requests(DepartmentId::Dwp);
    house.clock.advance(HOUR);
    let house = house.stop().await;
    let house = house.start().await;
    assert!(before > 0);
    assert_eq!(house.requests(DepartmentId::Dwp), 0);
}
