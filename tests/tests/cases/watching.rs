//! `WatchCases`: what happened, as it happens, from a token on.

use statuscheck::following::WatchSettings;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;
use statuscheck_tests::told::case_json;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;
use v1::{Case, WatchCasesRequest, WatchCasesResponse};

const HOUR: Duration = Duration::from_hours(1);

type Events = Streaming<WatchCasesResponse>;

/// Follows as `who`; with it comes the token of where that began.
async fn watch(house: &House, who: &str, case_id: &str, token: &str) -> Result<(Events, String), Status> {
    let request = WatchCasesRequest {
        case_id: case_id.to_owned(),
        resume_token: token.to_owned(),
    };
    let response = house.client(who).watch_cases(request).await?;
    let began = response.metadata().get("resume-token").expect("a token");
    let began = began.to_str().expect("text").to_owned();
    Ok((response.into_inner(), began))
}

async fn next(events: &mut Events) -> WatchCasesResponse {
    let told = tokio::time::timeout(Duration::from_secs(30), events.message()).await;
    told.expect("an event in time")
        .expect("no error")
        .expect("no end")
}

/// All events up to the one after which `is_last`.
async fn all_until(events: &mut Events, is_last: impl Fn(&Case) -> bool) -> Vec<WatchCasesResponse> {
    let mut all = Vec::new();
    loop {
        let told = next(events).await;
        let ends = is_last(told.case.as_ref().expect("a case"));
        all.push(told);
        if ends {
            return all;
        }
    }
}

/// Case, version and kind of each event.
fn steps(told: &[WatchCasesResponse]) -> Vec<(String, u64, String)> {
    let step = |told: &WatchCasesResponse| {
        let event = told.event.clone().expect("an event");
        (event.case_id, event.version, event.kind)
    };
    told.iter().map(step).collect()
}

fn history(case: &Case) -> Vec<(String, u64, String)> {
    let events = case.history.iter();
    events
        .map(|event| (event.case_id.clone(), event.version, event.kind.clone()))
        .collect()
}

fn times(case: &Case, kind: &str) -> usize {
    case.history.iter().filter(|event| event.kind == kind).count()
}

fn has(case: &Case, kind: &str) -> bool {
    times(case, kind) > 0
}

fn settled(family: &str) -> Resident {
    person(family).settled("2019-06-01")
}

fn deferred(family: &str) -> Resident {
    settled(family).behaves("home-office", "defer:48h")
}

#[tokio::test]
async fn every_event_comes_in_order_with_the_case_as_it_stood_then() {
    let house = House::with([deferred("Okafor")]).await;
    let (mut events, _) = watch(&house, EMPLOYER, "", "").await.unwrap();
    let asked = right_to_work(&house, deferred("Okafor").by_name()).await;
    let mut told = all_until(&mut events, |case| has(case, "pending")).await;
    house.clock.advance(HOUR * 48);
    told.extend(all_until(&mut events, |case| has(case, "clock_stopped")).await);

    let case = house.case(EMPLOYER, &asked.case_id).await.unwrap();
    assert_eq!(steps(&told), history(&case));
    for told in &told {
        let (event, then) = (told.event.as_ref().unwrap(), told.case.as_ref().unwrap());
        assert_eq!(then.version, event.version);
        assert_eq!(history(then), history(&case)[..event.version as usize]);
    }
    assert_eq!(
        case_json(told.last().unwrap().case.as_ref().unwrap()),
        case_json(&case)
    );
    assert!(told[0].case.as_ref().unwrap().state() == v1::CaseState::Open);
}

#[tokio::test]
async fn a_watch_that_goes_on_after_a_restart_misses_nothing_and_repeats_nothing() {
    let house = House::with([deferred("Okafor"), settled("Haddad")]).await;
    let (mut events, began) = watch(&house, EMPLOYER, "", "").await.unwrap();
    let first = right_to_work(&house, deferred("Okafor").by_name()).await;
    let second = right_to_work(&house, settled("Haddad").by_name()).await;
    let mut told = vec![next(&mut events).await, next(&mut events).await];
    drop(events);
    let house = house.stop().await.start().await;
    house.clock.advance(HOUR);
    let token = told[1].resume_token.clone();
    let (mut events, resumed) = watch(&house, EMPLOYER, "", &token).await.unwrap();
    assert_eq!(resumed, token);
    // The department forgets its tickets when it is started anew, and is asked again.
    let is_asked_again = |case: &Case| case.case_id == first.case_id && times(case, "replied") == 2;
    told.extend(all_until(&mut events, is_asked_again).await);
    house.clock.advance(HOUR * 48);
    let is_last = |case: &Case| case.case_id == first.case_id && has(case, "clock_stopped");
    told.extend(all_until(&mut events, is_last).await);

    let cases = [&first.case_id, &second.case_id];
    for id in cases {
        let case = house.case(EMPLOYER, id).await.unwrap();
        let of_case: Vec<_> = steps(&told).into_iter().filter(|(told, ..)| told == id).collect();
        assert_eq!(of_case, history(&case));
    }
    assert!(steps(&told).iter().all(|(id, ..)| cases.contains(&id)));

    // Whoever was cut off before the first event goes on from where the watch began.
    let (mut events, _) = watch(&house, EMPLOYER, "", &began).await.unwrap();
    let again = all_until(&mut events, is_last).await;
    assert_eq!(steps(&again), steps(&told));
    // One case alone, from the same token.
    let (mut events, _) = watch(&house, EMPLOYER, &second.case_id, &began).await.unwrap();
    let case = house.case(EMPLOYER, &second.case_id).await.unwrap();
    let alone = all_until(&mut events, |then| then.version == case.version).await;
    assert_eq!(steps(&alone), history(&case));
}

