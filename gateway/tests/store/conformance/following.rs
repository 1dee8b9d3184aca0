//! Following cases as callers do.

use std::sync::Arc;
use std::time::Duration;

use statuscheck::error::Error;
use statuscheck::following::{Follower, Following, Wanted, WatchRefusal, WatchSettings};
use statuscheck::store::{Position, Received, Store};
use statuscheck_domain::ids::CaseId;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, content, opening_of, organisation, receipt, receive};

/// An event that does not come fails the law instead of holding it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Following over a store, kept awake until it is dropped.
pub(crate) struct Awake {
    pub(crate) following: Arc<Following>,
    waking: AbortHandle,
}

impl Awake {
    pub(crate) fn over(store: &Arc<dyn Store>, settings: WatchSettings) -> Self {
        let following = Arc::new(Following::new(Arc::clone(store), settings));
        let run = Arc::clone(&following);
        let waking = tokio::spawn(async move { match run.run().await {} }).abort_handle();
        Self { following, waking }
    }

    pub(crate) async fn follow(&self, after: Option<Position>) -> Follower {
        self.following.follow(wanted(ORGANISATION, after)).await.unwrap()
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.waking.abort();
    }
}

pub(crate) fn pages_of(page: usize) -> WatchSettings {
    WatchSettings {
        page,
        ..WatchSettings::default()
    }
}

fn wanted(of: &str, after: Option<Position>) -> Wanted {
    Wanted {
        organisation: organisation(of),
        only: None,
        after,
    }
}

/// What one was told: the case, its version, whoever sees that, and where to go on.
pub(crate) type Said = (CaseId, u64, Position);

/// The next `count` events. Each comes with the case as it stood after it.
pub(crate) async fn take(follower: &mut Follower, count: usize) -> Vec<Said> {
    let mut said = Vec::new();
    while said.len() < count {
        let told = timeout(PATIENCE, follower.next()).await.unwrap();
        let told = told
            .map_err(|error| error.to_string())
            .unwrap_or_else(|error| panic!("{error}"));
        let versions: Vec<_> = told.case.history.iter().map(|step| step.version).collect();
        assert_eq!(versions, (1..=told.case.told_version).collect::<Vec<_>>());
        said.push((told.case.id, told.case.version, told.reached));
    }
    said
}

pub(crate) fn events(said: &[Said]) -> Vec<(CaseId, u64)> {
    said.iter().map(|(id, version, _)| (*id, *version)).collect()
}

pub(crate) async fn a_history_says_where_every_event_stands(place: &impl Place) {
    let store: Arc<dyn Store> = place.open().await;
    receive(&*store, 1).await;
    receive(&*store, 2).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    let feed = store.entries_after(&Position::default(), None, 10).await.unwrap();
    for id in [case_id(1), case_id(2)] {
        let history = store.history(id).await.ok().flatten().unwrap();
        let placed: Vec<_> = history
            .iter()
            .map(|placed| (placed.event.version, placed.place))
            .collect();
        let entries = feed.entries.iter().filter(|entry| entry.case_id == id);
        let followed: Vec<_> = entries.map(|entry| (entry.version, entry.place)).collect();
        assert_eq!(placed, followed);
    }
    assert!(store.history(case_id(3)).await.ok().unwrap().is_none());
    store.close().await;
}

