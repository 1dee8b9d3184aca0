//! A receiver of webhooks on this machine, which checks what it is sent as receivers do, and answers as a test says.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use statuscheck::webhook::WebhookSettings;
use statuscheck_domain::agreement::Webhook;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::house::until_some;

/// The secrets that every receiver of a test shares with the gateway, by their files' names.
pub const SECRETS: [(&str, [u8; 32]); 2] = [("old", [1; 32]), ("new", [2; 32])];

/// Settings of a gateway that may send to this machine, and the files that it signs with.
pub struct Post {
    folder: TempDir,
}

impl Default for Post {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, secret) in SECRETS {
            let path = folder.path().join(name);
            fs::write(&path, format!("whsec_{}\n", STANDARD.encode(secret))).expect("a secret is written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is the owner's alone");
        }
        Self { folder }
    }
}

impl Post {
    /// Plain HTTP to 127.0.0.1 is allowed, and nothing else.
    pub fn settings(&self) -> WebhookSettings {
        WebhookSettings {
            allow_hosts: vec!["127.0.0.1".parse().expect("a host")],
            allow_networks: vec!["127.0.0.1".parse().expect("a network")],
            allow_http: true,
            secrets: self.folder.path().to_owned(),
            ..WebhookSettings::default()
        }
    }
}

/// What a receiver does with what it is sent.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It answers with that status.
    Status(u16),
    /// It sends the sender elsewhere.
    Redirect(String),
    /// It never answers.
    Silence,
}

/// What was received.
#[derive(Clone)]
pub struct Letter {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, seconds since 1970.
    pub timestamp: i64,
    /// The event.
    pub body: Value,
    /// It was answered with success.
    pub was_taken: bool,
    signatures: String,
    raw: Bytes,
}

impl Letter {
    /// One of its signatures is made with the secret of that name.
    pub fn is_signed_with(&self, name: &str) -> bool {
        let (_, secret) = SECRETS
            .iter()
            .find(|(known, _)| *known == name)
            .expect("a secret");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let message = [format!("{}.{}.", self.id, self.timestamp).as_bytes(), &self.raw].concat();
        let mut signatures = self.signatures.split(' ');
        signatures.any(|given| {
            let given = given
                .strip_prefix("v1,")
                .and_then(|given| STANDARD.decode(given).ok());
            given.is_some_and(|given| hmac::verify(&key, &message, &given).is_ok())
        })
    }

    /// What it says happened, without what every type begins and ends with.
    pub fn happened(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        let kind = kind.strip_prefix("uk.gov.statuscheck.").unwrap_or(kind);
        kind.strip_suffix(".v1").unwrap_or(kind)
    }

    /// The body as it came.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

#[derive(Clone)]
struct Shared {
    letters: Arc<Mutex<Vec<Letter>>>,
    answer: Arc<Mutex<Answer>>,
}

/// A receiver that listens until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// One that takes everything, until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Shared {
            letters: Arc::default(),
            answer: Arc::new(Mutex::new(Answer::Status(204))),
        };
        let router = Router::new().fallback(receive).with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it listens");
        });
        Self {
            address,
            shared,
            serving,
        }
    }

    /// From now on it answers so.
    pub fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().expect("no test panicked with it") = answer;
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/notices?to=us", self.address)
    }

    /// The same as an agreement has it, with secrets of those names.
    pub fn webhook(&self, secrets: &[&str]) -> Webhook {
        Webhook {
            url: self.url(),
            secret_files: secrets.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// What has come in so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.kept().clone()
    }

    /// What has come in once it is `count` or more.
    pub async fn letters_once(&self, count: usize) -> Vec<Letter> {
        until_some(async || Some(self.letters()).filter(|letters| letters.len() >= count)).await
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.shared.letters.lock().expect("no test panicked with it")
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, raw: Bytes) -> Response {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let answer = shared.answer.lock().expect("no test panicked with it").clone();
    let letter = Letter {
        was_taken: matches!(answer, Answer::Status(200..300)),
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp").parse().unwrap_or_default(),
        body: serde_json::from_slice(&raw).unwrap_or_default(),
        signatures: text("webhook-signature"),
        raw,
    };
    shared
        .letters
        .lock()
        .expect("no test panicked with it")
        .push(letter);
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Answer::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Answer::Silence => std::future::pending().await,
    }
}
