use statuscheck_domain::subject::{AsylumSupportReference, HomeOfficeReference, Nino, ShareCode};

use super::*;
use crate::behaviour::Behaviour;
use statuscheck_domain::ids::DepartmentId;

const WHOLE: &str = r#"{"id":"p1","given_names":"Ada May","family_name":"O’Brien","also_known_as":["Ada Bell"],"date_of_birth":"1990-02-01","national_insurance_number":"AB123456C","home_office_reference":"HO-123/456","asylum_support_reference":"2401/012345","postcode":"SW1A1AA","share_codes":[{"code":"W12345678","issued_on":"2026-01-05"}],"leave":{"kind":"Skilled Worker","valid_from":"2024-01-01","valid_until":"2027-01-01","may_work":true,"may_rent":true,"conditions":["20 hours"],"health_surcharge_paid":true},"arrived_on":"2023-12-30","section_95":{"in_force":true,"since":"2024-01-02","legal_basis":"Part VI, section 95"},"employments":[{"employer":"A Ltd","from":"2024-02-01","to":null}],"benefits":[{"kind":"universal_credit","from":"2025-01-01","to":"2025-06-01"}],"education":{"eligible":true,"source":"home_office"},"behaviour":{"dwp":"slow:2s","home_office":"closed"}}"#;

