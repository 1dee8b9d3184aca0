//! Following cases over several gateways, whose chains share them.

use std::sync::Arc;

use statuscheck::store::{Position, Store};

use crate::conformance::{Awake, Place as _, events, pages_of, take};
use crate::postgres::Ground;
use crate::steps::{asking, case_id, receive};

#[tokio::test]
async fn what_two_gateways_record_of_one_case_is_told_in_order_by_either() {
    let ground = Ground::new();
    let gateways: [Arc<dyn Store>; 2] = [ground.open().await, ground.open().await];
    let awake = gateways.each_ref().map(|store| Awake::over(store, pages_of(2)));
    let mut live = awake[1].follow(None).await;
    // Six cases, each handed from gateway to gateway: the chain of the first has many entries before that of the second begins.
    let mut expected = Vec::new();
    for n in 0..6 {
        receive(&*gateways[0], n).await;
        expected.push((case_id(n), 1));
    }
    for version in 1..6 {
        for n in 0..6 {
            let gateway = &gateways[(version % 2) as usize];
            assert_eq!(gateway.commit(asking(case_id(n), version)).await, Ok(()));
            expected.push((case_id(n), version + 1));
        }
    }
    let told = take(&mut live, expected.len()).await;
    let sorted = |mut events: Vec<_>| {
        events.sort_unstable();
        events
    };
    for awake in &awake {
        let mut from_the_beginning = awake.follow(Some(Position::default())).await;
        let all = take(&mut from_the_beginning, expected.len()).await;
        assert_eq!(sorted(events(&all)), sorted(expected.clone()));
        for (id, _) in &expected {
            let of_case = events(&all).into_iter().filter(|(told, _)| told == id);
            assert_eq!(
                of_case.map(|(_, version)| version).collect::<Vec<_>>(),
                [1, 2, 3, 4, 5, 6]
            );
        }
        for n in [0, 5, 11, 12, 17, 30] {
            let mut resumed = awake.follow(Some(all[n].2.clone())).await;
            let rest = take(&mut resumed, all.len() - n - 1).await;
            assert_eq!(sorted(events(&rest)), sorted(events(&all[n + 1..])));
        }
    }
    assert_eq!(sorted(events(&told)), sorted(expected));
    for gateway in gateways {
        gateway.close().await;
    }
}
