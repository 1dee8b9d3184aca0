//! Clocks of open cases counted anew, by an order: recorded first, with the calendar and the policies that it means, then worked off
//! case by case. A clock that counts under them is passed over, so none is counted twice.
//!
//! What is left of an order when a gateway dies is gone on with as orders for more time are. Where a policy or the calendar changes
//! in between, what is left of it is refused: whoever gave the order did not mean the newer one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::ClockEvent;
use statuscheck_domain::ids::{AgreementId, DueOrderId};
use statuscheck_domain::recount::{Recount, RecountContent, RecountOrder, Recounted};
use statuscheck_domain::working_time::Calendars;

use super::orders::{Depth, Effect, LOOKED_AT, Order, REPEAT, given_at};
use super::{Housekeeping, UpkeepError};
use crate::random;
use crate::store::{HouseEntry, HouseKind};

mod record;

use self::record::{details, read};

/// Cases of one agreement that were counted anew, or would be.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RecountedLine {
    /// All of them.
    pub cases: u64,
    /// Those whose answers are due earlier now.
    pub earlier: u64,
    /// Those whose answers are due later now.
    pub later: u64,
}

/// What an order did, or would do.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RecountDone {
    /// Cases that were counted anew, by agreement.
    pub by_agreement: BTreeMap<AgreementId, RecountedLine>,
    /// Cases that are meant and keep their clocks; the log has why.
    pub refused: u64,
}

impl RecountDone {
    /// Cases that were counted anew.
    pub fn cases(&self) -> u64 {
        self.by_agreement.values().map(|line| line.cases).sum()
    }
}

/// An order, and by what clocks are counted.
struct Anew<'a> {
    order: &'a RecountOrder,
    register: &'a Register,
    calendars: &'a Calendars,
}

impl Order for Anew<'_> {
    /// The old and the new due time; none of a clock that was counted before.
    type Move = Option<(Timestamp, Timestamp)>;

    fn agreement(&self) -> Option<&AgreementId> {
        self.order.content.agreement.as_ref()
    }

    fn effect(&self, case: &Case, now: Timestamp) -> (Effect<Self::Move>, Vec<ClockEvent>) {
        let agreement = &case.receipt.agreement_id;
        let policy = self.register.agreement(agreement).map(|agreement| &agreement.sla);
        match self.order.recount(case, now, policy, self.calendars) {
            Ok(Recounted::Now(Recount { steps, from, to })) => {
                (Effect::Moves(agreement.clone(), Some((from, to))), steps)
            }
            Ok(Recounted::Before) => (Effect::Moves(agreement.clone(), None), Vec::new()),
            Ok(Recounted::NotMeant) => (Effect::NotMeant, Vec::new()),
            Err(error) => {
                tracing::warn!(case = %case.id, %error, "a case's clock cannot be counted anew");
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
    pub async fn preview_recount(&self, content: &RecountContent) -> Result<RecountDone, UpkeepError> {
        let order = self.recount_order(content.clone(), self.clock.now());
        self.recount(&order, Depth::Look).await
    }

    /// Counts the clock of every open case that `content` means anew, and says what was done. The same again within a minute is the
    /// same order.
    ///
    /// # Errors
    /// [`UpkeepError`]; an order that is recorded by then is gone on with, by this gateway or another.
    pub async fn recount_due(
        &self,
        actor: &str,
        content: RecountContent,
    ) -> Result<RecountDone, UpkeepError> {
        let _turn = self.extending.lock().await;
        let now = self.clock.now();
        let newest = self.noted(HouseKind::DueRecounted, None, LOOKED_AT).await?;
        let recent = |entry: &&HouseEntry| now.duration_since(entry.time) < REPEAT && entry.actor == actor;
        let mut same = newest.iter().filter(recent).filter_map(read);
        let order = match same.find(|order| order.content == content) {
            Some(known) => known,
            None => {
                self.give_recount(actor, content, newest.first().map(|entry| entry.time))
                    .await?
            }
        };
        self.work_off_recount(actor, &order).await
    }

    /// Goes on with every order that was not finished, oldest first.
    ///
    /// # Errors
    /// [`UpkeepError`]; what is left is left for the next look.
    pub async fn finish_recounts(&self) -> Result<(), UpkeepError> {
        let _turn = self.extending.lock().await;
        let left = self.unfinished(HouseKind::DueRecounted, HouseKind::DueRecountDone);
        for entry in left.await? {
            match read(&entry) {
                Some(order) => {
                    tracing::info!(order = %order.id, "an order to count clocks anew is gone on with");
                    self.work_off_recount(&entry.actor, &order).await?;
                }
                None => tracing::error!(time = %entry.time, "an order to count clocks anew cannot be read"),
            }
        }
        Ok(())
    }

    /// An order under what counts now.
    fn recount_order(&self, content: RecountContent, given_at: Timestamp) -> RecountOrder {
        let served = self.register.now();
        let agreements = served.register.agreements();
        let is_meant = |id: &AgreementId| content.agreement.as_ref().is_none_or(|meant| meant == id);
        RecountOrder {
            id: DueOrderId::at(given_at, &random::bytes()),
            given_at,
            calendar: self.calendars.now().current().version().clone(),
            policies: agreements
                .filter(|agreement| is_meant(&agreement.id))
                .map(|agreement| (agreement.id.clone(), agreement.sla.version().clone()))
                .collect(),
            content,
        }
    }

    async fn give_recount(
        &self,
        actor: &str,
        content: RecountContent,
        newest: Option<Timestamp>,
    ) -> Result<RecountOrder, UpkeepError> {
        let expected = self.preview_recount(&content).await?;
        let order = self.recount_order(content, given_at(self.clock.now(), newest));
        let entry = HouseEntry {
            time: order.given_at,
            ..self.entry(HouseKind::DueRecounted, actor, details(&order, &expected))
        };
        self.store.note_next(entry, newest).await?;
        Ok(order)
    }

    async fn work_off_recount(&self, actor: &str, order: &RecountOrder) -> Result<RecountDone, UpkeepError> {
        let done = self.recount(order, Depth::Move).await?;
        let details = [
            ("order", Value::from(order.id.to_string())),
            ("cases", done.cases().into()),
            ("refused", done.refused.into()),
        ];
        let entry = self.entry(HouseKind::DueRecountDone, actor, details);
        self.store.note(entry).await?;
        Ok(done)
    }

    async fn recount(&self, order: &RecountOrder, depth: Depth) -> Result<RecountDone, UpkeepError> {
        let served = self.register.now();
        let calendars = self.calendars.now();
        let anew = Anew {
            order,
            register: &served.register,
            calendars: &calendars,
        };
        let mut done = RecountDone::default();
        let count = |effect: Effect<Option<(Timestamp, Timestamp)>>| match effect {
            Effect::Moves(agreement, moved) => {
                let line = done.by_agreement.entry(agreement).or_default();
                line.cases += 1;
                line.earlier += u64::from(moved.is_some_and(|(from, to)| to < from));
                line.later += u64::from(moved.is_some_and(|(from, to)| to > from));
            }
            Effect::Refused => done.refused += 1,
            Effect::NotMeant => {}
        };
        self.walk(&anew, depth, count).await?;
        Ok(done)
    }
}
