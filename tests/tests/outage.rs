//! The line between a gateway and its database fails: nothing is disclosed, callers hear of it in time, and the gateway
//! comes back by itself.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use std::time::Duration;

use statuscheck_domain::clock::{Clock as _, SystemClock};
use statuscheck_proto::v1::{CheckRequest, CheckResponse};
use statuscheck_tests::crash::replicas::Pair;
use statuscheck_tests::prelude::*;
use statuscheck_tests::program::Start;
use statuscheck_tests::proxy::{Direction, FaultProxy};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// How long a caller may be kept waiting: the patience of these gateways, 3 s, and what a crowded machine adds.
const CALL_MAX: Duration = Duration::from_secs(12);

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

fn slow() -> Resident {
    let slow = person("outage-slow").settled("2021-03-01").arrived("2021-02-01");
    slow.behaves("home-office", "slow:700ms")
}

fn new_request(subject: Subject) -> CheckRequest {
    let mut request = request(subject.work());
    request.caller_reference.clone_from(&request.request_id);
    request
}

fn said(status: &Status) -> Option<String> {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone())
}

/// Asks, and expects to hear in time.
async fn in_time(
    asking: impl Future<Output = Result<CheckResponse, Status>>,
) -> Result<CheckResponse, Status> {
    let clock = SystemClock::new();
    let answered = asking.await;
    assert!(clock.elapsed() < CALL_MAX, "{:?}", clock.elapsed());
    answered
}

/// Four checks while the line is as `fail` makes it, one of them under way before.
async fn fails(pair: &Pair, fail: impl Fn(&FaultProxy)) {
    // Its receipt is there, and the department is being asked.
    let asked = pair.site.requests(DepartmentId::HomeOffice);
    let under_way = new_request(slow().by_name());
    let call = in_time(pair.far.check(under_way.clone()));
    let begun = async {
        until(|| pair.site.requests(DepartmentId::HomeOffice) > asked).await;
        fail(&pair.proxy);
    };
    let (answered, ()) = tokio::join!(call, begun);
    assert_eq!(answered.err().unwrap().code(), Code::Unavailable);

    // These have none, so nobody is asked.
    let asked = pair.site.requests_to_all();
    let requests: Vec<_> = (0..3)
        .map(|_| new_request(by_name("Sam", "Nobody", "1990-05-01")))
        .collect();
    for request in &requests {
        let refused = in_time(pair.far.check(request.clone())).await.err().unwrap();
        assert_eq!(
            (refused.code(), said(&refused)),
            (Code::Unavailable, Some("CANNOT_RECORD".to_owned()))
        );
    }
    assert_eq!(pair.site.requests_to_all(), asked);

    pair.proxy.heal();
    for request in std::iter::once(&under_way).chain(&requests) {
        // Whichever is asked, it is one case; the far one may need a moment to come back.
        let far = pair.far.answered(request).await;
        let near = pair.near.answered(request).await;
        assert!(far == near);
        assert_eq!(pair.cases_of(request), 1);
    }
    assert_eq!(pair.asked_twice(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_stalls_or_forgets_one_direction_discloses_nothing_and_doubles_nothing() {
    let pair = Pair::start(program(), [slow()]).await;
    fails(&pair, FaultProxy::cut).await;
    fails(&pair, FaultProxy::stall).await;
    fails(&pair, |proxy| proxy.half_open(Direction::ToClient)).await;
    fails(&pair, |proxy| proxy.half_open(Direction::ToServer)).await;

    // A line that is only slow is slow.
    pair.proxy.delay(Duration::from_millis(20));
    let request = new_request(by_name("Sam", "Nobody", "1990-05-01"));
    assert!(in_time(pair.far.check(request)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_cut_is_neither_lost_nor_made_again() {
    let pair = Pair::start(program(), [slow()]).await;
    pair.hold_commits_back();
    let request = new_request(by_name("Sam", "Nobody", "1990-05-01"));
    let cut = async {
        pair.until_held_back().await;
        pair.proxy.cut();
        pair.proxy.heal();
    };
    let (answered, ()) = tokio::join!(in_time(pair.far.check(request.clone())), cut);
    // Looked up in time, it was found and gone on with; otherwise nobody was told anything.
    assert!(answered.is_ok() || pair.site.requests_to_all() == 0);
    let near = pair.near.answered(&request).await;
    assert!(pair.far.answered(&request).await == near);
    assert_eq!(pair.cases_of(&request), 1);
    assert_eq!(pair.asked_twice(), 0);
}
