//! Each outcome of a right to rent check, the whole answer, and what only a tenancy has: its first day.

use statuscheck_tests::prelude::*;

const LAW: &str = "Immigration Act 2014, Part 3, Chapter 1";

fn excuse(case_id: &str) -> String {
    let hex = case_id.replace('-', "").to_uppercase();
    format!(
        "RTR-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..16],
        &hex[16..24],
        &hex[24..]
    )
}

#[tokio::test]
async fn a_time_limited_right_is_followed_up_after_twelve_months_or_at_its_end_whichever_is_later() {
    let short = person("short").leave("Skilled Worker", "2025-01-01", "2026-12-31");
    let long = person("long").leave("Skilled Worker", "2025-01-01", "2028-12-31");
    let house = House::with([short.clone(), long.clone()]).await;
    let told = right_to_rent(&house, short.by_name(), "2026-04-01").await;
    assert_eq!(
        json(&told),
        json!({
            "established": {
                "right_to_rent": {
                    "entitlement": "ENTITLEMENT_TIME_LIMITED",
                    "valid_until": "2026-12-31",
                    "follow_up_on": "2027-03-11",
                    "statutory_excuse_reference": excuse(&told.case_id),
                },
                "withheld_fields": [],
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "right-to-rent",
            "as_of": NOW,
            "next_step":
                "Keep the reference as proof of the check; check again by the follow-up date where one is given.",
        })
    );
    let told = right_to_rent(&house, long.by_name(), "2026-04-01").await;
    assert_eq!(
        json(&told)["established"]["right_to_rent"]["follow_up_on"],
        "2028-12-31"
    );
}

#[tokio::test]
async fn a_right_without_end_is_unlimited_however_far_ahead_the_tenancy_is() {
    let settled = person("Okafor")
        .settled("2019-06-01")
        .code("R12345678", "2026-03-01");
    let house = House::with([settled.clone()]).await;
    let told = right_to_rent(&house, settled.by_code(), "2027-01-15").await;
    assert_eq!(
        json(&told)["established"]["right_to_rent"],
        json!({
            "entitlement": "ENTITLEMENT_UNLIMITED",
            "statutory_excuse_reference": excuse(&told.case_id),
        })
    );
}

#[tokio::test]
async fn conditions_restrict_a_right_to_rent_and_stay_with_the_home_office() {
    let student = person("Nair")
        .leave("Student", "2025-09-01", "2028-10-31")
        .leave_with("conditions", json!(["20 hours a week in term time"]));
    let house = House::with([student.clone()]).await;
    let told = right_to_rent(&house, student.by_name(), "2026-04-01").await;
    assert_eq!(
        json(&told)["established"]["right_to_rent"],
        json!({
            "entitlement": "ENTITLEMENT_RESTRICTED",
            "valid_until": "2028-10-31",
            "follow_up_on": "2028-10-31",
            "statutory_excuse_reference": excuse(&told.case_id),
        })
    );
}

#[tokio::test]
async fn a_closed_desk_is_pending_and_due_five_days_after_receipt() {
    let closed = person("Adewale")
        .settled("2019-06-01")
        .behaves("home-office", "closed");
    let house = House::with([closed.clone()]).await;
    assert_eq!(
        json(&right_to_rent(&house, closed.by_name(), "2026-04-01").await),
        json!({
            "pending": {
                "reason": "PENDING_REASON_DEPARTMENT_CLOSED",
                "departments": ["home-office"],
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-16T10:00:00Z",
                    "paused": false,
                    "breached": false,
                    "explanation": "5 days from Wed 11 Mar 2026 10:00, elapsed time",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "right-to-rent",
            "next_step": "Not yet: do not refuse the person on this. Follow the case; the answer is due at the time given.",
        })
    );
}

#[tokio::test]
async fn a_time_limited_right_may_be_checked_28_days_ahead_and_not_29() {
    let worker = person("Ofori").leave("Skilled Worker", "2025-01-01", "2027-12-31");
    let house = House::with([worker.clone()]).await;
    let told = right_to_rent(&house, worker.by_name(), "2026-04-08").await;
    assert_eq!(reason(&told), "established");
    assert_eq!(
        json(&right_to_rent(&house, worker.by_name(), "2026-04-09").await),
        json!({
            "more_information_needed": {
                "fields": ["tenancy_start"],
                "explanation": "The right has an end, so it may be checked at most 28 days before the tenancy starts; ask \
                    again with a start within 28 days.",
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-16T10:00:00Z",
                    "paused": true,
                    "breached": false,
                    "explanation": "5 days from Wed 11 Mar 2026 10:00, elapsed time",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "right-to-rent",
            "next_step": "Add the fields named; until then do not refuse the person on this.",
        })
    );
}

#[tokio::test]
async fn leave_that_does_not_carry_renting_is_not_established() {
    let visitor = person("Garcia")
        .leave("Visitor", "2026-02-01", "2026-07-31")
        .leave_with("may_rent", json!(false));
    let house = House::with([visitor.clone()]).await;
    assert_eq!(
        json(&right_to_rent(&house, visitor.by_name(), "2026-04-01").await),
        json!({
            "not_established": {
                "reason": "NOT_PERMITTED",
                "explanation": "Leave is recorded, and it does not carry this right.",
            },
            "may_refuse": true,
            "legal_basis": LAW,
            "agreement_id": "right-to-rent",
            "as_of": NOW,
            "next_step":
                "Nothing was established. Tell the person the reason and that they may have the record looked at again.",
        })
    );
}

#[tokio::test]
async fn the_day_that_counts_is_the_first_of_the_tenancy() {
    let worker = person("Ofori").leave("Skilled Worker", "2026-03-20", "2026-04-01");
    let house = House::with([worker.clone()]).await;
    let mut told = Vec::new();
    for start in ["2026-03-19", "2026-03-20", "2026-04-01", "2026-04-02"] {
        told.push(reason(&right_to_rent(&house, worker.by_name(), start).await));
    }
    assert_eq!(
        told,
        [
            "not_established NOT_YET_VALID",
            "established",
            "established",
            "not_established EXPIRED",
        ]
    );
}

#[tokio::test]
async fn who_is_under_18_when_the_tenancy_starts_is_not_asked_about() {
    let house = House::start(Plan::default()).await;
    // 18 on 1 April 2026.
    let grown_up_too_late = by_name("Sam", "Example", "2008-04-01").rent("2026-03-31");
    let refused = house.check(LANDLORD, request(grown_up_too_late)).await;
    let refused = refused.map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
    let just_in_time = by_name("Sam", "Example", "2008-04-01");
    let told = right_to_rent(&house, just_in_time, "2026-04-01").await;
    assert_eq!(reason(&told), "not_established NO_RECORD");
}

#[tokio::test]
async fn dwp_and_hmrc_are_not_asked_though_a_number_was_given() {
    let settled = person("Okafor").settled("2019-06-01").nino("GX100001A");
    let house = House::with([settled.clone()]).await;
    let told = right_to_rent(&house, settled.by_name().and_nino("GX100001A"), "2026-04-01").await;
    assert_eq!(reason(&told), "established");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
    assert_eq!(house.requests(DepartmentId::Dwp), 0);
    assert_eq!(house.requests(DepartmentId::Hmrc), 0);
}
