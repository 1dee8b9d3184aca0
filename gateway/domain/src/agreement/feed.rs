//! What one department volunteers to another under an agreement, regularly and unasked (report 6.131, 6.132).

use std::fmt;

use super::{Agreement, Fault};
use crate::ids::{DepartmentId, FeedId};
use crate::sla::Target;

/// A feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedTerms {
    /// What it is called.
    pub name: FeedId,
    /// Who sends it.
    pub from: DepartmentId,
    /// Who gets it.
    pub to: DepartmentId,
    /// How often it is expected: later than that it is late. One fell silent for four months, and nobody noticed (report 6.136).
    pub every: Target,
}

/// Such as "section-95 from home-office to dfe, every 7 days".
impl fmt::Display for FeedTerms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            from,
            to,
            every,
        } = self;
        write!(formatter, "{name} from {from} to {to}, every {every}")
    }
}

impl Agreement {
    pub(super) fn feed_at_fault(&self, faults: &mut Vec<Fault>) {
        let Some(feed) = &self.feed else {
            return;
        };
        if !self.proactive {
            let what = "is volunteered, so the agreement has to be proactive";
            faults.push(Fault::new("feed", what));
        }
        if feed.from == feed.to {
            faults.push(Fault::new("feed.to", "is who sends it"));
        }
        for (key, department) in [("feed.from", feed.from), ("feed.to", feed.to)] {
            let mut parties = self.parties.iter();
            if !parties.any(|party| party.department() == Some(department)) {
                faults.push(Fault::new(key, format!("{department} is no party")));
            }
        }
    }
}
