//! Who is told what, and how.

use super::*;

#[tokio::test]
async fn an_answer_that_comes_after_the_call_is_told_once_signed_and_without_a_word_about_the_person() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let late = deferred("Okafor", 6);
    let house = House::start(Plan {
        people: vec![late.clone(), person("Adeyemi").settled("2019-06-01")],
        agreements: vec![agreement("acme", &receiver, &["old", "new"])],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    // Answered in its call: that tells all.
    let at_once = house
        .answered(ACME, request(person("Adeyemi").by_name().work()))
        .await;
    assert_eq!(outcome(&at_once), "established");
    let told = check(&house, ACME, &late).await;
    house.clock.advance(HOUR * 7);
    let letters = receiver.letters_once(1).await;
    all_taken(&house).await;
    let case = house.case(ACME, &told.case_id).await.unwrap();
    assert_eq!(receiver.letters().len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.happened(), "case.changed");
    let expected = json!({
        "case_id": told.case_id,
        "state": "answered",
        "version": case.version,
        "agreement_id": "acme",
    });
    assert_eq!(letter.body["data"], expected);
    assert_eq!(letter.body["subject"], told.case_id);
    assert_eq!(letter.body["source"], "spiffe://demo.statuscheck.example");
    assert_eq!(letter.body["id"], letter.id);
    assert_eq!(
        case.history.last().unwrap().version,
        case.version,
        "nothing else shows"
    );
    // While a secret takes the place of another, both have signed.
    assert!(letter.is_signed_with("old") && letter.is_signed_with("new"));
    for word in ["okafor", "Okafor", "Sam", "1990"] {
        assert!(!letter.text().contains(word), "{word}");
    }
}

#[tokio::test]
async fn whoever_has_no_webhook_is_told_nothing_and_nothing_is_kept_for_them() {
    let post = Post::default();
    let late = deferred("Okafor", 6);
    let house = House::start(Plan {
        people: vec![late.clone()],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    let told = right_to_work(&house, late.by_name()).await;
    house.clock.advance(HOUR * 7);
    until_some(async || {
        let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
        (case.state() == v1::CaseState::Answered).then_some(())
    })
    .await;
    assert!(hooks(&house, false).await.is_empty());
}

#[tokio::test]
async fn each_threshold_tells_those_that_it_names() {
    let post = Post::default();
    let (caller, owner, ops) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    let late = deferred("Okafor", 24 * 20);
    let mut agreement = agreement("acme", &caller, &["old"]);
    agreement.owner_webhook = Some(owner.webhook(&["old"]));
    let mut webhooks = post.settings();
    webhooks.ops = Some(statuscheck::webhook::ChannelSettings {
        url: ops.url(),
        secret_files: vec!["new".to_owned()],
    });
    let house = House::start(Plan {
        people: vec![late.clone()],
        agreements: vec![agreement],
        webhooks,
        ..Plan::default()
    })
    .await;
    // Five days, as the agreement that it is like promises: ops at the half, the owner too at four fifths, then all.
    let told = check(&house, ACME, &late).await;
    house.clock.advance(HOUR * 60);
    let letters = ops.letters_once(1).await;
    assert_eq!(happened(&letters), ["case.at_risk"]);
    assert_eq!(letters[0].body["data"]["percent"], 50);
    assert!(letters[0].is_signed_with("new") && !letters[0].is_signed_with("old"));
    house.clock.advance(HOUR * 36);
    assert_eq!(ops.letters_once(2).await[1].body["data"]["percent"], 80);
    assert_eq!(happened(&owner.letters_once(1).await), ["case.at_risk"]);
    house.clock.advance(HOUR * 24 + Duration::from_nanos(1));
    for (receiver, count) in [(&ops, 3), (&owner, 2), (&caller, 1)] {
        let letters = receiver.letters_once(count).await;
        let last = letters.last().unwrap();
        assert_eq!((last.happened(), letters.len()), ("case.breached", count));
        let data = &last.body["data"];
        assert_eq!(data["case_id"], told.case_id);
        assert_eq!(data["due_at"], "2026-03-16T10:00:00Z");
    }
    all_taken(&house).await;
}

#[tokio::test]
async fn an_order_that_gives_cases_more_time_tells_their_callers() {
    use statuscheck_proto::ops::v1::ExtendDueRequest;

    let (post, receiver) = (Post::default(), Receiver::start().await);
    let late = deferred("Okafor", 24 * 20);
    let house = House::start(Plan {
        people: vec![late.clone()],
        agreements: vec![agreement("acme", &receiver, &["old"])],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    let told = check(&house, ACME, &late).await;
    let order = ExtendDueRequest {
        agreement_id: "acme".to_owned(),
        working_days: 2,
        reason: "The desk is closed for a move".to_owned(),
        ..ExtendDueRequest::default()
    };
    let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
    assert_eq!(client.extend_due(order).await.unwrap().into_inner().cases, 1);
    let letters = receiver.letters_once(1).await;
    assert_eq!(happened(&letters), ["case.due_extended"]);
    let case = house.case(ACME, &told.case_id).await.unwrap();
    let due_at = case.sla.unwrap().due_at.unwrap();
    let due_at = jiff::Timestamp::from_second(due_at.seconds).unwrap();
    assert_eq!(letters[0].body["data"]["due_at"], due_at.to_string());
    all_taken(&house).await;
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_no_other_s_notices_no_clock_and_no_answer() {
    let (post, hanging, other) = (Post::default(), Receiver::start().await, Receiver::start().await);
    hanging.answers(Answer::Silence);
    let mut webhooks = post.settings();
    // Longer than the test: only the receiver itself could end an attempt.
    webhooks.timeouts.total = Duration::from_secs(600);
    let names = ["Abara", "Bello", "Chukwu", "Dike", "Eze", "Falade"];
    let people: Vec<_> = names.iter().map(|name| deferred(name, 6)).collect();
    let last = deferred("Okafor", 24 * 20);
    let house = House::start(Plan {
        people: people.iter().chain([&last]).cloned().collect(),
        agreements: vec![
            agreement("acme", &hanging, &["old"]),
            agreement("other", &other, &["old"]),
        ],
        webhooks,
        ..Plan::default()
    })
    .await;
    for person in &people {
        check(&house, ACME, person).await;
        check(&house, OTHER, person).await;
    }
    let mut clock = check(&house, ACME, &last).await;
    house.clock.advance(HOUR * 7);
    // As many as there may be at once hang, and those behind them wait.
    hanging.letters_once(4).await;
    assert_eq!(other.letters_once(people.len()).await.len(), people.len());
    let waiting = until_some(async || {
        let waiting = hooks(&house, false).await;
        (waiting.len() == people.len()).then_some(waiting)
    });
    let waiting = waiting.await;
    assert!(waiting.iter().all(|hook| hook.receiver == "organisation:acme"));
    // The clocks of the organisation's other cases go on.
    house.clock.advance(HOUR * 24 * 6);
    let case_id = std::mem::take(&mut clock.case_id);
    until_some(async || {
        let case = house.case(ACME, &case_id).await.unwrap();
        let kinds: Vec<_> = case.history.iter().map(|event| event.kind.as_str()).collect();
        kinds.contains(&"breached").then_some(())
    })
    .await;
    assert_eq!(hanging.letters().len(), 4);
}

#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    let (post, receiver, elsewhere) = (Post::default(), Receiver::start().await, Receiver::start().await);
    receiver.answers(Answer::Redirect(elsewhere.url()));
    let late = deferred("Okafor", 6);
    let house = House::start(Plan {
        people: vec![late.clone()],
        agreements: vec![agreement("acme", &receiver, &["old"])],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    check(&house, ACME, &late).await;
    house.clock.advance(HOUR * 7);
    let hook = hook_when(&house, |hook| hook.attempts == 1).await;
    assert_eq!(hook.last_error, "HTTP 307");
    assert!(!hook.parked && elsewhere.letters().is_empty());
    receiver.answers(Answer::Status(200));
    house.clock.advance(Duration::from_secs(5));
    all_taken(&house).await;
    assert_eq!(receiver.letters().len(), 2);
    assert!(elsewhere.letters().is_empty());
}
