//! Following the ledger: nothing is missed, whoever records meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::ToSpan as _;
use statuscheck::store::{Feed, FeedError, Followed, HouseKind, Position, Received, Store};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, OrganisationId};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Place;
use crate::samples;
use crate::steps::{
    ORGANISATION, asking, case_id, content, deciding, house_entry, opening_of, organisation, receipt, receive,
};

/// A signal that does not come fails the law instead of holding it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that is after `position`, in pages of `limit`, and where it ends.
async fn all_after(
    store: &dyn Store,
    mut position: Position,
    of: Option<&OrganisationId>,
    limit: usize,
) -> (Vec<Followed>, Position) {
    let mut all = Vec::new();
    loop {
        let Feed { entries, next, more } = store.entries_after(&position, of, limit).await.unwrap();
        assert!(entries.len() <= limit.max(1));
        all.extend(entries);
        position = next;
        if !more {
            return (all, position);
        }
    }
}

fn told(entries: &[Followed]) -> Vec<(CaseId, u64, &str)> {
    entries
        .iter()
        .map(|entry| (entry.case_id, entry.version, entry.kind.as_str()))
        .collect()
}

pub(crate) async fn the_feed_tells_of_every_step_in_order(place: &impl Place) {
    let store = place.open().await;
    let answer = samples::answers().swap_remove(0);
    let decided = EventKind::Decided(answer.clone()).as_str();
    receive(&*store, 1).await;
    assert_eq!(store.note(house_entry(HouseKind::RetentionRun)).await, Ok(()));
    receive(&*store, 2).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    assert_eq!(store.commit(deciding(case_id(1), 2, answer)).await, Ok(()));
    let so_far = [
        (case_id(1), 1, "received"),
        (case_id(2), 1, "received"),
        (case_id(1), 2, "asked"),
        (case_id(1), 3, decided),
    ];
    let mut ends = Vec::new();
    for limit in [0, 1, 2, 3, 100] {
        let (entries, end) = all_after(&*store, Position::default(), None, limit).await;
        assert_eq!(told(&entries), so_far);
        assert!(entries.iter().all(|entry| entry.time == samples::start()));
        assert!(
            entries
                .iter()
                .all(|entry| entry.organisation == Some(organisation(ORGANISATION)))
        );
        ends.push(end);
    }
    assert!(ends.iter().all(|end| *end == ends[0]));
    let token = ends[0].to_string();
    store.close().await;

    let store = place.open().await;
    let position: Position = token.parse().unwrap();
    assert_eq!(all_after(&*store, position.clone(), None, 10).await.0, []);
    let later = samples::start() + 1.hour();
    assert_eq!(store.purge(case_id(2), 1, later).await, Ok(()));
    assert_eq!(store.commit(asking(case_id(1), 3)).await, Ok(()));
    let (entries, _) = all_after(&*store, position, None, 10).await;
    let since = [(case_id(2), 2, "purged"), (case_id(1), 4, "asked")];
    assert_eq!(told(&entries), since);
    let whose: Vec<_> = entries
        .iter()
        .map(|entry| (entry.time, entry.organisation.is_some()))
        .collect();
    assert_eq!(whose, [(later, false), (samples::start(), true)]);
    store.close().await;
}

/// Follows until it has seen `count` entries.
async fn follow(store: &dyn Store, mut changed: watch::Receiver<u64>, count: usize) -> Vec<Followed> {
    let (mut seen, mut position) = (Vec::new(), Position::default());
    loop {
        // Before the reading, so that what comes after it is signalled again.
        changed.borrow_and_update();
        let (entries, next) = all_after(store, position, None, 7).await;
        seen.extend(entries);
        position = next;
        if seen.len() >= count {
            return seen;
        }
        timeout(PATIENCE, changed.changed()).await.unwrap().unwrap();
    }
}

