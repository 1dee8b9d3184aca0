//! What a status that was confirmed for one check says about another.

use jiff::civil::Date;

use crate::answer::{Entitlement, Facts};
use crate::check::CheckKind;

/// Kind of leave in an IECAS answer that rests on a right without end, which is all that is known of it then.
const NO_TIME_LIMIT: &str = "no time limit (confirmed by the Windrush taskforce)";

impl Facts {
    /// The check that they are facts of.
    pub const fn kind(&self) -> CheckKind {
        match self {
            Self::RightToWork { .. } => CheckKind::RightToWork,
            Self::RightToRent { .. } => CheckKind::RightToRent,
            Self::Section95 { .. } => CheckKind::Section95,
            Self::Iecas { .. } => CheckKind::Iecas,
        }
    }

    /// The last day, included; none where there is no end.
    pub const fn valid_until(&self) -> Option<Date> {
        match self {
            Self::RightToWork { valid_until, .. }
            | Self::RightToRent { valid_until, .. }
            | Self::Iecas { valid_until, .. } => *valid_until,
            Self::Section95 { .. } => None,
        }
    }

    /// What they say in a check of `kind`; none where they do not say it. A status without end carries every right; one that
    /// ends, or has conditions, only those that it was confirmed for. Support is another matter than status.
    pub fn in_check(&self, kind: CheckKind) -> Option<Self> {
        if self.kind() == kind {
            return Some(self.clone());
        }
        let is_unlimited = match self {
            Self::RightToWork { entitlement, .. } | Self::RightToRent { entitlement, .. } => {
                *entitlement == Some(Entitlement::Unlimited)
            }
            Self::Iecas { valid_until, .. } => valid_until.is_none(),
            Self::Section95 { .. } => false,
        };
        let entitlement = Some(Entitlement::Unlimited);
        match kind {
            _ if !is_unlimited => None,
            CheckKind::RightToWork => Some(Self::RightToWork {
                entitlement,
                valid_until: None,
                conditions: Vec::new(),
                follow_up_on: None,
            }),
            CheckKind::RightToRent => Some(Self::RightToRent {
                entitlement,
                valid_until: None,
                follow_up_on: None,
            }),
            CheckKind::Iecas => Some(Self::Iecas {
                immigration_status: Some(NO_TIME_LIMIT.to_owned()),
                valid_from: None,
                valid_until: None,
                health_surcharge_paid: None,
            }),
            CheckKind::Section95 => None,
        }
    }
}
