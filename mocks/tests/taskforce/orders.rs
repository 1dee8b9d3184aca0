use statuscheck_mocks::taskforce::{Order, OrderError};

use crate::{HOOK, NEW, World, event, said, status, told_and_gone};

fn give(world: &World, order: &str) {
    world.taskforce().orders().give(order.parse().unwrap()).unwrap();
}

#[tokio::test]
async fn told_to_fail_it_takes_nothing_in_until_it_has_failed_as_often_as_it_was_told() {
    let world = World::with(|taskforce| taskforce.orders = vec!["2xfail:503".parse().unwrap()]).await;
    give(&world, "fail:410");
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(world.tell().await);
        assert_eq!(world.only_hook().effects, 0);
    }
    assert_eq!(answers, [503, 503, 410]);
    assert_eq!(world.tell().await, 204);
    let hook = world.only_hook();
    assert_eq!((hook.times, hook.effects), (4, 1));
}

#[tokio::test]
async fn told_to_hang_it_takes_the_hook_in_and_a_repeat_changes_nothing() {
    let world = World::start().await;
    give(&world, "hang");
    let taken = || {
        world
            .taskforce()
            .received()
            .hooks
            .iter()
            .any(|hook| hook.effects == 1)
    };
    told_and_gone(&world, taken).await;
    assert_eq!(world.tell().await, 204);
    let hook = world.only_hook();
    assert_eq!((hook.times, hook.effects), (2, 1));
}

#[tokio::test]
async fn told_to_delay_it_takes_the_hook_in_first_and_accepts_it_later() {
    let world = World::start().await;
    give(&world, "delay:1m");
    give(&world, "delay:1ms");
    let taken = || {
        world
            .taskforce()
            .received()
            .hooks
            .iter()
            .any(|hook| hook.effects == 1)
    };
    told_and_gone(&world, taken).await;
    assert_eq!(world.tell().await, 204);
    assert_eq!(world.only_hook().times, 2);
}

#[tokio::test]
async fn an_order_is_not_spent_on_a_hook_that_is_not_genuine() {
    let world = World::start().await;
    give(&world, "fail:500");
    let strange = world.hook(HOOK, &event(HOOK).to_string(), &NEW);
    assert_eq!(status(strange).await, 401);
    assert_eq!(world.tell().await, 500);
}

#[tokio::test]
async fn orders_are_given_listed_and_taken_back_over_the_control_api() {
    let world = World::start().await;
    let order = |text: &str| serde_json::json!({ "order": text });
    let post = async |body: serde_json::Value| {
        world
            .control(|client, url| client.post(format!("{url}/orders")).json(&body))
            .await
    };
    for text in ["3xfail:503", "hang"] {
        assert_eq!(post(order(text)).await.status, 204);
    }
    assert_eq!(world.tell().await, 503);
    let listed = async || {
        world
            .control(|client, url| client.get(format!("{url}/orders")))
            .await
            .body
    };
    assert_eq!(listed().await, serde_json::json!(["2xfail:503", "1xhang"]));
    let refused = post(order("fail:204")).await;
    assert_eq!(refused.status, 400);
    let told = refused.body["message"].as_str().unwrap();
    assert!(told.contains("from 300 to 599"), "{told}");
    assert_eq!(post(serde_json::json!({ "hang": true })).await.status, 400);
    let back = world
        .control(|client, url| client.delete(format!("{url}/orders")))
        .await;
    assert_eq!((back.status, listed().await), (204, serde_json::json!([])));
    assert_eq!(world.tell().await, 204);
}

#[tokio::test]
async fn what_it_cannot_do_is_no_order() {
    let world = World::start().await;
    let too_long: Order = "delay:2m".parse().unwrap();
    assert_eq!(
        world.taskforce().orders().give(too_long),
        Err(OrderError::Duration)
    );
    assert_eq!("accept".parse::<Order>(), Err(OrderError::Unknown));
    // The doors are apart: nobody who may send hooks can give orders.
    let hooks = world.mocks.hooks_url().unwrap().replace("/hooks", "/orders");
    assert_eq!(said(world.client.delete(hooks)).await.status, 404);
}
