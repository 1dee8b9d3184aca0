use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::subject::{Name, Subject};

use super::*;
use crate::testing::{nass, nino, question, subject};

fn status(word: &str) -> Answer {
    Answer::of(200, &json!({"data": {"status": word}}).to_string())
}

fn outcome(answer: &Answer) -> Result<Option<Outcome>, AskError> {
    read_status(answer).map(|reply| reply.map(|reply| reply.outcome))
}

#[test]
fn an_entry_is_told_with_its_feed_and_the_feeds_age() {
    let answer = status("eligible")
        .with_header("x-source", "home_office")
        .with_header("x-source-loaded-at", "2026-01-03T00:00:00Z");
    let Ok(Some(reply)) = read_status(&answer) else {
        panic!("the check is settled")
    };
    assert_eq!(
        reply.as_of.map(|at| at.to_string()).as_deref(),
        Some("2026-01-03T00:00:00Z")
    );
    let Outcome::Found(Facts::EducationEligibility(found)) = reply.outcome else {
        panic!("the family is found")
    };
    assert!(found.eligible);
    assert_eq!(found.source, Some(DepartmentId::HomeOffice));
    assert_eq!(found.loaded_at, reply.as_of);
}

#[test]
fn not_eligible_is_found_and_parent_not_found_is_no_record() {
    let not_eligible = outcome(&status("notEligible"));
    assert!(matches!(
        not_eligible,
        Ok(Some(Outcome::Found(Facts::EducationEligibility(
            EducationEligibility {
                eligible: false,
                source: None,
                loaded_at: None
            }
        ))))
    ));
    assert!(outcome(&status("parentNotFound")) == Ok(Some(Outcome::NoRecord)));
}

#[test]
fn a_queued_check_is_no_reply_yet() {
    assert!(outcome(&status("queuedForProcessing")) == Ok(None));
}

#[test]
fn an_error_or_a_lost_check_is_unavailable_and_never_no_record() {
    assert!(outcome(&status("error")) == Err(AskError::Unavailable));
    assert!(outcome(&Answer::of(404, "{}")) == Err(AskError::Unavailable));
    assert!(outcome(&Answer::of(503, "")) == Err(AskError::Unavailable));
    assert!(outcome(&status("maybe")) == Err(AskError::Garbage));
}

#[test]
fn a_feed_that_nobody_knows_is_garbage() {
    let answer = status("eligible").with_header("x-source", "the-pub");
    assert!(outcome(&answer) == Err(AskError::Garbage));
    let answer = status("eligible").with_header("x-source-loaded-at", "yesterday");
    assert!(outcome(&answer) == Err(AskError::Garbage));
}

#[test]
fn the_id_of_a_check_is_read_from_its_link_and_the_link_is_not_followed() {
    let queued = |link: &str| {
        let body =
            json!({"data": {"status": "queuedForProcessing"}, "links": {"get_EligibilityCheck": link}});
        read_queued(&Answer::of(202, &body.to_string()))
    };
    let id = Uuid::from_u128(9);
    assert_eq!(queued(&format!("/check/{id}")), Ok(id));
    assert_eq!(queued(&format!("https://elsewhere.test/check/{id}")), Ok(id));
    assert_eq!(queued("/check/../token"), Err(AskError::Garbage));
    assert_eq!(read_queued(&Answer::of(400, "{}")), Err(AskError::Refused));
}

fn request(subject: Subject) -> Result<Value, Field> {
    let question = question(Operation::EducationEligibility, subject);
    Request::of(&question).map(|data| serde_json::to_value(Data { data }).unwrap())
}

#[test]
fn exactly_one_of_the_two_numbers_goes_out() {
    let mut subject = subject();
    subject.nino = nino("AB123456C");
    let by_nino = json!({"data": {"nationalInsuranceNumber": "AB123456C", "lastName": "de Souza",
        "dateOfBirth": "1990-02-28"}});
    assert_eq!(request(subject.clone()), Ok(by_nino));
    subject.asylum_support_reference = nass("240112345");
    let by_reference = json!({"data": {"nationalAsylumSeekerServiceNumber": "240112345", "lastName": "de Souza",
        "dateOfBirth": "1990-02-28"}});
    assert_eq!(request(subject), Ok(by_reference));
}

#[test]
fn a_number_without_its_suffix_is_not_sent() {
    let mut subject = subject();
    subject.nino = nino("AB123456");
    assert_eq!(request(subject), Err(Field::AsylumSupportReference));
}

#[test]
fn typographic_marks_go_out_plain_and_accents_stay() {
    let mut subject = subject();
    subject.asylum_support_reference = nass("240112345");
    subject.name = Name::parse("Siân", "O’Brien‐Łuk").ok();
    let body = request(subject).unwrap();
    assert_eq!(body["data"]["lastName"], "O'Brien-Łuk");
}
