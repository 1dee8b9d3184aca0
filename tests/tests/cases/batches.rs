//! Batches: rows in, results out, each as if it had been sent alone.

use std::collections::{BTreeMap, BTreeSet};

use statuscheck::batch::BatchSettings;
use statuscheck::limits::LimitSettings;
use statuscheck::server::CheckSettings;
use statuscheck_tests::batching::{row, row_outcome};
use statuscheck_tests::prelude::*;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn limits(checks_per_second: u32, burst: u32) -> LimitSettings {
    LimitSettings {
        checks_per_second: checks_per_second.try_into().expect("more than none"),
        burst: burst.try_into().expect("more than none"),
    }
}

/// The clock stands still, so every row has to fit into the burst.
fn wide() -> Plan {
    Plan {
        limits: limits(1, 10_000),
        ..Plan::default()
    }
}

fn nobody() -> Subject {
    by_name("Alex", "Nobody", "1991-06-02")
}

/// One row of each kind of fault, and one without; with the reason for which it is refused.
fn kinds() -> [(v1::CheckRequest, &'static str); 5] {
    let sound = request(nobody().work());
    [
        (sound.clone(), ""),
        (
            request(by_name("W4rsame", "N0body", "1990-02-30").work()),
            "INVALID_FIELDS",
        ),
        (request(nobody().status()), "CHECK_NOT_COVERED"),
        (request(nobody().and_reference("HO/1234-5678").work()), ""),
        (v1::CheckRequest { check: None, ..sound }, "INVALID_FIELDS"),
    ]
}

/// What the unary call says, in the words of a row.
fn as_row(status: &Status) -> v1::RowError {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone());
    let violations = violations.unwrap_or_default().into_iter();
    v1::RowError {
        code: status.code().into(),
        reason: details.error_info().expect("a reason").reason.clone(),
        message: status.message().to_owned(),
        violations: violations
            .map(|fault| v1::FieldViolation {
                field: fault.field,
                description: fault.description,
            })
            .collect(),
        retry_after: None,
    }
}

#[tokio::test]
async fn of_thousands_of_rows_each_is_answered_as_if_it_were_alone_and_a_repeat_is_the_same_cases() {
    let house = House::start(wide()).await;
    let mut alone = BTreeMap::new();
    for (kind, (request, reason)) in kinds().into_iter().enumerate() {
        let said = house.check(EMPLOYER, request).await;
        assert_eq!(said.is_ok(), reason.is_empty());
        alone.insert(kind, said.map_err(|status| as_row(&status)));
    }
    let mut kind_of = BTreeMap::new();
    let rows: Vec<_> = (0..600)
        .flat_map(|_| kinds().into_iter().enumerate())
        .map(|(kind, (mut request, _))| {
            request.request_id = uuid::Uuid::new_v4().to_string();
            kind_of.insert(request.request_id.clone(), kind);
            row(request)
        })
        .collect();
    let answers = house.batch(EMPLOYER, rows.clone()).await.unwrap();
    assert_eq!(answers.len(), 3_000);
    let answered: BTreeSet<_> = answers.iter().map(|answer| &answer.request_id).collect();
    assert!(answered.into_iter().eq(kind_of.keys()));
    for answer in &answers {
        match (
            &alone[&kind_of[&answer.request_id]],
            answer.result.as_ref().unwrap(),
        ) {
            (Ok(said), v1::check_batch_response::Result::Response(response)) => {
                assert_eq!(json(response), json(said));
            }
            (Err(said), v1::check_batch_response::Result::Error(error)) => {
                assert_eq!(json_of("RowError", error), json_of("RowError", said));
            }
            _ => panic!("a row and a call differ"),
        }
    }
    let asked = house.requests(DepartmentId::HomeOffice);
    assert_eq!(asked, 1_200 + 2);

    let again = house.batch(EMPLOYER, rows).await.unwrap();
    let cases = |answers: &[v1::CheckBatchResponse]| -> BTreeMap<_, _> {
        let case = |answer: &v1::CheckBatchResponse| {
            let id = row_outcome(answer).ok().map(str::to_owned);
            (answer.request_id.clone(), id)
        };
        answers.iter().map(case).collect()
    };
    assert_eq!(cases(&again), cases(&answers));
    assert_eq!(house.requests(DepartmentId::HomeOffice), asked);
}

fn slow(how: &str) -> Resident {
    person("Okafor").settled("2019-06-01").behaves("home-office", how)
}

#[tokio::test]
async fn no_more_rows_are_under_way_than_may_be_and_single_checks_pass_them() {
    let stuck = slow("slow:30s");
    let quick = person("quick").settled("2019-06-01");
    let house = House::start(Plan {
        people: vec![stuck.clone(), quick.clone()],
        checks: CheckSettings {
            budget: Duration::from_secs(25),
            ..CheckSettings::default()
        },
        batch: BatchSettings {
            rows_in_flight_max: 8,
            ..BatchSettings::default()
        },
        ..wide()
    })
    .await;
    let rows: Vec<_> = (0..1_000).map(|_| row(request(stuck.by_name().work()))).collect();
    let answers = house.open_batch(EMPLOYER, tokio_stream::iter(rows)).await;
    house.until_asked(DepartmentId::HomeOffice, 8).await;
    let told = right_to_work(&house, quick.by_name()).await;
    assert_eq!(reason(&told), "established");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 9);
    // Eight rows, and the single check.
    assert_eq!(house.cases(EMPLOYER).await.len(), 9);
    drop(answers);
    let told = right_to_work(&house, quick.by_name()).await;
    assert_eq!(reason(&told), "established");
    assert_eq!(house.cases(EMPLOYER).await.len(), 10);
}

