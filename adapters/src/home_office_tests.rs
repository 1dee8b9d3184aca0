use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::testing::{nass, nino, question, reference, share_code, subject};

const STATUS: Operation = Operation::ImmigrationStatus;
const SUPPORT: Operation = Operation::Section95Support;

fn outcome(operation: Operation, status: u16, body: &Value) -> Result<Outcome, AskError> {
    read(operation, &Answer::of(status, &body.to_string())).map(|reply| reply.outcome)
}

fn failure(operation: Operation, status: u16, body: &Value) -> Option<AskError> {
    outcome(operation, status, body).err()
}

fn status_body() -> Value {
    json!({
        "statusRef": "status-1", "leave": "Skilled Worker", "validFrom": "2024-01-01", "validUntil": "2027-01-01",
        "mayWork": true, "mayRent": false, "conditions": ["20 hours a week"], "healthSurchargePaid": true,
        "arrivedOn": "2023-12-30", "asOf": "2026-01-05T10:00:00Z", "aFieldOfNextYear": 1
    })
}

#[test]
fn a_status_is_read_with_all_its_facts_and_its_age() {
    let reply = read(STATUS, &Answer::of(200, &status_body().to_string()));
    let Ok(Reply {
        as_of: Some(as_of),
        outcome: Outcome::Found(Facts::ImmigrationStatus(status)),
    }) = reply
    else {
        panic!("a status is found")
    };
    assert_eq!(as_of.to_string(), "2026-01-05T10:00:00Z");
    assert_eq!(status.leave, "Skilled Worker");
    assert_eq!(status.valid_from, date(2024, 1, 1));
    assert_eq!(status.valid_until, Some(date(2027, 1, 1)));
    assert!(status.may_work && !status.may_rent);
    assert_eq!(status.conditions, ["20 hours a week"]);
    assert_eq!(status.health_surcharge_paid, Some(true));
    assert_eq!(status.arrived_on, Some(date(2023, 12, 30)));
}

#[test]
fn a_status_without_a_mandatory_fact_is_garbage() {
    for fact in ["leave", "validFrom", "mayWork", "mayRent", "conditions"] {
        let mut body = status_body();
        body[fact] = Value::Null;
        assert_eq!(failure(STATUS, 200, &body), Some(AskError::Garbage), "{fact}");
        body.as_object_mut().unwrap().remove(fact);
        assert_eq!(failure(STATUS, 200, &body), Some(AskError::Garbage), "{fact}");
    }
}

#[test]
fn a_status_of_the_wrong_shape_is_garbage() {
    for (fact, wrong) in [
        ("leave", json!(" ")),
        ("mayWork", json!("yes")),
        ("validUntil", json!("2023-01-01")),
        ("validUntil", json!("soon")),
    ] {
        let mut body = status_body();
        body[fact] = wrong;
        assert_eq!(failure(STATUS, 200, &body), Some(AskError::Garbage), "{fact}");
    }
    assert_eq!(failure(STATUS, 200, &json!([])), Some(AskError::Garbage));
    let page = Answer::of(200, "<html>");
    assert_eq!(read(STATUS, &page).err(), Some(AskError::Garbage));
}

#[test]
fn only_the_home_offices_own_word_is_no_record() {
    assert!(outcome(STATUS, 404, &json!({"code": "NO_RECORD"})) == Ok(Outcome::NoRecord));
    assert!(outcome(SUPPORT, 404, &json!({"code": "NO_RECORD"})) == Ok(Outcome::NoRecord));
    for body in [json!({"code": "UNKNOWN_TICKET"}), json!({}), json!("not found")] {
        assert_eq!(failure(STATUS, 404, &body), Some(AskError::Garbage));
    }
}

#[test]
fn an_expired_code_asks_for_a_new_one() {
    let settled = Outcome::Ambiguous {
        would_settle: vec![Field::ShareCode],
    };
    assert!(outcome(STATUS, 410, &json!({"code": "CODE_EXPIRED"})) == Ok(settled));
}

#[test]
fn several_records_name_the_fields_that_settle_it() {
    let fields = |operation, names: Value| match outcome(
        operation,
        409,
        &json!({"code": "AMBIGUOUS", "wouldSettle": names}),
    ) {
        Ok(Outcome::Ambiguous { would_settle }) => would_settle,
        _ => panic!("it is ambiguous"),
    };
    assert_eq!(
        fields(STATUS, json!(["reference", "givenNames", "shoeSize"])),
        [Field::HomeOfficeReference, Field::GivenNames]
    );
    assert_eq!(
        fields(SUPPORT, json!(["reference"])),
        [Field::AsylumSupportReference]
    );
    assert_eq!(fields(STATUS, json!([])), [Field::HomeOfficeReference]);
}

