//! Notices that receivers have not taken, counted for everybody who looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::outbox::Receiver;

use super::lately::Lately;
use crate::store::{HookQuery, HookRow, ReadError, Store};

/// Notices that are counted. 10,000: past that the number says "very many", which is enough.
const COUNTED_MAX: usize = 10_000;

/// Notices of one page.
const PAGE: usize = 500;

/// The notices of a store that wait or are parked, counted at most once a second however many look.
pub(crate) struct Notices {
    store: Arc<dyn Store>,
    newest: Lately<NoticeCount>,
}

/// How a notice stands that its receiver has not taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum NoticeState {
    /// It waits for its first attempt.
    Waiting,
    /// An attempt came to nothing, and there will be another.
    Retried,
    /// There is no attempt until an operator says so.
    Parked,
}

/// Some notices.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Pile {
    pub(crate) count: u64,
    /// When the oldest of them was written.
    pub(crate) oldest: Option<Timestamp>,
}

/// The notices as they were counted.
#[derive(Default)]
pub(crate) struct NoticeCount {
    piles: BTreeMap<(&'static str, NoticeState), Pile>,
    /// There are more, which were not counted.
    pub(crate) has_more: bool,
}

impl Notices {
    pub(crate) fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self {
            store,
            newest: Lately::new(clock),
        }
    }

    /// The newest count.
    ///
    /// # Errors
    /// [`ReadError`]
    pub(crate) async fn now(&self) -> Result<Arc<NoticeCount>, ReadError> {
        self.newest.or(self.count()).await
    }

    async fn count(&self) -> Result<NoticeCount, ReadError> {
        let mut counted = NoticeCount::default();
        let mut query = HookQuery {
            parked_only: false,
            after: None,
            limit: PAGE,
        };
        for _page in 0..COUNTED_MAX / PAGE {
            let page = self.store.hooks(query).await?;
            page.iter().for_each(|row| counted.add(row));
            let Some(last) = page.last() else {
                return Ok(counted);
            };
            query.after = Some(last.id);
        }
        counted.has_more = true;
        Ok(counted)
    }
}

impl NoticeState {
    fn of(row: &HookRow) -> Self {
        match row.next {
            None => Self::Parked,
            Some(_) if row.attempts > 0 => Self::Retried,
            Some(_) => Self::Waiting,
        }
    }
}

impl Pile {
    fn with(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            oldest: [self.oldest, other.oldest].into_iter().flatten().min(),
        }
    }
}

impl NoticeCount {
    fn add(&mut self, row: &HookRow) {
        let key = (kind(&row.receiver), NoticeState::of(row));
        let pile = self.piles.entry(key).or_default();
        let one = Pile {
            count: 1,
            oldest: written(row),
        };
        *pile = pile.with(one);
    }

    /// Those to receivers of `kind` that stand in any of `states`.
    pub(crate) fn pile(&self, kind: &str, states: &[NoticeState]) -> Pile {
        let its = self
            .piles
            .iter()
            .filter(|((of, state), _)| *of == kind && states.contains(state));
        its.map(|(_, pile)| *pile).fold(Pile::default(), Pile::with)
    }

    /// How many stand in `state`.
    pub(crate) fn in_state(&self, state: NoticeState) -> u64 {
        let its = self.piles.iter().filter(|((_, of), _)| *of == state);
        its.map(|(_, pile)| pile.count).sum()
    }
}

/// Which kind of receiver it is; which one of them, no figure tells.
const fn kind(receiver: &Receiver) -> &'static str {
    match receiver {
        Receiver::Organisation(_) => "organisation",
        Receiver::Owner(_) => "owner",
        Receiver::Ops => "ops",
        Receiver::Taskforce => "taskforce",
        Receiver::Subscriber(_) => "subscriber",
    }
}

/// When a notice was written: its id tells.
pub(crate) fn written(row: &HookRow) -> Option<Timestamp> {
    super::time_of(row.id.0)
}

#[cfg(test)]
mod tests {
    use statuscheck_domain::ids::{CaseId, NoticeId};

    use super::*;

    fn row(written: &str, receiver: &str, attempts: u32, next: Option<&str>) -> HookRow {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        HookRow {
            id: NoticeId::at(at(written), &[0; 10]),
            case_id: CaseId::at(at(written), &[0; 10]),
            receiver: receiver.parse().unwrap(),
            happening: "case.changed".to_owned(),
            attempts,
            next: next.map(at),
            fault: None,
        }
    }

    #[test]
    fn notices_are_told_apart_by_what_became_of_them_and_whom_they_tell() {
        let mut counted = NoticeCount::default();
        for row in [
            row(
                "2026-03-11T10:00:00Z",
                "organisation:acme",
                0,
                Some("2026-03-11T10:00:00Z"),
            ),
            row(
                "2026-03-11T09:00:00Z",
                "organisation:other",
                0,
                Some("2026-03-11T10:00:00Z"),
            ),
            row(
                "2026-03-10T10:00:00Z",
                "taskforce",
                3,
                Some("2026-03-11T12:00:00Z"),
            ),
            row("2026-03-09T10:00:00Z", "taskforce", 1, None),
        ] {
            counted.add(&row);
        }
        let states = [NoticeState::Waiting, NoticeState::Retried, NoticeState::Parked];
        assert_eq!(states.map(|state| counted.in_state(state)), [2, 1, 1]);
        let waiting = counted.pile("organisation", &[NoticeState::Waiting]);
        let oldest = "2026-03-11T09:00:00Z".parse().ok();
        assert_eq!(waiting, Pile { count: 2, oldest });
        let all = counted.pile("taskforce", &states);
        let oldest = "2026-03-09T10:00:00Z".parse().ok();
        assert_eq!(all, Pile { count: 2, oldest });
        assert_eq!(counted.pile("ops", &states), Pile::default());
    }
}
