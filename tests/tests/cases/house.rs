//! The house stands.

use statuscheck_tests::prelude::*;

#[tokio::test]
async fn a_person_of_the_test_is_found_over_mutual_tls() {
    let resident = person("Okafor").settled("2019-06-01");
    let house = House::with([resident.clone()]).await;
    assert_eq!(
        reason(&right_to_work(&house, resident.by_name()).await),
        "established"
    );
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn a_house_that_stopped_starts_again_on_its_folder() {
    let resident = person("Okafor").settled("2019-06-01");
    let house = House::with([resident.clone()]).await;
    let asked = right_to_work(&house, resident.by_name()).await;
    let house = house.stop().await.start().await;
    let read = v1::GetCaseRequest {
        case_id: asked.case_id.clone(),
    };
    let case = house
        .client("organisation/employer")
        .get_case(read)
        .await
        .unwrap();
    assert_eq!(case.into_inner().case.unwrap().case_id, asked.case_id);
}
