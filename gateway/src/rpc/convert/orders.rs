//! What the register has beside agreements, on the wire: suspension orders and the Windrush safeguards.

use jiff::civil::Date;
use statuscheck_domain::agreement::{Agreement, Register, Safeguard, SuspensionOrder};
use statuscheck_proto::register::v1 as wire;

use super::answer::day;

/// Every suspension order, as it stands on `today`.
pub(crate) fn orders(register: &Register, today: Date) -> Vec<wire::SuspensionOrder> {
    let orders = register.orders().iter();
    orders.map(|order| suspension(register, order, today)).collect()
}

/// The orders about `agreement`, as they stand on `today`.
pub(crate) fn about(register: &Register, agreement: &Agreement, today: Date) -> Vec<wire::SuspensionOrder> {
    let orders = register.orders().iter().filter(|order| order.is_about(agreement));
    orders.map(|order| suspension(register, order, today)).collect()
}

fn suspension(register: &Register, order: &SuspensionOrder, today: Date) -> wire::SuspensionOrder {
    let agreements = register
        .agreements()
        .filter(|agreement| order.is_about(agreement));
    wire::SuspensionOrder {
        order_id: order.id.to_string(),
        reason: order.reason.clone(),
        owner: order.owner.clone(),
        departments: order.departments.iter().map(ToString::to_string).collect(),
        over_age: order.over_age.map(u32::from),
        starts_on: order.starts_on.to_string(),
        review_on: order.review_on.to_string(),
        ends_on: day(order.ends_on).unwrap_or_default(),
        in_force: order.is_in_force(today),
        agreement_ids: agreements.map(|agreement| agreement.id.to_string()).collect(),
    }
}

/// Every Windrush safeguard, as it stands on `today`.
pub(crate) fn safeguards(register: &Register, today: Date) -> Vec<wire::WindrushSafeguard> {
    let counts = register.safeguard_on(today);
    let safeguards = register.safeguards();
    safeguards
        .map(|each| safeguard(each, each.rules.version == counts.rules.version))
        .collect()
}

fn safeguard(safeguard: &Safeguard, in_force: bool) -> wire::WindrushSafeguard {
    let Safeguard { rules, .. } = safeguard;
    let subscribers = safeguard.subscribers.iter();
    wire::WindrushSafeguard {
        version: rules.version.to_string(),
        owner: rules.owner.clone(),
        starts_on: safeguard.starts_on.to_string(),
        review_on: safeguard.review_on.to_string(),
        last_arrival: rules.last_arrival.to_string(),
        last_settlement: rules.last_settlement.to_string(),
        grounds: rules
            .grounds
            .iter()
            .map(|ground| ground.as_str().to_owned())
            .collect(),
        sla: format!("{}, {}", safeguard.promise, safeguard.division),
        contact: safeguard.helpline.to_string(),
        advice: safeguard.advice.to_string(),
        subscribers: subscribers
            .map(|(subscriber, webhook)| format!("{subscriber}: {}", webhook.host()))
            .collect(),
        in_force,
    }
}
