//! Cases: received once, changed at their version, listed, purged.

use std::collections::HashSet;

use futures_util::future::join_all;
use jiff::ToSpan as _;
use statuscheck::store::{CaseQuery, CommitError, ReadError, Received, Store};
use statuscheck_domain::answer::Answer;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::event::{Change, Event, EventKind};
use statuscheck_domain::ids::{CaseId, QuestionId};
use statuscheck_domain::question::Operation;
use uuid::Uuid;

use super::Place;
use crate::samples;
use crate::steps::{
    ORGANISATION, asking, case_id, content, count, deciding, every_case, opening, opening_of, organisation,
    receipt, receive, version,
};

pub(crate) async fn what_was_recorded_is_there_after_opening_anew(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    store.close().await;

    let store = place.open().await;
    let case = store.case(case_id(1)).await.ok().flatten().unwrap();
    assert!(samples::is_same(&case.receipt, &receipt(ORGANISATION, 1)));
    assert_eq!(case.version, 2);
    // The key of the case has to be found again before it can go on.
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.commit(asking(case_id(1), 2)).await, Ok(()));
    assert_eq!(version(&*store, 1).await, Some(3));
    assert_eq!(version(&*store, 2).await, None);
    let again = store.receive(opening_of(case_id(9), receipt(ORGANISATION, 1)), content("one"));
    assert_eq!(
        again.await,
        Ok(Received::Known {
            case_id: case_id(1),
            same_content: true
        })
    );
    store.close().await;
}

pub(crate) async fn a_request_is_known_by_its_organisation_and_content_once_it_is_received(
    place: &impl Place,
) {
    let store = place.open().await;
    let looked_for = async |of: &str, n: u32, text: &str| {
        let (organisation, request_id) = (organisation(of), receipt(of, n).request_id);
        store.received(&organisation, request_id, &content(text)).await
    };
    assert_eq!(looked_for(ORGANISATION, 1, "one").await, Ok(Received::New));
    receive(&*store, 1).await;
    let known = |same_content| {
        Ok(Received::Known {
            case_id: case_id(1),
            same_content,
        })
    };
    assert_eq!(looked_for(ORGANISATION, 1, "one").await, known(true));
    assert_eq!(looked_for(ORGANISATION, 1, "another").await, known(false));
    assert_eq!(looked_for(ORGANISATION, 2, "one").await, Ok(Received::New));
    assert_eq!(looked_for("another", 1, "one").await, Ok(Received::New));
    store.close().await;
}

pub(crate) async fn a_hundred_receipts_of_one_request_make_one_case(place: &impl Place) {
    let store = place.open().await;
    let request = |n| {
        let change = opening_of(case_id(n), receipt(ORGANISATION, 1));
        store.receive(change, content("one"))
    };
    let results = join_all((0..100).map(request)).await;
    let page = store.cases(every_case(ORGANISATION)).await.ok().unwrap();
    let [only] = page.cases.as_slice() else {
        panic!("there is one case")
    };
    let known = Ok(Received::Known {
        case_id: only.id,
        same_content: true,
    });
    assert_eq!(results.iter().filter(|result| **result == known).count(), 99);
    assert_eq!(
        results
            .iter()
            .filter(|result| **result == Ok(Received::New))
            .count(),
        1
    );
    store.close().await;
}

pub(crate) async fn the_same_request_with_other_content_is_told_apart(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    let other = store.receive(opening_of(case_id(2), receipt(ORGANISATION, 1)), content("two"));
    assert_eq!(
        other.await,
        Ok(Received::Known {
            case_id: case_id(1),
            same_content: false
        })
    );
    assert_eq!(version(&*store, 2).await, None);
    store.close().await;
}

pub(crate) async fn two_organisations_may_use_one_request_id(place: &impl Place) {
    let store = place.open().await;
    for (n, organisation) in [(1, "north-letting"), (2, "south-letting")] {
        let change = opening_of(case_id(n), receipt(organisation, 1));
        assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    }
    for (n, organisation) in [(1, "north-letting"), (2, "south-letting")] {
        let page = store.cases(every_case(organisation)).await.ok().unwrap();
        let ids: Vec<_> = page.cases.iter().map(|case| case.id).collect();
        assert_eq!(ids, [case_id(n)]);
    }
    store.close().await;
}

pub(crate) async fn a_stale_change_is_refused_and_records_nothing(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    for expected in [1, 3] {
        let stale = store.commit(asking(case_id(1), expected)).await;
        assert_eq!(stale, Err(CommitError::Stale));
    }
    assert_eq!(version(&*store, 1).await, Some(2));
    let no_such_case = store.commit(asking(case_id(2), 1)).await;
    assert_eq!(no_such_case, Err(CommitError::Stale));
    let id_taken = opening_of(case_id(1), receipt(ORGANISATION, 2));
    assert_eq!(
        store.receive(id_taken, content("one")).await,
        Err(CommitError::Stale)
    );
    // The refused receipt left no trace of its request either.
    receive(&*store, 2).await;
    store.close().await;
}

