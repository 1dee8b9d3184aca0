//! Notices that receivers have not taken, on the wire.

use statuscheck_domain::ids::NoticeId;
use statuscheck_proto::ops::v1 as wire;

use super::desk::violation;
use super::paging::{PageSize, after_id, token};
use super::timestamp;
use crate::error::Error;
use crate::store::{HookQuery, HookRow};
use crate::upkeep::Reason;
use crate::webhook::event_type;

/// Notices on a page: at most a hundred kilobytes.
const PAGE: PageSize = PageSize {
    default: 50,
    max: 500,
};

/// Which to list.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn query(request: &wire::ListHooksRequest) -> Result<HookQuery, Error> {
    let mut faults = Vec::new();
    let query = HookQuery {
        parked_only: request.parked_only,
        limit: PAGE.limit(request.page_size, &mut faults),
        after: after_id(&request.page_token, &mut faults).map(NoticeId),
    };
    if faults.is_empty() {
        Ok(query)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// A page; the last where it is not full.
pub(crate) fn page(rows: &[HookRow], query: &HookQuery) -> wire::ListHooksResponse {
    let last = rows.last().filter(|_| rows.len() >= query.limit);
    wire::ListHooksResponse {
        hooks: rows.iter().map(hook).collect(),
        next_page_token: token(last.map(|last| last.id.0.as_bytes())),
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

/// Which to try anew, and why, where that is said.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn retry(request: &wire::RetryHookRequest) -> Result<(NoticeId, Option<Reason>), Error> {
    let mut faults = Vec::new();
    let id = request.hook_id.parse();
    if id.is_err() {
        faults.push(violation("hook_id", "must be the UUID that ListHooks has told"));
    }
    let said = Some(request.reason.as_str()).filter(|reason| !reason.is_empty());
    let reason = said.map(Reason::parse).transpose().unwrap_or_else(|_error| {
        let what = "must be empty, or 1 to 200 characters on one line; it must name no person";
        faults.push(violation("reason", what));
        None
    });
    match id {
        Ok(id) if faults.is_empty() => Ok((id, reason)),
        _ => Err(Error::Invalid(faults)),
    }
}
