use std::fs;

use super::*;

#[path = "safeguard_tests.rs"]
mod safeguards;

use self::safeguards::{SUBSCRIBED, safeguard};

const SOUND: &str = r#"
    id = "status"
    title = "Status"
    purpose = "To know."
    legal_basis = "Immigration Act 2014, section 20"
    checks = ["iecas"]
    operations = ["home-office/immigration_status"]
    request_fields = ["date_of_birth", "family_name"]
    released_fields = ["valid_until"]
    signed_on = "2026-01-01"
    review_on = "2027-01-01"
    [organisations]
    nhs-trust = ["trust"]
    [[parties]]
    name = "home-office"
    owner = { name = "Director", email = "director@home-office.example" }
    contact = { name = "Desk", email = "desk@home-office.example" }
    [[parties]]
    name = "trusts"
    owner = { name = "Chair", email = "chair@trust.example" }
    contact = { name = "Desk", email = "desk@trust.example" }
    [sla]
    version = "2026-1"
    promise = "5 working days"
"#;

fn faults_of(text: &str) -> String {
    parse("a.toml", text).expect_err("it must be refused").to_string()
}

#[test]
fn a_sound_agreement_is_read_with_its_defaults() {
    let agreement = parse("a.toml", SOUND).unwrap();
    let promises = [
        statuscheck_domain::sla::Ground::Usual,
        statuscheck_domain::sla::Ground::Organisation,
    ];
    let promises = promises.map(|ground| agreement.sla.promise(ground).to_string());
    assert_eq!(promises, ["5 working days", "48 hours"]);
    assert_eq!(agreement.sla.silence().to_string(), "28 days");
    assert_eq!(agreement.contact(), "desk@home-office.example");
    assert!(!agreement.listed_only && !agreement.proactive && agreement.rate.is_none());
}

