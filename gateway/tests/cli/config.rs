//! The sample configuration, and `config check`.

use std::fs;
use std::path::Path;

use jiff::civil::date;

use statuscheck::config::Config;
use statuscheck::register;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::sla::Ground;

use crate::program::{Ran, run};
use crate::sample::{Host, SAMPLE};

pub(crate) async fn check(file: &Path) -> Ran {
    run(["config".as_ref(), "check".as_ref(), file.as_os_str()]).await
}

/// The sample with every key that it shows set.
pub(crate) fn all_set() -> String {
    let shown = |line: &str| line.starts_with('#') && line.chars().nth(1).is_some_and(char::is_lowercase);
    let set = |line: &str| {
        if shown(line) {
            line[1..].to_owned()
        } else {
            line.to_owned()
        }
    };
    SAMPLE.lines().map(set).collect::<Vec<_>>().join("\n")
}

pub(crate) fn read(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("statuscheck.toml");
    fs::write(&path, text).unwrap();
    Config::read(&path).map_err(|error| format!("{:#}", anyhow::Error::new(error)))
}

#[test]
fn the_sample_shows_every_key_there_is() {
    let text = all_set();
    let headers = text.lines().filter(|line| line.starts_with('['));
    let mut sections: Vec<_> = headers.collect();
    // The keys above the first section.
    sections.push("");
    assert!(sections.len() > 15, "{sections:?}");
    for section in sections {
        let wrong = if section.is_empty() {
            format!("no-such-key = 1\n{text}")
        } else {
            text.replacen(section, &format!("{section}\nno-such-key = 1"), 1)
        };
        let refused = read(&wrong)
            .err()
            .unwrap_or_else(|| panic!("{section} takes any key"));
        let (_, known) = refused.split_once("expected ").unwrap();
        for key in known.split('`').skip(1).step_by(2) {
            assert!(
                shows(&text, section, key),
                "the sample does not show {key} of {section}"
            );
        }
    }
}

/// A section shows a key as a key of its own or as a section below; what one department shows holds for all.
fn shows(text: &str, section: &str, key: &str) -> bool {
    let of_any_department = |name: &str| match name.strip_prefix("departments.") {
        Some(rest) => format!(
            "departments.{}",
            rest.split_once('.').map_or("", |(_, rest)| rest)
        ),
        None => name.to_owned(),
    };
    let wanted = of_any_department(section.trim_matches(['[', ']']));
    let mut within = String::new();
    text.lines().any(|line| {
        if line.starts_with('[') {
            within = of_any_department(line.trim_matches(['[', ']']));
            let below = within.strip_prefix(&wanted).unwrap_or_default();
            return below.trim_start_matches('.').split('.').next() == Some(key);
        }
        within == wanted && line.starts_with(&format!("{key} ="))
    })
}

#[test]
fn the_shipped_register_parses() {
    let register = register::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/register")).unwrap();
    let ids = |listed_only: bool| -> Vec<_> {
        let agreements = register.agreements();
        let those = agreements.filter(|agreement| agreement.listed_only == listed_only);
        those.map(|agreement| agreement.id.to_string()).collect()
    };
    assert_eq!(
        ids(false),
        ["iecas", "right-to-rent", "right-to-work", "section-95"]
    );
    assert_eq!(
        ids(true),
        [
            "accessed-public-funds",
            "free-school-meals",
            "hmrc-section-40",
            "nino-alignment",
            "school-census",
            "state-funded-education",
        ]
    );
    let built_in = statuscheck::demo::shipped_register().unwrap();
    assert!(
        built_in.agreements().eq(register.agreements()),
        "the program has another register built in"
    );
    assert_eq!(built_in.orders(), register.orders());
}

