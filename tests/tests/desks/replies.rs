//! A desk's reply is a reply as any other.

use super::*;

#[tokio::test]
async fn a_reply_answers_the_case_and_stops_its_clock() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    assert_eq!(outcome(&pending), "pending");
    let id = question(&house).await;
    reply(&house, &id, settled()).await.unwrap();
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert_eq!(steps(&case)[5..], ["replied", "answered", "clock_stopped"]);
    assert!(!case.sla.as_ref().unwrap().breached);
    assert_eq!(work(&house, HOME_OFFICE).await.len(), 0);
    // Nobody is asked any more.
    let asked = house.requests(DepartmentId::HomeOffice);
    house.clock.advance(HOUR * 24 * 21);
    let house = house.stop().await.start().await;
    assert!(asked > 0);
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
}

#[tokio::test]
async fn a_late_reply_is_taken_and_late() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    house.clock.advance(HOUR * 24 * 5 + Duration::from_nanos(1));
    let items = until_some(async || {
        let items = work(&house, HOME_OFFICE).await;
        Some(items).filter(|items| items.iter().all(|item| item.breached))
    })
    .await;
    reply(&house, &items[0].question_id, settled()).await.unwrap();
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert!(case.sla.as_ref().unwrap().breached);
}

#[tokio::test]
async fn an_equal_reply_changes_nothing_and_another_is_refused() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    let id = question(&house).await;
    reply(&house, &id, settled()).await.unwrap();
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    let house = house.stop().await.start().await;
    reply(&house, &id, settled()).await.unwrap();
    let other = Said::NoRecord(desk::NoRecord {});
    let refused = reply(&house, &id, other).await;
    assert_eq!(refusal(refused), "AlreadyExists REPLIED_OTHERWISE");
    let after = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(after.version, case.version);
}

#[tokio::test]
async fn a_supporting_reply_after_the_answer_is_recorded_and_changes_nothing() {
    let person = forgotten("Okafor").nino("AB123456C").behaves("dwp", "defer:20d");
    let house = House::with([person.clone()]).await;
    let pending = right_to_work(&house, person.by_name().and_nino("AB123456C")).await;
    let items = work(&house, DWP).await;
    assert_eq!(items.len(), 1);
    let trace = items[0].question_id.as_str();
    reply(&house, &question(&house).await, settled()).await.unwrap();
    assert_eq!(
        work(&house, DWP).await.len(),
        0,
        "the answer does not wait for it"
    );
    let another = found(Facts::NinoTrace(desk::NinoTrace { matches: Some(false) }));
    reply_as(&house, DWP, trace, Some(another)).await.unwrap();
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert_eq!(steps(&case).last(), Some(&"replied"));
}

#[tokio::test]
async fn of_many_replies_at_once_one_counts_while_the_department_is_asked_again() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    let id = question(&house).await;
    // The gateway asks again while the desk replies.
    house.clock.advance(HOUR);
    let mut desk = client(&house, HOME_OFFICE);
    let mut replies = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut desk = desk.clone();
        let request = desk::ReplyRequest {
            question_id: id.clone(),
            reply: Some(desk::AskResponse {
                reply: Some(settled()),
                as_of: None,
            }),
        };
        replies.spawn(async move { desk.reply(request).await.map(drop) });
    }
    while let Some(replied) = replies.join_next().await {
        replied.unwrap().unwrap();
    }
    let listed = desk.list_work(desk::ListWorkRequest::default()).await.unwrap();
    assert_eq!(listed.into_inner().items.len(), 0);
    // Whatever is under way is recorded by the time it has stopped.
    let house = house.stop().await.start().await;
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!((times(&case, "answered"), times(&case, "clock_stopped")), (1, 1));
    assert_eq!(told(&case), "established");
}