#[test]
fn a_caseworkers_ticket_is_deferred_and_a_closed_desk_is_closed() {
    let body = json!({"ticket": "t-1", "expectedBy": "2026-01-07T10:00:00Z"});
    let deferred = outcome(STATUS, 202, &body);
    assert!(
        deferred
            == Ok(Outcome::Deferred {
                ticket: "t-1".to_owned(),
                expected_by: "2026-01-07T10:00:00Z".parse().ok(),
            })
    );
    let body = json!({"code": "DESK_CLOSED", "opensAt": "2026-01-06T09:00:00Z"});
    let closed = outcome(STATUS, 503, &body);
    assert!(
        closed
            == Ok(Outcome::Closed {
                until: "2026-01-06T09:00:00Z".parse().ok()
            })
    );
    assert_eq!(
        failure(STATUS, 503, &json!({"code": "OVERLOAD"})),
        Some(AskError::Unavailable)
    );
}

#[test]
fn a_refused_request_is_our_fault() {
    let body = json!({"code": "WRONG_PURPOSE"});
    assert_eq!(failure(STATUS, 400, &body), Some(AskError::Refused));
}

fn basis(part: Value, section: Value) -> Option<String> {
    let body = json!({"inForce": true, "since": null, "part": part, "section": section, "asOf": null});
    match outcome(SUPPORT, 200, &body) {
        Ok(Outcome::Found(Facts::Section95Support(support))) => support.legal_basis,
        _ => panic!("the support is found"),
    }
}

#[test]
fn the_legal_basis_is_told_in_the_departments_words_or_not_at_all() {
    assert_eq!(
        basis(json!("VI"), json!("95")).as_deref(),
        Some("Part VI, section 95")
    );
    assert_eq!(basis(json!(null), json!("4")).as_deref(), Some("section 4"));
    assert_eq!(basis(json!("IV"), json!(" ")).as_deref(), Some("Part IV"));
    assert_eq!(basis(json!(null), json!(null)), None);
}

#[test]
fn support_without_the_word_whether_it_is_in_force_is_garbage() {
    let body = json!({"part": "VI", "section": "95"});
    assert_eq!(failure(SUPPORT, 200, &body), Some(AskError::Garbage));
}

fn request(operation: Operation, subject: statuscheck_domain::subject::Subject) -> (String, Value) {
    let question = question(operation, subject);
    let Ok(Ok(request)) = Request::of(&question) else {
        panic!("there is a request")
    };
    (request.path().join("/"), serde_json::to_value(&request).unwrap())
}

#[test]
fn a_share_code_goes_before_names() {
    let mut subject = subject();
    subject.share_code = share_code("W12 345 67X");
    let (path, body) = request(STATUS, subject);
    assert_eq!(path, "v1/status/share-code");
    assert_eq!(
        body,
        json!({"shareCode": "W1234567X", "dateOfBirth": "1990-02-28", "purpose": "WORK"})
    );
}

#[test]
fn names_go_as_given_with_the_reference_where_there_is_one() {
    let mut subject = subject();
    let (path, body) = request(STATUS, subject.clone());
    assert_eq!(path, "v1/status/match");
    let expected = json!({
        "givenNames": "Ana María", "familyName": "de Souza", "alsoKnownAs": ["Ana Perez"],
        "dateOfBirth": "1990-02-28"
    });
    assert_eq!(body, expected);
    subject.home_office_reference = reference("GWF 123456");
    assert_eq!(request(STATUS, subject).1["reference"], "GWF123456");
}

#[test]
fn support_is_asked_by_the_nass_reference_or_else_by_the_number() {
    let mut subject = subject();
    subject.nino = nino("AB123456");
    assert_eq!(request(SUPPORT, subject.clone()).1["reference"], "AB123456");
    subject.asylum_support_reference = nass("2401/012345");
    let (path, body) = request(SUPPORT, subject);
    assert_eq!(path, "v1/asylum-support/validations");
    let expected = json!({"reference": "2401012345", "familyName": "de Souza", "dateOfBirth": "1990-02-28"});
    assert_eq!(body, expected);
}

#[test]
fn without_any_reference_there_is_no_support_to_ask_for() {
    let question = question(SUPPORT, subject());
    assert!(matches!(
        Request::of(&question),
        Ok(Err(Field::AsylumSupportReference))
    ));
}
