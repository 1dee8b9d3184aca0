//! Notices that receivers have not taken, on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::NoticeId;
use statuscheck_proto::ops::v1 as wire;
use uuid::Uuid;

use super::timestamp;
use crate::error::Error;
use crate::store::{HookQuery, HookRow};
use crate::webhook::event_type;

/// Notices on a page when the operator does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most notices on a page: a hundred kilobytes.
const PAGE_MAX: i32 = 500;

/// Which to list.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn query(request: &wire::ListHooksRequest) -> Result<HookQuery, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, description: &str| {
        faults.push(Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
    };
    let limit = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(limit);
    if limit.is_err() {
        fault("page_size", "must not be negative; 0 means 50");
    }
    let after = place(&request.page_token);
    if after.is_none() {
        fault(
            "page_token",
            "is none of ours; give next_page_token of the page before, or leave it empty",
        );
    }
    match (limit, after) {
        (Ok(limit), Some(after)) => Ok(HookQuery {
            parked_only: request.parked_only,
            after,
            limit,
        }),
        _ => Err(Error::Invalid(faults)),
    }
}

/// None where the token is not ours; `Some(None)` on the first page.
fn place(token: &str) -> Option<Option<NoticeId>> {
    if token.is_empty() {
        return Some(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(Some(NoticeId(Uuid::from_slice(&bytes).ok()?)))
}

/// A page; the last where it is not full.
pub(crate) fn page(rows: &[HookRow], query: &HookQuery) -> wire::ListHooksResponse {
    let last = rows.last().filter(|_| rows.len() >= query.limit);
    wire::ListHooksResponse {
        hooks: rows.iter().map(hook).collect(),
        next_page_token: last
            .map(|last| URL_SAFE_NO_PAD.encode(last.id.0.as_bytes()))
            .unwrap_or_default(),
    }
}

fn hook(row: &HookRow) -> wire::Hook {
    wire::Hook {
        hook_id: row.id.to_string(),
        receiver: row.receiver.to_string(),
        r#type: event_type(&row.happening),
        attempts: row.attempts,
        parked: row.next.is_none(),
        last_error: row.fault.map(|fault| fault.to_string()).unwrap_or_default(),
        next_attempt: row.next.map(timestamp),
        case_id: row.case_id.to_string(),
    }
}

/// Which to try anew.
///
/// # Errors
/// [`Error::Invalid`] on `hook_id`.
pub(crate) fn hook_id(request: &wire::RetryHookRequest) -> Result<NoticeId, Error> {
    let id = request.hook_id.parse();
    id.map_err(|_no_uuid| Error::field("hook_id", "must be the UUID that ListHooks has told"))
}
