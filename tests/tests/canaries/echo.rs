//! Departments that answer everything with an error, and put people's data into it: what they were sent, and more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use statuscheck_domain::ids::DepartmentId;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::flock::Flock;

/// All four departments behind one address.
pub(crate) struct Echo {
    address: SocketAddr,
    answers: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Script {
    words: Arc<Vec<String>>,
    answers: Arc<AtomicUsize>,
}

impl Echo {
    pub(crate) async fn start(flock: &Flock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::new(AtomicUsize::new(0));
        let script = Script {
            words: Arc::new(flock.words().map(|(_, word)| word).collect()),
            answers: Arc::clone(&answers),
        };
        let router = Router::new().fallback(answer).with_state(script);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            answers,
            serving,
        }
    }

    pub(crate) fn url(&self, department: DepartmentId) -> String {
        format!("http://{}/{department}", self.address)
    }

    pub(crate) fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Tokens are given, every third time with an error in their place; all else fails, each time in another way.
async fn answer(State(script): State<Script>, request: Request) -> Response {
    let turn = script.answers.fetch_add(1, Ordering::Relaxed);
    let word = &script.words[turn % script.words.len()];
    let ascii: String = word.chars().filter(char::is_ascii).collect();
    let path = request.uri().to_string();
    if path.ends_with("/token") && turn % 3 != 2 {
        let token = format!(r#"{{"access_token":"{ascii}","token_type":"bearer","expires_in":60}}"#);
        return respond(StatusCode::OK, "application/json", &ascii, token);
    }
    let body = format!(
        r#"{{"error":"{word}","error_description":"{path} {word}","code":"{word}","message":"nothing about {word}",
        "errors":[{{"status":"400","code":"{word}","title":"{word}","detail":"{word}"}}],"jsonapi":{{"{word}":"{word}"}}}}"#
    );
    let statuses = [400, 200, 404, 409, 422, 429, 500, 503, 302, 418];
    let status = StatusCode::from_u16(statuses[turn % statuses.len()]).unwrap();
    let body = if turn % 4 == 3 {
        body[..body.len() / 2].to_owned()
    } else {
        body
    };
    respond(
        status,
        if turn % 5 == 4 {
            "text/html"
        } else {
            "application/json"
        },
        &ascii,
        body,
    )
}

fn respond(status: StatusCode, kind: &str, word: &str, body: String) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("location", format!("/people/{word}"))
        .header("retry-after", word)
        .header("x-trace", word)
        .body(Body::from(body))
        .unwrap()
}