pub(crate) async fn of_many_changes_to_one_version_one_is_recorded(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    receive(&*store, 2).await;
    let contenders = (0..20).map(|_| store.commit(asking(case_id(1), 1)));
    let bystanders = (1..=20).map(|n| store.receive(opening(100 + n), content("one")));
    let (contended, received) = tokio::join!(join_all(contenders), join_all(bystanders));
    assert_eq!(count(&contended, CommitError::Stale), 19);
    assert_eq!(contended.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(received.iter().all(|result| *result == Ok(Received::New)));
    assert_eq!(version(&*store, 1).await, Some(2));
    store.close().await;
}

pub(crate) async fn a_change_that_is_none_is_refused(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    let at = |version| Event {
        version,
        ..asking(case_id(1), 1).events.swap_remove(0)
    };
    let events = |expected_version, events| Change {
        expected_version,
        events,
        ..asking(case_id(1), 1)
    };
    let none = [
        events(1, Vec::new()),
        events(1, vec![at(3)]),
        events(1, vec![at(2), at(2)]),
        events(0, vec![at(1)]),
        events(u64::MAX, vec![at(1)]),
        opening(1),
    ];
    for change in none {
        assert_eq!(store.commit(change).await, Err(CommitError::Malformed));
    }
    let late_receipt = Change {
        expected_version: 1,
        ..opening(2)
    };
    let no_receipt = asking(case_id(2), 0);
    for change in [late_receipt, no_receipt] {
        let refused = store.receive(change, content("one")).await;
        assert_eq!(refused, Err(CommitError::Malformed));
    }
    assert_eq!(version(&*store, 1).await, Some(1));
    store.close().await;
}

async fn ids(store: &dyn Store, query: CaseQuery) -> (Vec<CaseId>, Option<CaseId>) {
    let page = store.cases(query).await.ok().unwrap();
    (page.cases.iter().map(|case| case.id).collect(), page.next)
}

pub(crate) async fn pages_have_no_gaps_and_no_repeats_while_cases_are_added(place: &impl Place) {
    let store = place.open().await;
    for n in 0..25 {
        receive(&*store, n).await;
        let answer = samples::answers().swap_remove(n as usize % samples::answers().len());
        assert_eq!(store.commit(deciding(case_id(n), 1, answer)).await, Ok(()));
    }
    let mut query = CaseQuery {
        limit: 4,
        ..every_case(ORGANISATION)
    };
    let mut listed = Vec::new();
    for added in 100.. {
        let (page, next) = ids(&*store, query.clone()).await;
        assert!(page.len() == 4 || next.is_none());
        listed.extend(page);
        receive(&*store, added).await;
        query.after = next;
        if next.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> = (0..25).rev().map(case_id).collect();
    assert_eq!(listed, newest_first);

    // A last page that is full is the last all the same.
    let older = CaseQuery {
        after: Some(case_id(4)),
        ..query.clone()
    };
    let four = (0..4).rev().map(case_id).collect();
    assert_eq!(ids(&*store, older).await, (four, None));
    let none = CaseQuery { limit: 0, ..query };
    assert_eq!(ids(&*store, none).await.0.len(), 1);
    store.close().await;
}

pub(crate) async fn cases_are_found_by_their_state(place: &impl Place) {
    let store = place.open().await;
    let mut cases = Vec::new();
    for (n, answer) in (0..).zip(samples::answers()) {
        receive(&*store, n).await;
        assert_eq!(store.commit(asking(case_id(n), 1)).await, Ok(()));
        assert_eq!(store.commit(deciding(case_id(n), 2, answer)).await, Ok(()));
        cases.push(store.case(case_id(n)).await.ok().flatten().unwrap());
    }
    cases.reverse();
    let states = [
        CaseState::Open,
        CaseState::AwaitingInformation,
        CaseState::Answered,
    ];
    let filters = (0..8_usize).map(|set| {
        let chosen = (0..3).filter(|place| set >> place & 1 == 1);
        chosen.map(|place| states[place]).collect::<Vec<_>>()
    });
    for filter in filters {
        let wanted = |case: &&Case| filter.is_empty() || filter.contains(&case.state);
        let expected: Vec<_> = cases.iter().filter(wanted).map(|case| case.id).collect();
        assert!(!expected.is_empty());
        let query = CaseQuery {
            states: filter.clone(),
            ..every_case(ORGANISATION)
        };
        assert_eq!(ids(&*store, query).await, (expected, None));
    }
    let strangers = every_case("south-letting");
    assert_eq!(ids(&*store, strangers).await, (Vec::new(), None));
    store.close().await;
}

pub(crate) async fn every_history_folds_as_it_was_committed(place: &impl Place) {
    let store = place.open().await;
    let answers: Vec<Answer> = samples::answers();
    for (n, mut receipt) in (0..).zip(samples::receipts()) {
        let id = case_id(n);
        receipt.request_id = statuscheck_domain::ids::RequestId(Uuid::from_u128(u128::from(n)));
        let content = receipt.check.canonical();
        let first = opening_of(id, receipt);
        assert_eq!(store.receive(first.clone(), content).await, Ok(Received::New));
        let replied = samples::replies().into_iter().map(|reply| EventKind::Replied {
            question_id: QuestionId(Uuid::from_u128(3)),
            operation: Operation::NinoTrace,
            reply,
            refunded: None,
            again: None,
            timing: None,
        });
        let later = samples::start() + 1.hour() + 1.nanosecond();
        let received = Case::fold(id, first.events).unwrap();
        let (replies, mut expected) = received.change(later, replied).unwrap();
        assert_eq!(store.commit(replies).await, Ok(()));
        for answer in answers.clone() {
            let (decided, next) = expected
                .change(samples::start(), [EventKind::Decided(answer)])
                .unwrap();
            assert_eq!(store.commit(decided).await, Ok(()));
            expected = next;
            let case = store.case(id).await.ok().flatten().unwrap();
            assert!(samples::is_same(&case.receipt, &expected.receipt));
            assert!(case.answer == expected.answer);
            assert_eq!(case.state, expected.state);
            assert_eq!(case.create_time, expected.create_time);
            assert_eq!(case.update_time, expected.update_time);
            assert_eq!(case.version, expected.version);
            assert_eq!(case.history, expected.history);
        }
    }
    store.close().await;
}

pub(crate) async fn a_purged_case_is_gone_and_the_others_are_not(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    receive(&*store, 2).await;
    assert_eq!(store.purge(case_id(1), 1, samples::start()).await, Ok(()));
    let late = store.commit(asking(case_id(1), 1)).await;
    assert_eq!(late, Err(CommitError::Stale));
    assert_eq!(version(&*store, 1).await, None);
    assert_eq!(version(&*store, 2).await, Some(1));
    let listed = ids(&*store, every_case(ORGANISATION)).await;
    assert_eq!(listed, (vec![case_id(2)], None));
    store.close().await;

    // Its request id went with it, so that the same request makes a new case.
    let store = place.open().await;
    assert_eq!(version(&*store, 1).await, None);
    let again = opening_of(case_id(3), receipt(ORGANISATION, 1));
    assert_eq!(store.receive(again, content("one")).await, Ok(Received::New));
    store.close().await;
}

pub(crate) async fn a_case_is_purged_at_its_version_only(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    for (n, at) in [(1, 0), (1, 1), (1, 3), (2, 1)] {
        let stale = store.purge(case_id(n), at, samples::start()).await;
        assert_eq!(stale, Err(CommitError::Stale));
    }
    let beyond = store.purge(case_id(1), u64::MAX, samples::start()).await;
    assert_eq!(beyond, Err(CommitError::Malformed));
    assert_eq!(version(&*store, 1).await, Some(2));
    assert_eq!(store.purge(case_id(1), 2, samples::start()).await, Ok(()));
    assert_eq!(
        store.purge(case_id(1), 2, samples::start()).await,
        Err(CommitError::Stale)
    );
    assert_eq!(version(&*store, 1).await, None);
    store.close().await;
}

pub(crate) async fn a_closed_store_takes_nothing_and_says_so(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    assert!(store.is_healthy());
    let waiting = join_all((2..50).map(|n| store.receive(opening(n), content("one"))));
    let (recorded, ()) = tokio::join!(waiting, store.close());
    assert!(recorded.iter().all(|result| *result == Ok(Received::New)));
    assert!(!store.is_healthy());
    assert_eq!(
        store.commit(asking(case_id(1), 1)).await,
        Err(CommitError::Unavailable)
    );
    assert_eq!(store.case(case_id(1)).await.err(), Some(ReadError::Unavailable));
    store.close().await;

    let store = place.open().await;
    let listed: HashSet<_> = ids(&*store, every_case(ORGANISATION))
        .await
        .0
        .into_iter()
        .collect();
    assert_eq!(listed, (1..50).map(case_id).collect());
    store.close().await;
}