/// What the report says in figures: paragraphs 6.34, 6.54, 6.95, 6.110, 6.112, 6.120, 6.162.
#[test]
fn the_shipped_register_has_the_quotas_and_promises_of_the_report() {
    let register = statuscheck::demo::shipped_register().unwrap();
    let of = |id: &str| register.agreement(&id.parse().unwrap()).unwrap();
    let promises = |id: &str| {
        let sla = &of(id).sla;
        [Ground::Usual, Ground::Leave].map(|ground| sla.promise(ground).to_string())
    };
    assert_eq!(promises("nino-alignment"), ["5 days", "48 hours"]);
    assert_eq!(promises("accessed-public-funds"), ["5 days", "48 hours"]);
    assert_eq!(promises("school-census"), ["10 working days", "10 working days"]);
    assert_eq!(promises("state-funded-education"), ["48 hours", "48 hours"]);
    assert_eq!(promises("iecas"), ["5 working days", "48 hours"]);
    assert_eq!(
        of("hmrc-section-40").quota(DepartmentId::Hmrc).unwrap().monthly,
        10_000
    );
    let census = of("school-census").quota(DepartmentId::Dfe).unwrap();
    let months = [6, 7, 8].map(|month| census.on(date(2017, month, 1)));
    assert_eq!(months, [300, 309, 300]);
    let legal_basis = &of("section-95").legal_basis;
    assert_eq!(
        legal_basis,
        "Immigration and Asylum Act 1999, Part VI, section 95"
    );
    assert!(of("free-school-meals").proactive);
}

#[tokio::test]
async fn a_calendar_that_cannot_be_used_is_named_with_its_reason() {
    let host = Host::new();
    fs::write(host.path("holidays.tsv"), "christmas").unwrap();
    let with = |lines: &str| {
        let section = format!("[calendar]\n{lines}");
        move |text: String| text.replace("[calendar]", &section)
    };
    faults(
        &host,
        with("hours = \"17:00-09:00\""),
        &["calendar: hours: ", "must be two times"],
    )
    .await;
    let told = ["calendar: ", "holidays.tsv: ", "line 1: "];
    faults(&host, with("bank_holidays = \"holidays.tsv\""), &told).await;
    faults(
        &host,
        with("earlier = [{}]"),
        &["calendar: two calendars have the version"],
    )
    .await;
    let sound = host.configure(with("hours = \"08:00-18:00\"\nearlier = [{}]"));
    check(&sound).await.ends(0);
}

#[tokio::test]
async fn a_good_configuration_has_nothing_at_fault() {
    let host = Host::new();
    let ran = check(&host.configure(|text| text)).await.ends(0);
    assert!(ran.stdout.contains("nothing at fault"));
    assert_eq!(ran.stderr, "");
}

