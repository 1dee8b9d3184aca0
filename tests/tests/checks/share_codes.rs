//! Share codes: 90 days, one purpose, one date of birth.

use statuscheck_tests::prelude::*;

#[tokio::test]
async fn a_code_works_on_its_90th_day_and_asks_for_a_new_one_on_the_91st() {
    let in_time = person("in-time")
        .settled("2019-06-01")
        .code("W11111111", "2025-12-11");
    let too_late = person("too-late")
        .settled("2019-06-01")
        .code("W22222222", "2025-12-10");
    let house = House::with([in_time.clone(), too_late.clone()]).await;
    let told = right_to_work(&house, in_time.by_code()).await;
    assert_eq!(reason(&told), "established");
    let told = right_to_work(&house, too_late.by_code()).await;
    assert_eq!(reason(&told), "more_information_needed share_code");
    assert_eq!(
        json(&told)["more_information_needed"]["explanation"],
        "The share code has passed its 90 days; ask the person for a new one."
    );
}

#[tokio::test]
async fn a_code_that_worked_yesterday_asks_for_a_new_one_today() {
    let renting = person("Nair")
        .settled("2019-06-01")
        .code("R11111111", "2025-12-11");
    let house = House::with([renting.clone()]).await;
    let told = right_to_rent(&house, renting.by_code(), "2026-04-01").await;
    assert_eq!(reason(&told), "established");
    house.clock.advance(Duration::from_secs(24 * 3600));
    let told = right_to_rent(&house, renting.by_code(), "2026-04-01").await;
    assert_eq!(reason(&told), "more_information_needed share_code");
}

#[tokio::test]
async fn a_wrong_date_of_birth_is_no_record_whether_the_code_lives_or_not() {
    let alive = person("alive")
        .settled("2019-06-01")
        .code("W11111111", "2026-03-01");
    let expired = person("expired")
        .settled("2019-06-01")
        .code("W22222222", "2025-01-01");
    let house = House::with([alive.clone(), expired.clone()]).await;
    for subject in [
        alive.by_code().but_born("1990-05-02"),
        // Day and month swapped is another date.
        alive.by_code().but_born("1990-01-05"),
        expired.by_code().but_born("1990-05-02"),
        by_code("W33333333", "1990-05-01"),
    ] {
        let told = right_to_work(&house, subject).await;
        assert_eq!(reason(&told), "not_established NO_RECORD");
    }
}

#[tokio::test]
async fn a_code_for_renting_is_refused_in_a_check_for_work_before_anybody_is_asked() {
    let renting = person("Nair")
        .settled("2019-06-01")
        .code("R11111111", "2026-03-01");
    let house = House::with([renting.clone()]).await;
    let refused = house
        .check(EMPLOYER, request(renting.by_code().work()))
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
}

#[tokio::test]
async fn a_code_is_taken_as_people_write_it() {
    let working = person("Okafor")
        .settled("2019-06-01")
        .code("W1A2B3C4D", "2026-03-01");
    let house = House::with([working]).await;
    for written in ["W1A2B3C4D", "w1a 2b3 c4d", " W1A 2B3 C4D "] {
        let told = right_to_work(&house, by_code(written, "1990-05-01")).await;
        assert_eq!(reason(&told), "established", "{written}");
    }
}

#[tokio::test]
async fn a_code_whose_holder_has_no_leave_is_no_record() {
    let without = person("Kusuma").code("W11111111", "2026-03-01");
    let house = House::with([without.clone()]).await;
    let told = right_to_work(&house, without.by_code()).await;
    assert_eq!(reason(&told), "not_established NO_RECORD");
}
