//! `statuscheck check` and `statuscheck case`, against a running demo.

use std::net::TcpListener;

use jiff::ToSpan as _;
use serde_json::Value;
use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};

use crate::house::House;
use crate::program::{run, run_with_input};

const BY_CODE: [&str; 5] = [
    "right-to-work",
    "--share-code",
    "W00 SAM P01",
    "--date-of-birth",
    "1991-03-14",
];
const TWIN: [&str; 6] = [
    "--given-names",
    "Amina",
    "--family-name",
    "Warsame",
    "--date-of-birth",
    "1993-01-01",
];

fn check<'a>(kind: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    ["check", kind].iter().chain(args).copied().collect()
}

#[tokio::test]
async fn each_check_is_asked_by_its_usual_organisation_and_each_outcome_has_a_code() {
    let house = House::open().await;
    let soon = london_day(SystemClock::new().now())
        .saturating_add(14.days())
        .to_string();
    let student = [
        "--share-code",
        "R00SAMP05",
        "--date-of-birth",
        "2003-09-17",
        "--tenancy-start",
        &soon,
    ];
    let mother = ["--family-name", "Mensah", "--date-of-birth", "1989-08-19"];
    let mother = [&mother[..], &["--national-insurance-number", "gx 00 00 12 b"]].concat();
    let patient = [
        "--given-names",
        "Dewi",
        "--family-name",
        "Kusuma",
        "--date-of-birth",
        "1999-06-25",
    ];
    let waiting = [
        "--given-names",
        "Kwabena",
        "--family-name",
        "Ofori",
        "--date-of-birth",
        "1990-06-02",
    ];
    for (asked, code, said) in [
        (check("right-to-rent", &student), 0, "established: restricted"),
        (
            check("right-to-work", &waiting),
            10,
            "pending: the department is working on it",
        ),
        (
            check("section-95", &mother),
            11,
            "more information needed: asylum_support_reference",
        ),
        (check("iecas", &patient), 13, "not established: NO_RECORD"),
    ] {
        let answered = house.ask(&asked).await.ends(0);
        assert!(answered.stdout.contains(said), "{}", answered.stdout);
        let with_code = [&asked[..], &["--exit-code"]].concat();
        house.ask(&with_code).await.ends(code);
    }
    house.close().await;
}

