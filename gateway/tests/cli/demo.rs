//! `statuscheck demo`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use serde_json::Value;
use statuscheck::cli::Cli;

use crate::house::House;
use crate::program::{Ran, run};

async fn once(dir: &Path, args: &[&str]) -> Ran {
    let dir = dir.to_str().unwrap();
    run(["demo", "--once", "--dir", dir].iter().chain(args)).await
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_demo_asks_every_check_with_every_outcome_and_ends_with_0() {
    let dir = tempfile::tempdir().unwrap();
    let table = once(dir.path(), &[]).await.ends(0);
    let rows = table.stdout.lines().filter(|line| line.contains("organisation/"));
    assert!(rows.count() >= 16, "{}", table.stdout);
    for outcome in [
        "established: ",
        "pending: ",
        "more information needed: ",
        "not established: ",
    ] {
        assert!(table.stdout.contains(outcome), "{outcome}");
    }
    assert!(!table.stdout.contains("not as expected"));

    let json = once(dir.path(), &["--json"]).await.ends(0).json();
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() >= 16);
    let asked: BTreeSet<_> = checks
        .iter()
        .map(|check| check["check"].as_str().unwrap())
        .collect();
    assert_eq!(
        asked,
        BTreeSet::from(["IECAS", "right to rent", "right to work", "section 95"])
    );
    for check in checks {
        assert_eq!(check["outcome"], check["expected"], "{check}");
        assert!(check["case_id"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    }
}

#[tokio::test]
async fn demo_json_has_the_agreed_shape_and_its_files_exist() {
    let house = House::open().await;
    let file = house.file();
    let agreed = [
        "ca",
        "dashboard",
        "departments",
        "grpc",
        "identities",
        "metrics",
        "taskforce",
    ];
    assert_eq!(keys(&file), BTreeSet::from(agreed));
    assert!(
        file["grpc"]
            .as_str()
            .unwrap()
            .parse::<std::net::SocketAddr>()
            .is_ok()
    );
    assert!(
        file["dashboard"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    let metrics = file["metrics"].as_str().unwrap();
    assert!(
        metrics.starts_with("http://127.0.0.1:") && metrics.ends_with("/metrics"),
        "{metrics}"
    );
    let readable = |path: &Value| {
        let path = Path::new(path.as_str().unwrap());
        assert!(path.is_absolute(), "{}", path.display());
        assert!(fs::read_to_string(path).unwrap().starts_with("-----BEGIN "));
    };
    readable(&file["ca"]);
    let names = [
        "organisation/employer",
        "organisation/landlord",
        "organisation/council",
        "organisation/trust",
        "organisation/stranger",
        "department/home-office",
        "department/dwp",
        "department/hmrc",
        "department/dfe",
        "taskforce/windrush",
        "ops/duty-1",
        "ops/duty-2",
    ];
    assert_eq!(keys(&file["identities"]), BTreeSet::from(names));
    for identity in file["identities"].as_object().unwrap().values() {
        assert_eq!(keys(identity), BTreeSet::from(["cert", "key"]));
        readable(&identity["cert"]);
        readable(&identity["key"]);
    }
    assert_eq!(
        keys(&file["departments"]),
        BTreeSet::from(["dfe", "dwp", "hmrc", "home-office"])
    );
    for url in file["departments"].as_object().unwrap().values() {
        let url = url.as_str().unwrap();
        assert!(
            url.starts_with("http://127.0.0.1:") || url.starts_with("https://127.0.0.1:"),
            "{url}"
        );
    }
    let taskforce = &file["taskforce"];
    let hooks = taskforce["hooks"].as_str().unwrap();
    assert!(hooks.starts_with("https://127.0.0.1:"), "{hooks}");
    let control = taskforce["control"].as_str().unwrap();
    let received = reqwest::get(format!("{control}/hooks")).await.unwrap();
    let received: Value = received.json().await.unwrap();
    assert!(received["hooks"].is_array(), "{received}");
    house.close().await;
}

#[tokio::test]
async fn a_demo_started_again_goes_on_with_its_certificates_and_cases() {
    let dir = tempfile::tempdir().unwrap();
    let first = once(dir.path(), &["--json"]).await.ends(0).json();
    let files = [
        "ca.pem",
        "ca.key",
        "gateway.pem",
        "identities/organisation-employer.pem",
        "store.key",
    ];
    let made = files.map(|name| fs::read(dir.path().join(name)).unwrap());

    let house = House::reopen(dir, &[]).await;
    assert!(
        made == files.map(|name| fs::read(house.path(name)).unwrap()),
        "a file was made anew"
    );
    let employers = first["checks"].as_array().unwrap().iter();
    let employers: Vec<_> = employers
        .filter(|check| check["who"] == "organisation/employer")
        .collect();
    assert_eq!(employers.len(), 4);
    for check in &employers {
        let read = house
            .ask(&["case", "get", check["case_id"].as_str().unwrap(), "--json"])
            .await
            .ends(0);
        assert_eq!(read.json()["case"]["case_id"], check["case_id"]);
    }
    let listed = house.ask(&["case", "list", "--json"]).await.ends(0).json();
    assert_eq!(listed["cases"].as_array().unwrap().len(), 2 * employers.len());
    house.close().await;
}

const MORE_PEOPLE: &str = r#"{"id": "more-1", "given_names": "Ottoline", "family_name": "Farthingale", "date_of_birth": "1991-02-03", "arrived_on": "2015-01-01", "leave": {"kind": "Settled status", "valid_from": "2019-01-01", "may_work": true, "may_rent": true}}
"#;

#[tokio::test]
async fn a_population_adds_its_people_to_the_samples() {
    let people = tempfile::NamedTempFile::new().unwrap();
    fs::write(&people, MORE_PEOPLE).unwrap();
    let house = House::open_with(&["--population", people.path().to_str().unwrap()]).await;
    let person = [
        "--given-names",
        "Ottoline",
        "--family-name",
        "Farthingale",
        "--date-of-birth",
        "1991-02-03",
    ];
    let args: Vec<_> = ["check", "right-to-work", "--exit-code"]
        .into_iter()
        .chain(person)
        .collect();
    let known = house.ask(&args).await.ends(0);
    assert!(
        known.stdout.contains("established: unlimited"),
        "{}",
        known.stdout
    );
    house.close().await;
}

#[tokio::test]
async fn a_population_with_an_unknown_key_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let people = dir.path().join("people.jsonl");
    let second = MORE_PEOPLE
        .replace("more-1", "more-2")
        .replace("\"leave\"", "\"nationality\": \"none\", \"leave\"");
    fs::write(&people, format!("{MORE_PEOPLE}{second}")).unwrap();
    let ran = once(dir.path(), &["--population", people.to_str().unwrap()])
        .await
        .ends(1);
    assert!(
        ran.stderr.contains("line 2: nationality: there is no such key"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("Ottoline"));
    assert!(!dir.path().join("demo.json").exists());
}

#[tokio::test]
async fn the_help_of_every_command_shows_an_example() {
    let mut leaves = Vec::new();
    find_leaves(&Cli::command(), &mut Vec::new(), &mut leaves);
    assert!(leaves.len() >= 9, "{leaves:?}");
    for mut leaf in leaves {
        leaf.push("--help".to_owned());
        let help = run(&leaf).await.ends(0).stdout;
        let (_, example) = help
            .split_once("Example")
            .unwrap_or_else(|| panic!("{leaf:?} has no example"));
        assert!(
            example.contains(&format!("statuscheck {}", leaf[..leaf.len() - 1].join(" "))),
            "{example}"
        );
    }
}

fn find_leaves(command: &clap::Command, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    if !command.has_subcommands() {
        leaves.push(path.clone());
    }
    for below in command.get_subcommands() {
        path.push(below.get_name().to_owned());
        find_leaves(below, path, leaves);
        path.pop();
    }
}
