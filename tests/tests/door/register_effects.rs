//! What a register that was applied changes, and what it leaves as it was.

use statuscheck::demo::shipped_register;
use statuscheck::register::{ChangeSettings, write_whole};
use statuscheck_domain::agreement::{Register, SuspensionOrder};
use statuscheck_proto::ops::v1::RunRetentionRequest;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_tests::prelude::*;
use tonic::{Code, Status};

use crate::register_changes::{FIRST, SECOND, applied_by, asked, change, planned, planned_by, register};
use crate::wire::refusal;

#[tokio::test]
async fn open_cases_are_counted_and_keep_what_they_were_promised() {
    let mut house = House::start(Plan::default()).await;
    house.close_departments().await;
    let person = || by_name("Sam", "Example", "1990-05-01");
    let open = right_to_work(&house, person()).await;
    let before = house.case(EMPLOYER, &open.case_id).await.unwrap();
    let shorter = register(|agreement| {
        agreement.legal_basis = "Another Act 2026, section 1".to_owned();
        let version = "2026-9".parse().unwrap();
        agreement.sla = statuscheck_domain::sla::SlaPolicy::of(version, "24h".parse().unwrap());
    });
    let plan = planned(&house, shorter).await;
    assert_eq!(plan.cases_affected, 1);
    let rent = shipped_register().unwrap();
    let rent: Vec<_> = rent
        .agreements()
        .filter(|one| one.id.as_str() != "right-to-rent")
        .cloned()
        .collect();
    let rent = write_whole(&Register::new(rent, []).unwrap()).unwrap();
    assert_eq!(planned(&house, rent).await.cases_affected, 0);

    assert_eq!(applied_by(&house, SECOND, &plan.plan_id).await.unwrap(), 1);
    let after = house.case(EMPLOYER, &open.case_id).await.unwrap();
    assert_eq!(case_json(&after), case_json(&before));
    assert_eq!(after.sla.unwrap().due_at.unwrap().seconds, 1_773_655_200);
    let new = right_to_work(&house, person()).await;
    let law = |told: &v1::Answer| told.legal_basis.clone();
    assert_eq!(law(&new.answer.unwrap()), "Another Act 2026, section 1");
    assert!(law(&after.answer.unwrap()).starts_with("Immigration"));
    let new = house.case(EMPLOYER, &new.case_id).await.unwrap();
    assert_eq!(new.sla.unwrap().due_at.unwrap().seconds, 1_773_309_600);
}

#[tokio::test]
async fn a_rate_that_changes_counts_from_the_next_check_on() {
    let house = House::start(Plan::default()).await;
    let rate = |per_minute: u32| {
        register(move |agreement| {
            let figure = std::num::NonZeroU32::new(per_minute).unwrap();
            agreement.rate = Some(statuscheck_domain::agreement::Rate {
                per_minute: figure,
                burst: figure,
            });
        })
    };
    change(&house, rate(1)).await;
    assert_eq!(asked(&house).await, None);
    assert_eq!(asked(&house).await.as_deref(), Some("RATE_LIMITED"));
    change(&house, rate(2)).await;
    assert_eq!(asked(&house).await, None);
    assert_eq!(asked(&house).await, None);
    assert_eq!(asked(&house).await.as_deref(), Some("RATE_LIMITED"));
}

#[tokio::test]
async fn retention_goes_by_the_register_of_today() {
    let house = House::start(Plan::default()).await;
    assert_eq!(asked(&house).await, None);
    let kept = async || {
        let request = RunRetentionRequest { dry_run: true };
        let run = OpsServiceClient::new(house.channel(FIRST))
            .run_retention(request)
            .await;
        run.unwrap().into_inner().lines[0].retention.clone()
    };
    let before = kept().await;
    change(
        &house,
        register(|agreement| agreement.retention = "9d".parse().ok()),
    )
    .await;
    let after = kept().await;
    assert_ne!(before, after);
    assert_eq!(after, "9d");
}

#[tokio::test]
async fn suspension_orders_are_planned_applied_and_taken_back() {
    let house = House::start(Plan::default()).await;
    let shipped = shipped_register().unwrap();
    let order = SuspensionOrder {
        id: "second".parse().unwrap(),
        ..shipped.orders()[0].clone()
    };
    let orders = shipped.orders().iter().cloned().chain([order]);
    let more = Register::new(shipped.agreements().cloned(), orders).unwrap();
    let more = more.with_safeguards(shipped.safeguards().cloned()).unwrap();
    let more = write_whole(&more).unwrap();
    let plan = planned(&house, more.clone()).await;
    assert_eq!(plan.changes.len(), 1);
    assert!(
        plan.changes[0].starts_with("second: a new suspension order, about people over 30"),
        "{:?}",
        plan.changes
    );
    assert_eq!(applied_by(&house, SECOND, &plan.plan_id).await.unwrap(), 1);
    assert!(planned(&house, more).await.changes.is_empty());
    let back = planned_by(&house, FIRST, Source::Version(0)).await.unwrap();
    assert_eq!(back.changes, ["second: is taken out of the register"]);
}

#[tokio::test]
async fn nothing_is_asked_while_the_versions_cannot_be_followed() {
    let house = House::start(Plan {
        register_changes: ChangeSettings {
            poll_every: Duration::from_millis(2),
            polls_failed_max: 3,
            ..ChangeSettings::default()
        },
        ..Plan::default()
    })
    .await;
    assert_eq!(asked(&house).await, None);
    house.faults.refuse_reads();
    let refused = until_told(&house, Some("CANNOT_RECORD")).await;
    assert_eq!(refused.map(|status| status.code()), Some(Code::Unavailable));
    house.faults.mend();
    until_told(&house, None).await;
}

/// Asks until the reason is that one.
async fn until_told(house: &House, reason: Option<&str>) -> Option<Status> {
    let asking = async {
        loop {
            let asked = request(by_name("Sam", "Example", "1990-05-01").work());
            let told = house.check(EMPLOYER, asked).await.err();
            if told
                .as_ref()
                .map(|status| refusal(status).reason().to_owned())
                .as_deref()
                == reason
            {
                return told;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking)
        .await
        .expect("what the test waits for comes")
}
