//! What a page shows, sent again as it changes, for as long as its operator is let in.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::StatusCode;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Board;
use super::access::Operator;
use super::views::View;

struct Following {
    board: Arc<Board>,
    operator: Operator,
    view: View,
    ticks: Interval,
    last: Option<Arc<str>>,
}

/// `GET /live/VIEW`
pub(super) async fn updates(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    Path(view): Path<String>,
) -> Response {
    let Some(view) = View::named(&view) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut ticks = interval(board.settings.update * view.updates_of_others());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following = Following {
        board,
        operator,
        view,
        ticks,
        last: None,
    };
    Sse::new(stream::unfold(following, next)).into_response()
}

/// The next update; the end where the operator is let in no longer, or nothing can be recorded or read. The browser then
/// connects again, and is told why on the page.
async fn next(mut following: Following) -> Option<(Result<Event, Infallible>, Following)> {
    loop {
        following.ticks.tick().await;
        let Following {
            board,
            operator,
            view,
            ..
        } = &following;
        if !board.is_still(operator) {
            return None;
        }
        let shown = board.show(operator, view).await.ok()?;
        if following.last.as_ref() != Some(&shown) {
            let event = Event::default().event("view").data(&*shown);
            following.last = Some(shown);
            return Some((Ok(event), following));
        }
    }
}
