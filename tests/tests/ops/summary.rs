//! Open cases, counted and listed.

use statuscheck_proto::v1::{CaseState, ProvideInformationRequest};
use statuscheck_tests::house::until_some;

use super::*;

type Counts = (u64, u64, u64, u64);

/// Open, paused, at risk, late.
fn counts(line: &SlaLine) -> Counts {
    (line.open, line.paused, line.at_risk, line.breached)
}

fn line<'a>(lines: &'a [SlaLine], whose: &str) -> &'a SlaLine {
    lines.iter().find(|line| line.department == whose).unwrap()
}

#[tokio::test]
async fn what_is_open_is_counted_by_whose_turn_it_is_until_it_is_late() {
    let (first, second) = (forgotten("Okafor"), forgotten("Mensah"));
    let answered = person("Adeyemi").settled("2019-06-01");
    let house = House::with([first.clone(), second.clone(), answered.clone()]).await;
    assert!(lines(&house).await.is_empty());
    right_to_work(&house, answered.by_name()).await;
    assert!(lines(&house).await.is_empty(), "an answered check is in no line");

    let told = right_to_work(&house, first.by_name()).await;
    right_to_work(&house, second.by_name()).await;
    let found = lines(&house).await;
    assert_eq!(found.len(), 1);
    let line = &found[0];
    assert_eq!(
        (
            line.department.as_str(),
            line.check.as_str(),
            line.agreement_id.as_str()
        ),
        ("home-office", "right-to-work", "right-to-work")
    );
    assert_eq!(counts(line), (2, 0, 0, 0));
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    let due_at = case.sla.unwrap().due_at;
    assert_eq!(line.next_due, due_at);

    // The clock alone moves a case from due to at risk to late. What is fired meanwhile changes nothing of that.
    let ahead = u64::try_from(due_at.unwrap().seconds).unwrap();
    let now = u64::try_from(house.clock.now().as_second()).unwrap();
    house.clock.advance(Duration::from_secs(ahead - now) - HOUR / 2);
    let found = lines(&house).await;
    assert_eq!(counts(&found[0]), (2, 0, 2, 0));
    assert_eq!((found[0].due_within_1h, found[0].due_within_24h), (2, 2));
    house.clock.advance(HOUR);
    let found = lines(&house).await;
    assert_eq!(counts(&found[0]), (2, 0, 0, 2));
    assert_eq!(found[0].due_within_24h, 0, "what is late is due no more");
}

#[tokio::test]
async fn in_the_callers_turn_a_case_is_paused_and_no_department_s() {
    let ambiguous = person("Twins")
        .settled("2019-06-01")
        .behaves("home-office", "ambiguous");
    let house = House::with([ambiguous.clone()]).await;
    let told = right_to_work(&house, ambiguous.by_name()).await;
    let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert!(case.state() == CaseState::AwaitingInformation);
    let found = lines(&house).await;
    assert_eq!(counts(line(&found, "caller")), (1, 1, 0, 0));
    assert_eq!(found.len(), 1);
    house.clock.advance(HOUR * 24 * 20);
    assert_eq!(
        counts(line(&lines(&house).await, "caller")),
        (1, 1, 0, 0),
        "its clock stands still"
    );
    let withdrawn = statuscheck_proto::v1::WithdrawCaseRequest {
        case_id: told.case_id,
    };
    house.client(EMPLOYER).withdraw_case(withdrawn).await.unwrap();
    assert!(lines(&house).await.is_empty());
}

#[tokio::test]
async fn cases_are_listed_most_urgent_first_without_facts_and_references() {
    let people = ["Okafor", "Mensah", "Nwosu"].map(forgotten);
    let house = House::with(people.clone()).await;
    let mut expected = Vec::new();
    for person in &people {
        let mut asked = request(person.by_name().work());
        asked.caller_reference = "Okafor's file".to_owned();
        expected.push(house.answered(EMPLOYER, asked).await.case_id);
        house.clock.advance(HOUR);
    }
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = ListCasesRequest {
            page_size: 2,
            page_token,
            ..ListCasesRequest::default()
        };
        let page = operator(&house).list_cases(page).await.unwrap().into_inner();
        assert!(page.cases.iter().all(|case| case.caller_reference.is_empty()));
        listed.extend(page.cases.into_iter().map(|case| case.case_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, expected);
    let late = ListCasesRequest {
        breached_only: true,
        ..ListCasesRequest::default()
    };
    let none = operator(&house)
        .list_cases(late.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none.cases.len(), 0);
    house.clock.advance(HOUR * 24 * 9);
    let late = operator(&house).list_cases(late).await.unwrap().into_inner();
    assert_eq!(late.cases.len(), 3);
    for wrong in [
        ListCasesRequest {
            page_size: -1,
            ..Default::default()
        },
        ListCasesRequest {
            page_token: "x".to_owned(),
            ..Default::default()
        },
        ListCasesRequest {
            department: "moon".to_owned(),
            ..Default::default()
        },
    ] {
        let refused = operator(&house).list_cases(wrong).await.err().unwrap();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    }
}

#[tokio::test]
async fn an_answer_that_comes_late_empties_the_line() {
    let slow = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "defer:2h");
    let house = House::with([slow.clone()]).await;
    let told = right_to_work(&house, slow.by_name()).await;
    assert_eq!(lines(&house).await.len(), 1);
    house.clock.advance(HOUR * 3);
    until_some(async || {
        // It may be asked about while the clock is set, which ends that call; then it is asked about later.
        house.clock.advance(Duration::from_mins(1));
        let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
        (case.state() == CaseState::Answered).then_some(())
    })
    .await;
    assert!(lines(&house).await.is_empty());
    let provided = ProvideInformationRequest {
        case_id: told.case_id,
        ..Default::default()
    };
    assert!(
        house
            .client(EMPLOYER)
            .provide_information(provided)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_open_referral_is_counted_once_and_is_late_after_its_due_time() {
    let house = House::start(Plan::default()).await;
    let elder = || by_name("Sam", "Nobody", "1960-04-02");
    assert_eq!(referrals(&house).await, (0, 0, 0));
    right_to_work(&house, elder()).await;
    right_to_work(&house, elder()).await;
    assert_eq!(referrals(&house).await, (1, 0, 0), "the second case joined");
    house.clock.advance(HOUR * 24 * 14);
    assert_eq!(referrals(&house).await, (1, 0, 1), "its finding was due");
}

/// Open referrals a moment later, those due within a day, and those that are late.
async fn referrals(house: &House) -> (u64, u64, u64) {
    house.clock.advance(A_MOMENT);
    let summary = operator(house).get_sla_summary(GetSlaSummaryRequest {}).await;
    let counted = summary.unwrap().into_inner().referrals.unwrap();
    assert_eq!(counted.oldest.is_some(), counted.open > 0);
    (counted.open, counted.due_within_24h, counted.late)
}
