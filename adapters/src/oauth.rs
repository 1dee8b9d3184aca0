//! OAuth 2.0 client credentials: one token for all questions to a department, fetched by one of them at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Client, Url};
use serde::Deserialize;
use statuscheck_domain::clock::SharedClock;
use zeroize::Zeroizing;

use crate::AskError;
use crate::http::{Answer, failure};

/// Taken off a token's life, for clocks that differ and requests under way: what the Home Office's own HMRC client takes.
const SKEW: Duration = Duration::from_secs(40);

/// How we prove who we are. No `Debug`.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Zeroizing<String>,
    pub(crate) scope: Option<String>,
}

/// An access token. No `Debug`; wiped when dropped.
pub(crate) struct Token {
    text: Zeroizing<String>,
    /// On the clock's `elapsed`.
    fresh_until: Duration,
}

impl Token {
    /// The `Authorization` header, marked so that no log of headers shows it.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, AskError> {
        let text = Zeroizing::new(format!("Bearer {}", *self.text));
        let mut value = HeaderValue::from_str(&text).map_err(|_unprintable| AskError::Garbage)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The tokens of one department.
pub(crate) struct Tokens {
    source: Arc<Source>,
    /// Held by the one that fetches; the rest wait, each within its own deadline.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

struct Source {
    client: Client,
    url: Url,
    credentials: Credentials,
    timeout: Duration,
    clock: SharedClock,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<Arc<Token>>,
    /// Fetches so far, whatever came of them.
    fetches: u64,
    /// What became of the last one.
    failed: Option<AskError>,
}

impl Tokens {
    pub(crate) fn new(
        client: Client,
        url: Url,
        credentials: Credentials,
        timeout: Duration,
        clock: SharedClock,
    ) -> Self {
        Self {
            source: Arc::new(Source {
                client,
                url,
                credentials,
                timeout,
                clock,
                held: Mutex::default(),
            }),
            fetching: Arc::default(),
        }
    }

    /// A token that is good for now.
    pub(crate) async fn current(&self) -> Result<Arc<Token>, AskError> {
        let seen = {
            let held = self.source.held();
            if let Some(token) = self.source.fresh(&held) {
                return Ok(token);
            }
            held.fetches
        };
        let turn = self.fetching.clone().lock_owned().await;
        {
            let held = self.source.held();
            if let Some(token) = self.source.fresh(&held) {
                return Ok(token);
            }
            // Somebody fetched while this one waited: a failure is shared, so that a queue does not ask one by one.
            if let Some(failed) = held.failed.filter(|_| held.fetches != seen) {
                return Err(failed);
            }
        }
        let source = self.source.clone();
        // A task of its own: the token serves everybody, so it is not given up with the question that needed it first.
        let fetch = tokio::spawn(async move {
            let _turn = turn;
            source.fetch().await
        });
        fetch.await.unwrap_or(Err(AskError::Unavailable))
    }

    /// A new token in place of one that was refused; the same one is given up once, whoever says so.
    pub(crate) async fn instead_of(&self, refused: &Arc<Token>) -> Result<Arc<Token>, AskError> {
        {
            let mut held = self.source.held();
            held.token = held.token.take().filter(|token| !Arc::ptr_eq(token, refused));
        }
        self.current().await
    }
}

impl Source {
    async fn fetch(&self) -> Result<Arc<Token>, AskError> {
        let fetched = self.ask().await.map(Arc::new);
        let mut held = self.held();
        held.fetches += 1;
        held.failed = fetched.as_ref().err().copied();
        held.token = fetched.as_ref().ok().cloned();
        fetched
    }

    async fn ask(&self) -> Result<Token, AskError> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: u64,
        }

        let asked_at = self.clock.elapsed();
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.credentials.client_id),
            ("client_secret", &self.credentials.client_secret),
        ];
        if let Some(scope) = &self.credentials.scope {
            form.push(("scope", scope));
        }
        let request = self.client.post(self.url.clone()).form(&form);
        let response = request.timeout(self.timeout).send().await.map_err(failure)?;
        let answer = Answer::read(response).await?;
        if answer.status != 200 {
            return Err(answer.unexpected());
        }
        let granted: Granted = answer.json()?;
        if granted.access_token.is_empty() {
            return Err(AskError::Garbage);
        }
        let life = Duration::from_secs(granted.expires_in);
        // A life shorter than the skew is used to its half, rather than fetching for every request.
        let fresh = life.checked_sub(SKEW).unwrap_or(life / 2);
        Ok(Token {
            text: Zeroizing::new(granted.access_token),
            fresh_until: asked_at.saturating_add(fresh),
        })
    }

    fn fresh(&self, held: &Held) -> Option<Arc<Token>> {
        let now = self.clock.elapsed();
        held.token.clone().filter(|token| now < token.fresh_until)
    }

    /// Held for a few instructions, never while something is awaited.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
