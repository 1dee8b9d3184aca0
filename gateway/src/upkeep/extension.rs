//! More time for open cases, by an order: recorded first, then worked off case by case, each of which is moved once.
//!
//! What is left of an order when a gateway dies is done by the next one that looks: every gateway does when it starts, and
//! every minute. Several that work on one order do no harm, for a case that carries the order is passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::due_order::{DueOrder, OrderContent};
use statuscheck_domain::ids::{AgreementId, DueOrderId};
use statuscheck_domain::working_time::Calendars;
use tokio::time::sleep;

use super::orders::{Depth, Effect, LOOKED_AT, Order, REPEAT, given_at};
use super::{Housekeeping, UpkeepError};
use crate::random;
use crate::store::{HouseEntry, HouseKind};

mod record;

use self::record::{details, read};

/// How often orders that were left are looked for.
const LOOK_EVERY: Duration = Duration::from_mins(1);

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

/// An order, and the calendars by which it moves cases.
struct MoreTime<'a> {
    order: &'a DueOrder,
    calendars: &'a Calendars,
}

impl Order for MoreTime<'_> {
    type Move = ();

    fn agreement(&self) -> Option<&AgreementId> {
        self.order.content.agreement.as_ref()
    }

    fn effect(&self, case: &Case, now: Timestamp) -> (Effect<()>, Vec<ClockEvent>) {
        let moves = || Effect::Moves(case.receipt.agreement_id.clone(), ());
        match self.order.steps(case, now, self.calendars) {
            Ok(steps) if !steps.is_empty() => (moves(), steps),
            Ok(_) if self.order.has_moved(case) => (moves(), Vec::new()),
            Ok(_) => (Effect::NotMeant, Vec::new()),
            Err(error) => {
                tracing::warn!(case = %case.id, %error, "a case cannot be given more time");
                (Effect::Refused, Vec::new())
            }
        }
    }
}

impl Housekeeping {
    /// What an order of `content` would do now. Nothing is recorded.
    ///
    /// # Errors
    /// [`UpkeepError::Read`]
    pub async fn preview_extension(&self, content: &OrderContent) -> Result<Extended, UpkeepError> {
        let order = self.order(content.clone(), self.clock.now());
        self.extend(&order, Depth::Look).await
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
            if let Err(error) = self.finish_orders().await {
                tracing::warn!(%error, "orders about due times wait to be gone on with");
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
        let left = self.unfinished(HouseKind::DueExtended, HouseKind::DueExtensionDone);
        for entry in left.await? {
            match read(&entry) {
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
        let order = self.order(content, given_at(self.clock.now(), newest));
        let entry = HouseEntry {
            time: order.given_at,
            ..self.entry(HouseKind::DueExtended, actor, details(&order, &expected))
        };
        self.store.note_next(entry, newest).await?;
        Ok(order)
    }

    /// Moves every case that the order means and that it has not moved, and records that this is done.
    async fn work_off(&self, actor: &str, order: &DueOrder) -> Result<Extended, UpkeepError> {
        let done = self.extend(order, Depth::Move).await?;
        let details = [
            ("order", Value::from(order.id.to_string())),
            ("cases", done.cases().into()),
            ("refused", done.refused.into()),
        ];
        let entry = self.entry(HouseKind::DueExtensionDone, actor, details);
        self.store.note(entry).await?;
        Ok(done)
    }

    async fn extend(&self, order: &DueOrder, depth: Depth) -> Result<Extended, UpkeepError> {
        let calendars = self.calendars.now();
        let more_time = MoreTime {
            order,
            calendars: &calendars,
        };
        let mut done = Extended::default();
        let count = |effect| match effect {
            Effect::Moves(agreement, ()) => *done.by_agreement.entry(agreement).or_default() += 1,
            Effect::Refused => done.refused += 1,
            Effect::NotMeant => {}
        };
        self.walk(&more_time, depth, count).await?;
        Ok(done)
    }
}
