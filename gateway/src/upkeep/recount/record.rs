//! An order to count clocks anew in the ledger: the details of its entry of the house, written and read again.

use serde_json::{Map, Value};
use statuscheck_domain::recount::{RecountContent, RecountOrder};

use super::RecountDone;
use crate::store::HouseEntry;
use crate::upkeep::orders::order_of;

/// What stands in the ledger about an order, with what it was expected to do.
pub(super) fn details(order: &RecountOrder, expected: &RecountDone) -> [(&'static str, Value); 8] {
    let RecountContent { agreement, reason } = &order.content;
    let policies = order.policies.iter();
    let policies =
        policies.map(|(agreement, version)| (agreement.to_string(), Value::from(version.to_string())));
    let by_agreement = expected.by_agreement.iter();
    let by_agreement = by_agreement.map(|(agreement, line)| (agreement.to_string(), Value::from(line.cases)));
    [
        ("order", order.id.to_string().into()),
        ("agreement", agreement.as_ref().map(ToString::to_string).into()),
        ("calendar", order.calendar.to_string().into()),
        ("policies", Value::Object(policies.collect())),
        ("reason", reason.as_str().into()),
        ("cases", expected.cases().into()),
        ("cases_by_agreement", Value::Object(by_agreement.collect())),
        ("refused", expected.refused.into()),
    ]
}

/// The order that `entry` records; none where it records none.
pub(super) fn read(entry: &HouseEntry) -> Option<RecountOrder> {
    let detail = |name: &str| entry.details.get(name).filter(|value| !value.is_null());
    let text = |name: &str| detail(name).map(|value| value.as_str().unwrap_or_default());
    let empty = Map::new();
    let policies = detail("policies")?.as_object().unwrap_or(&empty).iter();
    let policy = |(agreement, version): (&String, &Value)| {
        Some((agreement.parse().ok()?, version.as_str()?.parse().ok()?))
    };
    Some(RecountOrder {
        id: order_of(entry)?,
        given_at: entry.time,
        content: RecountContent {
            agreement: text("agreement").map(str::parse).transpose().ok()?,
            reason: text("reason")?.parse().ok()?,
        },
        calendar: text("calendar")?.parse().ok()?,
        policies: policies.map(policy).collect::<Option<_>>()?,
    })
}