pub(crate) async fn followers_miss_nothing_while_many_record(place: &impl Place) {
    const CASES: u32 = 60;
    const STEPS: u64 = 5;
    let store = place.open().await;
    let record = |n: u32| {
        let store = &store;
        async move {
            receive(&**store, n).await;
            for version in 1..STEPS {
                assert_eq!(store.commit(asking(case_id(n), version)).await, Ok(()));
            }
        }
    };
    let count = CASES as usize * STEPS as usize;
    let followers = join_all((0..3).map(|_| follow(&*store, store.changed(), count)));
    let (seen, _) = tokio::join!(followers, join_all((0..CASES).map(record)));
    for seen in seen {
        let mut versions: HashMap<CaseId, u64> = HashMap::new();
        for entry in &seen {
            let version = versions.entry(entry.case_id).or_default();
            *version += 1;
            assert_eq!(entry.version, *version);
        }
        assert_eq!((versions.len(), seen.len()), (CASES as usize, count));
    }
    store.close().await;
}

pub(crate) async fn a_signal_comes_after_whatever_is_recorded(place: &impl Place) {
    let store = place.open().await;
    let mut changed = store.changed();
    let mut position = Position::default();
    for step in 0..4 {
        changed.borrow_and_update();
        match step {
            // Many changes that nobody looked at are one signal, and all there when it comes.
            0 => drop(join_all((1..50).map(|n| receive(&*store, n))).await),
            1 => assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(())),
            2 => assert_eq!(store.purge(case_id(2), 1, samples::start()).await, Ok(())),
            _ => assert_eq!(store.note(house_entry(HouseKind::RetentionRun)).await, Ok(())),
        }
        timeout(PATIENCE, changed.changed()).await.unwrap().unwrap();
        let (entries, next) = all_after(&*store, position, None, 100).await;
        assert_eq!(entries.len(), [49, 1, 1, 0][step]);
        position = next;
    }
    store.close().await;
}

pub(crate) async fn the_feed_of_an_organisation_has_its_own_cases_alone(place: &impl Place) {
    let store = place.open().await;
    for n in 0..20 {
        let of = if n % 5 == 0 { "south-letting" } else { ORGANISATION };
        let change = opening_of(case_id(n), receipt(of, n));
        assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    }
    let south = organisation("south-letting");
    let (entries, end) = all_after(&*store, Position::default(), Some(&south), 2).await;
    let ids: Vec<_> = entries.iter().map(|entry| entry.case_id).collect();
    assert_eq!(ids, [0, 5, 10, 15].map(case_id));
    assert!(
        entries
            .iter()
            .all(|entry| entry.organisation.as_ref() == Some(&south))
    );
    // It has read past those of the others.
    assert_eq!(end, store.position().await.unwrap());
    let nobody = organisation("nobody");
    assert_eq!(
        all_after(&*store, Position::default(), Some(&nobody), 2).await.0,
        []
    );
    store.close().await;
}

pub(crate) async fn a_follower_may_begin_now_and_never_beyond_the_end(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    let now = store.position().await.unwrap();
    assert_eq!(all_after(&*store, now.clone(), None, 10).await.0, []);
    receive(&*store, 2).await;
    let (entries, _) = all_after(&*store, now.clone(), None, 10).await;
    assert_eq!(told(&entries), [(case_id(2), 1, "received")]);

    // As after a restored backup, or in another store.
    for (chain, reached) in now.chains() {
        let mut beyond = now.clone();
        beyond.pass(chain, reached + 1_000);
        let refused = store.entries_after(&beyond, None, 10).await;
        assert_eq!(refused, Err(FeedError::Unknown));
    }
    let mut elsewhere = now;
    elsewhere.pass(4_000_000, 1);
    let refused = store.entries_after(&elsewhere, None, 10).await;
    assert_eq!(refused, Err(FeedError::Unknown));
    store.close().await;
    let refused = store.entries_after(&Position::default(), None, 10).await;
    assert!(matches!(refused, Err(FeedError::Read(_))));
}
