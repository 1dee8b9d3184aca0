//! A caller learns what the agreement releases, and not one byte more.

use std::collections::BTreeSet;

use prost::Message as _;
use statuscheck_domain::agreement::Agreement;
use statuscheck_domain::answer::Facts;
use statuscheck_tests::prelude::*;

/// The answer as it went over the wire, without the case's id; the clock stands still, so times are equal.
fn bytes(mut response: v1::CheckResponse) -> Vec<u8> {
    assert_eq!(response.case_id.len(), 36);
    response.case_id.clear();
    response.encode_to_vec()
}

#[tokio::test]
async fn a_wrong_date_of_birth_and_an_unknown_person_are_answered_with_the_same_bytes() {
    let known = person("Okafor")
        .settled("2019-06-01")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95")
        .education(true, "home_office");
    let by_w = person("by-w")
        .settled("2019-06-01")
        .code("W11111111", "2026-03-01");
    let by_r = person("by-r")
        .settled("2019-06-01")
        .code("R11111111", "2026-03-01");
    let house = House::with([known.clone(), by_w.clone(), by_r.clone()]).await;
    let wrong = |subject: Subject| subject.but_born("1991-06-02");
    let (unknown, unknown_nass) = (
        || by_name("Alex", "Nobody", "1991-06-02"),
        by_nass("250700009", "Nobody", "1991-06-02"),
    );
    let start = "2026-04-01";

    let pairs = [
        (
            right_to_work(&house, wrong(known.by_name())).await,
            right_to_work(&house, unknown()).await,
        ),
        (
            right_to_work(&house, wrong(by_w.by_code())).await,
            right_to_work(&house, by_code("W99999999", "1991-06-02")).await,
        ),
        (
            right_to_rent(&house, wrong(known.by_name()), start).await,
            right_to_rent(&house, unknown(), start).await,
        ),
        (
            right_to_rent(&house, wrong(by_r.by_code()), start).await,
            right_to_rent(&house, by_code("R99999999", "1991-06-02"), start).await,
        ),
        (
            section_95(&house, wrong(known.by_nass())).await,
            section_95(&house, unknown_nass).await,
        ),
        (
            iecas(&house, wrong(known.by_name())).await,
            iecas(&house, unknown()).await,
        ),
    ];
    for (wrong, unknown) in pairs {
        assert_eq!(reason(&wrong), "not_established NO_RECORD");
        assert_eq!(bytes(wrong), bytes(unknown));
    }
}

#[tokio::test]
async fn their_cases_read_alike_too() {
    let known = person("Okafor").settled("2019-06-01");
    let house = House::with([known.clone()]).await;
    let mut cases = Vec::new();
    for subject in [
        known.by_name().but_born("1991-06-02"),
        by_name("Alex", "Nobody", "1991-06-02"),
    ] {
        let told = right_to_work(&house, subject).await;
        let mut case = house.case(EMPLOYER, &told.case_id).await.unwrap();
        case.case_id.clear();
        case.history.iter_mut().for_each(|event| event.case_id.clear());
        cases.push(case.encode_to_vec());
    }
    assert_eq!(cases[0], cases[1]);
}

#[tokio::test]
async fn an_expired_code_is_told_only_to_who_knows_the_date_of_birth() {
    let expired = person("Okafor")
        .settled("2019-06-01")
        .code("W11111111", "2025-01-01");
    let house = House::with([expired.clone()]).await;
    let wrong = right_to_work(&house, expired.by_code().but_born("1991-06-02")).await;
    let unknown = right_to_work(&house, by_code("W99999999", "1991-06-02")).await;
    assert_eq!(bytes(wrong), bytes(unknown));
}

/// The shipped agreement, for the organisation that has none, releasing nothing but these.
fn releasing(id: &str, released: &[&str]) -> Agreement {
    let mut agreement = agreement_like(id, "narrow", "stranger");
    agreement.released_fields = released.iter().map(|field| (*field).to_owned()).collect();
    agreement
}

