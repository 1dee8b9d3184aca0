//! The files of the Windrush safeguard.

use statuscheck_domain::agreement::Safeguard;

use super::*;

/// One with everything that can be left out.
pub(super) const SUBSCRIBED: &str = r#"
    version = "wider-2"
    owner = "Head of the Taskforce"
    starts_on = "2026-03-01"
    review_on = "2026-09-01"
    last_arrival = "1988-12-31"
    last_settlement = "1972-12-31"
    grounds = ["ARRIVED_BEFORE_1989", "COULD_HAVE_ARRIVED"]
    promise = "5 working days"
    division = "scotland"
    advice = "Nothing is refused to you. Quote {referral}; you hear by {due}."
    [helpline]
    name = "Taskforce"
    phone = "0808 157 0123"
    email = "taskforce@home-office.example"
    [subscribers.ops]
    url = "https://hooks.ops.example/t0ken"
    secret_files = ["ops"]
"#;

pub(super) fn safeguard(text: &str) -> Safeguard {
    let safeguards = [("w.toml".to_owned(), Ok(text.to_owned()))];
    let none = Vec::new;
    let register = parse_files(none(), none(), safeguards).unwrap();
    register.safeguards().next().unwrap().clone()
}

fn faults_of(text: &str) -> String {
    let safeguards = [("w.toml".to_owned(), Ok(text.to_owned()))];
    let none = Vec::new;
    parse_files(none(), none(), safeguards).unwrap_err().to_string()
}

#[test]
fn a_safeguard_is_read_with_its_rules_its_promise_and_its_subscribers() {
    let read = safeguard(SUBSCRIBED);
    assert_eq!(read.rules.version.as_str(), "wider-2");
    assert_eq!(read.rules.owner, "Head of the Taskforce");
    assert_eq!(read.rules.last_arrival.to_string(), "1988-12-31");
    assert_eq!(read.rules.last_settlement.to_string(), "1972-12-31");
    assert_eq!(read.rules.grounds.len(), 2);
    assert_eq!(
        (read.promise.to_string(), read.division.as_str()),
        ("5 working days".to_owned(), "scotland")
    );
    assert_eq!(
        read.helpline.to_string(),
        "Taskforce, 0808 157 0123, taskforce@home-office.example"
    );
    let (subscriber, webhook) = read.subscribers.first_key_value().unwrap();
    assert_eq!(
        (subscriber.as_str(), webhook.host()),
        ("ops", "hooks.ops.example")
    );
    assert!(!format!("{read:?}").contains("t0ken"));
}

#[test]
fn every_fault_of_a_safeguard_is_told_at_once() {
    let bad = SUBSCRIBED
        .replace("wider-2", "Wider 2")
        .replace("2026-03-01", "soon")
        .replace("1988-12-31", "31/12/1988")
        .replace("\"COULD_HAVE_ARRIVED\"", "\"BORN_SOMEWHERE\"")
        .replace("5 working days", "quickly")
        .replace("scotland", "wales")
        .replace("{due}", "{family_name}")
        .replace("0808 157 0123", "ask around")
        .replace("taskforce@home-office.example", "taskforce")
        .replace("https://hooks", "hooks")
        .replace("[\"ops\"]", "[]");
    let told = faults_of(&bad);
    for fault in [
        "w.toml: ",
        "version: must be 1 to 64",
        "starts_on: ",
        "last_arrival: ",
        "grounds: \"BORN_SOMEWHERE\" is not known",
        "promise: must be hours",
        "division: must be one of",
        "advice: may have {referral} and {due} in braces",
        "helpline.phone: must be a telephone number",
        "helpline.email: must be an e-mail address",
        "subscribers.ops.url: must be an https address",
        "subscribers.ops.secret_files: must be one, or two",
    ] {
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
    for (of, to, fault) in [
        (
            "1972-12-31",
            "1990-01-01",
            "last_settlement: 1990-01-01 is after last_arrival",
        ),
        (
            "2026-09-01",
            "2026-02-01",
            "review_on: 2026-02-01 is before starts_on",
        ),
        ("\"Head of the Taskforce\"", "\" \"", "owner: is blank"),
        (
            "[\"ARRIVED_BEFORE_1989\", \"COULD_HAVE_ARRIVED\"]",
            "[]",
            "grounds: is empty: nobody would be held back",
        ),
        (
            "\"COULD_HAVE_ARRIVED\"]",
            "\"ARRIVED_BEFORE_1989\"]",
            "grounds: \"ARRIVED_BEFORE_1989\" is named twice",
        ),
        (
            "subscribers.ops",
            "subscribers.The-Ops",
            "subscribers.The-Ops: must be 1 to 64",
        ),
        (
            "Nothing is",
            "Nothing\\nis",
            "advice: must have 1 to 1000 characters on one line",
        ),
    ] {
        assert!(SUBSCRIBED.contains(of), "{of}");
        let told = faults_of(&SUBSCRIBED.replace(of, to));
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
}

#[test]
fn an_unknown_key_of_a_safeguard_is_refused_wherever_it_stands() {
    for at in ["    version =", "    name =", "    secret_files ="] {
        let told = faults_of(&SUBSCRIBED.replacen(at, &format!("    colour = 1\n{at}"), 1));
        assert!(told.contains("unknown field `colour`"), "{told}");
    }
}

#[test]
fn two_safeguards_of_one_version_or_one_day_cannot_stand_together() {
    let both = |text: &str| {
        let texts = [SUBSCRIBED, text].map(str::to_owned);
        let files = texts.map(|text| ("w.toml".to_owned(), Ok(text)));
        let none = Vec::new;
        parse_files(none(), none(), files)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let other_day = SUBSCRIBED.replace("2026-03-01", "2026-04-01");
    assert_eq!(
        both(&other_day),
        Err("two Windrush safeguards have the version wider-2".to_owned())
    );
    assert_eq!(
        both(&SUBSCRIBED.replace("wider-2", "wider-3")),
        Err("the Windrush safeguards wider-2 and wider-3 both start on 2026-03-01".to_owned())
    );
    assert_eq!(both(&other_day.replace("wider-2", "wider-3")), Ok(()));
}
