//! More time for open cases, by an order: recorded first, then worked off case by case, each of which is moved once.
//!
//! What is left of an order when a gateway dies is done by the next one that looks: every gateway does when it starts, and
//! every minute. Several that work on one order do no harm, for a case that carries the order is passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use statuscheck_domain::case::{Case, HistoryError};
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::due_order::{DueOrder, OrderContent};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{AgreementId, CaseId, DueOrderId};
use tokio::time::sleep;

use super::{Housekeeping, UpkeepError};
use crate::random;
use crate::store::upkeep::OpenQuery;
use crate::store::{CommitError, HouseEntry, HouseKind, HouseQuery, ReadError};

mod record;

use self::record::{details, order_of, read};

/// Cases looked for in one read: a few milliseconds.
const PAGE: usize = 200;

/// Cases that are read and written at once. More would take the queue's places from checks.
const AT_ONCE: usize = 32;

/// How often a case is tried whose state changes meanwhile, or for which the store has no room.
const ATTEMPTS_MAX: usize = 20;

/// Between two attempts. 20 attempts are the second in which a full queue drains.
const PAUSE: Duration = Duration::from_millis(50);

/// The same order of the same operator within this time is the same order. A minute: a terminal that lost its answer is
/// started again by then, and who means it twice says why in other words.
const REPEAT: SignedDuration = SignedDuration::from_mins(1);

/// How often orders that were left are looked for.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Orders looked at for those that were left, the newest; an order is finished long before so many follow it.
const LOOKED_AT: usize = 100;

/// What an order did, or would do.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Extended {
    /// Cases that were given more time, by agreement.
    pub by_agreement: BTreeMap<AgreementId, u64>,
    /// Cases that are meant and cannot be given so much; the log has why.
    pub refused: u64,
}

impl Extended {
    /// Cases that were given more time.
    pub fn cases(&self) -> u64 {
        self.by_agreement.values().sum()
    }
}

/// How far an order is gone with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Only what it would do is looked at.
    Look,
    /// Cases are moved.
    Move,
}

/// What became of one case.
enum Moved {
    /// It has more time.
    Under(AgreementId),
    /// The order does not mean it.
    NotMeant,
    /// It cannot be given so much.
    Refused,
}

impl Housekeeping {
    /// What an order of `content` would do now. Nothing is recorded.
    ///
    /// # Errors
    /// [`UpkeepError::Read`]
    pub async fn preview_extension(&self, content: &OrderContent) -> Result<Extended, UpkeepError> {
        let order = self.order(content.clone(), self.clock.now());
        self.walk(&order, Depth::Look).await
    }

    /// Gives every open case that `content` means more time, and says what was done. The same again within a minute is the
    /// same order.
    ///
    /// # Errors
    /// [`UpkeepError`]; an order that is recorded by then is gone on with, by this gateway or another.
    pub async fn extend_due(&self, actor: &str, content: OrderContent) -> Result<Extended, UpkeepError> {
        let _turn = self.extending.lock().await;
        let now = self.clock.now();
        let newest = self.noted(HouseKind::DueExtended, None, LOOKED_AT).await?;
        let recent = |entry: &&HouseEntry| now.duration_since(entry.time) < REPEAT && entry.actor == actor;
        let same = newest.iter().filter(recent).filter_map(read);
        let known = same.into_iter().find(|order| order.content == content);
        let order = match known {
            Some(order) => order,
            None => {
                self.give(actor, content, newest.first().map(|entry| entry.time))
                    .await?
            }
        };
        self.work_off(actor, &order).await
    }

