use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::testing::{nino, question, subject};

fn answer(status: u16, body: &Value) -> Answer {
    Answer::of(status, &body.to_string())
}

fn errors(status: &str) -> Value {
    json!({"errors": [{"id": "1", "status": status, "code": status, "title": "none", "detail": "none"}]})
}

fn traced(status: u16, body: &Value) -> Result<Outcome, AskError> {
    read_trace(&answer(status, body)).map(|reply| reply.outcome)
}

#[test]
fn a_trace_says_whether_the_number_is_the_persons() {
    let said = |word: &str| traced(200, &json!({"data": {"attributes": {"outcome": word}}}));
    assert!(said("MATCH") == Ok(Outcome::Found(Facts::NinoTrace { matches: true })));
    assert!(said("NO_MATCH") == Ok(Outcome::Found(Facts::NinoTrace { matches: false })));
    assert!(said("PERHAPS") == Err(AskError::Garbage));
}

#[test]
fn a_clerks_ticket_is_deferred() {
    let deferred = Outcome::Deferred {
        expected_by: None,
        ticket: "t-1".to_owned(),
    };
    assert!(traced(202, &json!({"data": {"id": "t-1"}})) == Ok(deferred));
}

#[test]
fn only_dwps_own_404_is_no_record() {
    assert!(traced(404, &errors("404")) == Ok(Outcome::NoRecord));
    assert!(traced(404, &json!({"errors": []})) == Err(AskError::Garbage));
    let lost = json!({"errors": [{"status": "404", "code": "UNKNOWN_TICKET"}]});
    assert!(traced(404, &lost) == Err(AskError::Garbage));
    assert!(traced(404, &json!("no such page")) == Err(AskError::Garbage));
}

#[test]
fn several_citizens_ask_for_the_number() {
    let wanted = Outcome::Ambiguous {
        would_settle: vec![Field::NationalInsuranceNumber],
    };
    assert!(traced(422, &errors("422")) == Ok(wanted.clone()));
    let Ok(Err(reply)) = read_match(&answer(422, &errors("422"))) else {
        panic!("there is no one citizen")
    };
    assert!(reply.outcome == wanted);
}

#[test]
fn a_failure_is_never_no_record() {
    assert!(traced(500, &errors("500")) == Err(AskError::Unavailable));
    assert!(traced(400, &errors("400")) == Err(AskError::Refused));
    assert!(matches!(
        read_match(&answer(503, &errors("503"))),
        Err(AskError::Unavailable)
    ));
    assert!(read_claims(&answer(500, &errors("500"))).is_err());
}

#[test]
fn a_citizen_whose_id_is_no_guid_is_garbage() {
    let body = json!({"data": {"id": "../claims", "type": "MatchResult"}});
    assert!(matches!(read_match(&answer(200, &body)), Err(AskError::Garbage)));
}

#[test]
fn claims_are_periods_of_residence_and_none_is_no_evidence() {
    let body = json!({"data": [
        {"id": "1", "type": "Claim", "attributes": {"benefitType": "universal_credit", "startDate": "2001-02-03",
            "endDate": "2004-05-06", "status": "closed", "awards": []}},
        {"id": "2", "type": "Claim", "attributes": {"benefitType": "state_pension", "startDate": "2010-01-01"}},
    ]});
    let periods = |status, body: &Value| match read_claims(&answer(status, body)).map(|reply| reply.outcome) {
        Ok(Outcome::Found(Facts::Residence(periods))) => periods,
        _ => panic!("the citizen is found"),
    };
    assert!(
        periods(200, &body)
            == [
                Period {
                    from: date(2001, 2, 3),
                    to: Some(date(2004, 5, 6))
                },
                Period {
                    from: date(2010, 1, 1),
                    to: None
                },
            ]
    );
    assert!(periods(404, &errors("404")).is_empty());
}

#[test]
fn the_fragment_is_four_digits_without_the_suffix() {
    let mut subject = subject();
    subject.nino = nino("AB123456C");
    let question = question(Operation::BenefitHistory, subject);
    let Ok((name, nino)) = identity(&question) else {
        panic!("there are a name and a number")
    };
    let body = Document::of(
        "Match",
        MatchAttributes {
            date_of_birth: question.subject.date_of_birth.date(),
            nino_fragment: nino.fragment(),
            last_name: name.family(),
        },
    );
    let expected = json!({"jsonapi": {"version": "1.0"}, "data": {"type": "Match", "attributes":
        {"dateOfBirth": "1990-02-28", "ninoFragment": "3456", "lastName": "de Souza"}}});
    assert_eq!(serde_json::to_value(&body).unwrap(), expected);
}

#[test]
fn without_a_number_the_number_is_what_would_settle_it() {
    let question = question(Operation::NinoTrace, subject());
    assert!(matches!(identity(&question), Err(Field::NationalInsuranceNumber)));
}