fn line(extra: &str) -> String {
    format!(r#"{{"id":"p1","given_names":"Ada","family_name":"Bell","date_of_birth":"1990-02-01"{extra}}}"#)
}

fn faults(text: &str) -> Vec<String> {
    match Population::from_lines(text.as_bytes()) {
        Err(PopulationError::Faults(faults)) => faults.iter().map(Fault::to_string).collect(),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => Vec::new(),
    }
}

fn fault(text: &str) -> String {
    faults(text).concat()
}

#[test]
fn a_line_reads_back_as_it_was_written() {
    let Ok(population) = Population::from_lines(WHOLE.as_bytes()) else {
        panic!("the line is well formed")
    };
    let person = &population.people()[0];
    assert!(person.behaviour.of(DepartmentId::HomeOffice) == Behaviour::Closed);
    assert!(person.behaviour.of(DepartmentId::Dfe) == Behaviour::Answer);
    let written = serde_json::to_string(person).unwrap();
    let again = Population::from_lines(written.as_bytes()).map(|again| again.people()[0].clone());
    let Ok(again) = again else {
        panic!("what was written is well formed")
    };
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    assert!(written.contains("\"AB123456C\"") && written.contains("\"slow:2000ms\""));
}

#[test]
fn only_id_names_and_date_of_birth_must_be_there_and_null_equals_absent() {
    assert_eq!(fault(&line("")), "");
    let nulls = r#","also_known_as":null,"national_insurance_number":null,"home_office_reference":null,"asylum_support_reference":null,"postcode":null,"share_codes":null,"leave":null,"arrived_on":null,"section_95":null,"employments":null,"benefits":null,"education":null,"behaviour":null"#;
    assert_eq!(fault(&line(nulls)), "");
    for missing in ["id", "given_names", "family_name", "date_of_birth"] {
        let mut person: serde_json::Value = serde_json::from_str(&line("")).unwrap();
        person.as_object_mut().unwrap().remove(missing);
        assert_eq!(
            fault(&person.to_string()),
            format!("line 1: missing field `{missing}`")
        );
    }
}

#[test]
fn what_a_department_left_out_may_be_left_out() {
    for extra in [
        r#","leave":{}"#,
        r#","leave":{"kind":null,"valid_from":null,"may_work":null,"may_rent":null}"#,
        r#","leave":{"valid_until":"2024-01-01"}"#,
        r#","section_95":{}"#,
        r#","section_95":{"in_force":null}"#,
        r#","education":{}"#,
        r#","education":{"eligible":null}"#,
    ] {
        assert_eq!(fault(&line(extra)), "", "{extra}");
    }
}

#[test]
fn a_fact_of_another_type_is_refused() {
    for (extra, start) in [
        (r#","leave":{"kind":7}"#, "line 1: leave.kind: must be a string"),
        (
            r#","leave":{"valid_from":7}"#,
            "line 1: leave.valid_from: must be a string",
        ),
        (
            r#","leave":{"may_rent":1}"#,
            "line 1: leave.may_rent: must be a boolean",
        ),
        (
            r#","section_95":{"in_force":"no"}"#,
            "line 1: section_95.in_force: must be a boolean",
        ),
        (
            r#","education":{"eligible":0}"#,
            "line 1: education.eligible: must be a boolean",
        ),
    ] {
        assert_eq!(fault(&line(extra)), start);
    }
}

#[test]
fn a_person_may_have_one_name() {
    let text = r#"{"id":"p1","given_names":"","family_name":"Suryani","date_of_birth":"1990-02-01"}"#;
    assert_eq!(fault(text), "");
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    for extra in [
        r#","nino":"AB123456C""#,
        r#","leave":{"kind":"x","valid_from":"2024-01-01","may_work":true,"may_rent":true,"until":"2025-01-01"}"#,
        r#","education":{"eligible":true,"feed":"dwp"}"#,
    ] {
        assert!(fault(&line(extra)).ends_with("there is no such key"), "{extra}");
    }
    assert!(fault(&line(r#","behaviour":{"dvla":"fail"}"#)).contains("must be one of home-office"));
}

#[test]
fn faults_name_line_and_field_and_never_the_value() {
    let text = [
        line(r#","national_insurance_number":"QQ123456C""#),
        line(r#","leave":{"kind":"x","valid_from":"2024-01-01","may_work":"surely","may_rent":true}"#),
        line(r#","share_codes":[{"code":"X12345678","issued_on":"2024-01-01"}]"#),
        line(r#","arrived_on":"01/02/1999""#),
        line(r#","education":{"eligible":true,"source":"grandmother"}"#),
        line(r#","employments":[{"employer":"A","from":"2024-02-01","to":"2023-02-01"}]"#),
        "{secret".to_owned(),
        line("") + " secret",
    ]
    .join("\n");
    let found = faults(&text);
    assert_eq!(found.len(), 8);
    for (place, start) in [
        "line 1: national_insurance_number: the letters",
        "line 2: leave.may_work: must be a boolean",
        "line 3: share_codes[0].code: must begin with W",
        "line 4: arrived_on: must be a day written YYYY-MM-DD",
        "line 5: education.source: must be one of",
        "line 6: employments: ends before it begins",
        "line 7: is not one JSON object",
        "line 8: has text after the object",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(found[place].starts_with(start), "{}", found[place]);
    }
    let all = found.concat();
    for value in [
        "QQ",
        "surely",
        "X123",
        "01/02",
        "grandmother",
        "secret",
        "Ada",
        "Bell",
    ] {
        assert!(!all.contains(value), "{value} is repeated");
    }
}

#[test]
fn at_most_twenty_faults_are_told() {
    assert_eq!(faults(&"{}\n".repeat(30)).len(), 20);
}

#[test]
fn a_line_without_end_is_refused_without_being_held() {
    let long = format!("{}\n", "x".repeat(200_000));
    assert_eq!(fault(&long), "line 1: is longer than 65,536 bytes");
}

#[test]
fn an_id_is_given_once() {
    let twice = format!("{}\n\n{}\n", line(""), line(""));
    assert_eq!(fault(&twice), "line 3: id: is taken already");
    let Ok(mut population) = Population::from_lines(WHOLE.as_bytes()) else {
        panic!("the line is well formed")
    };
    let again = population.clone();
    assert!(matches!(
        population.extend(again),
        Err(PopulationError::DuplicateId(1))
    ));
    assert!(population.extend_from_lines(line("").as_bytes()).is_err());
    assert_eq!(population.people().len(), 1);
}

#[test]
fn a_behaviour_that_the_department_cannot_express_is_refused() {
    assert_eq!(
        fault(&line(r#","behaviour":{"hmrc":"defer:2h"}"#)),
        "line 1: behaviour: cannot be expressed by the API of hmrc"
    );
    assert_eq!(fault(&line(r#","behaviour":{"home_office":"closed"}"#)), "");
    let twice = line(r#","behaviour":{"home_office":"closed","home-office":"fail"}"#);
    assert!(fault(&twice).contains("names a department twice"));
}

#[test]
fn people_are_found_by_number_code_and_name() {
    let Ok(population) = Population::from_lines(WHOLE.as_bytes()) else {
        panic!("the line is well formed")
    };
    let born = jiff::civil::date(1990, 2, 1);
    let other = jiff::civil::date(1990, 1, 2);
    let nino = |text| {
        Nino::parse(text)
            .ok()
            .map(|nino| population.with_nino(&nino).count())
    };
    assert_eq!(nino("AB 12 34 56"), Some(1));
    assert_eq!(nino("AB123456D"), Some(0));
    let code = ShareCode::parse("w12-345-678").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(population.with_share_code(&code).count(), 1);
    let reference = HomeOfficeReference::parse("ho123456").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(population.with_home_office_reference(&reference).count(), 1);
    let reference = AsylumSupportReference::parse("2401012345").unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(population.with_asylum_support_reference(&reference).count(), 1);
    assert_eq!(population.with_family_name("O Brien", born).count(), 1);
    assert_eq!(population.with_family_name("Bell", born).count(), 1);
    assert_eq!(population.with_family_name("O Brien", other).count(), 0);
    assert_eq!(population.called("ada-may", "obrien", born).count(), 1);
    assert_eq!(population.called("Ada", "Bell", born).count(), 1);
    assert_eq!(population.called("Ada", "May O'Brien", born).count(), 0);
    assert_eq!(population.known_as("Ada May O'Brien", born).count(), 1);
}