#[test]
fn every_fault_of_an_agreement_is_told_at_once() {
    let bad = SOUND
        .replace("\"status\"", "\"The Status\"")
        .replace("title = \"Status\"", "title = \"\"")
        .replace("[\"iecas\"]", "[\"iecas\", \"right-to-drive\"]")
        .replace("\"family_name\"", "\"nationality\"")
        .replace("[\"valid_until\"]", "[\"name\"]")
        .replace(
            "nhs-trust = [\"trust\"]",
            "club = [\"trust\"]\nnhs-trust = [\"The Trust\"]",
        )
        .replace("2026-01-01", "soon")
        .replace("5 working days", "quickly")
        .replace("director@home-office.example", "director");
    let bad = format!("retention = \"for ever\"\n{bad}\ndivision = \"wales\"\n[quotas.dvla]\nmonthly = 5\n");
    let told = faults_of(&bad);
    for fault in [
        "a.toml: ",
        "id: must be 1 to 64",
        "title: is blank",
        "checks: \"right-to-drive\" is not known",
        "request_fields: \"nationality\" is not known",
        "released_fields: \"name\" is not known",
        "organisations.club: must be one of employer",
        "organisations.nhs-trust: must be 1 to 64",
        "signed_on: ",
        "sla.promise: must be hours",
        "sla.division: must be one of",
        "retention: must be days",
        "quotas.dvla: must be one of home-office",
        "parties[0].owner.email: must be an e-mail address",
    ] {
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
    // What did not parse is not said to be missing as well.
    assert!(!told.contains("operations"), "{told}");
}

#[test]
fn a_webhook_belongs_to_an_organisation_of_the_agreement() {
    let with = |id: &str, url: &str, files: &str| {
        format!("{SOUND}\n[webhooks.{id}]\nurl = \"{url}\"\nsecret_files = {files}\n")
    };
    let url = "https://hooks.trust.example/t0ken";
    let agreement = parse("a.toml", &with("trust", url, r#"["trust", "trust-2"]"#)).unwrap();
    let webhook = &agreement.webhooks[&"trust".parse().unwrap()];
    assert_eq!(
        (webhook.url.as_str(), webhook.host()),
        (url, "hooks.trust.example")
    );
    assert!(!format!("{agreement:?}").contains("t0ken"));
    for (text, fault) in [
        (
            with("stranger", url, r#"["trust"]"#),
            "webhooks.stranger: is none of the organisations",
        ),
        (
            with("The-Trust", url, r#"["trust"]"#),
            "webhooks.The-Trust: must be 1 to 64",
        ),
        (
            with("trust", "hooks.trust.example", r#"["trust"]"#),
            "webhooks.trust.url: must be an https address",
        ),
        (
            with("trust", "https://me:pw@trust.example", r#"["trust"]"#),
            "webhooks.trust.url: must have no user",
        ),
        (
            with("trust", url, "[]"),
            "webhooks.trust.secret_files: must be one, or two",
        ),
        (
            with("trust", url, r#"["a", "b", "c"]"#),
            "webhooks.trust.secret_files: must be one, or two",
        ),
        (
            with("trust", url, r#"["../store.key"]"#),
            "webhooks.trust.secret_files: must be names",
        ),
        (
            with("trust", url, r#"["/etc/passwd"]"#),
            "webhooks.trust.secret_files: must be names",
        ),
    ] {
        let told = faults_of(&text);
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
}

#[test]
fn a_feed_goes_from_one_party_to_another_under_an_agreement_that_is_proactive() {
    let with = |keys: &str| format!("{SOUND}\n[feed]\nname = \"people\"\nevery = \"7d\"\n{keys}");
    let told = faults_of(&with("from = \"home-office\"\nto = \"dfe\""));
    for fault in ["feed: is volunteered", "feed.to: dfe is no party"] {
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
    let told = faults_of(&with("from = \"home-office\"\nto = \"home-office\""));
    assert!(told.contains("feed.to: is who sends it"), "{told}");
    let told = faults_of(&with("from = \"dvla\"\nto = \"dfe\""));
    assert!(told.contains("feed.from: must be one of"), "{told}");
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    for (at, key) in [
        ("    id =", "colour = 1\n    id ="),
        ("promise =", "colour = 1\n    promise ="),
        ("name = \"trusts\"", "name = \"trusts\"\n    colour = 1"),
        ("name = \"Chair\",", "name = \"Chair\", colour = 1,"),
    ] {
        assert!(SOUND.contains(at));
        let told = faults_of(&SOUND.replacen(at, key, 1));
        assert!(
            told.contains("is not a file of the register") && told.contains("unknown field `colour`"),
            "{told}"
        );
    }
}

#[test]
fn every_file_at_fault_is_named_at_once_and_orders_belong_to_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("suspensions")).unwrap();
    write("a.toml", SOUND);
    let order = r#"
        id = "pause"
        reason = "r"
        owner = "o"
        departments = ["dwp"]
        over_age = 30
        starts_on = "2026-01-01"
        review_on = "2026-04-01"
    "#;
    write("suspensions/pause.toml", order);
    let register = load(folder.path()).unwrap();
    assert_eq!((register.agreements().count(), register.orders().len()), (1, 1));

    write("b.toml", "id = 'b'\ncolour = 'blue'");
    write("c.toml", &SOUND.replace("purpose = \"To know.\"", "purpose = ''"));
    write(
        "suspensions/pause.toml",
        &order.replace("2026-04-01", "2025-04-01"),
    );
    let told = load(folder.path()).unwrap_err().to_string();
    for fault in [
        "b.toml: is not a file of the register",
        "c.toml: purpose: is blank",
        "pause.toml: review_on: 2025-04-01 is before starts_on",
    ] {
        assert!(told.contains(fault), "{fault} is not in {told}");
    }
}

#[test]
fn a_whole_register_is_the_same_in_one_text_as_in_files() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/register");
    let in_files = load(&shipped).unwrap();
    let text = whole_of(&[shipped]).unwrap();
    let whole = parse_whole(&text).unwrap();
    assert!(in_files.agreements().eq(whole.agreements()));
    assert_eq!(in_files.orders(), whole.orders());
    assert!(in_files.safeguards().eq(whole.safeguards()) && in_files.safeguards().count() == 1);
    assert_eq!(statuscheck_domain::agreement::plan(&in_files, &whole), []);

    // A file may hold it whole, and files may come one by one.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let again = whole_of(&[file("whole.toml", &text)]).unwrap();
    assert!(
        parse_whole(&again)
            .unwrap()
            .agreements()
            .eq(in_files.agreements())
    );
    let twice = [file("a.toml", SOUND), file("b.toml", SOUND)];
    let told = parse_whole(&whole_of(&twice).unwrap()).unwrap_err().to_string();
    assert_eq!(told, "two agreements have the id status");
    let blank = file("c.toml", &SOUND.replace("To know.", ""));
    let told = parse_whole(&whole_of(&[blank]).unwrap()).unwrap_err().to_string();
    assert_eq!(told, "agreements[0] (status): purpose: is blank");
    assert!(matches!(
        parse_whole("id = 1"),
        Err(RegisterError::NotARegister(_))
    ));
    assert!(matches!(
        whole_of(&[file("d.toml", "no toml")]),
        Err(SourceError::NotToml { .. })
    ));
}

#[test]
fn what_is_written_is_read_as_the_same_register() {
    let shipped = load(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../deploy/register"
    )))
    .unwrap();
    let full = SOUND.replace(
        "[organisations]",
        "rate = { per_minute = 3, burst = 2 }\nweight = 7\nretention = \"90d\"\nexpires_on = \"2028-01-01\"\n\
         suspension = { since = \"2026-02-01\", owner = \"Board\", reason = \"a \\\"why\\\"\", review_on = \"2026-03-01\" }\n\
         quotas = { home-office = { monthly = 9 } }\n[organisations]",
    );
    let full = full.replace(
        "promise =",
        "thresholds = [\"80% ops, owner\"]\ndivision = \"scotland\"\nsilence = \"14d\"\npromise =",
    );
    let feed =
        "proactive = true\n[feed]\nname = \"people\"\nfrom = \"home-office\"\nto = \"dfe\"\nevery = \"7d\"\n";
    let full = full.replace("[organisations]", &format!("{feed}[organisations]"));
    let full = full.replace(
        "name = \"trusts\"",
        "name = \"dfe\"\nowner = { name = \"x\", email = \"x@dfe.example\" }\n\
         contact = { name = \"y\", email = \"y@dfe.example\" }\n[[parties]]\nname = \"trusts\"",
    );
    let full = parse("full.toml", &full).unwrap();
    let told = full.feed.as_ref().map(ToString::to_string);
    assert_eq!(
        told.as_deref(),
        Some("people from home-office to dfe, every 7 days")
    );
    let full = Register::new([full], []).unwrap();
    let full = full.with_safeguards([safeguard(SUBSCRIBED)]).unwrap();
    for register in [shipped, full] {
        let text = write_whole(&register).unwrap();
        let again = parse_whole(&text).unwrap();
        assert!(again.agreements().eq(register.agreements()));
        assert_eq!(again.orders(), register.orders());
        assert!(again.safeguards().eq(register.safeguards()));
        assert_eq!(write_whole(&again).unwrap(), text);
    }
}