#[tokio::test]
async fn json_has_the_names_of_the_contract_and_leaves_nothing_out() {
    let house = House::open().await;
    let by_code: Vec<_> = ["check"]
        .iter()
        .chain(&BY_CODE)
        .chain(&["--json"])
        .copied()
        .collect();
    let response = house.ask(&by_code).await.ends(0).json();
    let answer = &response["answer"];
    let facts = &answer["established"]["right_to_work"];
    assert_eq!(facts["entitlement"], "ENTITLEMENT_UNLIMITED");
    assert!(
        facts["statutory_excuse_reference"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    assert_eq!(answer["may_refuse"], Value::Bool(false));
    assert_eq!(answer["agreement_id"], "right-to-work");

    let id = response["case_id"].as_str().unwrap();
    let case = house.ask(&["case", "get", id, "--json"]).await.ends(0).json()["case"].clone();
    assert_eq!(case["case_id"], id);
    assert_eq!(
        (&case["kind"], &case["state"]),
        (&"CHECK_KIND_RIGHT_TO_WORK".into(), &"CASE_STATE_ANSWERED".into())
    );
    assert!(case["history"].as_array().unwrap().len() >= 3);
    assert!(case["sla"]["due_at"].as_str().unwrap().ends_with('Z'));
    let read = house.ask(&["case", "get", id]).await.ends(0);
    assert!(
        read.stdout.contains(id) && read.stdout.contains("established: unlimited"),
        "{}",
        read.stdout
    );
    house.close().await;
}

#[tokio::test]
async fn cases_are_listed_by_page_and_by_state() {
    let house = House::open().await;
    let first = house
        .ask(&["case", "list", "--json", "--limit", "3"])
        .await
        .ends(0)
        .json();
    let token = first["next_page_token"].as_str().unwrap().to_owned();
    let second = house
        .ask(&["case", "list", "--json", "--limit", "3", "--page-token", &token])
        .await
        .ends(0)
        .json();
    let ids = |page: &Value| -> Vec<String> {
        let cases = page["cases"].as_array().unwrap();
        cases
            .iter()
            .map(|case| case["case_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((ids(&first).len(), ids(&second).len()), (3, 1));
    assert_eq!(second["next_page_token"], "");
    assert!(!ids(&first).contains(&ids(&second)[0]));

    let open = house.ask(&["case", "list", "--state", "open"]).await.ends(0);
    let rows: Vec<_> = open
        .stdout
        .lines()
        .filter(|line| line.contains("right to work"))
        .collect();
    assert_eq!(rows.len(), 1, "{}", open.stdout);
    assert!(rows[0].contains("open"));
    let foreign = house
        .ask(&["case", "list", "--as", "organisation/stranger", "--json"])
        .await
        .ends(0);
    assert_eq!(ids(&foreign.json()), [""; 0]);
    house.close().await;
}

#[tokio::test]
async fn a_person_comes_from_standard_input_and_the_command_line_stands_above_it() {
    let house = House::open().await;
    let dir = house.dir();
    let asked = [
        "check",
        "right-to-work",
        "--demo",
        &dir,
        "--person",
        "-",
        "--exit-code",
    ];
    let twin = r#"{"given_names": "Amina", "family_name": "Warsame", "date_of_birth": "1993-01-01"}"#;
    run_with_input(asked, twin).await.ends(11);
    let born_later = asked.iter().chain(&["--date-of-birth", "1993-01-02"]);
    run_with_input(born_later, twin).await.ends(13);

    let unknown = twin.replace("family_name", "surname");
    let refused = run_with_input(asked, &unknown).await.ends(1);
    assert!(
        refused.stderr.contains("unknown field `surname`"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("Warsame"), "{}", refused.stderr);
    // A value of another type is told without the value.
    let refused = run_with_input(asked, r#"{"family_name": 19930101}"#)
        .await
        .ends(1);
    assert!(!refused.stderr.contains("19930101"), "{}", refused.stderr);
    house.close().await;
}

#[tokio::test]
async fn a_refused_request_ends_with_3_and_names_every_field() {
    let house = House::open().await;
    let args = [
        "check",
        "right-to-rent",
        "--family-name",
        "W4rsame",
        "--date-of-birth",
        "1990-02-30",
    ];
    let args = [
        &args[..],
        &["--share-code", "W00SAMP01", "--tenancy-start", "tomorrow"],
    ]
    .concat();
    let at_fault = [
        "right_to_rent.share_code",
        "right_to_rent.person.family_name",
        "right_to_rent.person.date_of_birth",
        "right_to_rent.tenancy_start",
    ];
    let told = house.ask(&args).await.ends(3).stderr;
    for field in at_fault {
        assert!(told.contains(&format!("\n  {field}: ")), "{field} in {told}");
    }
    for sent in ["W4rsame", "1990-02-30", "W00SAMP01", "tomorrow"] {
        assert!(!told.contains(sent), "{sent} in {told}");
    }
    let json = house.ask(&[&args[..], &["--json"]].concat()).await.ends(3).json();
    let violations = json["error"]["violations"].as_array().unwrap();
    let fields: Vec<_> = violations
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, at_fault);
    assert_eq!(
        (&json["error"]["code"], &json["error"]["reason"]),
        (&"INVALID_ARGUMENT".into(), &"INVALID_FIELDS".into())
    );

    let stranger = [
        &check("right-to-work", &TWIN)[..],
        &["--as", "organisation/stranger"],
    ]
    .concat();
    let stranger = house.ask(&stranger).await.ends(3);
    assert!(stranger.stderr.contains("[NO_AGREEMENT]"));
    let nobodys = house.ask(&["case", "get", "0193f1d2-0000-7000-8000-000000000000"]);
    assert!(nobodys.await.ends(3).stderr.contains("[NO_SUCH_CASE]"));
    house.close().await;
}

#[tokio::test]
async fn no_answer_ends_with_4_and_a_wrong_command_line_with_2() {
    let house = House::open().await;
    let ca = house.path("ca.pem").display().to_string();
    let cert = house
        .path("identities/organisation-employer.pem")
        .display()
        .to_string();
    let key = house
        .path("identities/organisation-employer.key")
        .display()
        .to_string();
    // Bound and closed again: nobody listens there now.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let files = ["--ca", &ca, "--cert", &cert, "--key", &key];
    let server = |address| {
        ["case", "list", "--server", address]
            .iter()
            .chain(&files)
            .map(|arg| (*arg).to_owned())
            .collect::<Vec<_>>()
    };
    let unreachable = run(server(&address)).await.ends(4);
    assert!(
        unreachable.stderr.contains("[NO_ANSWER]"),
        "{}",
        unreachable.stderr
    );
    let grpc = house.file()["grpc"].as_str().unwrap().to_owned();
    run(server(&grpc)).await.ends(0);

    run(["check", "right-to-drive"]).await.ends(2);
    run(["case", "list", "--demo", &house.dir(), "--limit", "501"])
        .await
        .ends(2);
    run(["case", "list"]).await.ends(1);
    let unknown = house
        .ask(&["case", "list", "--as", "organisation/nobody"])
        .await
        .ends(1);
    assert!(
        unknown.stderr.contains("organisation/employer"),
        "{}",
        unknown.stderr
    );
    house.close().await;
}
