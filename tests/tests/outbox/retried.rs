//! What is not taken is tried again, then parked and shown, and a crash loses nothing.

use statuscheck_domain::clock::Clock as _;
use statuscheck_proto::ops::v1::RetryHookRequest;
use tonic::Code;

use super::*;

async fn retry(house: &House, name: &str, id: &str) -> Result<(), tonic::Status> {
    let request = RetryHookRequest {
        hook_id: id.to_owned(),
        reason: "Their server is back".to_owned(),
    };
    let mut client = OpsServiceClient::new(house.channel(name));
    client.retry_hook(request).await.map(drop)
}

/// A house in which one notice is due to a receiver that answers so.
async fn house_with_one(post: &Post, receiver: &Receiver, answer: Answer) -> House {
    receiver.answers(answer);
    let late = deferred("Okafor", 6);
    let house = House::start(Plan {
        people: vec![late.clone()],
        agreements: vec![agreement("acme", receiver, &["old"])],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    check(&house, ACME, &late).await;
    house.clock.advance(HOUR * 7);
    house
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_again_for_three_days_then_parked_and_told_when_an_operator_says_so() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let house = house_with_one(&post, &receiver, Answer::Status(503)).await;
    let first = hook_when(&house, |hook| hook.attempts == 1).await;
    assert_eq!(first.receiver, "organisation:acme");
    assert_eq!(first.r#type, "uk.gov.statuscheck.case.changed.v1");
    assert_eq!((first.last_error.as_str(), first.parked), ("HTTP 503", false));
    let began = first.next_attempt.unwrap().seconds;
    let mut attempts = 1;
    let parked = loop {
        let hook = hook_when(&house, |hook| hook.attempts == attempts).await;
        let Some(next) = &hook.next_attempt else {
            break hook;
        };
        let next = jiff::Timestamp::new(next.seconds, next.nanos).unwrap();
        let left = next.duration_since(house.clock.now());
        house.clock.advance(Duration::try_from(left).unwrap());
        attempts += 1;
    };
    // Seven in two hours, then some three a day, the last at the end of three days.
    assert!((12..20).contains(&parked.attempts), "{}", parked.attempts);
    let took = house.clock.now().as_second() - began;
    assert!((72 * 3_600 - 10..=72 * 3_600).contains(&took), "{took}");
    assert!(hooks(&house, true).await == [parked.clone()]);
    let letters = receiver.letters();
    assert_eq!(letters.len(), parked.attempts as usize);
    assert!(letters.iter().all(|letter| letter.id == parked.hook_id));
    assert!(letters.iter().all(|letter| letter.text() == letters[0].text()));
    house.clock.advance(HOUR * 24 * 30);

    // Over a restart it stays parked, and only an operator has it tried anew.
    let house = house.stop().await.start().await;
    assert!(hooks(&house, true).await == [parked.clone()]);
    let refused = retry(&house, ACME, &parked.hook_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    receiver.answers(Answer::Status(200));
    retry(&house, "ops/duty-1", &parked.hook_id).await.unwrap();
    let letters = receiver.letters_once(parked.attempts as usize + 1).await;
    assert_eq!(letters.last().unwrap().id, parked.hook_id);
    all_taken(&house).await;
    let gone = retry(&house, "ops/duty-1", &parked.hook_id).await;
    assert_eq!(refusal(gone), "NotFound NO_SUCH_HOOK");
    let details = json!({
        "hook": parked.hook_id,
        "receiver": "organisation:acme",
        "reason": "Their server is back",
    });
    let noted = json!({ "v": 1, "actor": "ops/duty-1", "details": details });
    assert_eq!(house.noted("hook_retried"), [noted], "who and why, once");
    let wrong = retry(&house, "ops/duty-1", "the first").await.unwrap_err();
    assert_eq!(wrong.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_told_no_more() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let house = house_with_one(&post, &receiver, Answer::Status(410)).await;
    let hook = hook_when(&house, |hook| hook.parked).await;
    assert_eq!((hook.attempts, hook.last_error.as_str()), (1, "HTTP 410"));
    house.clock.advance(HOUR * 24);
    // To try it anew without a receiver changes nothing, but that it was tried.
    retry(&house, "ops/duty-1", &hook.hook_id).await.unwrap();
    let letters = receiver.letters_once(2).await;
    assert_eq!(letters[1].id, hook.hook_id);
}

#[tokio::test]
async fn what_is_not_taken_is_counted_while_it_waits_and_once_it_is_parked_until_it_is_taken() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let house = house_with_one(&post, &receiver, Answer::Status(503)).await;
    hook_when(&house, |hook| hook.attempts == 1).await;
    let waiting = HookSummary {
        waiting: 1,
        ..HookSummary::default()
    };
    assert!(counted(&house).await == waiting);
    receiver.answers(Answer::Status(410));
    // It may be sent a second time this very moment; then the next time is later than an hour from before that.
    let hook = until_some(async || {
        house.clock.advance(HOUR);
        hooks(&house, false).await.into_iter().find(|hook| hook.parked)
    })
    .await;
    let parked = HookSummary {
        parked: 1,
        ..HookSummary::default()
    };
    assert!(counted(&house).await == parked, "it is not the taskforce's");
    receiver.answers(Answer::Status(200));
    retry(&house, "ops/duty-1", &hook.hook_id).await.unwrap();
    all_taken(&house).await;
    assert!(counted(&house).await == HookSummary::default());
}

#[tokio::test]
async fn a_gateway_that_dies_between_the_telling_and_the_record_tells_the_same_notice_again_and_no_other() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    receiver.answers(Answer::Silence);
    let house = house_with_one(&post, &receiver, Answer::Silence).await;
    let first = receiver.letters_once(1).await.remove(0);
    // It was received, and the gateway goes down before it knows.
    let stopped = house.stop().await;
    receiver.answers(Answer::Status(200));
    let house = stopped.start().await;
    let letters = receiver.letters_once(2).await;
    all_taken(&house).await;
    assert_eq!(receiver.letters().len(), 2);
    assert_eq!(letters[1].id, first.id);
    assert_eq!(letters[1].text(), first.text());
}
