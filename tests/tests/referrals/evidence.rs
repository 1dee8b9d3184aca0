//! What HMRC and DWP hold is gathered for the taskforce, as one line of time.

use statuscheck_tests::house::until_some;

use super::*;

/// Unknown to the Home Office; HMRC and DWP have seen them now and then.
fn elder() -> Resident {
    person("elder")
        .named("Ada", "Elder")
        .born("1950-02-03")
        .nino("GX000031A")
        .worked("The mill", "1978-04-06", "1981-04-05")
        .benefited("1985-01-07", "1986-03-02")
}

fn checked() -> Subject {
    elder().by_name().and_nino("GX000031A")
}

/// The evidence questions, and whether each is still out.
fn sources(referral: &wire::Referral) -> Vec<(String, bool)> {
    let sources = referral.evidence.iter();
    sources
        .map(|evidence| {
            let source = format!("{}/{}", evidence.department, evidence.source);
            (source, evidence.awaited)
        })
        .collect()
}

/// The referral once every department has replied. Time goes on: HMRC takes three requests a second, and is asked again for what is
/// over that.
async fn gathered(house: &House, id: &str) -> wire::Referral {
    until_some(async || {
        house.clock.advance(Duration::from_secs(1));
        let referral = viewed(house, id).await;
        let all_in = sources(&referral).iter().all(|(_, awaited)| !awaited);
        all_in.then_some(referral)
    })
    .await
}

/// Each stretch of the line, with who saw the person.
fn line(referral: &wire::Referral) -> Vec<String> {
    let spans = referral.timeline.iter();
    spans
        .map(|span| {
            let period = span.period.as_ref().unwrap();
            format!("{} {} {}", period.from, period.to, span.departments.join("+"))
        })
        .collect()
}

const ASKED: [&str; 3] = [
    "hmrc/contribution_history",
    "hmrc/employment_history",
    "dwp/benefit_history",
];

/// Contributions are told by tax years, which a benefit makes up too.
const LINE: [&str; 3] = [
    "1978-04-06 1981-04-05 hmrc",
    "1981-04-06 1984-04-05 ",
    "1984-04-06 1986-04-05 dwp+hmrc",
];

#[tokio::test]
async fn what_departments_hold_is_one_line_of_time_with_its_gaps_and_may_be_a_stronger_ground() {
    let house = House::with([elder()]).await;
    let held = right_to_work(&house, checked()).await;
    let referral = gathered(&house, &referral_of(&held)).await;
    let asked: Vec<_> = sources(&referral).into_iter().map(|(source, _)| source).collect();
    assert_eq!(asked, ASKED);
    assert_eq!(line(&referral), LINE);
    assert_eq!(referral.grounds, ["ARRIVED_BEFORE_1989"]);
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    let unseen = |event: &&v1::CaseEvent| event.department == "hmrc" || event.department == "dwp";
    let seen = case.history.iter().filter(unseen).count();
    assert!(
        seen <= 4,
        "what is asked for the referral alone, its caller does not see"
    );

    let house = house.stop().await.start().await;
    assert_eq!(line(&viewed(&house, &referral.referral_id).await), LINE);
}

#[tokio::test]
async fn evidence_that_comes_late_is_awaited_until_then_and_attached() {
    let house = House::with([elder().behaves("hmrc", "slow:3s")]).await;
    let held = right_to_work(&house, checked()).await;
    let id = referral_of(&held);
    let first = viewed(&house, &id).await;
    let awaited = |referral: &wire::Referral| sources(referral).iter().any(|(_, awaited)| *awaited);
    assert!(awaited(&first), "the hold does not wait for it");
    assert_eq!(line(&gathered(&house, &id).await), LINE);
}

#[tokio::test]
async fn evidence_that_could_not_be_had_is_asked_for_again() {
    let mut house = House::with([elder().behaves("dwp", "fail")]).await;
    let held = right_to_work(&house, checked()).await;
    let id = referral_of(&held);
    let of_dwp = |referral: &wire::Referral| {
        let mut all = sources(referral).into_iter();
        all.find(|(source, _)| source == "dwp/benefit_history")
    };
    let failed = ("dwp/benefit_history".to_owned(), true);
    assert_eq!(of_dwp(&viewed(&house, &id).await), Some(failed.clone()));
    let asked = house.requests(DepartmentId::Dwp);
    house.clock.advance(Duration::from_hours(1));
    house.until_asked(DepartmentId::Dwp, asked + 1).await;
    assert_eq!(of_dwp(&viewed(&house, &id).await), Some(failed));
    house.close_departments().await;
    resolve(&house, &id, not_confirmed()).await.unwrap();
}
