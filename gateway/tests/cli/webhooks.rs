//! What the configuration and the register say of webhooks, together.

use std::fs;

use statuscheck::webhook::WebhookSettings;

use crate::config::{all_set, check, faults, read};
use crate::program::run;
use crate::sample::{Host, SAMPLE};

const SHOWN: [&str; 3] = [
    "#[webhooks.employer]",
    "#url = \"https://hooks.employer.example/status\"",
    "#secret_files = [\"employer\"]",
];

/// A host whose register has the webhook that the shipped one shows, and its secret.
fn host() -> Host {
    let host = Host::new();
    let path = host.path("register/right-to-work.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for line in SHOWN {
        assert!(text.contains(line), "{line} is not shown");
        text = text.replace(line, &line[1..]);
    }
    fs::write(&path, text).unwrap();
    fs::create_dir_all(host.path("secrets/webhooks")).unwrap();
    fs::write(host.path("secrets/webhooks/employer"), SECRET).unwrap();
    host.set_mode("secrets/webhooks/employer", 0o600);
    host
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";

fn allowing(text: String) -> String {
    text.replace("#allow_hosts", "allow_hosts")
}

#[test]
fn the_sample_shows_the_true_defaults_of_webhooks() {
    let shown = read(&all_set()).unwrap().webhooks;
    let given = read(SAMPLE).unwrap().webhooks;
    assert_eq!((shown.allow_hosts.len(), shown.allow_networks.len()), (2, 1));
    assert!(given.allow_hosts.is_empty() && given.allow_networks.is_empty() && given.ca_file.is_none());
    assert!(shown.ops.is_some() && shown.taskforce.is_some());
    assert!(given.ops.is_none() && given.taskforce.is_none());
    assert!(given.secrets.ends_with("secrets/webhooks"));
    let but_for_places = |settings: WebhookSettings| WebhookSettings {
        allow_hosts: Vec::new(),
        allow_networks: Vec::new(),
        secrets: WebhookSettings::default().secrets,
        ca_file: None,
        ops: None,
        taskforce: None,
        ..settings
    };
    assert_eq!(but_for_places(shown), WebhookSettings::default());
    assert_eq!(but_for_places(given), WebhookSettings::default());
}

#[tokio::test]
async fn a_webhook_that_could_not_be_told_is_named_before_it_has_to_be() {
    let host = host();
    let whose = "webhook of employer under right-to-work: ";
    check(&host.configure(allowing)).await.ends(0);

    let told = format!("{whose}url: host hooks.employer.example is not among webhooks.allow_hosts");
    faults(&host, |text| text, &[&told]).await;

    let elsewhere = |text: String| {
        allowing(text).replace(
            "#ca_file = \"tls/webhook-authorities.pem\"",
            "ca_file = \"nowhere.pem\"",
        )
    };
    faults(
        &host,
        elsewhere,
        &["webhooks: ca_file ", "nowhere.pem cannot be read"],
    )
    .await;

    // Whoever is told of referrals is looked at, too.
    let path = host.path("register/windrush/casework-guidance.toml");
    let text = fs::read_to_string(&path).unwrap();
    let subscribed = text
        .replace("#[subscribers.ops]", "[subscribers.ops]")
        .replace("#url = ", "url = ")
        .replace("#secret_files = ", "secret_files = ");
    assert_ne!(text, subscribed);
    fs::write(&path, subscribed).unwrap();
    let told = "webhook of ops under the Windrush safeguard casework-guidance-2026-1: url: host hooks.ops.example is not among \
                webhooks.allow_hosts";
    faults(&host, allowing, &[told]).await;
    fs::write(&path, text).unwrap();

    host.set_mode("secrets/webhooks/employer", 0o640);
    let told = format!("{whose}secret_files: ");
    faults(&host, allowing, &[&told, "(mode 0640)"]).await;
    host.set_mode("secrets/webhooks/employer", 0o600);
    fs::write(host.path("secrets/webhooks/employer"), "hunter2").unwrap();
    let ran = check(&host.configure(allowing)).await.ends(1);
    assert!(ran.stderr.contains("does not hold whsec_"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2"));

    let file = host.configure(allowing);
    let refused = run(["serve".as_ref(), "--config".as_ref(), file.as_os_str()])
        .await
        .ends(1);
    assert!(
        refused.stderr.contains("does not hold whsec_"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn figures_by_which_nothing_would_arrive_are_refused() {
    let host = Host::new();
    let changed = |text: String| {
        text.replace("#total = \"15s\"", "total = \"0s\"")
            .replace("#growth = 4", "growth = 0")
            .replace("#pause_max = \"8h\"", "pause_max = \"4s\"")
            .replace("#jitter_percent = 20", "jitter_percent = 101")
            .replace("#give_up_after = \"72h\"", "give_up_after = \"73h\"")
            .replace("#at_once_per_receiver = 4", "at_once_per_receiver = 0")
            .replace("#put_off = \"30s\"", "put_off = \"0s\"")
    };
    let told = [
        "webhooks.timeouts.total: must be longer than nothing",
        "webhooks.delivery.put_off: must be longer than nothing",
        "webhooks.retry.growth: must be at least 1",
        "webhooks.delivery.at_once_per_receiver: must be at least 1",
        "webhooks.retry.pause_max: must not be shorter than first_pause",
        "webhooks.retry.jitter_percent: must be 0 to 100",
        "webhooks.retry.give_up_after: must be at most 72h",
    ];
    faults(&host, changed, &told).await;
    for (key, given) in [("allow_hosts", "*.example"), ("allow_networks", "10.0.0.1/8")] {
        let line = format!("[webhooks]\n{key} = [\"{given}\"]");
        let changed = |text: String| text.replacen("[webhooks]", &line, 1);
        faults(&host, changed, &["does not parse", key, "must be a "]).await;
    }
}

#[tokio::test]
async fn the_register_shows_whose_webhook_is_where_and_no_more() {
    let host = host();
    let register = host.path("register");
    let register = register.to_str().unwrap();
    for more in [&[][..], &["--json"]] {
        let args = ["register", "show", "right-to-work", "--register", register];
        let shown = run(args.iter().chain(more)).await.ends(0).stdout;
        assert!(shown.contains("employer: hooks.employer.example"), "{shown}");
        assert!(!shown.contains("/status") && !shown.contains("secret"), "{shown}");
    }
}