    /// Finishes orders that were left, at once and then again and again.
    pub(crate) async fn keep_extending(&self) -> std::convert::Infallible {
        loop {
            if let Err(error) = self.finish_extensions().await {
                tracing::warn!(%error, "orders to give cases more time wait to be gone on with");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Goes on with every order that was not finished, oldest first.
    ///
    /// # Errors
    /// [`UpkeepError`]; what is left is left for the next look.
    pub async fn finish_extensions(&self) -> Result<(), UpkeepError> {
        let _turn = self.extending.lock().await;
        let given = self.noted(HouseKind::DueExtended, None, LOOKED_AT).await?;
        let Some(oldest) = given.last() else {
            return Ok(());
        };
        let before = oldest
            .time
            .saturating_sub(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MIN);
        let done = self
            .noted(HouseKind::DueExtensionDone, Some(before), usize::MAX)
            .await?;
        let done: Vec<_> = done.iter().filter_map(order_of).collect();
        for entry in given.iter().rev() {
            match read(entry) {
                Some(order) if done.contains(&order.id) => {}
                Some(order) => {
                    tracing::info!(order = %order.id, "an order to give cases more time is gone on with");
                    self.work_off(&entry.actor, &order).await?;
                }
                None => {
                    tracing::error!(time = %entry.time, "an order to give cases more time cannot be read")
                }
            }
        }
        Ok(())
    }

    fn order(&self, content: OrderContent, given_at: Timestamp) -> DueOrder {
        DueOrder {
            id: DueOrderId::at(given_at, &random::bytes()),
            given_at,
            content,
        }
    }

    /// Records an order, of which the newest was given at `newest`: of two of the same moment, in whichever gateways, one is.
    async fn give(
        &self,
        actor: &str,
        content: OrderContent,
        newest: Option<Timestamp>,
    ) -> Result<DueOrder, UpkeepError> {
        let expected = self.preview_extension(&content).await?;
        let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
        let now = self.clock.now();
        let order = self.order(content, after.map_or(now, |after| after.max(now)));
        let entry = HouseEntry {
            time: order.given_at,
            ..self.entry(HouseKind::DueExtended, actor, details(&order, &expected))
        };
        self.store.note_next(entry, newest).await?;
        Ok(order)
    }

    /// Moves every case that the order means and that it has not moved, and records that this is done.
    async fn work_off(&self, actor: &str, order: &DueOrder) -> Result<Extended, UpkeepError> {
        let done = self.walk(order, Depth::Move).await?;
        let details = [
            ("order", Value::from(order.id.to_string())),
            ("cases", done.cases().into()),
            ("refused", done.refused.into()),
        ];
        let entry = self.entry(HouseKind::DueExtensionDone, actor, details);
        self.store.note(entry).await?;
        Ok(done)
    }

    /// Goes through every open case that may be meant, page by page.
    async fn walk(&self, order: &DueOrder, depth: Depth) -> Result<Extended, UpkeepError> {
        let mut done = Extended::default();
        let mut after = None;
        loop {
            let query = OpenQuery {
                agreement: order.content.agreement.clone(),
                after,
                limit: PAGE,
            };
            let page = self.store.open(query).await?;
            let Some(last) = page.last().copied() else {
                return Ok(done);
            };
            after = Some(last);
            let step = |id| self.take(order, id, depth);
            let mut steps = stream::iter(page).map(step).buffer_unordered(AT_ONCE);
            while let Some(moved) = steps.next().await {
                match moved? {
                    Moved::Under(agreement) => *done.by_agreement.entry(agreement).or_default() += 1,
                    Moved::Refused => done.refused += 1,
                    Moved::NotMeant => {}
                }
            }
        }
    }

    /// Moves one case, behind whatever others do with it meanwhile, or says what would become of it.
    async fn take(&self, order: &DueOrder, id: CaseId, depth: Depth) -> Result<Moved, UpkeepError> {
        for _ in 0..ATTEMPTS_MAX {
            let case = match self.store.case(id).await {
                Ok(Some(case)) => case,
                Ok(None) => return Ok(Moved::NotMeant),
                Err(ReadError::Full) => {
                    sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let now = self.clock.now();
            let (moved, steps) = self.steps(order, &case, now);
            if steps.is_empty() || depth == Depth::Look {
                return Ok(moved);
            }
            let change = case
                .change(now, steps.into_iter().map(EventKind::Clock))
                .and_then(|(change, after)| self.told(&case, change, after))
                .map_err(|_no_history| CommitError::Malformed)?;
            match self.store.commit(change).await {
                Ok(()) => return Ok(moved),
                Err(CommitError::Stale | CommitError::Full) => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Full.into())
    }

    /// The change that takes `case` to `after`, with what its caller is told of it.
    fn told(&self, case: &Case, change: Change, after: Case) -> Result<Change, HistoryError> {
        match &self.outbox {
            Some(outbox) => outbox.telling(case, change, after).map(|(change, _)| change),
            None => Ok(change),
        }
    }

    /// What the order makes of `case`, and the steps that do it.
    fn steps(&self, order: &DueOrder, case: &Case, now: Timestamp) -> (Moved, Vec<ClockEvent>) {
        let under = || Moved::Under(case.receipt.agreement_id.clone());
        match order.steps(case, now, &self.calendars) {
            Ok(steps) if !steps.is_empty() => (under(), steps),
            Ok(_) if order.has_moved(case) => (under(), Vec::new()),
            Ok(_) => (Moved::NotMeant, Vec::new()),
            Err(error) => {
                tracing::warn!(case = %case.id, %error, "a case cannot be given more time");
                (Moved::Refused, Vec::new())
            }
        }
    }

    /// The newest entries of a kind.
    async fn noted(
        &self,
        kind: HouseKind,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<HouseEntry>, ReadError> {
        let query = HouseQuery {
            kind,
            after,
            before: None,
            limit,
        };
        self.store.noted(query).await
    }
}