#[tokio::test]
async fn rows_that_were_accepted_are_decided_though_the_caller_has_gone() {
    let person = slow("slow:300ms");
    let house = House::with([person.clone()]).await;
    let rows: Vec<_> = (0..5).map(|_| row(request(person.by_name().work()))).collect();
    let answers = house.open_batch(EMPLOYER, tokio_stream::iter(rows)).await;
    house.until_asked(DepartmentId::HomeOffice, 5).await;
    drop(answers);
    until(|| house.faults.recorded() == 10).await;
    let cases = house.cases(EMPLOYER).await;
    assert_eq!(cases.len(), 5);
    assert!(cases.iter().all(|case| case.state() == v1::CaseState::Answered));
}

#[tokio::test]
async fn rows_over_the_rate_wait_for_it_and_the_rows_behind_them_too() {
    let house = House::start(Plan {
        limits: limits(50, 2),
        ..Plan::default()
    })
    .await;
    let rows: Vec<_> = (0..5).map(|_| row(request(nobody().work()))).collect();
    let mut answers = house.open_batch(EMPLOYER, tokio_stream::iter(rows)).await;
    for place in 0..5 {
        if place >= 2 {
            assert_eq!(house.cases(EMPLOYER).await.len(), place);
            house.clock.advance(Duration::from_millis(20));
        }
        let answer = answers.next().await.unwrap().unwrap();
        assert!(row_outcome(&answer).is_ok());
    }
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn a_row_that_waits_too_long_is_told_when_to_come_again_and_spoils_no_other() {
    let house = House::start(Plan {
        limits: limits(50, 1),
        batch: BatchSettings {
            wait_max: Duration::from_millis(10),
            ..BatchSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let malformed = row(request(by_name("", "", "1991-06-02").work()));
    let rows = vec![
        row(request(nobody().work())),
        row(request(nobody().work())),
        malformed,
    ];
    let answers = house.batch(EMPLOYER, rows).await.unwrap();
    let mut outcomes: Vec<_> = answers
        .iter()
        .map(|answer| row_outcome(answer).err().map_or("", |(_, reason)| reason))
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["", "INVALID_FIELDS", "RATE_LIMITED"]);
    let waits = answers.iter().find_map(|answer| match answer.result.as_ref()? {
        v1::check_batch_response::Result::Error(error) => error.retry_after,
        v1::check_batch_response::Result::Response(_) => None,
    });
    assert_eq!(
        waits.map(|wait| (wait.seconds, wait.nanos)),
        Some((0, 20_000_000))
    );
}

#[tokio::test]
async fn a_batch_that_breaks_off_in_the_middle_is_answered_up_to_there() {
    let house = House::start(Plan::default()).await;
    let mut too_large = request(nobody().work());
    too_large.caller_reference = "x".repeat(64 * 1024);
    let rows = vec![
        row(request(nobody().work())),
        row(too_large),
        row(request(nobody().work())),
    ];
    let mut answers = house.open_batch(EMPLOYER, tokio_stream::iter(rows)).await;
    let first = answers.next().await.unwrap().unwrap();
    assert!(row_outcome(&first).is_ok());
    let broken = answers.next().await.unwrap();
    assert_eq!(refusal(broken), "ResourceExhausted MESSAGE_TOO_LARGE");
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn a_row_that_is_sent_twice_is_one_case_and_the_same_id_with_another_content_is_none() {
    let house = House::start(Plan::default()).await;
    let asked = request(nobody().work());
    let other = v1::CheckRequest {
        check: Some(nobody().but_born("1991-06-03").work()),
        ..asked.clone()
    };
    let first = house.batch(EMPLOYER, vec![row(asked.clone()); 2]).await.unwrap();
    assert_eq!(row_outcome(&first[0]), row_outcome(&first[1]));
    assert_eq!(house.cases(EMPLOYER).await.len(), 1);
    let answers = house.batch(EMPLOYER, vec![row(other)]).await.unwrap();
    let taken = (Code::AlreadyExists.into(), "REQUEST_ID_TAKEN");
    assert_eq!(row_outcome(&answers[0]), Err(taken));
}

#[tokio::test]
async fn an_empty_batch_is_answered_with_nothing() {
    let house = House::start(Plan::default()).await;
    assert!(house.batch(EMPLOYER, Vec::new()).await.unwrap().is_empty());
    let nothing = vec![v1::CheckBatchRequest { check: None }];
    let answers = house.batch(EMPLOYER, nothing).await.unwrap();
    assert_eq!(
        row_outcome(&answers[0]),
        Err((Code::InvalidArgument.into(), "INVALID_FIELDS"))
    );
}
