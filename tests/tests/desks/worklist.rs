//! What is on a worklist, and whose.

use super::*;

#[tokio::test]
async fn a_deferred_question_is_listed_with_no_more_about_the_person_than_its_department_needs() {
    let forgotten = forgotten("Okafor").nino("AB123456C");
    let house = House::with([forgotten.clone()]).await;
    let mut subject = forgotten.by_name().and_nino("AB123456C");
    subject.person.postcode = String::new();
    right_to_work(&house, subject.clone()).await;
    let items = work(&house, HOME_OFFICE).await;
    let [item] = items.as_slice() else {
        panic!("one question is open")
    };
    assert!(item.operation() == desk::Operation::ImmigrationStatus);
    let about = item.subject.as_ref().unwrap();
    assert_eq!(about.family_name, subject.person.family_name);
    assert_eq!(about.date_of_birth, subject.person.date_of_birth);
    assert_eq!(
        about.national_insurance_number, "",
        "the Home Office does not need it"
    );
    assert!(!item.ticket.is_empty());
    assert!(!item.breached);
    // Five days from now, under the employer's agreement.
    let (asked, due) = (item.asked_at.unwrap(), item.due_at.unwrap());
    assert_eq!(due.seconds - asked.seconds, 5 * 24 * 3_600);
    assert_eq!(work(&house, DWP).await.len(), 0);
}

#[tokio::test]
async fn a_check_that_is_answered_leaves_nothing_on_a_worklist() {
    let settled = person("Okafor").settled("2019-06-01").nino("AB123456C");
    let house = House::with([settled.clone()]).await;
    let answered = right_to_work(&house, settled.by_name().and_nino("AB123456C")).await;
    assert_eq!(outcome(&answered), "established");
    for department in [HOME_OFFICE, DWP, "department/hmrc", DFE] {
        assert_eq!(work(&house, department).await.len(), 0, "{department}");
    }
}

#[tokio::test]
async fn another_department_s_question_and_none_are_refused_alike() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    right_to_work(&house, forgotten.by_name()).await;
    let id = question(&house).await;
    let none = uuid::Uuid::new_v4().to_string();
    for (who, id) in [(DWP, &id), (HOME_OFFICE, &none)] {
        let refused = refused(reply_as(&house, who, id, Some(settled())).await);
        assert_eq!(refused.code(), tonic::Code::NotFound);
        let said = String::from_utf8_lossy(refused.details()).replace(id.as_str(), "ID");
        let other = refused_details(&house, &none).await.replace(&none, "ID");
        assert_eq!(said, other);
    }
    assert_eq!(work(&house, HOME_OFFICE).await.len(), 1);
}

async fn refused_details(house: &House, id: &str) -> String {
    let refused = refused(reply(house, id, Said::NoRecord(desk::NoRecord {})).await);
    String::from_utf8_lossy(refused.details()).into_owned()
}

#[tokio::test]
async fn the_most_urgent_comes_first_and_pages_and_restarts_lose_nothing() {
    let people: Vec<_> = ["Okafor", "Adeyemi", "Mensah"].map(forgotten).into();
    let house = House::with(people.clone()).await;
    for person in &people {
        right_to_work(&house, person.by_name()).await;
        house.clock.advance(HOUR);
    }
    let house = house.stop().await.start().await;
    let all = work(&house, HOME_OFFICE).await;
    let dues: Vec<_> = all.iter().map(|item| item.due_at.unwrap().seconds).collect();
    assert_eq!(dues.len(), 3);
    assert!(dues.is_sorted());
    let mut paged = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = desk::ListWorkRequest {
            page_size: 1,
            page_token,
        };
        let page = client(&house, HOME_OFFICE).list_work(request).await.unwrap();
        let page = page.into_inner();
        paged.extend(page.items.into_iter().map(|item| item.question_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(all.iter().map(|item| &item.question_id).eq(&paged));
    let garbage = desk::ListWorkRequest {
        page_size: -1,
        page_token: "none of ours".to_owned(),
    };
    let refused = violations(client(&house, HOME_OFFICE).list_work(garbage).await);
    assert_eq!(refused, ["page_size", "page_token"]);
}
