use serde_json::json;
use statuscheck_domain::ids::DepartmentId::{Dwp, HomeOffice};
use statuscheck_mocks::StartError;

use crate::home_office::by_names;
use crate::{World, ada};

#[tokio::test]
async fn requests_are_counted_by_department_and_tokens_are_not() {
    let world = World::of(&[ada(json!({}))]).await;
    let token = world.token(HomeOffice, "status").await;
    assert_eq!(world.mocks.requests(HomeOffice), 0);
    by_names(&world, &token).await;
    by_names(&world, "no token").await;
    assert_eq!(world.mocks.requests(HomeOffice), 2);
    assert_eq!(world.mocks.requests(Dwp), 0);
}

#[tokio::test]
async fn a_shut_down_department_listens_no_more() {
    let world = World::of(&[]).await;
    let url = world.mocks.url(HomeOffice);
    world.mocks.shutdown().await;
    assert!(world.client.get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn an_address_in_use_is_told_with_its_department() {
    let world = World::of(&[]).await;
    let address = world.mocks.url(Dwp).replace("http://", "").parse().unwrap();
    let population = statuscheck_mocks::population::Population::default();
    let mut settings = statuscheck_mocks::Settings::new(population, std::sync::Arc::new(world.clock.clone()));
    settings.listen.home_office = address;
    let Err(StartError::Listen { department, .. }) = statuscheck_mocks::start(settings).await else {
        panic!("the address is in use")
    };
    assert_eq!(department, HomeOffice);
}
