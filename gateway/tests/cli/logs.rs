//! Logs tell nothing about anybody, at any level.

use std::collections::BTreeSet;

use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};
use statuscheck_mocks::samples::samples;

use crate::house::House;
use crate::program::{finish, program};

/// Shorter pieces of a name stand in ordinary words too.
const PIECE_CHARS_MIN: usize = 4;

/// Everything about the sample people that must not be logged, in the spellings that a log could have: as it was sent,
/// as departments are sent it, and the runs of ASCII letters that any escaping leaves alone.
fn secrets() -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for person in samples(london_day(SystemClock::new().now())) {
        let names = [&person.given_names, &person.family_name]
            .into_iter()
            .chain(&person.also_known_as);
        for name in names {
            secrets.extend(name.split_whitespace().map(str::to_owned));
            secrets.extend(
                name.split(|letter: char| !letter.is_ascii_alphabetic())
                    .map(str::to_owned),
            );
        }
        let born = person.date_of_birth;
        secrets.insert(born.to_string());
        secrets.insert(born.strftime("%Y%m%d").to_string());
        secrets.insert(born.strftime("%d/%m/%Y").to_string());
        secrets.extend(
            person
                .national_insurance_number
                .iter()
                .map(|nino| nino.expose().to_owned()),
        );
        secrets.extend(
            person
                .national_insurance_number
                .iter()
                .map(|nino| nino.expose()[..8].to_owned()),
        );
        secrets.extend(
            person
                .home_office_reference
                .iter()
                .map(|number| number.expose().to_owned()),
        );
        secrets.extend(
            person
                .asylum_support_reference
                .iter()
                .map(|number| number.expose().to_owned()),
        );
        secrets.extend(
            person
                .share_codes
                .iter()
                .map(|issued| issued.code.expose().to_owned()),
        );
        secrets.extend(
            person
                .postcode
                .iter()
                .map(|postcode| postcode.expose().to_owned()),
        );
    }
    // The way to every department's records.
    secrets.insert("mock-secret".to_owned());
    secrets.retain(|secret| secret.chars().count() >= PIECE_CHARS_MIN);
    secrets
}

/// Whether `text` has `word` with no letter or digit at either end. Both are in lower case.
fn has_word(text: &str, word: &str) -> bool {
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next())
    })
}

#[track_caller]
fn assert_clean(logs: &str) {
    let logs = logs.to_lowercase();
    for secret in secrets() {
        let secret = secret.to_lowercase();
        // Bytes as `{:?}` writes them, as a string and as a list. JSON doubles the backslash.
        let escaped = secret.as_bytes().escape_ascii().to_string();
        let listed = format!("{:?}", secret.as_bytes());
        let spellings = [escaped.replace('\\', "\\\\"), escaped, secret];
        for spelling in &spellings {
            assert!(!has_word(&logs, spelling), "a log has {spelling}");
        }
        assert!(
            !logs.contains(listed.trim_matches(['[', ']'])),
            "a log has the bytes of {spellings:?}"
        );
    }
}

#[tokio::test]
async fn the_whole_demo_logs_nothing_personal_even_at_the_finest_level() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["json", "text"] {
        let mut demo = program([
            "demo",
            "--once",
            "--dir",
            dir.path().to_str().unwrap(),
            "--log-format",
            format,
        ]);
        demo.env("RUST_LOG", "trace");
        let ran = finish(demo).await.ends(0);
        // Our own crates are logged; the libraries below them stay at info whatever is asked.
        assert!(ran.stderr.contains("statuscheck_adapters"));
        assert!(!ran.stderr.contains("h2::") && !ran.stderr.contains("rustls::"));
        assert_clean(&ran.stderr);
        assert_clean(&ran.stdout);
    }
}

#[tokio::test]
async fn a_command_logs_nothing_personal_and_quotes_nothing_that_it_was_given() {
    let house = House::open().await;
    let dir = house.dir();
    let good = [
        "--given-names",
        "Zofia",
        "--family-name",
        "Wiśniewska",
        "--date-of-birth",
        "1991-03-14",
    ];
    let good = [
        &good[..],
        &[
            "--national-insurance-number",
            "GX000001A",
            "--home-office-reference",
            "SAMPLE-0001",
        ],
    ]
    .concat();
    let bad = [
        "--family-name",
        "Zofia1",
        "--date-of-birth",
        "14/03/1991",
        "--national-insurance-number",
        "GX000001AA",
    ];
    for (person, code) in [(good, 0), (bad.to_vec(), 3)] {
        let mut command = program(["check", "right-to-work", "--demo", &dir].iter().chain(&person));
        command.env("RUST_LOG", "trace");
        let ran = finish(command).await.ends(code);
        assert!(!ran.stderr.contains("h2::") && !ran.stderr.contains("rustls::"));
        assert_clean(&ran.stderr);
        for sent in person.iter().filter(|arg| !arg.starts_with("--")) {
            assert!(
                !has_word(&ran.stderr.to_lowercase(), &sent.to_lowercase()),
                "it quotes {sent}"
            );
        }
    }
    house.close().await;
}
