use serde_json::{Value, json};
use statuscheck_domain::subject::Name;

use super::*;

fn answer(status: u16, body: &Value) -> Answer {
    Answer::of(status, &body.to_string())
}

fn tried(given: &str, family: &str, also: &[&str], names_max: u32) -> Vec<(String, String)> {
    let Ok(name) = Name::parse(given, family) else {
        panic!("the name is well formed")
    };
    let also: Vec<String> = also.iter().map(|alias| (*alias).to_owned()).collect();
    distinct(candidates(&name, &also), names_max)
        .into_iter()
        .map(|name| (name.first.to_string(), name.last.to_string()))
        .collect()
}

#[test]
fn names_that_hmrc_cannot_tell_apart_are_tried_once() {
    let found = tried("Ann Marie", "Smith", &["Anna Smithers"], 99);
    let same = found
        .iter()
        .filter(|(first, last)| first.starts_with('A') && last.starts_with("SMI"))
        .count();
    assert_eq!(same, 1);
    assert!(
        found
            .iter()
            .any(|(first, last)| first == "MARIE" && last == "SMITH")
    );
}

#[test]
fn no_more_names_are_tried_than_the_settings_say() {
    let all = tried("Ana Luz", "de la Cruz", &["Bo El Amin"], 99);
    assert!(all.len() > 3);
    assert_eq!(tried("Ana Luz", "de la Cruz", &["Bo El Amin"], 3), all[..3]);
}

#[test]
fn every_name_is_in_hmrcs_format() {
    let long = "Wolfeschlegelsteinhausenbergerdorff von Altona zu Altenburg";
    for (first, last) in tried("José-Łukasz D’Arcy", long, &["Æthel Ōno"], 99) {
        for part in [first, last] {
            assert!((1..=35).contains(&part.len()));
            assert!(
                part.bytes().all(
                    |symbol| symbol.is_ascii_alphabetic() || matches!(symbol, b' ' | b'-' | b'\'' | b'.')
                )
            );
        }
    }
}

#[test]
fn short_surnames_and_single_names_are_tried() {
    assert!(tried("Li", "O", &[], 3).contains(&("LI".to_owned(), "O".to_owned())));
    assert_eq!(
        tried("", "Suryani", &[], 3),
        [("SURYANI".to_owned(), "SURYANI".to_owned())]
    );
}

#[test]
fn employments_are_asked_for_from_the_sixth_tax_year_back() {
    assert_eq!(first_day_told(date(2026, 4, 5)), date(2019, 4, 6));
    assert_eq!(first_day_told(date(2026, 4, 6)), date(2020, 4, 6));
    assert_eq!(first_day_told(date(2026, 11, 21)), date(2020, 4, 6));
    assert_eq!(first_day_told(date(2026, 1, 1)), date(2019, 4, 6));
}

#[test]
fn a_match_is_read_from_its_link() {
    let id = Uuid::from_u128(3);
    let body = |href: String| json!({"_links": {"individual": {"href": href}, "self": {"href": "/individuals/matching/"}}});
    let matched = body(format!("/individuals/matching/{id}"));
    assert_eq!(read_match(&answer(200, &matched)), Ok(Some(id)));
    let odd = body("/individuals/matching/x?y".to_owned());
    assert_eq!(read_match(&answer(200, &odd)), Err(AskError::Garbage));
}

#[test]
fn only_matching_failed_is_no_match() {
    let failed = json!({"code": "MATCHING_FAILED", "message": "There is no match"});
    assert_eq!(read_match(&answer(404, &failed)), Ok(None));
    let other = json!({"code": "NOT_FOUND"});
    assert_eq!(read_match(&answer(404, &other)), Err(AskError::Garbage));
    assert_eq!(read_match(&answer(500, &json!({}))), Err(AskError::Unavailable));
    assert_eq!(
        read_match(&answer(400, &json!({"code": "INVALID_REQUEST"}))),
        Err(AskError::Refused)
    );
}

#[test]
fn a_throttled_request_says_when_to_come_back() {
    let body = json!({"code": "MESSAGE_THROTTLED_OUT"});
    let throttled = |retry_after| Err(AskError::Throttled { retry_after });
    assert_eq!(read_match(&answer(429, &body)), throttled(None));
    let told = answer(429, &body).with_header("retry-after", "2");
    assert_eq!(
        read_match(&told),
        throttled(Some(std::time::Duration::from_secs(2)))
    );
}

fn periods(reply: Result<Reply, AskError>) -> Vec<(String, Option<String>)> {
    let Ok(Outcome::Found(Facts::Residence(periods))) = reply.map(|reply| reply.outcome) else {
        panic!("the person is found")
    };
    periods
        .iter()
        .map(|period| (period.from.to_string(), period.to.map(|day| day.to_string())))
        .collect()
}

#[test]
fn employments_are_periods_of_residence_and_none_is_no_evidence() {
    let body = json!({"employments": [
        {"startDate": "2021-03-01", "endDate": "2022-08-31", "payFrequency": "WEEKLY", "payment": []},
        {"startDate": "2023-01-09", "employer": {"name": "A"}}]});
    assert_eq!(
        periods(read_employments(&answer(200, &body))),
        [
            ("2021-03-01".to_owned(), Some("2022-08-31".to_owned())),
            ("2023-01-09".to_owned(), None)
        ]
    );
    assert!(periods(read_employments(&answer(200, &json!({"employments": []})))).is_empty());
    assert_eq!(
        read_employments(&answer(200, &json!({}))).err(),
        Some(AskError::Garbage)
    );
    assert_eq!(
        read_employments(&answer(404, &json!({}))).err(),
        Some(AskError::Unavailable)
    );
}

#[test]
fn qualifying_tax_years_are_periods_across_the_turn_of_the_century_too() {
    let year = |text: &str, qualifying: bool| json!({"taxYear": text, "qualifying": qualifying, "underInvestigation": false});
    let body = json!({"taxYears": [year("1979-80", true), year("1980-81", false), year("1999-00", true)]});
    assert_eq!(
        periods(read_contributions(&answer(200, &body))),
        [
            ("1979-04-06".to_owned(), Some("1980-04-05".to_owned())),
            ("1999-04-06".to_owned(), Some("2000-04-05".to_owned()))
        ]
    );
}

#[test]
fn a_year_that_is_none_is_garbage() {
    for text in ["1979", "1979-81", "79-80", "1979-1980", "x-y"] {
        let body = json!({"taxYears": [{"taxYear": text, "qualifying": true}]});
        assert_eq!(
            read_contributions(&answer(200, &body)).err(),
            Some(AskError::Garbage),
            "{text}"
        );
    }
}
