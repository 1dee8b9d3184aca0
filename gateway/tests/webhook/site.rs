//! A courier with a folder of secrets, and names that lead where a test says.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use statuscheck::webhook::{
    CaseMark, Courier, DeliveryError, Destination, Happening, Letter, Lookup, Notice, WebhookSettings,
};
use statuscheck_domain::agreement::Webhook;
use statuscheck_domain::case::CaseState;
use statuscheck_domain::clock::ManualClock;
use tempfile::TempDir;

use crate::receiver::Receiver;

/// The host of every receiver; `localhost`, because the certificates of tests are made out to it.
pub(crate) const HOST: &str = "localhost";

/// The secrets that lie in the folder, by their files' names.
pub(crate) const SECRETS: [(&str, [u8; 32]); 2] = [("old", [1; 32]), ("new", [2; 32])];

/// Answers of a resolver, one after the other; the last one stays.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn leading_to(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(parse).collect()),
            asked: Mutex::default(),
        })
    }

    /// What was looked up, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        answer.ok_or_else(|| io::Error::other("no such name"))
    }
}

/// A gateway's part of it.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) settings: WebhookSettings,
    pub(crate) names: Arc<Names>,
}

impl Site {
    /// Plain HTTP to this machine is allowed, as in a demo, with secrets in their files.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in SECRETS {
            let path = folder.path().join(name);
            fs::write(&path, format!("whsec_{}\n", STANDARD.encode(bytes))).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut settings = WebhookSettings {
            allow_hosts: [HOST, "127.0.0.1"].map(|host| host.parse().unwrap()).into(),
            allow_networks: vec!["127.0.0.1".parse().unwrap()],
            allow_http: true,
            secrets: folder.path().to_owned(),
            ..WebhookSettings::default()
        };
        // Longer than any test, so that only what a test sets can end an attempt.
        settings.timeouts.total = Duration::from_secs(600);
        Self {
            folder,
            clock: ManualClock::at("2026-06-10T09:30:00Z".parse().unwrap()),
            settings,
            names: Names::leading_to(&[&["127.0.0.1"]]),
        }
    }

    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn courier(&self) -> Courier {
        Courier::looking_up(self.names.clone(), &self.settings, Arc::new(self.clock.clone())).unwrap()
    }

    /// Where `receiver` is, by its name, with `secrets`.
    pub(crate) fn destination(&self, receiver: &Receiver, secrets: &[&str]) -> Destination {
        let port = receiver.address.port();
        let webhook = webhook(&format!("http://{HOST}:{port}/notices?to=us"), secrets);
        self.courier().destination(&webhook).unwrap()
    }

    /// One attempt to tell `receiver` something.
    pub(crate) async fn tell(&self, receiver: &Receiver) -> Result<(), DeliveryError> {
        let destination = self.destination(receiver, &["old"]);
        self.courier().deliver(&destination, &letter()).await
    }
}

pub(crate) fn webhook(url: &str, secrets: &[&str]) -> Webhook {
    Webhook {
        url: url.to_owned(),
        secret_files: secrets.iter().map(|name| (*name).to_owned()).collect(),
    }
}

pub(crate) const NOTICE: &str = "019c0000-0000-7000-8000-000000000001";

pub(crate) fn letter() -> Letter {
    let case = CaseMark {
        case_id: "019c0000-0000-7000-8000-0000000000ca".parse().unwrap(),
        state: CaseState::Answered,
        version: 5,
        agreement_id: "right-to-work".parse().unwrap(),
    };
    let notice = Notice {
        id: NOTICE.parse().unwrap(),
        time: "2026-06-10T09:29:58Z".parse().unwrap(),
        happening: Happening::CaseChanged(case),
    };
    notice.letter(&"status.example.gov.uk".parse().unwrap())
}
