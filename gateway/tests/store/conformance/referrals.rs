//! Referrals: found by their ids, by where they stand and by the person, and kept for as long as they are needed.

use futures_util::future::join_all;
use statuscheck::store::{CommitError, ReferralQuery, Store};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::referral::{Finding, Lookup, ReferralEvent, ReferralState};

use super::Place;
use crate::samples;
use crate::steps::{case_id, count, receive, referral_id, referred, resolved, version};

pub(crate) async fn goes_on(store: &dyn Store, id: CaseId, kinds: impl IntoIterator<Item = EventKind>) {
    let case = store.case(id).await.unwrap().unwrap();
    let (change, _) = case.change(samples::start(), kinds).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

/// The next steps of case `n`, which rest on a look for its person that found the referrals `open`.
pub(crate) async fn looking(
    store: &dyn Store,
    n: u32,
    open: &[u32],
    kinds: impl IntoIterator<Item = EventKind>,
) -> Change {
    let case = store.case(case_id(n)).await.unwrap().unwrap();
    let (mut change, _) = case.change(samples::start(), kinds).unwrap();
    change.lookup = Some(Lookup {
        person: case.receipt.check.identities(),
        open: open.iter().map(|open| referral_id(*open)).collect(),
    });
    change
}

/// The ids of the referrals in `states`, page by page.
pub(crate) async fn ids(store: &dyn Store, states: &[ReferralState], page: usize) -> Vec<ReferralId> {
    let mut found: Vec<ReferralId> = Vec::new();
    loop {
        let query = ReferralQuery {
            states: states.to_vec(),
            after: found.last().copied(),
            limit: page,
        };
        let rows = store.referrals(query).await.unwrap();
        assert!(rows.len() <= page);
        if rows.is_empty() {
            return found;
        }
        found.extend(rows.iter().map(|row| row.id));
    }
}

pub(crate) async fn a_referral_is_found_by_its_id_and_by_where_it_stands(place: &impl Place) {
    let store = place.open().await;
    for n in 1..=5 {
        receive(&*store, n).await;
        goes_on(&*store, case_id(n), referred(n, None)).await;
    }
    goes_on(&*store, case_id(2), resolved(Finding::NotConfirmed)).await;
    store.close().await;
    let store = place.open().await;
    let all: Vec<_> = (1..=5).map(referral_id).collect();
    for page in [1, 2, 100] {
        assert_eq!(ids(&*store, &[], page).await, all);
        let open = ids(&*store, &[ReferralState::Open], page).await;
        assert_eq!(open, [1, 3, 4, 5].map(referral_id));
        let closed = ids(&*store, &[ReferralState::NotConfirmed], page).await;
        assert_eq!(closed, [referral_id(2)]);
    }
    let row = store.referral(referral_id(3)).await.unwrap().unwrap();
    assert_eq!((row.case_id, row.state), (case_id(3), ReferralState::Open));
    assert_eq!(store.referral(referral_id(9)).await, Ok(None));
}

pub(crate) async fn a_referred_person_is_found_again_and_nobody_who_was_not_referred(place: &impl Place) {
    let store = place.open().await;
    for n in 1..=4 {
        receive(&*store, n).await;
    }
    // All of them are about one person.
    let person = store
        .case(case_id(1))
        .await
        .unwrap()
        .unwrap()
        .receipt
        .check
        .identities();
    assert!(store.referred(&person, 10).await.unwrap().is_empty());
    for n in [1, 3] {
        goes_on(&*store, case_id(n), referred(n, None)).await;
    }
    let found = async |limit| {
        let found = store.referred(&person, limit).await.unwrap();
        found.into_iter().map(|case| case.id).collect::<Vec<_>>()
    };
    assert_eq!(found(10).await, [case_id(3), case_id(1)], "newest first");
    assert_eq!(found(1).await, [case_id(3)]);
    // However many joined it since, the case that opened a referral is found.
    goes_on(&*store, case_id(4), referred(1, Some(case_id(1)))).await;
    assert_eq!(found(2).await, [3, 1].map(case_id));
    goes_on(&*store, case_id(3), resolved(Finding::NotConfirmed)).await;
    assert_eq!(found(10).await, [1, 4, 3].map(case_id));
    assert!(store.referred(&[], 10).await.unwrap().is_empty());
}

pub(crate) async fn cases_that_joined_a_referral_are_found_until_they_are_released(place: &impl Place) {
    let store = place.open().await;
    for n in 1..=3 {
        receive(&*store, n).await;
    }
    goes_on(&*store, case_id(1), referred(1, None)).await;
    for n in [2, 3] {
        goes_on(&*store, case_id(n), referred(1, Some(case_id(1)))).await;
    }
    assert_eq!(
        store.joined(referral_id(1)).await,
        Ok(vec![case_id(2), case_id(3)])
    );
    assert_eq!(
        ids(&*store, &[], 10).await,
        [referral_id(1)],
        "it is one referral"
    );
    let row = store.referral(referral_id(1)).await.unwrap().unwrap();
    assert_eq!(row.case_id, case_id(1));
    goes_on(&*store, case_id(2), resolved(Finding::NotConfirmed)).await;
    assert_eq!(store.joined(referral_id(1)).await, Ok(vec![case_id(3)]));
}

pub(crate) async fn a_case_is_not_purged_while_its_referral_is_open_or_its_confirmation_remembered(
    place: &impl Place,
) {
    let store = place.open().await;
    let facts = samples::answers()
        .into_iter()
        .find_map(|answer| match answer.outcome {
            statuscheck_domain::answer::Outcome::Established { facts, .. } => Some(facts),
            _ => None,
        });
    for n in 1..=4 {
        receive(&*store, n).await;
        goes_on(&*store, case_id(n), referred(n, None)).await;
    }
    goes_on(&*store, case_id(2), resolved(Finding::NotConfirmed)).await;
    goes_on(&*store, case_id(3), resolved(Finding::Confirmed(facts.unwrap()))).await;
    goes_on(
        &*store,
        case_id(4),
        [EventKind::Referral(ReferralEvent::Superseded)],
    )
    .await;
    for (n, purged) in [
        (1, Err(CommitError::Stale)),
        (2, Ok(())),
        (3, Err(CommitError::Stale)),
        (4, Ok(())),
    ] {
        let version = store.case(case_id(n)).await.unwrap().unwrap().version;
        let purge = store.purge(case_id(n), version, samples::start()).await;
        assert_eq!(purge, purged, "{n}");
        assert_eq!(
            store.referral(referral_id(n)).await.unwrap().is_none(),
            purged.is_ok()
        );
    }
    let person = store
        .case(case_id(1))
        .await
        .unwrap()
        .unwrap()
        .receipt
        .check
        .identities();
    assert_eq!(store.referred(&person, 10).await.unwrap().len(), 2);
}

pub(crate) async fn whoever_looked_for_a_person_before_another_case_referred_them_records_nothing(
    place: &impl Place,
) {
    let store = place.open().await;
    for n in 1..=5 {
        receive(&*store, n).await;
    }
    let first = looking(&*store, 1, &[], referred(1, None)).await;
    let second = looking(&*store, 2, &[], referred(2, None)).await;
    assert_eq!(store.commit(first).await, Ok(()));
    assert_eq!(store.commit(second).await, Err(CommitError::Stale));
    assert_eq!(version(&*store, 2).await, Some(1));
    assert_eq!(store.referral(referral_id(2)).await, Ok(None));

    // What was found is known, and may be about something else.
    let second = looking(&*store, 2, &[1], referred(2, None)).await;
    assert_eq!(store.commit(second).await, Ok(()));
    let third = looking(&*store, 3, &[1], referred(3, None)).await;
    assert_eq!(store.commit(third).await, Err(CommitError::Stale));

    // A referral that is closed, or was joined, is not opened; and its own is no other's.
    for n in [1, 2] {
        goes_on(&*store, case_id(n), resolved(Finding::NotConfirmed)).await;
    }
    goes_on(&*store, case_id(4), referred(1, Some(case_id(1)))).await;
    let third = looking(&*store, 3, &[], referred(3, None)).await;
    assert_eq!(store.commit(third).await, Ok(()));
    let seen = || {
        let by = "taskforce/one".to_owned();
        [EventKind::Referral(ReferralEvent::Viewed { by })]
    };
    let own = looking(&*store, 3, &[], seen()).await;
    assert_eq!(store.commit(own).await, Ok(()));
    let other = looking(&*store, 5, &[], seen()).await;
    assert_eq!(store.commit(other).await, Err(CommitError::Stale));
}

pub(crate) async fn of_many_that_look_for_a_person_at_once_one_refers_them(place: &impl Place) {
    let store = place.open().await;
    let mut changes = Vec::new();
    for n in 1..=40 {
        receive(&*store, n).await;
        changes.push(looking(&*store, n, &[], referred(n, None)).await);
    }
    let done = join_all(changes.into_iter().map(|change| store.commit(change))).await;
    assert_eq!(count(&done, CommitError::Stale), 39, "{done:?}");
    assert_eq!(ids(&*store, &[ReferralState::Open], 100).await.len(), 1);
}
