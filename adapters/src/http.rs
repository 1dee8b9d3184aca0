//! HTTP and JSON, as every adapter speaks them: one request out, one capped reply in, and each way to fail as an
//! [`AskError`]. No error here carries an address, for addresses can carry a person's number.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use statuscheck_domain::clock::SharedClock;
use zeroize::Zeroizing;

use crate::oauth::{Token, Tokens};
use crate::sent::own_time;
use crate::stack::{Rate, requests_at_least};
use crate::{Ask, AskError, Sent};

/// Largest reply that is read: the longest honest one, forty years of employments, is under 20 KiB.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// In which a department says how long it took by its own count.
const SERVER_TIMING: &str = "server-timing";

/// One department's API: where it is and how we are let in.
pub(crate) struct Api {
    client: Client,
    base: Url,
    tokens: Arc<Tokens>,
    rate: Arc<Rate>,
    clock: SharedClock,
}

impl Api {
    pub(crate) fn new(
        client: Client,
        base: Url,
        tokens: Tokens,
        rate: Arc<Rate>,
        clock: SharedClock,
    ) -> Self {
        Self {
            client,
            base,
            tokens: Arc::new(tokens),
            rate,
            clock,
        }
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// Begins the requests of one question. `headers` go with each of them.
    pub(crate) fn begin(&self, ask: &Ask, mut headers: HeaderMap) -> Exchange<'_> {
        let traceparent = ask.traceparent.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(traceparent)) = traceparent {
            headers.insert(HeaderName::from_static("traceparent"), traceparent);
        }
        Exchange {
            api: self,
            headers,
            until: self.clock.elapsed().saturating_add(ask.within),
            paid: AtomicU32::new(requests_at_least(ask.question.operation).get()),
            sent: ask.sent.clone(),
        }
    }

    /// The address of a path of segments, each percent-encoded.
    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, AskError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| AskError::Refused)?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// The requests of one question to one department.
pub(crate) struct Exchange<'a> {
    api: &'a Api,
    headers: HeaderMap,
    until: Duration,
    /// Requests that the stack has already paid for.
    paid: AtomicU32,
    sent: Sent,
}

/// Whether a request counts towards the department's limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Yes,
    No,
}

