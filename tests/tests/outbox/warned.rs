//! A month's quota that is nearly used up.

use statuscheck_domain::agreement::Quota;

use super::*;

#[tokio::test]
async fn the_owner_of_an_agreement_is_told_once_that_a_quota_is_nearly_used_up() {
    let (post, owner) = (Post::default(), Receiver::start().await);
    owner.answers(Answer::Status(503));
    let mut agreement = agreement_like("right-to-work", "acme", "acme");
    agreement.owner_webhook = Some(owner.webhook(&["old"]));
    agreement.quotas = vec![Quota {
        department: DepartmentId::HomeOffice,
        monthly: 5,
        uplifts: Vec::new(),
    }];
    let people = ["Abara", "Bello", "Chukwu", "Dike"].map(|name| person(name).settled("2019-06-01"));
    let house = House::start(Plan {
        people: people.to_vec(),
        agreements: vec![agreement],
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    for person in &people {
        house.answered(ACME, request(person.by_name().work())).await;
    }
    // Quotas are looked at when a gateway starts.
    let house = house.stop().await.start().await;
    let first = owner.letters_once(1).await.remove(0);
    assert_eq!(first.happened(), "quota.nearly_used");
    assert!(first.is_signed_with("old"));
    let expected = json!({
        "agreement_id": "acme",
        "department": "home-office",
        "used": 4,
        "limit": 5,
    });
    assert_eq!(first.body["data"], expected);

    // It was not taken: another gateway tells it again, with the same id, and once it is taken nobody does.
    owner.answers(Answer::Status(200));
    let house = house.stop().await.start().await;
    let letters = owner.letters_once(2).await;
    assert_eq!((&letters[1].id, letters[1].text()), (&first.id, first.text()));
    let told = until_some(async || Some(house.entries("quota_told")).filter(|count| *count > 0));
    assert_eq!(told.await, 1);
    let house = house.stop().await.start().await;
    house.answered(ACME, request(people[0].by_name().work())).await;
    assert_eq!((owner.letters().len(), house.entries("quota_told")), (2, 1));
}
