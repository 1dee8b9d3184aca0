//! An order of an operator has the clocks of open cases counted anew, under what is promised now.

use statuscheck_domain::sla::SlaPolicy;
use statuscheck_proto::ops::v1::RecountDueRequest;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_tests::registering::{FIRST, change, register_with};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::*;

/// How many cases of each agreement, how many of them are due earlier and later, and how many keep their clocks.
type Told = (Vec<(String, [u64; 3])>, u64);

fn recount(agreement: &str) -> RecountDueRequest {
    RecountDueRequest {
        agreement_id: agreement.to_owned(),
        reason: "Two days are promised now".to_owned(),
        preview: false,
    }
}

async fn order(house: &House, request: RecountDueRequest) -> Result<Told, Status> {
    let told = OpsServiceClient::new(house.channel(FIRST))
        .recount_due(request)
        .await?
        .into_inner();
    assert_eq!(told.cases, told.lines.iter().map(|line| line.cases).sum::<u64>());
    let line = |line: &statuscheck_proto::ops::v1::RecountedLine| {
        (line.agreement_id.clone(), [line.cases, line.earlier, line.later])
    };
    Ok((told.lines.iter().map(line).collect(), told.refused))
}

fn due_at(case: &Case) -> i64 {
    case.sla.as_ref().unwrap().due_at.as_ref().unwrap().seconds
}

/// From now on two days are promised to who asks about a right to work.
async fn promise_two_days(house: &House) {
    let two_days = register_with("right-to-work", |agreement| {
        agreement.sla = SlaPolicy::of("2026-9".parse().unwrap(), "48h".parse().unwrap());
    });
    change(house, two_days).await;
}

#[tokio::test]
async fn open_cases_keep_their_promise_until_an_order_counts_their_clocks_anew() {
    let deferred = |name: &str| {
        person(name)
            .settled("2019-06-01")
            .behaves("home-office", "defer:20d")
    };
    let answered = person("Adeyemi").settled("2019-06-01");
    let (work, rent) = (deferred("Okafor"), deferred("Mensah"));
    let house = House::with([work.clone(), rent.clone(), answered.clone()]).await;
    let told = right_to_work(&house, work.by_name()).await;
    let other = right_to_work(&house, answered.by_name()).await;
    let tenancy = right_to_rent(&house, rent.by_name(), "2026-03-20").await;
    let case = async |id: &str| house.case(EMPLOYER, id).await.unwrap();
    let before = case(&told.case_id).await;
    assert_eq!(
        order(&house, recount("")).await.unwrap(),
        (Vec::new(), 0),
        "nothing has changed"
    );

    promise_two_days(&house).await;
    assert_eq!(case_json(&case(&told.case_id).await), case_json(&before));
    let expected = (vec![("right-to-work".to_owned(), [1, 1, 0])], 0);
    let preview = RecountDueRequest {
        preview: true,
        ..recount("")
    };
    assert_eq!(order(&house, preview).await.unwrap(), expected);
    assert_eq!(times(&case(&told.case_id).await, "clock_recomputed"), 0);
    assert_eq!(
        order(&house, recount("right-to-rent")).await.unwrap(),
        (Vec::new(), 0)
    );

    // The same again within a minute is the same order, which has moved the case before.
    let answered = case(&other.case_id).await;
    let done = (vec![("right-to-work".to_owned(), [1, 0, 0])], 0);
    for counted in [&expected, &done] {
        assert_eq!(order(&house, recount("right-to-work")).await.unwrap(), *counted);
        let after = case(&told.case_id).await;
        assert_eq!(times(&after, "clock_recomputed"), 1);
        assert_eq!(due_at(&after), due_at(&before) - 3 * 24 * 3_600);
        let explanation = after.sla.unwrap().explanation;
        assert!(explanation.contains("Two days are promised now"), "{explanation}");
    }
    assert_eq!(case(&other.case_id).await.version, answered.version);
    let rent = house.case(LANDLORD, &tenancy.case_id).await.unwrap();
    assert_eq!(times(&rent, "clock_recomputed"), 0);

    // Late after what is promised now, and not before.
    house.clock.advance(HOUR * 48);
    let at_risk = case_when(&house, &told.case_id, |case| times(case, "at_risk") == 2).await;
    assert_eq!(times(&at_risk, "breached"), 0);
    house.clock.advance(Duration::from_nanos(1));
    case_when(&house, &told.case_id, |case| times(case, "breached") == 1).await;
}

#[tokio::test]
async fn what_a_new_count_puts_into_the_past_is_late_at_once_and_was_in_time_before() {
    let deferred = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "defer:20d");
    let house = House::with([deferred.clone()]).await;
    let told = right_to_work(&house, deferred.by_name()).await;
    house.clock.advance(HOUR * 72);
    let before = case_when(&house, &told.case_id, |case| times(case, "at_risk") == 1).await;
    assert!(!is_late(&before));
    promise_two_days(&house).await;
    order(&house, recount("")).await.unwrap();
    let after = case_when(&house, &told.case_id, |case| times(case, "breached") == 1).await;
    assert!(is_late(&after));
    // What happened before happened.
    let kinds = steps(&before);
    assert_eq!(steps(&after)[..kinds.len()], kinds);
}

#[tokio::test]
async fn an_order_that_names_no_agreement_or_gives_no_reason_is_refused_with_every_field() {
    let house = House::start(Plan::default()).await;
    let wrong = RecountDueRequest {
        agreement_id: "No Such Thing".to_owned(),
        reason: " ".to_owned(),
        preview: true,
    };
    let refused = order(&house, wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["agreement_id", "reason"]);
}
