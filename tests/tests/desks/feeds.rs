use statuscheck_domain::agreement::{Agreement, FeedTerms};
use statuscheck_proto::adapter::v1::upload_feed_request::Facts as Fact;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{FeedStatus, ListDepartmentsRequest};
use tokio_stream::iter;

use crate::*;

const AGREEMENT: &str = "volunteered";

/// The Home Office volunteers to DWP, which the shipped order stops about people over 30.
fn volunteered(change: impl FnOnce(&mut Agreement)) -> Agreement {
    let mut agreement = agreement_like("right-to-work", AGREEMENT, "volunteer");
    agreement.proactive = true;
    agreement.feed = Some(FeedTerms {
        name: "people".parse().unwrap(),
        from: DepartmentId::HomeOffice,
        to: DepartmentId::Dwp,
        every: "7d".parse().unwrap(),
    });
    change(&mut agreement);
    agreement
}

async fn house(change: impl FnOnce(&mut Agreement)) -> House {
    House::start(Plan {
        agreements: vec![volunteered(change)],
        ..Plan::default()
    })
    .await
}

fn row(born: &str) -> desk::UploadFeedRequest {
    desk::UploadFeedRequest {
        feed: "people".to_owned(),
        agreement_id: AGREEMENT.to_owned(),
        subject: Some(desk::Subject {
            family_name: "Example".to_owned(),
            date_of_birth: born.to_owned(),
            ..desk::Subject::default()
        }),
        facts: Some(Fact::Section95Support(desk::Section95Support {
            in_force: Some(true),
            since: None,
            legal_basis: Some("Part VI, section 95".to_owned()),
        })),
    }
}