/// The check of a configuration changed like that ends with 1 and says each of `told`, one line each.
pub(crate) async fn faults(host: &Host, change: impl FnOnce(String) -> String, told: &[&str]) {
    let ran = check(&host.configure(change)).await.ends(1);
    for fault in told {
        assert!(ran.stderr.contains(fault), "{fault} is not in: {}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
}

#[tokio::test]
async fn every_section_at_fault_is_named_at_once() {
    let host = Host::new();
    host.set_mode("tls/gateway.key", 0o644);
    host.set_mode("store.key", 0o640);
    fs::remove_file(host.path("secrets/hmrc")).unwrap();
    fs::write(host.path("register/iecas.toml"), "id = 'iecas'\ncolour = 'blue'").unwrap();
    let change = |text: String| {
        text.replace("status.example.gov.uk", "Not A Domain")
            .replace("url = \"https://status.home", "url = \"http://status.home")
            .replace("[departments.dfe", "[departments.ministry-of-magic")
            .replace("\"statuscheck.db\"", "\"nowhere/statuscheck.db\"")
            .replace("#streams = 100", "streams = 0")
            .replace("#reload_every = \"30s\"", "reload_every = \"0s\"")
            .replace("certificate_file = \"tls/dwp-client.pem\"\n", "")
    };
    let told = [
        "trust_domain: a trust domain is",
        "tls: private key",
        "has mode 0644",
        "register: ",
        "iecas.toml: is not a file of the register",
        "store.key_file: ",
        "(mode 0640)",
        "store.path: ",
        "nowhere is no folder",
        "departments.home-office: url of home-office must begin with https",
        "departments.hmrc: client_secret_file of hmrc cannot be read",
        "departments.dwp: tls.certificate_file of dwp",
        "departments.ministry-of-magic: is no department",
        "connections.streams: must be at least 1",
        "tls.reload_every: must be longer than nothing",
    ];
    faults(&host, change, &told).await;
}

#[tokio::test]
async fn a_missing_file_is_named_with_its_section() {
    let host = Host::new();
    for (file, told) in [
        ("tls/gateway.pem", "tls: gateway certificate"),
        ("tls/client-authorities.pem", "tls: client authorities"),
        ("tls/dwp-client.key", "departments.dwp: tls.key_file of dwp"),
        ("store.key", "store.key_file: cannot use the key file"),
    ] {
        let kept = host.path("kept");
        fs::rename(host.path(file), &kept).unwrap();
        faults(&host, |text| text, &[told, file]).await;
        fs::rename(&kept, host.path(file)).unwrap();
    }
    fs::rename(host.path("register"), host.path("kept")).unwrap();
    faults(&host, |text| text, &["register: ", "register: cannot be read"]).await;
    let nowhere = check(&host.path("nowhere.toml")).await.ends(1);
    assert!(
        nowhere.stderr.contains("nowhere.toml: cannot be read"),
        "{}",
        nowhere.stderr
    );
}

#[tokio::test]
async fn a_file_of_another_shape_is_refused_with_the_line() {
    let host = Host::new();
    faults(
        &host,
        |text| text.replace("[limits]", "[limits]\ncolour = \"blue\""),
        &["does not parse", "unknown field `colour`", "line "],
    )
    .await;
    faults(
        &host,
        |text| text.replace("#budget = \"2s\"", "budget = \"two seconds\""),
        &["does not parse", "budget", "line "],
    )
    .await;
    faults(
        &host,
        |text| text.replace("#budget = \"2s\"", "budget = 2"),
        &["does not parse", "budget", "line "],
    )
    .await;
}

#[tokio::test]
async fn serve_refuses_what_config_check_refuses() {
    let host = Host::new();
    let config = host.configure(|text| text.replace("#reload_every = \"30s\"", "reload_every = \"0s\""));
    let ran = run(["serve".as_ref(), "--config".as_ref(), config.as_os_str()])
        .await
        .ends(1);
    assert!(
        ran.stderr
            .contains("tls.reload_every: must be longer than nothing"),
        "{}",
        ran.stderr
    );
    assert!(!host.path("statuscheck.db").exists());
}

#[tokio::test]
async fn a_store_in_a_database_is_told_what_it_lacks_and_never_quoted() {
    let host = Host::new();
    fs::write(host.path("password"), "hunter2\n").unwrap();
    let place = "path = \"statuscheck.db\"";
    let url = "url = \"postgres://gateway@db.example/cases\"\nca_file = \"tls/client-authorities.pem\"";
    let sound = check(&host.configure(|text| text.replace(place, url))).await;
    assert!(sound.ends(0).stdout.contains("nothing at fault"));

    host.set_mode("password", 0o644);
    let exposed = format!("{url}\npassword_file = \"password\"");
    let with_password = url.replace("gateway@", "gateway:hunter2@");
    let unencrypted = url.replace("/cases", "/cases?sslmode=disable");
    let no_authority = url.lines().next().unwrap().to_owned();
    let missing_authority = url.replace("client-authorities", "nobody");
    let both = format!("{place}\n{url}");
    for (given, told) in [
        (exposed, "store.url: the password cannot be read"),
        (with_password, "store.url: holds a password"),
        (unencrypted, "store.url: sslmode=disable is for"),
        (no_authority, "store.url: TLS needs to know"),
        (missing_authority, "store.url: cannot read the certificates"),
        (both, "store: give either path"),
        (String::new(), "store: give either path"),
    ] {
        let ran = check(&host.configure(|text| text.replace(place, &given)))
            .await
            .ends(1);
        assert!(ran.stderr.contains(told), "{told} is not in: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"));
    }
    let slow = |text: String| {
        text.replace(place, url)
            .replace("#renew_every = \"2s\"", "renew_every = \"6s\"")
    };
    faults(
        &host,
        slow,
        &["store.limits.renew_every: must be less than the lease"],
    )
    .await;
}

#[test]
fn a_store_may_be_one_line() {
    let shorten = |line: &str| {
        let (before, rest) = SAMPLE.split_once("[store]").unwrap();
        let (_, after) = rest.split_once("[departments.home-office]").unwrap();
        let (top, sections) = before.split_once("[tls]").unwrap();
        read(&format!(
            "{top}{line}\n[tls]{sections}[departments.home-office]{after}"
        ))
        .unwrap()
        .store
    };
    let file = shorten("store = \"cases.db\"");
    assert!(file.path().is_some_and(|path| path.ends_with("cases.db")));
    assert!(file.audited().public_keys[0].ends_with("signing.key.pub"));
    let database = shorten("store = \"postgres://gateway@%2Frun%2Fpostgresql/cases\"");
    assert_eq!(database.path(), None);
}