async fn told(agreement: Agreement, person: Resident, check: v1::check_request::Check) -> serde_json::Value {
    let house = House::start(Plan {
        people: vec![person],
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let told = house.answered(STRANGER, request(check)).await;
    let told = json(&told);
    assert_eq!(told["agreement_id"], "narrow");
    told["established"].clone()
}

#[tokio::test]
async fn facts_of_a_right_that_the_agreement_does_not_release_are_named_as_withheld_and_left_out() {
    let student = person("Nair")
        .leave("Student", "2025-09-01", "2028-10-31")
        .leave_with("conditions", json!(["20 hours a week in term time"]));
    let mut work = told(
        releasing("right-to-work", &["entitlement"]),
        student.clone(),
        student.by_name().work(),
    )
    .await;
    work["right_to_work"]["statutory_excuse_reference"].take();
    assert_eq!(
        work,
        json!({
            "right_to_work": {
                "entitlement": "ENTITLEMENT_RESTRICTED",
                "conditions": [],
                "statutory_excuse_reference": null,
            },
            "withheld_fields": ["valid_until", "conditions", "follow_up_on"],
        })
    );
    let mut rent = told(
        releasing("right-to-rent", &["valid_until"]),
        student.clone(),
        student.by_name().rent("2026-04-01"),
    )
    .await;
    rent["right_to_rent"]["statutory_excuse_reference"].take();
    assert_eq!(
        rent,
        json!({
            "right_to_rent": {
                "entitlement": "ENTITLEMENT_UNSPECIFIED",
                "valid_until": "2028-10-31",
                "statutory_excuse_reference": null,
            },
            "withheld_fields": ["entitlement", "follow_up_on"],
        })
    );
}

#[tokio::test]
async fn facts_of_support_and_of_leave_are_withheld_the_same_way() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95");
    assert_eq!(
        told(
            releasing("section-95", &[]),
            family.clone(),
            family.by_nass().support()
        )
        .await,
        json!({ "section_95": { "supported": true }, "withheld_fields": ["supported_since"] })
    );
    let patient = person("Nguyen")
        .leave("Student", "2025-09-01", "2028-10-31")
        .leave_with("health_surcharge_paid", json!(true));
    assert_eq!(
        told(
            releasing("iecas", &["immigration_status"]),
            patient.clone(),
            patient.by_name().status()
        )
        .await,
        json!({
            "iecas": { "immigration_status": "Student" },
            "withheld_fields": ["valid_from", "valid_until", "health_surcharge_paid"],
        })
    );
}

#[tokio::test]
async fn what_is_unknown_is_not_named_as_withheld() {
    let settled = person("Okafor").settled("2019-06-01");
    let mut told = told(
        releasing("right-to-work", &["entitlement"]),
        settled.clone(),
        settled.by_name().work(),
    )
    .await;
    assert_eq!(told["withheld_fields"].take(), json!([]));
}

/// Names of the fields of `message` and of all that it holds, each once.
fn field_names(message: &prost_reflect::MessageDescriptor, names: &mut BTreeSet<String>) {
    for field in message.fields() {
        let is_new = names.insert(field.name().to_owned());
        if let Some(below) = field.kind().as_message().filter(|_| is_new) {
            field_names(below, names);
        }
    }
}

#[test]
fn no_answer_has_a_field_for_who_the_person_is() {
    let pool = prost_reflect::DescriptorPool::decode(statuscheck_proto::DESCRIPTOR_SET).unwrap();
    let names_of = |message: &str| {
        let mut names = BTreeSet::new();
        field_names(&pool.get_message_by_name(message).unwrap(), &mut names);
        names
    };
    let person = names_of("statuscheck.v1.Person");
    assert!(person.contains("family_name") && person.len() == 8, "{person:?}");
    let answer = names_of("statuscheck.v1.Answer");
    assert!(answer.contains("supported_since"), "{answer:?}");
    assert_eq!(person.intersection(&answer).collect::<Vec<_>>(), [""; 0]);

    // Every fact is released by name, but for what the answer is itself and the caller's own proof of it.
    let mut facts = BTreeSet::new();
    for check in ["RightToWork", "RightToRent", "Section95", "Iecas"] {
        facts.extend(names_of(&format!("statuscheck.v1.{check}Facts")));
    }
    let released = Facts::FIELDS.map(str::to_owned);
    let always = ["supported", "statutory_excuse_reference"].map(str::to_owned);
    assert_eq!(facts, released.into_iter().chain(always).collect());
}

#[tokio::test]
async fn an_answer_to_a_school_names_nobody() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95");
    let house = House::with([family.clone()]).await;
    let told = house.answered(COUNCIL, request(family.by_nass().support())).await;
    assert_eq!(outcome(&told), "established");
    let text = json(&told).to_string();
    let asked = family.by_nass().person;
    for particular in [
        asked.family_name,
        asked.date_of_birth,
        asked.asylum_support_reference,
    ] {
        assert!(!particular.is_empty() && !text.contains(&particular), "{text}");
    }
}