async fn upload(
    house: &House,
    who: &str,
    rows: Vec<desk::UploadFeedRequest>,
) -> Result<desk::UploadFeedResponse, Status> {
    let answer = client(house, who).upload_feed(iter(rows)).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn rows_that_an_order_stops_are_held_back_and_bad_ones_spoil_no_other() {
    let house = house(|_| {}).await;
    // Thirty on the day of the house, thirty-one on the next, and thirty-one on the day.
    let mut rows: Vec<_> = ["1996-03-11", "1995-03-12", "1995-03-11", "", "11/03/1995"]
        .map(row)
        .into();
    rows.push(desk::UploadFeedRequest {
        feed: "others".to_owned(),
        ..row("2000-01-01")
    });
    rows.push(desk::UploadFeedRequest {
        facts: None,
        ..row("2000-01-01")
    });
    let answer = upload(&house, HOME_OFFICE, rows).await.unwrap();
    assert_eq!(
        (answer.accepted, answer.held_back, answer.rejected_rows),
        (2, 2, 3)
    );
    let held: Vec<_> = answer
        .held_back_rows
        .iter()
        .map(|held| (held.row, held.order_id.as_str()))
        .collect();
    assert_eq!(
        held,
        [(2, "proactive-sharing-2018"), (3, "proactive-sharing-2018")]
    );
    let rejected: Vec<_> = answer
        .rejected
        .iter()
        .map(|bad| (bad.row, bad.reason.as_str()))
        .collect();
    assert_eq!(
        rejected,
        [
            (
                4,
                "date_of_birth: must be a day written YYYY-MM-DD, such as 1990-12-31"
            ),
            (5, "feed and agreement_id must be those of the first row"),
            (6, "facts: is missing"),
        ]
    );
}

#[tokio::test]
async fn a_feed_comes_from_who_sends_it_under_an_agreement_in_force_and_under_no_other() {
    let house = house(|_| {}).await;
    let refused = async |who: &str, rows| refusal(upload(&house, who, rows).await);
    for who in [DWP, DFE] {
        assert_eq!(
            refused(who, vec![row("2000-01-01")]).await,
            "PermissionDenied FEED_NOT_COVERED"
        );
    }
    let under = |agreement: &str| desk::UploadFeedRequest {
        agreement_id: agreement.to_owned(),
        ..row("2000-01-01")
    };
    assert_eq!(
        refused(HOME_OFFICE, vec![under("right-to-work")]).await,
        "PermissionDenied FEED_NOT_COVERED"
    );
    assert_eq!(
        refused(HOME_OFFICE, vec![under("no-such")]).await,
        "NotFound NO_SUCH_AGREEMENT"
    );
    let listed = desk::UploadFeedRequest {
        feed: "section-95".to_owned(),
        ..under("free-school-meals")
    };
    assert_eq!(
        refused(HOME_OFFICE, vec![listed]).await,
        "PermissionDenied AGREEMENT_NOT_SERVED"
    );
    assert_eq!(
        refused(HOME_OFFICE, Vec::new()).await,
        "InvalidArgument INVALID_FIELDS"
    );

    let expired = self::house(|agreement| {
        agreement.expires_on = Some(jiff::civil::date(2026, 3, 10));
    })
    .await;
    let told = upload(&expired, HOME_OFFICE, vec![row("2000-01-01")]).await;
    assert_eq!(refusal(told), "PermissionDenied AGREEMENT_EXPIRED");
}

#[tokio::test]
async fn a_check_about_somebody_whom_the_order_is_about_is_asked_all_the_same() {
    let older = person("Older").born("1960-01-01").settled("2019-06-01");
    let house = House::start(Plan {
        people: vec![older.clone()],
        agreements: vec![volunteered(|_| {})],
        ..Plan::default()
    })
    .await;
    let asked = request(older.by_name().work());
    let told = house.check("organisation/volunteer", asked).await.unwrap();
    assert_eq!(outcome(&told), "established");
}

/// The feeds that departments send, as operators see them a moment later.
async fn feeds(house: &House) -> Vec<(String, FeedStatus)> {
    house.clock.advance(Duration::from_secs(2));
    let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
    let listed = client.list_departments(ListDepartmentsRequest {}).await.unwrap();
    let departments = listed.into_inner().departments.into_iter();
    let of = |department: statuscheck_proto::ops::v1::DepartmentStatus| {
        let name = department.department;
        department.feeds.into_iter().map(move |feed| (name.clone(), feed))
    };
    departments.flat_map(of).collect()
}

/// The only one.
async fn feed(house: &House) -> (String, FeedStatus) {
    let mut all = feeds(house).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn operators_see_how_old_a_feed_is_and_that_it_is_late() {
    let house = house(|agreement| {
        agreement.signed_on = Some(jiff::civil::date(2026, 3, 11));
    })
    .await;
    let (from, never) = feed(&house).await;
    assert_eq!(
        (
            from.as_str(),
            never.name.as_str(),
            never.to.as_str(),
            never.agreement_id.as_str()
        ),
        ("home-office", "people", "dwp", AGREEMENT)
    );
    assert!(never.last_received.is_none() && never.age.is_none() && !never.late);
    assert_eq!(never.expected_every.unwrap().seconds, 7 * 24 * 3_600);

    upload(&house, HOME_OFFICE, vec![row("2000-01-01")])
        .await
        .unwrap();
    let (_, fresh) = feed(&house).await;
    assert!(fresh.last_received.is_some() && !fresh.late);
    assert_eq!(fresh.age.unwrap().seconds, 2);

    house.clock.advance(Duration::from_hours(7 * 24));
    let (_, late) = feed(&house).await;
    assert_eq!(late.last_received, fresh.last_received);
    assert!(late.late, "it is expected every seven days");
    assert_eq!(late.age.unwrap().seconds, 7 * 24 * 3_600 + 4);
}

#[tokio::test]
async fn operators_see_how_old_the_feeds_are_that_dfe_loads_as_its_replies_tell() {
    let parent = person("Mensah").nass("250700001").education(true, "home_office");
    let house = House::with([parent.clone()]).await;
    assert!(feeds(&house).await.is_empty(), "no reply has told of one");
    section_95(&house, parent.by_nass()).await;
    let (from, fresh) = feed(&house).await;
    assert_eq!(
        (from.as_str(), fresh.to.as_str(), fresh.agreement_id.as_str()),
        ("home-office", "dfe", "")
    );
    // Two days: the age of the mock's feed; and the moment before the look.
    assert_eq!(
        (fresh.age.unwrap().seconds, fresh.late),
        (2 * 24 * 3_600 + 2, false)
    );
    house.clock.advance(Duration::from_hours(5 * 24));
    let (_, old) = feed(&house).await;
    assert!(old.late, "it is loaded every week");
}
