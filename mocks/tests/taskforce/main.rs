//! The mock taskforce over real HTTP, one test a rule. Time stands still at 10:00 on Monday 5 January 2026.

#![cfg(test)]

mod control;
mod doors;
mod hooks;
mod orders;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use statuscheck_domain::clock::{Clock as _, ManualClock};
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::TaskforceSettings;
use statuscheck_mocks::taskforce::{Hook, Taskforce};
use statuscheck_mocks::{Mocks, Settings, StartError, start};
use tempfile::TempDir;

const OLD: [u8; 32] = [7; 32];
const NEW: [u8; 32] = [9; 32];

const REFERRAL: &str = "019c0000-0000-7000-8000-0000000000ef";
const CASE: &str = "019c0000-0000-7000-8000-0000000000ca";
const HOOK: &str = "019c0000-0000-7000-8000-000000000001";

struct World {
    mocks: Mocks,
    clock: ManualClock,
    client: Client,
    _folder: TempDir,
}

/// Files of the two secrets.
fn secrets(folder: &Path) -> [PathBuf; 2] {
    [("old", OLD), ("new", NEW)].map(|(name, bytes)| {
        let path = folder.join(name);
        std::fs::write(&path, format!("whsec_{}\n", BASE64_STANDARD.encode(bytes))).unwrap();
        path
    })
}

/// Mocks with a taskforce that knows the old secret, changed like that.
async fn try_start(
    clock: &ManualClock,
    folder: &Path,
    change: impl FnOnce(&mut TaskforceSettings),
) -> Result<Mocks, StartError> {
    let [old, _] = secrets(folder);
    let mut taskforce = TaskforceSettings::new(vec![old]);
    change(&mut taskforce);
    let mut settings = Settings::new(Population::default(), Arc::new(clock.clone()));
    settings.taskforce = Some(taskforce);
    start(settings).await
}

fn clock() -> ManualClock {
    ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap())
}

impl World {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut TaskforceSettings)) -> Self {
        let (clock, folder) = (clock(), tempfile::tempdir().unwrap());
        let mocks = match try_start(&clock, folder.path(), change).await {
            Ok(mocks) => mocks,
            Err(error) => panic!("{error}"),
        };
        Self {
            mocks,
            clock,
            client: Client::new(),
            _folder: folder,
        }
    }

    fn taskforce(&self) -> &Taskforce {
        self.mocks.taskforce().unwrap()
    }

    /// The one hook that came.
    fn only_hook(&self) -> Hook {
        let [hook] = &self.taskforce().received().hooks[..] else {
            panic!("one hook came")
        };
        hook.clone()
    }

    /// A hook of this id and body, signed now with that secret.
    fn hook(&self, id: &str, body: &str, secret: &[u8; 32]) -> RequestBuilder {
        let timestamp = self.clock.now().as_second();
        self.signed(id, timestamp, &[secret], body).body(body.to_owned())
    }

    fn signed(&self, id: &str, timestamp: i64, secrets: &[&[u8; 32]], body: &str) -> RequestBuilder {
        let message = format!("{id}.{timestamp}.{body}");
        let sign = |secret: &&[u8; 32]| {
            let key = Key::new(HMAC_SHA256, secret.as_slice());
            format!(
                "v1,{}",
                BASE64_STANDARD.encode(hmac::sign(&key, message.as_bytes()))
            )
        };
        let signatures: Vec<_> = secrets.iter().map(sign).collect();
        self.client
            .post(self.mocks.hooks_url().unwrap())
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
    }

    /// Sends the usual hook, as the gateway does.
    async fn tell(&self) -> u16 {
        status(self.hook(HOOK, &event(HOOK).to_string(), &OLD)).await
    }

    async fn control(&self, request: impl FnOnce(&Client, &str) -> RequestBuilder) -> Said {
        said(request(&self.client, self.mocks.control_url().unwrap())).await
    }
}

struct Said {
    status: u16,
    /// Null where the body is no JSON.
    body: Value,
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

async fn status(request: RequestBuilder) -> u16 {
    sent(request).await.status().as_u16()
}

async fn said(request: RequestBuilder) -> Said {
    let response = sent(request).await;
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Said {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

/// What the gateway says when it opens a referral.
fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "spiffe://status.example.gov.uk",
        "type": "uk.gov.statuscheck.referral.opened.v1",
        "time": "2026-01-05T09:59:58Z",
        "subject": REFERRAL,
        "datacontenttype": "application/json",
        "data": {
            "case_id": CASE, "state": "referred", "version": 4, "agreement_id": "right-to-work",
            "referral_id": REFERRAL,
        },
    })
}

/// Waits until `condition` holds.
async fn until(condition: impl Fn() -> bool) {
    let looking = async {
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        while !condition() {
            looks.tick().await;
        }
    };
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, looking).await.unwrap();
}

/// Sends the usual hook, lets `condition` come true, and goes away without an answer.
async fn told_and_gone(world: &World, condition: impl Fn() -> bool) {
    tokio::select! {
        status = world.tell() => panic!("it answered {status}"),
        () = until(condition) => {}
    }
}
