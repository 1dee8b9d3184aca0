use std::error::Error as _;
use std::io::Write as _;

use clap::CommandFactory as _;
use statuscheck_domain::clock::ManualClock;

use super::*;
use crate::samples::SAMPLE_IDS;

fn arguments(words: &[&str]) -> Arguments {
    Arguments::try_parse_from(["statuscheck-mocks"].iter().chain(words)).unwrap()
}

fn refused(words: &[&str]) -> bool {
    Arguments::try_parse_from(["statuscheck-mocks"].iter().chain(words)).is_err()
}

/// What is written with a stop that comes at once.
async fn written(words: &[&str]) -> Result<String, CliError> {
    let clock = ManualClock::at("2026-11-21T12:00:00Z".parse().unwrap());
    let mut out = Vec::new();
    run(arguments(words), std::sync::Arc::new(clock), &mut out, async {}).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert!(refused(&["--generate", "3", "--population", "people.jsonl"]));
    assert!(refused(&["--generate", "3", "--dump-samples"]));
    assert!(refused(&["--dump-samples", "--json"]));
    assert!(refused(&["--people", "1000001"]));
    assert!(refused(&["--today", "21/11/2026", "--dump-samples"]));
    assert!(refused(&["--dwp", "somewhere"]));
    assert!(refused(&["--dwp-certificate", "dwp.pem", "--dwp-key", "dwp.key"]));
    assert!(refused(&["--dwp-client-ca", "ca.pem"]));
    assert!(refused(&["--taskforce", "127.0.0.1:9005"]));
    assert!(refused(&["--taskforce-order", "hang"]));
    let secret = ["--taskforce-secret", "s"];
    let with_secret = |words: &[&str]| refused(&[&secret, words].concat());
    assert!(with_secret(&["--taskforce-order", "fail:204"]));
    assert!(with_secret(&["--taskforce-certificate", "t.pem"]));
    assert!(with_secret(&["--gateway", "localhost:50051"]));
    assert!(!with_secret(&["--taskforce-order", "3xfail:503"]));
}

#[tokio::test]
async fn generated_people_are_written_one_a_line_and_load_again() {
    let text = written(&["--generate", "25", "--seed", "7"]).await.unwrap();
    assert_eq!(text.lines().count(), 25);
    let population = Population::from_lines(text.as_bytes()).unwrap();
    assert_eq!(population.people().len(), 25);
    let again = written(&["--generate", "25", "--seed", "7", "--today", "2026-11-21"]).await;
    assert!(again.is_ok_and(|again| again == text));
}

#[tokio::test]
async fn the_samples_are_written_in_their_order() {
    let text = written(&["--dump-samples"]).await.unwrap();
    let population = Population::from_lines(text.as_bytes()).unwrap();
    let ids: Vec<&str> = population
        .people()
        .iter()
        .map(|person| person.id.as_str())
        .collect();
    assert_eq!(ids, SAMPLE_IDS);
}

#[tokio::test]
async fn every_department_has_a_url_in_the_list() {
    let text = written(&[]).await.unwrap();
    assert!(text.starts_with("16 synthetic people"));
    for department in DepartmentId::ALL {
        let line = text
            .lines()
            .find(|line| line.trim().starts_with(department.as_str()));
        assert!(
            line.is_some_and(|line| line.contains("http://127.0.0.1:")),
            "{department}"
        );
    }
}

#[tokio::test]
async fn a_taskforce_is_there_where_it_has_a_secret_and_has_two_urls_in_the_list() {
    let none: serde_json::Value = serde_json::from_str(&written(&["--json"]).await.unwrap()).unwrap();
    assert_eq!(none.get("taskforce"), None);
    let secret = file("whsec_c3RyYW5nZXJzLXNlY3JldC1vZi0zMi1ieXRlcy1sb25n");
    let secret = ["--taskforce-secret", secret.path().to_str().unwrap()];
    let text = written(&[&secret[..], &["--json"]].concat()).await.unwrap();
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hooks = told["taskforce"]["hooks"].as_str().unwrap();
    assert!(
        hooks.starts_with("http://127.0.0.1:") && hooks.ends_with("/hooks"),
        "{hooks}"
    );
    let listed = written(&secret).await.unwrap();
    assert!(
        listed.contains("taskforce    http://127.0.0.1:") && listed.contains("(control: http://"),
        "{listed}"
    );
    let no_secret = file("whsec_c2hvcnQ=");
    let path = no_secret.path().to_str().unwrap();
    assert!(matches!(
        written(&["--taskforce-secret", path]).await,
        Err(CliError::Start(StartError::Taskforce(_)))
    ));
}

#[tokio::test]
async fn a_file_and_generated_people_are_added_to_the_samples() {
    let people = file(r#"{"id":"p1","given_names":"Ann","family_name":"Lee","date_of_birth":"1990-01-01"}"#);
    let path = people.path().to_str().unwrap();
    let text = written(&["--population", path, "--people", "10", "--json"])
        .await
        .unwrap();
    assert_eq!(text.lines().count(), 1);
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["people"], 27);
    for department in DepartmentId::ALL {
        let url = told["departments"][department.as_str()].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{department}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_the_line_and_without_the_value() {
    let missing = written(&["--population", "/nowhere/people.jsonl"])
        .await
        .err()
        .unwrap();
    assert!(missing.to_string().contains("/nowhere/people.jsonl"));

    let people = file(r#"{"id":"p1","given_names":"Ann","family_name":"Lee","date_of_birth":"1.1.1990"}"#);
    let path = people.path().to_str().unwrap();
    let faulty = written(&["--population", path]).await.err().unwrap();
    assert!(faulty.to_string().contains(path));
    let cause = faulty.source().unwrap().to_string();
    assert!(cause.contains("line 1: date_of_birth"), "{cause}");
    assert!(!cause.contains("1.1.1990"), "{cause}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error_and_not_a_wait() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = written(&["--hmrc", &address]).await.err().unwrap();
    assert!(matches!(refused, CliError::Start(_)));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let people = || samples(jiff::civil::date(2026, 11, 21)).into_iter();
    assert!(write_lines(people().cycle().take(1_000), Gone).is_ok());
}
