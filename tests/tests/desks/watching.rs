//! Following a worklist.

use super::*;

async fn follow(house: &House, resume_token: &str) -> tonic::Streaming<desk::WatchWorkResponse> {
    let request = desk::WatchWorkRequest {
        resume_token: resume_token.to_owned(),
    };
    let watching = client(house, HOME_OFFICE).watch_work(request).await;
    watching.unwrap().into_inner()
}

async fn next(watching: &mut tonic::Streaming<desk::WatchWorkResponse>) -> (String, bool, String) {
    let told = watching.message().await.unwrap().unwrap();
    (told.item.unwrap().question_id, told.done, told.resume_token)
}

#[tokio::test]
async fn a_follower_is_told_the_worklist_and_then_every_change() {
    let people: Vec<_> = ["Okafor", "Adeyemi"].map(forgotten).into();
    let house = House::with(people.clone()).await;
    right_to_work(&house, people[0].by_name()).await;
    let first = question(&house).await;
    let mut watching = follow(&house, "").await;
    let (told, done, _) = next(&mut watching).await;
    assert_eq!((&told, done), (&first, false));

    house.clock.advance(HOUR);
    right_to_work(&house, people[1].by_name()).await;
    let (second, done, _) = next(&mut watching).await;
    assert!(second != first && !done);
    reply(&house, &first, settled()).await.unwrap();
    let (told, done, _) = next(&mut watching).await;
    assert_eq!((told, done), (first, true));
    // The clock's step makes it late, and that is told.
    house.clock.advance(HOUR * 24 * 6);
    let late = watching.message().await.unwrap().unwrap();
    let item = late.item.unwrap();
    assert_eq!((item.question_id, item.breached), (second, true));
}

#[tokio::test]
async fn a_follower_that_comes_back_is_told_what_it_missed() {
    let people: Vec<_> = ["Okafor", "Adeyemi", "Mensah"].map(forgotten).into();
    let house = House::with(people.clone()).await;
    for person in &people[..2] {
        right_to_work(&house, person.by_name()).await;
        house.clock.advance(HOUR);
    }
    let all = work(&house, HOME_OFFICE).await;
    let mut watching = follow(&house, "").await;
    let (first, _, token) = next(&mut watching).await;
    assert_eq!(first, all[0].question_id);
    drop(watching);
    // While it was away, in the middle of the list: one is replied to, another comes.
    reply(&house, &first, settled()).await.unwrap();
    right_to_work(&house, people[2].by_name()).await;
    let house = house.stop().await.start().await;
    let mut watching = follow(&house, &token).await;
    let mut told = Vec::new();
    while told.len() < 3 {
        let (id, done, _) = next(&mut watching).await;
        told.push((id, done));
    }
    let third = work(&house, HOME_OFFICE).await.pop().unwrap().question_id;
    let mut expected = [(all[1].question_id.clone(), false), (first, true), (third, false)];
    told.sort();
    expected.sort();
    let told: std::collections::BTreeSet<_> = told.into_iter().collect();
    assert!(
        expected.iter().all(|expected| told.contains(expected)),
        "{told:?}"
    );
}

#[tokio::test]
async fn followers_go_when_the_gateway_stops_and_tokens_of_others_are_refused() {
    let house = House::with([]).await;
    let mut watching = follow(&house, "").await;
    let stopping = tokio::spawn(house.stop());
    let stopped = watching.message().await;
    assert_eq!(refusal(stopped), "Unavailable STOPPING");
    drop(watching);
    let house = stopping.await.unwrap().start().await;
    let request = desk::WatchWorkRequest {
        resume_token: "none of ours".to_owned(),
    };
    let refused = client(&house, HOME_OFFICE).watch_work(request).await;
    assert_eq!(violations(refused), ["resume_token"]);
}

#[tokio::test]
async fn a_department_has_so_many_followers_and_no_more() {
    let house = House::with([]).await;
    let mut watching = Vec::new();
    for _ in 0..16 {
        watching.push(follow(&house, "").await);
    }
    let request = desk::WatchWorkRequest::default();
    let refused = client(&house, HOME_OFFICE).watch_work(request.clone()).await;
    assert_eq!(refusal(refused), "ResourceExhausted BUSY");
    assert!(client(&house, DWP).watch_work(request).await.is_ok());
}