impl Exchange<'_> {
    /// POSTs JSON.
    pub(crate) async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, AskError> {
        let body = serde_json::to_vec(body).map_err(|_unwritable| AskError::Refused)?;
        let url = self.api.address(path, &[])?;
        self.send(Method::POST, url, Some(Zeroizing::new(body)), Counted::Yes)
            .await
    }

    /// GETs JSON.
    pub(crate) async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, AskError> {
        let url = self.api.address(path, query)?;
        self.send(Method::GET, url, None, Counted::Yes).await
    }

    /// GETs JSON where the department does not count it.
    pub(crate) async fn poll(&self, path: &[&str]) -> Result<Answer, AskError> {
        let url = self.api.address(path, &[])?;
        self.send(Method::GET, url, None, Counted::No).await
    }

    /// What is left of the question's time.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_sub(self.api.clock.elapsed())
    }

    /// Waits while the department works on what it has queued: its time, not ours.
    pub(crate) async fn pause(&self, pause: Duration) {
        let out = self.sent.out(&self.api.clock);
        tokio::time::sleep(pause).await;
        out.ends(None);
    }

    /// Sends with a token; where the department no longer takes it, once more with a new one.
    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<Zeroizing<Vec<u8>>>,
        counted: Counted,
    ) -> Result<Answer, AskError> {
        let token = self.token(self.api.tokens.current()).await?;
        let answer = self
            .send_with(&token, &method, &url, body.as_ref(), counted)
            .await?;
        if answer.status != 401 {
            return answer.or_failure();
        }
        let token = self.token(self.api.tokens.instead_of(&token)).await?;
        self.send_with(&token, &method, &url, body.as_ref(), counted)
            .await?
            .or_failure()
    }

    /// What is waited for a token is the department's time.
    async fn token(
        &self,
        token: impl Future<Output = Result<Arc<Token>, AskError>>,
    ) -> Result<Arc<Token>, AskError> {
        let _out = self.sent.out(&self.api.clock);
        token.await
    }

    async fn send_with(
        &self,
        token: &Token,
        method: &Method,
        url: &Url,
        body: Option<&Zeroizing<Vec<u8>>>,
        counted: Counted,
    ) -> Result<Answer, AskError> {
        if counted == Counted::Yes {
            self.pay().await?;
        }
        let mut request = self
            .api
            .client
            .request(method.clone(), url.clone())
            .headers(self.headers.clone())
            .header(AUTHORIZATION, token.bearer()?);
        if !self.headers.contains_key(ACCEPT) {
            request = request.header(ACCEPT, "application/json");
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_vec());
        }
        let out = self.sent.out(&self.api.clock);
        let answer = Answer::read(self.sending(request).await.map_err(failure)?).await?;
        out.ends(answer.header(SERVER_TIMING).and_then(own_time));
        Ok(answer)
    }

    /// Until the department is reached nothing has gone out. Who breaks it off does not know, so it counts as sent meanwhile.
    async fn sending(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let was_sent = self.sent.set(true);
        let response = request.send().await;
        if response.as_ref().is_err_and(reqwest::Error::is_connect) {
            self.sent.set(was_sent);
        }
        response
    }

    /// Takes one request from what the stack paid, or from the rate itself.
    async fn pay(&self) -> Result<(), AskError> {
        let spend = |paid: u32| paid.checked_sub(1);
        if self
            .paid
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_ok()
        {
            return Ok(());
        }
        self.api
            .rate
            .take(NonZeroU32::MIN, self.left(), &self.api.clock)
            .await
    }
}

/// One reply, read whole; its body is wiped when dropped.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Reads a reply up to the cap.
    pub(crate) async fn read(mut response: Response) -> Result<Self, AskError> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(AskError::Garbage);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    /// The body as JSON of that shape; a reply that is none cannot be understood.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, AskError> {
        serde_json::from_slice(&self.body).map_err(|_fault| AskError::Garbage)
    }

    /// A header, where it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What a status means that this adapter has no other meaning for.
    pub(crate) fn unexpected(&self) -> AskError {
        match self.status {
            408 | 500.. => AskError::Unavailable,
            429 => AskError::Throttled {
                retry_after: self.retry_after(),
            },
            400 | 401 | 403 | 405 | 406 | 415 => AskError::Refused,
            // Redirects are not followed, and a 404 without the department's own words may be anybody's.
            _ => AskError::Garbage,
        }
    }

    /// The reply, or the failure where its status can only be one. 503 is left to the adapter: it can mean a closed desk.
    fn or_failure(self) -> Result<Self, AskError> {
        match self.status {
            401 | 403 | 408 | 429 | 500..=502 | 504.. => Err(self.unexpected()),
            _ => Ok(self),
        }
    }

    /// `Retry-After` in seconds; the departments send no dates in it.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header(RETRY_AFTER.as_str())?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    #[cfg(test)]
    pub(crate) fn of(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Zeroizing::new(body.as_bytes().to_vec()),
        }
    }

    #[cfg(test)]
    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }
}

/// Why a request came to nothing, without its address.
pub(crate) fn failure(error: reqwest::Error) -> AskError {
    if error.is_builder() {
        AskError::Refused
    } else if error.is_timeout() && !error.is_connect() {
        AskError::OutOfTime
    } else {
        AskError::Unavailable
    }
}

/// The headers of those names and values; a value that no header may hold is our fault.
pub(crate) fn headers<const N: usize>(pairs: [(&'static str, &str); N]) -> Result<HeaderMap, AskError> {
    let mut headers = HeaderMap::with_capacity(N);
    for (name, value) in pairs {
        let value = HeaderValue::from_str(value).map_err(|_unprintable| AskError::Refused)?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}
