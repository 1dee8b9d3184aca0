//! Tells the senior owner of an agreement that a month's quota is nearly used up, until the owner's webhook has taken it.
//!
//! What is told is the entry of the house that warned of it, and that it was taken is another, of which there is one. The notice's
//! id follows from the first, so that whichever gateway tells it, and after whatever restart, its receiver knows it again. What
//! was tried is kept in memory: a restart begins anew, and the end of the month ends it.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use statuscheck_domain::ids::NoticeId;
use statuscheck_domain::outbox::Receiver;
use statuscheck_domain::quota::{Month, QuotaKey};

use super::warning::{details, month_of};
use super::{Quotas, Usage};
use crate::error::Error;
use crate::outbox::{Attempt, Delivering};
use crate::store::{CommitError, HouseEntry, HouseKind};
use crate::webhook::{Happening, Notice, QuotaMark};

/// Who records it.
const ACTOR: &str = "quotas";

/// Tells of quotas.
pub(crate) struct QuotaTelling {
    quotas: Quotas,
    delivering: Arc<Delivering>,
    /// What was tried of what nobody has taken; of one month.
    tried: HashMap<QuotaKey, Attempt>,
}

impl QuotaTelling {
    pub(crate) fn new(quotas: Quotas, delivering: Arc<Delivering>) -> Self {
        Self {
            quotas,
            delivering,
            tried: HashMap::new(),
        }
    }

    /// Tells what is due of this month's warnings.
    ///
    /// # Errors
    /// The store cannot be read, or cannot record that something was taken: it is told again.
    pub(crate) async fn look(&mut self) -> Result<(), Error> {
        let now = self.quotas.clock.now();
        let month = Month::of(now);
        self.tried.retain(|key, _| key.month == month);
        let store = self.quotas.store.as_ref();
        let warned = month_of(store, HouseKind::QuotaWarned, month).await?;
        if warned.is_empty() {
            return Ok(());
        }
        let told = month_of(store, HouseKind::QuotaTold, month).await?;
        let newest = told.first().map(|(entry, _)| entry.time);
        let is_told = |key: &QuotaKey| told.iter().any(|(_, told)| told == key);
        let untold = warned.into_iter().filter(|(_, key)| !is_told(key));
        for (entry, key) in untold {
            if self.tell(&entry, &key, now).await {
                // One a look: the next is recorded after the newest, which is this one then.
                return self.record(entry, newest).await;
            }
        }
        Ok(())
    }

    /// Tells of one quota, where that is due and there is somebody to tell; whether it was taken.
    async fn tell(&mut self, entry: &HouseEntry, key: &QuotaKey, now: Timestamp) -> bool {
        let Some(letter) = notice(entry, key) else {
            return false;
        };
        let receiver = Receiver::Owner(key.agreement.clone());
        let before = self.tried.get(key).copied().unwrap_or_default();
        match self
            .delivering
            .attempt(&receiver, &key.agreement, &letter, before, now)
            .await
        {
            Some(Ok(())) => true,
            Some(Err(after)) => {
                self.tried.insert(key.clone(), after);
                false
            }
            None => false,
        }
    }

    /// Records that it was taken, after the newest such entry. Where another gateway recorded one meanwhile, the next look tells.
    async fn record(&self, warned: HouseEntry, newest: Option<Timestamp>) -> Result<(), Error> {
        let now = self.quotas.clock.now();
        let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
        let entry = HouseEntry {
            time: after.map_or(now, |after| after.max(now)),
            kind: HouseKind::QuotaTold,
            actor: ACTOR.to_owned(),
            details: warned.details,
        };
        match self.quotas.store.note_next(entry, newest).await {
            Ok(()) | Err(CommitError::Stale | CommitError::Full) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The notice of what was warned of; none where the entry is none of this program's.
fn notice(entry: &HouseEntry, key: &QuotaKey) -> Option<Notice> {
    let number = |name: &str| entry.details.get(name).and_then(Value::as_u64);
    let usage = Usage {
        key: key.clone(),
        used: number("used")?,
        limit: number("limit")?,
    };
    let text = Value::from(details(&usage)).to_string();
    let digest = digest(&SHA256, text.as_bytes());
    let (bytes, _) = digest.as_ref().split_first_chunk()?;
    let Usage { key, used, limit } = usage;
    Some(Notice {
        id: NoticeId::at(entry.time, bytes),
        time: entry.time,
        happening: Happening::QuotaNearlyUsed(QuotaMark {
            agreement_id: key.agreement,
            department: key.department,
            used,
            limit,
        }),
    })
}
