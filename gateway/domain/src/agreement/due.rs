//! What falls due in a register: reviews, expiries, ends. One real agreement was "quite old", and another named a body
//! that had gone three years before (report 6.54, 6.130).

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Agreement, Register};

/// What falls due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DueKind {
    /// The parties review the agreement.
    Review,
    /// No day of review was ever set.
    NoReviewSet,
    /// The agreement ends.
    Expiry,
    /// A suspension is looked at again.
    SuspensionReview,
    /// A larger quota ends.
    UpliftEnd,
    /// Most of a month's quota is used, and the next begins.
    QuotaReset,
    /// An order that pauses proactive sharing is looked at again.
    OrderReview,
    /// The Windrush safeguard is looked at again.
    SafeguardReview,
}

impl DueKind {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::NoReviewSet => "review: no day set",
            Self::Expiry => "expiry",
            Self::SuspensionReview => "review of the suspension",
            Self::UpliftEnd => "end of a larger quota",
            Self::QuotaReset => "next month of a quota that is nearly used up",
            Self::OrderReview => "review of the order",
            Self::SafeguardReview => "review of the Windrush safeguard",
        }
    }
}

/// Something that falls due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// Id of the agreement or order.
    pub id: String,
    /// What.
    pub kind: DueKind,
    /// The day; none where none was set.
    pub on: Option<Date>,
    /// The day is over.
    pub is_overdue: bool,
    /// Whom to turn to.
    pub contact: String,
}

impl Register {
    /// What falls due from `today` within `days`, and what was due before and still is: earliest first, and what has no
    /// day before all. An agreement that has expired is reported until it is taken out or renewed.
    pub fn due(&self, today: Date, days: u16) -> Vec<Due> {
        let last = today.saturating_add(i32::from(days).days());
        let mut due: Vec<_> = self.agreements().flat_map(of_agreement).collect();
        for order in self
            .orders()
            .iter()
            .filter(|order| order.ends_on.is_none_or(|end| today <= end))
        {
            due.push(Due {
                id: order.id.to_string(),
                kind: DueKind::OrderReview,
                on: Some(order.review_on),
                is_overdue: false,
                contact: order.owner.clone(),
            });
        }
        // What it was before counts for no new case.
        let safeguard = self
            .safeguards()
            .rev()
            .find(|safeguard| safeguard.starts_on <= today);
        due.extend(safeguard.map(|safeguard| Due {
            id: safeguard.rules.version.to_string(),
            kind: DueKind::SafeguardReview,
            on: Some(safeguard.review_on),
            is_overdue: false,
            contact: safeguard.rules.owner.clone(),
        }));
        due.retain(|due| match (due.kind, due.on) {
            (_, None) => true,
            // What has ended by itself needs nobody.
            (DueKind::UpliftEnd, Some(day)) => today <= day && day <= last,
            (_, Some(day)) => day <= last,
        });
        for due in &mut due {
            due.is_overdue = due.on.is_none_or(|day| day < today);
        }
        due.sort_by(|one, other| (one.on, &one.id, one.kind).cmp(&(other.on, &other.id, other.kind)));
        due
    }
}

fn of_agreement(agreement: &Agreement) -> Vec<Due> {
    let mut found = vec![match agreement.review_on {
        Some(day) => (DueKind::Review, Some(day)),
        None => (DueKind::NoReviewSet, None),
    }];
    found.extend(agreement.expires_on.map(|day| (DueKind::Expiry, Some(day))));
    let suspension = agreement.suspension.as_ref();
    found.extend(suspension.map(|suspension| (DueKind::SuspensionReview, Some(suspension.review_on))));
    let uplifts = agreement.quotas.iter().flat_map(|quota| &quota.uplifts);
    found.extend(uplifts.map(|uplift| (DueKind::UpliftEnd, Some(uplift.ends_on))));
    let due = |(kind, on)| Due {
        id: agreement.id.to_string(),
        kind,
        on,
        is_overdue: false,
        contact: agreement.contact().to_owned(),
    };
    found.into_iter().map(due).collect()
}
