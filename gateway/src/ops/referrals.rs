//! Open referrals by their age and by when their findings are due: counted from their rows, so no case is opened and nobody is
//! named.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::referral::ReferralState;

use super::lately::Lately;
use crate::store::{ReadError, ReferralQuery, ReferralRow, Store};

/// Referrals that are counted. 10,000: past that the number says "very many", which is enough.
const COUNTED_MAX: usize = 10_000;

/// Referrals of one page.
const PAGE: usize = 500;

/// The open referrals of a store, counted at most once a second however many look.
pub(crate) struct OpenReferrals {
    store: Arc<dyn Store>,
    clock: SharedClock,
    newest: Lately<ReferralCount>,
}

/// The open referrals as they were counted.
pub(crate) struct ReferralCount {
    /// When.
    pub(crate) at: Timestamp,
    /// By age: those younger than each of [`OpenReferrals::AGES`] and of none before it, then those that are older.
    pub(crate) by_age: [Findings; OpenReferrals::AGES.len() + 1],
    /// When the oldest was opened.
    pub(crate) oldest: Option<Timestamp>,
    /// There are more, which were not counted.
    pub(crate) has_more: bool,
}

/// Referrals by when their findings are due.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Findings {
    pub(crate) open: u64,
    /// Of these, due within 24 hours.
    pub(crate) soon: u64,
    /// Of these, late.
    pub(crate) late: u64,
}

impl OpenReferrals {
    /// A day, the two days that are promised for whoever is vulnerable, a week, and a month.
    pub(crate) const AGES: [Duration; 4] = [
        Duration::from_hours(24),
        Duration::from_hours(48),
        Duration::from_hours(7 * 24),
        Duration::from_hours(30 * 24),
    ];

    pub(crate) fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self {
            store,
            newest: Lately::new(clock.clone()),
            clock,
        }
    }

    /// The newest count.
    ///
    /// # Errors
    /// [`ReadError`]
    pub(crate) async fn now(&self) -> Result<Arc<ReferralCount>, ReadError> {
        self.newest.or(self.count()).await
    }

    async fn count(&self) -> Result<ReferralCount, ReadError> {
        let mut counted = ReferralCount::at(self.clock.now());
        let mut after = None;
        for _page in 0..COUNTED_MAX / PAGE {
            let query = ReferralQuery {
                states: vec![ReferralState::Open],
                after,
                limit: PAGE,
            };
            let page = self.store.referrals(query).await?;
            page.iter().for_each(|row| counted.add(row));
            let Some(last) = page.last() else {
                return Ok(counted);
            };
            after = Some(last.id);
        }
        counted.has_more = true;
        Ok(counted)
    }
}

impl ReferralCount {
    const fn at(at: Timestamp) -> Self {
        let none = Findings {
            open: 0,
            soon: 0,
            late: 0,
        };
        Self {
            at,
            by_age: [none; OpenReferrals::AGES.len() + 1],
            oldest: None,
            has_more: false,
        }
    }

    fn add(&mut self, row: &ReferralRow) {
        // Its id tells when it was opened.
        let opened = super::time_of(row.id.0).unwrap_or(self.at);
        let age = Duration::try_from(self.at.duration_since(opened)).unwrap_or_default();
        let mut ages = OpenReferrals::AGES.iter();
        let place = ages.position(|limit| age < *limit);
        let findings = &mut self.by_age[place.unwrap_or(OpenReferrals::AGES.len())];
        let left = row.due.duration_since(self.at);
        findings.open += 1;
        findings.late += u64::from(left.is_negative());
        findings.soon += u64::from(!left.is_negative() && left <= SignedDuration::from_hours(24));
        self.oldest = [self.oldest, Some(opened)].into_iter().flatten().min();
    }

    /// All of them together.
    pub(crate) fn all(&self) -> Findings {
        let add = |sum: Findings, more: &Findings| Findings {
            open: sum.open + more.open,
            soon: sum.soon + more.soon,
            late: sum.late + more.late,
        };
        self.by_age.iter().fold(Findings::default(), add)
    }
}

#[cfg(test)]
mod tests {
    use statuscheck_domain::ids::{CaseId, ReferralId};

    use super::*;

    fn count(rows: &[(&str, &str)]) -> ReferralCount {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut counted = ReferralCount::at(at("2026-03-11T10:00:00Z"));
        for (opened, due) in rows {
            counted.add(&ReferralRow {
                id: ReferralId::at(at(opened), &[0; 10]),
                case_id: CaseId::at(at(opened), &[0; 10]),
                state: ReferralState::Open,
                due: at(due),
            });
        }
        counted
    }

    #[test]
    fn an_age_begins_where_the_one_before_ends() {
        let day = ("2026-03-10T10:00:00Z", "2026-04-01T10:00:00Z");
        let young = ("2026-03-10T10:00:00.001Z", day.1);
        let counted = count(&[day, young, ("2025-01-01T00:00:00Z", day.1)]);
        assert_eq!(counted.by_age.map(|findings| findings.open), [1, 1, 0, 0, 1]);
        assert_eq!(counted.oldest, "2025-01-01T00:00:00Z".parse().ok());
    }

    #[test]
    fn a_finding_is_late_strictly_after_it_was_due() {
        let opened = "2026-03-10T12:00:00Z";
        let counted = count(&[
            (opened, "2026-03-11T09:59:59.999Z"),
            (opened, "2026-03-11T10:00:00Z"),
            (opened, "2026-03-12T10:00:00Z"),
            (opened, "2026-03-12T10:00:00.001Z"),
        ]);
        let expected = Findings {
            open: 4,
            soon: 2,
            late: 1,
        };
        assert_eq!(counted.all(), expected);
    }
}
