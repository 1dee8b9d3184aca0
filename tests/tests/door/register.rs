//! The register, for every peer to read and for operators to plan.

use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::register::v1::{GetAgreementRequest, ListAgreementsRequest, PlanRegisterRequest};
use statuscheck_tests::prelude::*;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::wire::refusal;

fn client(house: &House, name: &str) -> RegisterServiceClient<Channel> {
    RegisterServiceClient::new(house.channel(name))
}

fn shipped() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/register");
    statuscheck::register::whole_of(&[folder.into()]).unwrap()
}

async fn planned(house: &House, toml: String) -> Result<Vec<String>, Status> {
    let request = PlanRegisterRequest {
        source: Some(Source::Toml(toml)),
    };
    let planned = client(house, "ops/duty-1")
        .plan_register(request)
        .await?
        .into_inner();
    assert_eq!(planned.plan_id.is_empty(), planned.changes.is_empty());
    Ok(planned.changes)
}

#[tokio::test]
async fn every_peer_reads_the_whole_register_page_by_page() {
    let house = House::start(Plan::default()).await;
    for name in [
        EMPLOYER,
        STRANGER,
        "department/dwp",
        "taskforce/windrush",
        "ops/duty-1",
    ] {
        let (mut ids, mut page_token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let request = ListAgreementsRequest {
                page_size: 4,
                page_token,
            };
            let page = client(&house, name)
                .list_agreements(request)
                .await
                .unwrap()
                .into_inner();
            ids.extend(
                page.agreements
                    .into_iter()
                    .map(|agreement| agreement.agreement_id),
            );
            (page_token, pages) = (page.next_page_token, pages + 1);
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((ids.len(), pages), (10, 3), "{name}");
        assert!(ids.is_sorted(), "{ids:?}");
    }
}

#[tokio::test]
async fn an_agreement_is_read_with_its_law_its_figures_and_its_contacts() {
    let house = House::start(Plan::default()).await;
    let get = async |id: &str| {
        let request = GetAgreementRequest {
            agreement_id: id.to_owned(),
        };
        client(&house, STRANGER).get_agreement(request).await
    };
    let census = get("school-census")
        .await
        .unwrap()
        .into_inner()
        .agreement
        .unwrap();
    assert!(census.listed_only && !census.proactive);
    assert_eq!(
        (census.sla.as_str(), census.monthly_quota),
        ("10 working days", 300)
    );
    assert_eq!(census.uplifts.len(), 1);
    assert!(
        census.uplifts[0].starts_with("dfe: 309 a month from 2017-07-01"),
        "{:?}",
        census.uplifts
    );
    let work = get("right-to-work")
        .await
        .unwrap()
        .into_inner()
        .agreement
        .unwrap();
    assert_eq!(work.sla, "5 days; 48 hours for vulnerable subjects");
    assert_eq!(work.departments, ["home-office", "dwp", "hmrc"]);
    assert_eq!(work.organisations, ["employer"]);
    // Two for each of its four parties.
    assert_eq!(work.contacts.len(), 8);
    assert!(work.contacts.iter().all(|contact| contact.email.contains('@')));

    let unknown = refusal(&get("no-such").await.err().unwrap());
    assert_eq!(
        (unknown.code, unknown.reason()),
        (Code::NotFound, "NO_SUCH_AGREEMENT")
    );
    assert_eq!(
        refusal(&get("No Id").await.err().unwrap()).fields(),
        ["agreement_id"]
    );
    let page = ListAgreementsRequest {
        page_size: -1,
        page_token: "!".to_owned(),
    };
    let refused = client(&house, STRANGER)
        .list_agreements(page)
        .await
        .err()
        .unwrap();
    assert_eq!(refusal(&refused).fields(), ["page_size", "page_token"]);
}

#[tokio::test]
async fn orders_and_the_safeguard_are_read_with_how_they_stand_today() {
    let mut volunteered = agreement_like("right-to-work", "volunteered", "volunteer");
    volunteered.proactive = true;
    let house = House::start(Plan {
        agreements: vec![volunteered],
        ..Plan::default()
    })
    .await;
    let request = ListAgreementsRequest {
        page_size: 1,
        page_token: String::new(),
    };
    let listed = client(&house, STRANGER).list_agreements(request).await;
    let listed = listed.unwrap().into_inner();
    let [order] = &listed.suspension_orders[..] else {
        panic!("one order")
    };
    assert_eq!(
        (order.order_id.as_str(), order.over_age, order.in_force),
        ("proactive-sharing-2018", Some(30), true)
    );
    assert_eq!(order.departments, ["hmrc", "dwp"]);
    assert_eq!(order.agreement_ids, ["volunteered"]);
    let [safeguard] = &listed.windrush_safeguards[..] else {
        panic!("one safeguard")
    };
    assert_eq!(
        (safeguard.version.as_str(), safeguard.in_force),
        ("casework-guidance-2026-1", true)
    );
    assert_eq!(safeguard.sla, "5 working days, England and Wales");
    assert_eq!(safeguard.grounds.len(), 3);

    let get = async |id: &str| {
        let request = GetAgreementRequest {
            agreement_id: id.to_owned(),
        };
        let found = client(&house, STRANGER).get_agreement(request).await.unwrap();
        found.into_inner().suspension_orders.len()
    };
    let counts = [get("volunteered").await, get("right-to-work").await];
    assert_eq!(counts, [1, 0]);
}

#[tokio::test]
async fn a_plan_tells_every_change_in_words_and_changes_nothing() {
    let house = House::start(Plan::default()).await;
    assert_eq!(planned(&house, shipped()).await.unwrap(), [""; 0]);
    let changed = shipped()
        .replace("review_on = \"2027-01-05\"", "review_on = \"2027-06-01\"")
        .replace("monthly = 10000", "monthly = 9000");
    let changes = planned(&house, changed).await.unwrap();
    assert_eq!(
        changes,
        [
            "hmrc-section-40: quota of hmrc: 10000 a month becomes 9000 a month",
            "iecas: review: 2027-01-05 becomes 2027-06-01",
            "right-to-rent: review: 2027-01-05 becomes 2027-06-01",
            "right-to-work: quota of hmrc: 10000 a month becomes 9000 a month",
            "right-to-work: review: 2027-01-05 becomes 2027-06-01",
            "section-95: review: 2027-01-05 becomes 2027-06-01",
        ]
    );
    assert_eq!(planned(&house, shipped()).await.unwrap(), [""; 0]);
    // As large as a register may be, and one that is larger.
    let padded = |length: usize| {
        let mut text = shipped();
        text.push_str(&format!("\n#{}", "x".repeat(length - text.len() - 2)));
        text
    };
    assert_eq!(
        planned(&house, padded(4 * 1024 * 1024 - 100)).await.unwrap(),
        [""; 0]
    );
    let larger = planned(&house, padded(4 * 1024 * 1024 + 100)).await.unwrap_err();
    assert_eq!(refusal(&larger).reason(), "MESSAGE_TOO_LARGE");
}

#[tokio::test]
async fn a_register_at_fault_is_refused_with_every_fault() {
    let house = House::start(Plan::default()).await;
    let bad = shipped()
        .replace("review_on = \"2027-01-05\"", "review_on = \"2025-01-05\"")
        .replace("over_age = 30\n", "over_age = 30\nends_on = \"2017-01-01\"\n");
    let refused = refusal(&planned(&house, bad).await.unwrap_err());
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::InvalidArgument, "INVALID_FIELDS")
    );
    assert_eq!(
        refused.fields(),
        [
            "toml.agreements[3] (iecas).review_on",
            "toml.agreements[5] (right-to-rent).review_on",
            "toml.agreements[6] (right-to-work).review_on",
            "toml.agreements[8] (section-95).review_on",
            "toml.suspensions[0] (proactive-sharing-2018).ends_on",
        ]
    );
    for text in ["colour = 1", "[[agreements]]\nid = 'a'", "no toml"] {
        let refused = refusal(&planned(&house, text.to_owned()).await.unwrap_err());
        assert_eq!(refused.fields(), ["toml"], "{text}");
    }
}

#[tokio::test]
async fn no_register_is_no_plan() {
    let house = House::start(Plan::default()).await;
    let mut client = client(&house, "ops/duty-1");
    let nothing = client
        .plan_register(PlanRegisterRequest::default())
        .await
        .err()
        .unwrap();
    assert_eq!(refusal(&nothing).fields(), ["toml"]);
}