#[tokio::test]
async fn nobody_is_told_of_another_organisation_s_cases() {
    let house = House::with([settled("Okafor")]).await;
    let (mut landlord, began) = watch(&house, LANDLORD, "", "").await.unwrap();
    let theirs = right_to_work(&house, settled("Okafor").by_name()).await;
    let own = right_to_rent(&house, settled("Okafor").by_name(), "2026-04-01").await;
    assert_eq!(next(&mut landlord).await.event.unwrap().case_id, own.case_id);
    let (mut employer, _) = watch(&house, EMPLOYER, "", &began).await.unwrap();
    assert_eq!(next(&mut employer).await.event.unwrap().case_id, theirs.case_id);
    let stranger = watch(&house, LANDLORD, &theirs.case_id, &began).await;
    assert_eq!(refusal(stranger), "NotFound NO_SUCH_CASE");
}

#[tokio::test]
async fn a_token_at_fault_is_told_as_what_it_is() {
    let house = House::start(Plan::default()).await;
    let malformed = watch(&house, EMPLOYER, "no case", "no token").await;
    assert_eq!(violations(malformed), ["case_id", "resume_token"]);
    // A million entries of the first chain.
    let beyond = refused(watch(&house, EMPLOYER, "", "AQDAhD0").await);
    assert_eq!(beyond.code(), Code::OutOfRange);
    let details = beyond.get_error_details();
    assert_eq!(
        details.error_info().unwrap().reason,
        "RESUME_TOKEN_BEYOND_THE_END"
    );
    assert!(beyond.message().contains("ListCases"));
}

#[tokio::test]
async fn more_watches_than_there_may_be_are_told_to_come_again() {
    let house = House::start(Plan {
        watch: WatchSettings {
            watchers_per_organisation_max: 2,
            ..WatchSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let first = watch(&house, EMPLOYER, "", "").await.unwrap();
    let second = watch(&house, EMPLOYER, "", "").await.unwrap();
    let third = refused(watch(&house, EMPLOYER, "", "").await);
    assert_eq!(third.code(), Code::ResourceExhausted);
    let details = third.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "TOO_MANY_WATCHERS");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    watch(&house, LANDLORD, "", "").await.unwrap();
    drop(first);
    until_some(async || watch(&house, EMPLOYER, "", "").await.ok()).await;
    drop(second);
}

#[tokio::test]
async fn a_watch_ends_with_the_gateway_and_says_when_to_go_on() {
    let house = House::start(Plan::default()).await;
    let (mut events, _) = watch(&house, EMPLOYER, "", "").await.unwrap();
    let (stopped, ended) = tokio::join!(house.stop(), events.message());
    let ended = ended.err().unwrap();
    assert_eq!(ended.code(), Code::Unavailable);
    let details = ended.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "CONNECTION_ENDS");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    drop(stopped);
}

#[tokio::test]
async fn a_caller_that_reads_nothing_is_not_read_ahead_for() {
    const CASES: usize = 400;
    let house = House::with([settled("Okafor")]).await;
    let (_, began) = watch(&house, EMPLOYER, "", "").await.unwrap();
    for _ in 1..CASES {
        right_to_work(&house, settled("Okafor").by_name()).await;
    }
    let last = right_to_work(&house, settled("Okafor").by_name()).await;
    let last = house.case(EMPLOYER, &last.case_id).await.unwrap();
    let read = house.faults.histories();
    // The smallest window that clients usually give.
    let identity = house.identity(EMPLOYER);
    let narrow = house
        .endpoint(Some(&identity))
        .initial_stream_window_size(64 * 1024);
    let request = WatchCasesRequest {
        resume_token: began.clone(),
        ..WatchCasesRequest::default()
    };
    let mut slow = StatusCheckServiceClient::new(narrow.connect_lazy());
    let slow = slow.watch_cases(request).await.unwrap();
    // Another is told everything meanwhile.
    let (mut quick, _) = watch(&house, EMPLOYER, "", &began).await.unwrap();
    all_until(&mut quick, |case| {
        case.case_id == last.case_id && case.version == last.version
    })
    .await;
    // What the window and the buffers of a stream hold, and a page.
    let of_slow = house.faults.histories() - read - CASES as u64;
    assert!(
        of_slow < CASES as u64 / 2,
        "{of_slow} cases were read for who read nothing"
    );
    drop(slow);
}
