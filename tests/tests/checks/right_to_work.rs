//! Each outcome of a right to work check, the whole answer.

use statuscheck_tests::prelude::*;

const LAW: &str = "Immigration, Asylum and Nationality Act 2006, sections 15 to 25";
const KEEP: &str =
    "Keep the reference as proof of the check; check again by the follow-up date where one is given.";

/// The reference that an employer keeps, made from the case's id.
fn excuse(case_id: &str) -> String {
    let hex = case_id.replace('-', "").to_uppercase();
    format!(
        "RTW-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..16],
        &hex[16..24],
        &hex[24..]
    )
}

#[tokio::test]
async fn a_right_without_end_or_conditions_is_unlimited_and_never_followed_up() {
    let settled = person("Okafor").settled("2019-06-01");
    let house = House::with([settled.clone()]).await;
    let told = right_to_work(&house, settled.by_name()).await;
    assert_eq!(
        json(&told),
        json!({
            "established": {
                "right_to_work": {
                    "entitlement": "ENTITLEMENT_UNLIMITED",
                    "conditions": [],
                    "statutory_excuse_reference": excuse(&told.case_id),
                },
                "withheld_fields": [],
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "right-to-work",
            "as_of": NOW,
            "next_step": KEEP,
        })
    );
}

#[tokio::test]
async fn a_right_with_an_end_is_time_limited_and_followed_up_on_its_last_day() {
    let worker = person("Ofori")
        .leave("Skilled Worker", "2025-01-01", "2027-12-31")
        .code("W12345678", "2026-03-01");
    let house = House::with([worker.clone()]).await;
    let told = right_to_work(&house, worker.by_code()).await;
    assert_eq!(
        json(&told)["established"],
        json!({
            "right_to_work": {
                "entitlement": "ENTITLEMENT_TIME_LIMITED",
                "valid_until": "2027-12-31",
                "conditions": [],
                "follow_up_on": "2027-12-31",
                "statutory_excuse_reference": excuse(&told.case_id),
            },
            "withheld_fields": [],
        })
    );
}

#[tokio::test]
async fn a_right_with_conditions_is_restricted_and_says_which() {
    let student = person("Nair")
        .leave("Student", "2025-09-01", "2028-10-31")
        .leave_with("conditions", json!(["20 hours a week in term time"]));
    let house = House::with([student.clone()]).await;
    let told = right_to_work(&house, student.by_name()).await;
    assert_eq!(
        json(&told)["established"]["right_to_work"],
        json!({
            "entitlement": "ENTITLEMENT_RESTRICTED",
            "valid_until": "2028-10-31",
            "conditions": ["20 hours a week in term time"],
            "follow_up_on": "2028-10-31",
            "statutory_excuse_reference": excuse(&told.case_id),
        })
    );
}

#[tokio::test]
async fn a_question_that_a_caseworker_takes_is_pending_and_due_five_days_after_receipt() {
    let deferred = person("Hassan")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h");
    let house = House::with([deferred.clone()]).await;
    assert_eq!(
        json(&right_to_work(&house, deferred.by_name()).await),
        json!({
            "pending": {
                "reason": "PENDING_REASON_DEPARTMENT_WORKING",
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
            "agreement_id": "right-to-work",
            "next_step": "Not yet: do not refuse the person on this. Follow the case; the answer is due at the time given.",
        })
    );
}

#[tokio::test]
async fn two_records_that_fit_are_more_information_with_the_clock_paused() {
    let first = person("one").named("Amina", "Warsame").settled("2019-06-01");
    let second = person("two").named("Amina", "Warsame").settled("2020-02-01");
    let house = House::with([first.clone(), second]).await;
    assert_eq!(
        json(&right_to_work(&house, first.by_name()).await),
        json!({
            "more_information_needed": {
                "fields": ["home_office_reference"],
                "explanation":
                    "More than one record fits, or one only in part; the fields named would settle it.",
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
            "agreement_id": "right-to-work",
            "next_step": "Add the fields named; until then do not refuse the person on this.",
        })
    );
}

#[tokio::test]
async fn the_home_office_reference_tells_two_people_of_one_name_apart() {
    let first = person("one")
        .named("Amina", "Warsame")
        .settled("2019-06-01")
        .reference("HO-000001");
    let second = person("two")
        .named("Amina", "Warsame")
        .settled("2020-02-01")
        .reference("HO-000002");
    let house = House::with([first.clone(), second]).await;
    let told = right_to_work(&house, first.by_name().and_reference("HO-000001")).await;
    assert_eq!(reason(&told), "established");
}

#[tokio::test]
async fn an_ended_right_is_not_established_and_may_be_relied_on_to_refuse() {
    let ended = person("Moyo").leave("Skilled Worker", "2022-03-11", "2026-03-10");
    let house = House::with([ended.clone()]).await;
    assert_eq!(
        json(&right_to_work(&house, ended.by_name()).await),
        json!({
            "not_established": {
                "reason": "EXPIRED",
                "explanation": "A right was recorded and ended before the day that counts.",
            },
            "may_refuse": true,
            "legal_basis": LAW,
            "agreement_id": "right-to-work",
            "as_of": NOW,
            "next_step":
                "Nothing was established. Tell the person the reason and that they may have the record looked at again.",
        })
    );
}

#[tokio::test]
async fn a_right_holds_on_its_first_and_last_day_and_on_no_other() {
    let whole_day = |id, from, until| person(id).leave("Skilled Worker", from, until);
    let people = [
        whole_day("last-day", "2025-01-01", "2026-03-11"),
        whole_day("day-after", "2025-01-01", "2026-03-10"),
        whole_day("first-day", "2026-03-11", "2027-01-01"),
        whole_day("day-before", "2026-03-12", "2027-01-01"),
        whole_day("barred", "2025-01-01", "2027-01-01").leave_with("may_work", json!(false)),
    ];
    let house = House::with(people.clone()).await;
    let mut told = Vec::new();
    for person in people {
        told.push(reason(&right_to_work(&house, person.by_name()).await));
    }
    assert_eq!(
        told,
        [
            "established",
            "not_established EXPIRED",
            "established",
            "not_established NOT_YET_VALID",
            "not_established NOT_PERMITTED",
        ]
    );
}

#[tokio::test]
async fn the_day_is_the_one_in_london_on_a_summer_night() {
    let ends_on_the_first = person("Moyo").leave("Skilled Worker", "2025-01-01", "2026-07-01");
    let house = House::start(Plan {
        people: vec![ends_on_the_first.clone()],
        // 00:30 on 2 July in London.
        now: "2026-07-01T23:30:00Z".parse().unwrap(),
        ..Plan::default()
    })
    .await;
    let told = right_to_work(&house, ends_on_the_first.by_name()).await;
    assert_eq!(reason(&told), "not_established EXPIRED");
}

#[tokio::test]
async fn nobody_is_asked_for_a_number_that_was_not_given() {
    let settled = person("Okafor").settled("2019-06-01");
    let house = House::with([settled.clone()]).await;
    right_to_work(&house, settled.by_name()).await;
    let asked = DepartmentId::ALL.map(|department| (department.as_str(), house.requests(department)));
    assert_eq!(
        asked
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect::<Vec<_>>(),
        [("home-office", 1)]
    );
}
