//! An office that answers as each test wants, for what no mock department does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use statuscheck_adapters::settings::DepartmentSettings;
use tokio::net::TcpListener;

pub(crate) struct Office {
    pub(crate) address: SocketAddr,
    tokens: Arc<AtomicU32>,
    requests: Arc<AtomicU32>,
}

/// What the office says to one request: its number (from 1), and the token that came with it.
pub(crate) type Says = fn(u32, &str) -> Response;

impl Office {
    /// An office whose tokens are `token-1`, `token-2` and so on, each good for that many seconds.
    pub(crate) async fn open(expires_in: u32, says: Says) -> Self {
        let (tokens, requests) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (given, asked) = (tokens.clone(), requests.clone());
        let token = move || async move {
            let number = given.fetch_add(1, Ordering::Relaxed) + 1;
            let body = format!(r#"{{"access_token":"token-{number}","expires_in":{expires_in}}}"#);
            ([(header::CONTENT_TYPE, "application/json")], body)
        };
        let reply = move |request: Request| async move {
            let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
            let token = request.headers().get(header::AUTHORIZATION);
            let token = token
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            says(number, token.trim_start_matches("Bearer "))
        };
        let router = Router::new()
            .route("/oauth/token", post(token.clone()))
            .route("/oauth2/token", post(token))
            .fallback(any(reply));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            tokens,
            requests,
        }
    }

    pub(crate) fn settings(&self) -> DepartmentSettings {
        let mut settings =
            DepartmentSettings::new(format!("http://{}", self.address), "us", "hush".to_owned());
        settings.retry.repeats_max = 0;
        settings
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }
}

pub(crate) fn says(status: u16, body: &'static str) -> Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
