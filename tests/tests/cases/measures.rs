//! How an agreement went, counted from the ledger: by hand the same, and the same for ever.

use jiff::Timestamp;
use statuscheck_proto::ops::v1::RunRetentionRequest;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::register::v1::{GetMeasuresRequest, GetMeasuresResponse};
use statuscheck_tests::prelude::*;
use tonic::Status;

const OPS: &str = "ops/duty-1";

fn slow() -> Resident {
    person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "slow:1s")
}

fn open() -> Resident {
    person("open")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h")
}

fn nobody() -> Subject {
    by_name("Alex", "Nobody", "1991-06-02")
}

fn wire(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The agreement's checks of that March, as of then.
fn march(agreement_id: &str, as_of: Option<Timestamp>) -> GetMeasuresRequest {
    GetMeasuresRequest {
        agreement_id: agreement_id.to_owned(),
        from: Some(wire(time("2026-03-01T00:00:00Z"))),
        to: Some(wire(time("2026-03-31T23:00:00Z"))),
        as_of: as_of.map(wire),
    }
}

async fn measure(
    house: &House,
    who: &str,
    request: GetMeasuresRequest,
) -> Result<GetMeasuresResponse, Status> {
    let mut client = RegisterServiceClient::new(house.channel(who));
    Ok(client.get_measures(request).await?.into_inner())
}

async fn right_to_work_as_of(house: &House, as_of: &str) -> GetMeasuresResponse {
    let request = march("right-to-work", Some(time(as_of)));
    measure(house, OPS, request).await.expect("measures")
}

#[tokio::test]
async fn figures_of_a_time_that_has_passed_stay_as_they_were_also_when_the_cases_are_gone() {
    let house = House::with([open()]).await;
    let refused = right_to_work(&house, nobody()).await.case_id;
    right_to_work(&house, nobody().but_born("1992-06-02")).await;
    let pending = right_to_work(&house, open().by_name()).await;
    assert_eq!(outcome(&pending), "pending");
    right_to_rent(&house, nobody(), "2026-03-20").await;
    house.clock.advance(Duration::from_secs(60));
    house.dispute(EMPLOYER, &refused, "wrong").await.unwrap();
    house.withdraw(EMPLOYER, &pending.case_id).await.unwrap();

    let as_of = "2026-03-11T10:00:30Z";
    let before = right_to_work_as_of(&house, as_of).await;
    assert_eq!((before.checks, before.open, before.breached), (3, 1, 0));
    let answered = (
        before.answered_at_once,
        before.answered_in_time,
        before.answered_late,
    );
    assert_eq!(answered, (2, 2, 0));
    assert_eq!((before.established, before.not_established), (0, 2));
    assert_eq!((before.disputed, before.quota_limit), (0, 10_000));
    assert_eq!(before.as_of, Some(wire(time(as_of))));
    let now = measure(&house, OPS, march("right-to-work", None)).await.unwrap();
    assert_eq!(
        (now.checks, now.disputed, now.as_of),
        (3, 1, Some(wire(time("2026-03-11T10:01:00Z"))))
    );

    // Years later nothing of the cases is left but what counts.
    let years = Duration::from_hours(24 * 800);
    house.clock.advance(years);
    let purge = RunRetentionRequest { dry_run: false };
    let mut operator = OpsServiceClient::new(house.channel(OPS));
    let purged = operator.run_retention(purge).await.unwrap().into_inner();
    assert_eq!(purged.lines.iter().map(|line| line.purged).sum::<u64>(), 4);
    assert!(right_to_work_as_of(&house, as_of).await == before);
    assert!(right_to_work_as_of(&house, "2026-03-11T10:01:00Z").await == now);
    let house = house.stop().await.start().await;
    assert!(right_to_work_as_of(&house, as_of).await == before);
}

#[tokio::test]
async fn the_time_that_a_slow_department_takes_is_counted_as_its_own() {
    let house = House::start(Plan {
        people: vec![slow()],
        checks: statuscheck::server::CheckSettings {
            budget: Duration::from_secs(20),
            ..Default::default()
        },
        ..Plan::default()
    })
    .await;
    let (answered, ()) = tokio::join!(right_to_work(&house, slow().by_name()), async {
        house.until_asked(DepartmentId::HomeOffice, 1).await;
        house.clock.advance(Duration::from_millis(250));
    });
    assert_eq!(outcome(&answered), "established");
    let told = measure(&house, OPS, march("right-to-work", None)).await.unwrap();
    let parts = [told.gateway_p95, told.department_p95, told.network_p95];
    let nanos = parts.map(|part| part.map(|part| (part.seconds, part.nanos)));
    assert_eq!(nanos, [Some((0, 0)), Some((0, 250_000_000)), Some((0, 0))]);
    assert!((told.turnaround_max_seconds - 0.25).abs() < 1e-9);
}

#[tokio::test]
async fn those_who_are_asked_under_an_agreement_and_operators_have_it_measured() {
    let house = House::start(Plan::default()).await;
    right_to_work(&house, nobody()).await;
    for who in [OPS, "department/home-office", "department/dwp", "department/hmrc"] {
        let told = measure(&house, who, march("right-to-work", None)).await.unwrap();
        assert_eq!(told.checks, 1, "{who}");
    }
    let other = measure(&house, "department/dfe", march("right-to-work", None)).await;
    assert_eq!(refusal(other), "PermissionDenied NOT_A_PARTY");
    for who in [EMPLOYER, "taskforce/windrush"] {
        let refused = measure(&house, who, march("right-to-work", None)).await;
        assert_eq!(refusal(refused), "PermissionDenied WRONG_PEER", "{who}");
    }
    for who in [OPS, "department/dwp"] {
        let unknown = measure(&house, who, march("no-such", None)).await;
        assert_eq!(refusal(unknown), "NotFound NO_SUCH_AGREEMENT", "{who}");
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_told_field_by_field() {
    let house = House::start(Plan::default()).await;
    let asked = async |change: fn(&mut GetMeasuresRequest)| {
        let mut request = march("right-to-work", None);
        change(&mut request);
        violations(measure(&house, OPS, request).await)
    };
    let backwards = asked(|request| request.to = request.from).await;
    assert_eq!(backwards, ["to"]);
    let all = asked(|request| {
        request.agreement_id = "No Such".to_owned();
        request.from = None;
    });
    assert_eq!(all.await, ["agreement_id", "from"]);
    let future = asked(|request| request.as_of = Some(wire(time("2026-03-11T10:00:01Z"))));
    assert_eq!(future.await, ["as_of"]);
    let long = asked(|request| request.to = Some(wire(time("2036-03-03T00:00:00Z"))));
    assert_eq!(long.await, ["to"]);
}