pub(crate) async fn callers_are_told_of_every_event_in_order_and_of_none_twice(place: &impl Place) {
    let store: Arc<dyn Store> = place.open().await;
    receive(&*store, 1).await;
    let awake = Awake::over(&store, pages_of(3));
    let mut from_now = awake.follow(None).await;
    let mut from_the_beginning = awake.follow(Some(Position::default())).await;
    for version in 1..5 {
        assert_eq!(store.commit(asking(case_id(1), version)).await, Ok(()));
        receive(&*store, 10 + u32::try_from(version).unwrap()).await;
    }
    let all = take(&mut from_the_beginning, 9).await;
    let since = take(&mut from_now, 8).await;
    assert_eq!(events(&all)[0], (case_id(1), 1));
    assert_eq!(all[1..], since);
    // One that was told everything is woken by what comes next.
    assert_eq!(store.commit(asking(case_id(1), 5)).await, Ok(()));
    let next = take(&mut from_now, 1).await;
    assert_eq!(events(&next), [(case_id(1), 6)]);
    drop((from_now, from_the_beginning, awake));
    store.close().await;

    // After a restart every token leads to what came after it, and to nothing else.
    let store: Arc<dyn Store> = place.open().await;
    let awake = Awake::over(&store, pages_of(3));
    for (n, (_, _, token)) in all.iter().enumerate() {
        let token: Position = token.to_string().parse().unwrap();
        let mut follower = awake.follow(Some(token)).await;
        let rest = take(&mut follower, all.len() - n).await;
        assert_eq!(events(&rest)[..all.len() - n - 1], events(&all[n + 1..]));
        assert_eq!(rest.last(), next.last());
    }
    store.close().await;
}

pub(crate) async fn callers_are_told_of_nothing_of_others_and_nothing_that_was_purged(place: &impl Place) {
    let store: Arc<dyn Store> = place.open().await;
    let awake = Awake::over(&store, WatchSettings::default());
    let mut south = awake
        .following
        .follow(wanted("south-letting", Some(Position::default())))
        .await
        .unwrap();
    for n in 1..4 {
        receive(&*store, n).await;
    }
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    assert_eq!(store.purge(case_id(2), 1, samples::start()).await, Ok(()));
    let change = opening_of(case_id(9), receipt("south-letting", 9));
    assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    assert_eq!(events(&take(&mut south, 1).await), [(case_id(9), 1)]);

    let mut north = awake.follow(Some(Position::default())).await;
    let told = [(case_id(1), 1), (case_id(3), 1), (case_id(1), 2)];
    assert_eq!(events(&take(&mut north, 3).await), told);
    let mut one = wanted(ORGANISATION, Some(Position::default()));
    one.only = Some(case_id(3));
    let mut one = awake.following.follow(one).await.unwrap();
    assert_eq!(store.commit(asking(case_id(3), 1)).await, Ok(()));
    assert_eq!(
        events(&take(&mut one, 2).await),
        [(case_id(3), 1), (case_id(3), 2)]
    );
    store.close().await;
}

pub(crate) async fn a_caller_that_takes_its_time_is_read_ahead_for_by_a_page_at_most(place: &impl Place) {
    const PAGE: usize = 5;
    let store: Arc<dyn Store> = place.open().await;
    for n in 0..40 {
        receive(&*store, n).await;
    }
    let awake = Awake::over(&store, pages_of(PAGE));
    let mut slow = awake.follow(Some(Position::default())).await;
    for n in 0..40 {
        assert!(slow.ahead() <= PAGE, "{} are ahead", slow.ahead());
        assert_eq!(events(&take(&mut slow, 1).await), [(case_id(n), 1)]);
    }
    store.close().await;
}

pub(crate) async fn no_more_follow_than_there_may_be(place: &impl Place) {
    let store: Arc<dyn Store> = place.open().await;
    let settings = WatchSettings {
        watchers_max: 3,
        watchers_per_organisation_max: 2,
        ..WatchSettings::default()
    };
    let awake = Awake::over(&store, settings);
    let refusal = async |of: &str| match awake.following.follow(wanted(of, None)).await {
        Err(Error::Watch(refusal)) => Some(refusal),
        Err(_) | Ok(_) => None,
    };
    let seats = [awake.follow(None).await, awake.follow(None).await];
    assert_eq!(refusal(ORGANISATION).await, Some(WatchRefusal::TooManyOfYours));
    let south = awake
        .following
        .follow(wanted("south-letting", None))
        .await
        .unwrap();
    assert_eq!(refusal("east-letting").await, Some(WatchRefusal::TooMany));
    drop(south);
    assert_eq!(refusal("east-letting").await, None);
    drop(seats);
    assert_eq!(refusal(ORGANISATION).await, None);
    store.close().await;
}
