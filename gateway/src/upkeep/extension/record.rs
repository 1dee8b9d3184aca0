//! An order in the ledger: the details of its entry of the house, written and read again.

use std::time::Duration;

use serde_json::Value;
use statuscheck_domain::case_clock::Extension;
use statuscheck_domain::due_order::{DueOrder, OrderContent};
use statuscheck_domain::sla::WorkingDays;

use super::Extended;
use crate::store::HouseEntry;
use crate::upkeep::orders::order_of;

/// What stands in the ledger about an order, with what it was expected to do.
pub(super) fn details(order: &DueOrder, expected: &Extended) -> [(&'static str, Value); 8] {
    let OrderContent {
        department,
        agreement,
        by,
        reason,
    } = &order.content;
    let (seconds, days) = match by {
        Extension::Elapsed(by) => (Some(by.as_secs()), None),
        Extension::Working(days) => (None, Some(days.count())),
    };
    let by_agreement = expected.by_agreement.iter();
    let by_agreement = by_agreement.map(|(agreement, cases)| (agreement.to_string(), Value::from(*cases)));
    [
        ("order", order.id.to_string().into()),
        (
            "department",
            department.map(|department| department.to_string()).into(),
        ),
        ("agreement", agreement.as_ref().map(ToString::to_string).into()),
        ("by_seconds", seconds.into()),
        ("working_days", days.into()),
        ("reason", reason.as_str().into()),
        ("cases", expected.cases().into()),
        ("cases_by_agreement", Value::Object(by_agreement.collect())),
    ]
}

/// The order that `entry` records; none where it records none.
pub(super) fn read(entry: &HouseEntry) -> Option<DueOrder> {
    let detail = |name: &str| entry.details.get(name).filter(|value| !value.is_null());
    let text = |name: &str| detail(name).map(|value| value.as_str().unwrap_or_default());
    let by = match (detail("by_seconds"), detail("working_days")) {
        (Some(seconds), None) => Extension::Elapsed(Duration::from_secs(seconds.as_u64()?)),
        (None, Some(days)) => {
            let days = u16::try_from(days.as_u64()?).ok()?;
            Extension::Working(WorkingDays::new(days).ok()?)
        }
        _ => return None,
    };
    Some(DueOrder {
        id: order_of(entry)?,
        given_at: entry.time,
        content: OrderContent {
            department: text("department").map(str::parse).transpose().ok()?,
            agreement: text("agreement").map(str::parse).transpose().ok()?,
            by,
            reason: text("reason")?.parse().ok()?,
        },
    })
}
