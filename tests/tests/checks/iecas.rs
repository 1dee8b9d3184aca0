//! Each outcome of an immigration status check for a trust, the whole answer: it never decides who is charged.

use statuscheck_tests::prelude::*;

const LAW: &str = "National Health Service (Charges to Overseas Visitors) Regulations 2015";

#[tokio::test]
async fn leave_is_told_with_its_dates_and_the_surcharge() {
    let student = person("Nguyen")
        .leave("Student", "2025-09-01", "2028-10-31")
        .leave_with("health_surcharge_paid", json!(true));
    let house = House::with([student.clone()]).await;
    assert_eq!(
        json(&iecas(&house, student.by_name()).await),
        json!({
            "established": {
                "iecas": {
                    "immigration_status": "Student",
                    "valid_from": "2025-09-01",
                    "valid_until": "2028-10-31",
                    "health_surcharge_paid": true,
                },
                "withheld_fields": [],
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "iecas",
            "as_of": NOW,
            "next_step":
                "These are facts about status; whether the patient is charged is the trust's decision.",
        })
    );
}

#[tokio::test]
async fn leave_that_has_ended_or_not_begun_is_established_with_its_dates() {
    let ended = person("ended").leave("Student", "2022-09-01", "2025-10-31");
    let to_come = person("to-come").leave("Student", "2026-09-01", "2028-10-31");
    let house = House::with([ended.clone(), to_come.clone()]).await;
    for (person, from, until) in [
        (ended, "2022-09-01", "2025-10-31"),
        (to_come, "2026-09-01", "2028-10-31"),
    ] {
        let told = json(&iecas(&house, person.by_name()).await);
        assert_eq!(
            told["established"]["iecas"],
            json!({ "immigration_status": "Student", "valid_from": from, "valid_until": until })
        );
        assert_eq!(told["may_refuse"], false);
    }
}

#[tokio::test]
async fn a_question_that_a_caseworker_takes_is_pending_and_no_ground_to_charge() {
    let deferred = person("Hryhoriev")
        .settled("2019-06-01")
        .behaves("home-office", "defer:5h");
    let house = House::with([deferred.clone()]).await;
    assert_eq!(
        json(&iecas(&house, deferred.by_name()).await),
        json!({
            "pending": {
                "reason": "PENDING_REASON_DEPARTMENT_WORKING",
                "departments": ["home-office"],
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-18T10:00:00Z",
                    "paused": false,
                    "breached": false,
                    "explanation": "5 working days from Wed 11 Mar 2026 10:00 (England and Wales)",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "iecas",
            "next_step": "Not yet: do not treat this as a no. The charging decision stays the trust's. Follow the case; the \
                answer is due at the time given.",
        })
    );
}

#[tokio::test]
async fn several_records_ask_for_the_reference_and_leave_charging_to_the_trust() {
    let several = person("Warsame")
        .settled("2019-06-01")
        .behaves("home-office", "ambiguous");
    let house = House::with([several.clone()]).await;
    assert_eq!(
        json(&iecas(&house, several.by_name()).await),
        json!({
            "more_information_needed": {
                "fields": ["home_office_reference"],
                "explanation":
                    "More than one record fits, or one only in part; the fields named would settle it.",
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-18T10:00:00Z",
                    "paused": true,
                    "breached": false,
                    "explanation": "5 working days from Wed 11 Mar 2026 10:00 (England and Wales)",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "iecas",
            "next_step":
                "Add the fields named; until then do not treat this as a no. The charging decision stays the trust's.",
        })
    );
}

#[tokio::test]
async fn no_record_is_not_established_and_still_no_ground_to_refuse() {
    let house = House::start(Plan::default()).await;
    let unknown = by_name("Dewi", "Nobody", "1999-06-25");
    assert_eq!(
        json(&iecas(&house, unknown).await),
        json!({
            "not_established": {
                "reason": "NO_RECORD",
                "explanation": "No record fits the details given.",
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "iecas",
            "next_step":
                "No status was found, which decides nothing about charging: that is the trust's decision.",
        })
    );
}

#[tokio::test]
async fn a_patient_is_found_by_another_name_they_have_been_known_by() {
    let renamed = person("Kaya").settled("2019-06-01").also_known_as("Sam Demir");
    let house = House::with([renamed]).await;
    let by_old_name = by_name("Sam", "Demir", "1990-05-01");
    assert_eq!(reason(&iecas(&house, by_old_name).await), "established");
    let mut by_both = by_name("Sam", "Kayaoglu", "1990-05-01");
    by_both.person.also_known_as = vec!["Sam Demir".to_owned()];
    assert_eq!(reason(&iecas(&house, by_both).await), "established");
}
