//! Lists of cases: the caller's own, newest first, page by page.

use statuscheck_tests::prelude::*;

async fn page(house: &House, request: v1::ListCasesRequest) -> v1::ListCasesResponse {
    let listed = house.client(EMPLOYER).list_cases(request).await;
    listed.expect("a page").into_inner()
}

fn ids(page: &v1::ListCasesResponse) -> Vec<String> {
    page.cases.iter().map(|case| case.case_id.clone()).collect()
}

fn sized(page_size: i32, page_token: &str) -> v1::ListCasesRequest {
    v1::ListCasesRequest {
        page_size,
        page_token: page_token.to_owned(),
        states: Vec::new(),
    }
}

/// Asks that many checks, a second apart; the ids, oldest first.
async fn asked(house: &House, count: usize) -> Vec<String> {
    let mut asked = Vec::new();
    for _ in 0..count {
        house.clock.advance(Duration::from_secs(1));
        let unknown = by_name("Alex", "Nobody", "1991-06-02");
        asked.push(right_to_work(house, unknown).await.case_id);
    }
    asked
}

#[tokio::test]
async fn pages_run_newest_first_without_gaps_or_repeats_while_cases_are_added() {
    let house = House::start(Plan::default()).await;
    let mut expected = asked(&house, 7).await;
    expected.reverse();
    let mut seen = Vec::new();
    let mut token = String::new();
    let mut sizes = Vec::new();
    loop {
        let found = page(&house, sized(3, &token)).await;
        sizes.push(found.cases.len());
        seen.extend(ids(&found));
        token = found.next_page_token;
        if token.is_empty() {
            break;
        }
        // A new case comes before the first page, so it moves nothing on the others.
        asked(&house, 1).await;
    }
    assert_eq!(seen, expected);
    assert_eq!(sizes, [3, 3, 1]);
}

#[tokio::test]
async fn the_last_page_has_no_token_even_when_it_is_full() {
    let house = House::start(Plan::default()).await;
    assert_eq!(page(&house, sized(2, "")).await.cases.len(), 0);
    asked(&house, 2).await;
    let full = page(&house, sized(2, "")).await;
    assert_eq!(full.cases.len(), 2);
    assert_eq!(full.next_page_token, "");
}

#[tokio::test]
async fn a_listed_case_is_the_case_that_is_read() {
    let house = House::start(Plan::default()).await;
    let id = asked(&house, 1).await.remove(0);
    let listed = page(&house, sized(0, "")).await;
    assert_eq!(
        case_json(&listed.cases[0]),
        case_json(&house.case(EMPLOYER, &id).await.unwrap())
    );
}

#[tokio::test]
async fn only_cases_in_the_states_named_are_listed() {
    let settled = |id| person(id).settled("2019-06-01");
    let people = [
        settled("answered"),
        settled("open").behaves("home-office", "defer:48h"),
        settled("several").behaves("home-office", "ambiguous"),
    ];
    let house = House::with(people.clone()).await;
    let mut asked = Vec::new();
    for person in people {
        house.clock.advance(Duration::from_secs(1));
        asked.push(right_to_work(&house, person.by_name()).await.case_id);
    }
    let [answered, open, awaiting] = asked.try_into().unwrap_or_else(|_| panic!("three"));
    let listed = async |states: &[v1::CaseState]| {
        let states = states.iter().map(|state| i32::from(*state)).collect();
        ids(&page(
            &house,
            v1::ListCasesRequest {
                states,
                ..sized(0, "")
            },
        )
        .await)
    };
    let states = [
        vec![v1::CaseState::Open],
        vec![v1::CaseState::AwaitingInformation],
        vec![v1::CaseState::Answered, v1::CaseState::Open],
        vec![v1::CaseState::Referred, v1::CaseState::Withdrawn],
        vec![],
    ];
    let expected = [
        vec![&open],
        vec![&awaiting],
        vec![&open, &answered],
        vec![],
        vec![&awaiting, &open, &answered],
    ];
    for (states, expected) in states.iter().zip(expected) {
        assert_eq!(listed(states).await.iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_page_of_open_cases_is_followed_by_open_cases() {
    let open = person("open")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h");
    let house = House::with([open.clone()]).await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        house.clock.advance(Duration::from_secs(1));
        expected.push(right_to_work(&house, open.by_name()).await.case_id);
        asked(&house, 2).await;
    }
    expected.reverse();
    let states = vec![v1::CaseState::Open.into()];
    let mut request = v1::ListCasesRequest {
        states,
        ..sized(2, "")
    };
    let first = page(&house, request.clone()).await;
    request.page_token.clone_from(&first.next_page_token);
    let second = page(&house, request).await;
    assert_eq!([ids(&first), ids(&second)].concat(), expected);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn a_list_has_the_callers_cases_alone() {
    let house = House::start(Plan::default()).await;
    asked(&house, 2).await;
    iecas(&house, by_name("Alex", "Nobody", "1991-06-02")).await;
    assert_eq!(house.cases(EMPLOYER).await.len(), 2);
    assert_eq!(house.cases(TRUST).await.len(), 1);
    assert_eq!(house.cases(STRANGER).await.len(), 0);
}

#[tokio::test]
async fn every_fault_of_a_list_is_named_at_once() {
    let house = House::start(Plan::default()).await;
    let faulty = v1::ListCasesRequest {
        page_size: -1,
        page_token: "?".to_owned(),
        states: vec![v1::CaseState::Open.into(), 0, 99],
    };
    assert_eq!(
        violations(house.client(EMPLOYER).list_cases(faulty).await),
        ["page_size", "page_token", "states[1]", "states[2]"]
    );
    for token in ["AAAA", "not base64!", "W10="] {
        let listed = house.client(EMPLOYER).list_cases(sized(0, token)).await;
        assert_eq!(violations(listed), ["page_token"], "{token}");
    }
}

#[tokio::test]
async fn a_page_has_50_cases_unless_told_and_500_at_most() {
    let house = House::start(Plan::default()).await;
    let calls: Vec<_> = (0..501)
        .map(|_| {
            let mut client = house.client(EMPLOYER);
            let asked = request(by_name("Alex", "Nobody", "1991-06-02").work());
            tokio::spawn(async move { client.check(asked).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(page(&house, sized(0, "")).await.cases.len(), 50);
    for size in [500, 501, i32::MAX] {
        let largest = page(&house, sized(size, "")).await;
        assert_eq!(largest.cases.len(), 500, "{size}");
        let rest = page(&house, sized(size, &largest.next_page_token)).await;
        assert_eq!(rest.cases.len(), 1, "{size}");
    }
}
