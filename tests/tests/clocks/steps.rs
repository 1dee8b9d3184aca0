//! Steps of clocks: at the half, at four fifths, and when the answer is late.

use super::*;

/// Deferred for longer than any promise.
fn forgotten(id: &str) -> Resident {
    person(id)
        .settled("2019-06-01")
        .behaves("home-office", "defer:20d")
}

#[tokio::test]
async fn each_step_is_fired_once_and_late_cases_go_on() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let told = right_to_work(&house, forgotten.by_name()).await;
    let id = told.case_id.as_str();
    house.clock.advance(HOUR * 60 - Duration::from_nanos(1));
    case_when(&house, id, |case| times(case, "replied") == 2).await;
    let case = house.case(EMPLOYER, id).await.unwrap();
    assert_eq!(times(&case, "at_risk"), 0, "not a nanosecond early");
    house.clock.advance(Duration::from_nanos(1));
    case_when(&house, id, |case| times(case, "at_risk") == 1).await;

    // Fired is fired, also over a restart; the department, which forgets its tickets with it, is asked anew.
    let house = house.stop().await.start().await;
    let mut asked = times(&house.case(EMPLOYER, id).await.unwrap(), "replied");
    house.clock.advance(HOUR * 36);
    let case = case_when(&house, id, |case| {
        times(case, "at_risk") == 2 && times(case, "replied") > asked
    });
    asked = times(&case.await, "replied");
    house.clock.advance(HOUR * 24);
    let late = case_when(&house, id, |case| times(case, "replied") > asked).await;
    assert_eq!(times(&late, "breached"), 0);
    assert!(!is_late(&late), "due at the instant");
    house.clock.advance(Duration::from_nanos(1));
    let late = case_when(&house, id, |case| times(case, "breached") == 1).await;
    assert!(late.state() == CaseState::Open);
    house.clock.advance(HOUR * 24 * 21);
    let case = answered(&house, id).await;
    assert_eq!((times(&case, "at_risk"), times(&case, "breached")), (2, 1));
    assert!(is_late(&case), "what was late stays so");
}

#[tokio::test]
async fn a_clock_stands_still_while_it_is_the_callers_turn() {
    let several = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "ambiguous");
    let house = House::with([several.clone()]).await;
    let told = right_to_work(&house, several.by_name()).await;
    house.clock.advance(HOUR * 24 * 20);
    // Somebody else's case shows that what was due has been done.
    let other = right_to_work(&house, forgotten("Okafor").by_name()).await;
    assert_eq!(outcome(&other), "more_information_needed");
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(
        steps(&case),
        [
            "received",
            "asked",
            "replied",
            "more_information_needed",
            "clock_started",
            "clock_paused"
        ]
    );
}

#[tokio::test]
async fn a_wall_clock_that_jumps_five_days_and_comes_back_fires_nothing() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let told = right_to_work(&house, forgotten.by_name()).await;
    let id = told.case_id.as_str();
    let right: jiff::Timestamp = NOW.parse().unwrap();
    house
        .clock
        .set_wall(right + jiff::SignedDuration::from_hours(6 * 24));
    house.clock.advance(Duration::from_secs(50));
    house.clock.set_wall(right + jiff::SignedDuration::from_secs(50));
    house.clock.advance(Duration::from_secs(59));
    house.clock.advance(Duration::from_secs(2));
    // The question that is due by now is asked; the steps are not.
    let case = case_when(&house, id, |case| times(case, "replied") == 2).await;
    assert_eq!(times(&case, "at_risk") + times(&case, "breached"), 0);
}
