//! Monthly quotas on a check's way: a question under a quota is set aside before it is recorded, charged in the step that
//! records it, and given back in the step that says that it never went out.
//!
//! A check without a quota passes through here without a look at the store. No lock is held while the store is asked.

mod warning;

use std::sync::Arc;

use statuscheck_domain::agreement::{Agreement, Permit};
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::quota::{Month, QuotaKey};
use statuscheck_domain::route;

pub use self::warning::QuotaSettings;
pub(crate) use self::warning::QuotaWatch;
use crate::error::Error;
use crate::store::{QuotaError, ReadError, Reserved, Store};

/// The quotas of every agreement.
#[derive(Clone)]
pub struct Quotas {
    store: Arc<dyn Store>,
    clock: SharedClock,
}

/// Part of a quota that is near its end, in percent. 80: at an even pace six days are left to agree on an uplift.
const NEAR_END_PERCENT: u64 = 80;

/// So much of a quota is used that somebody should know.
pub(crate) fn is_near_end(used: u64, limit: u64) -> bool {
    used.saturating_mul(100) >= limit.saturating_mul(NEAR_END_PERCENT)
}

/// How a quota stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Which.
    pub key: QuotaKey,
    /// Questions that are charged to it.
    pub used: u64,
    /// Most questions, today.
    pub limit: u64,
}

/// What one case has of quotas while it is asked about.
#[derive(Default)]
pub struct Aside {
    /// Each for one question.
    held: Vec<(Operation, Reserved)>,
    /// Questions that there was nothing left for.
    skipped: Vec<Operation>,
}

impl Aside {
    /// The month that a question is charged to; none where it is under no quota.
    pub(crate) fn month(&self, operation: Operation) -> Option<Month> {
        let mut held = self.held.iter();
        let (_, reserved) = held.find(|(held, _)| *held == operation)?;
        Some(reserved.key().month)
    }

    /// That question is recorded, and charged.
    pub(crate) fn charged(&mut self, operation: Operation) {
        self.held.retain(|(held, _)| *held != operation);
    }

    /// Nothing more is asked.
    pub(crate) fn give_back(&mut self) {
        self.held.clear();
    }

    fn has(&self, operation: Operation) -> bool {
        self.held.iter().any(|(held, _)| *held == operation)
    }

    fn skip(&mut self, operation: Operation, key: &QuotaKey, error: QuotaError) {
        tracing::debug!(
            agreement = %key.agreement,
            month = %key.month,
            operation = operation.as_str(),
            %error,
            "a question is left out"
        );
        self.skipped.push(operation);
    }
}

impl Quotas {
    /// Quotas as `store` counts them.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    /// Sets aside what the `first` questions of a new case need, and the one that it cannot do without, whenever that is put.
    /// Of the first ones, those that there is nothing left for and that it can do without are taken out.
    ///
    /// # Errors
    /// A question that it cannot do without has nothing left: [`Error::QuotaSpent`]. The store cannot tell now.
    pub async fn begin(
        &self,
        case_id: CaseId,
        permit: &Permit,
        first: &mut Vec<Operation>,
    ) -> Result<Aside, Error> {
        let mut aside = Aside::default();
        if permit.agreement().quotas.is_empty() {
            return Ok(aside);
        }
        let required = route::required(permit.check());
        let is_later = permit.agreement().operations.contains(&required) && !first.contains(&required);
        let indispensable = route::indispensable(permit.check());
        let mut wanted: Vec<_> = first
            .iter()
            .copied()
            .chain(is_later.then_some(required))
            .collect();
        // What can refuse the check comes first, so that a refused one takes nothing from others meanwhile.
        wanted.sort_by_key(|operation| !indispensable.contains(operation));
        for operation in wanted {
            match self.reserve(case_id, permit, operation).await {
                Ok(reserved) => aside.held.extend(reserved.map(|reserved| (operation, reserved))),
                Err((key, error)) if indispensable.contains(&operation) => {
                    return Err(self.refused(permit, key, error));
                }
                Err((key, error)) => aside.skip(operation, &key, error),
            }
        }
        first.retain(|operation| !aside.skipped.contains(operation));
        Ok(aside)
    }

    /// Sets aside what the `next` questions of a case need, and takes those out that there is nothing left for: the case does
    /// without them, or is pending.
    pub(crate) async fn further(
        &self,
        case_id: CaseId,
        permit: &Permit,
        aside: &mut Aside,
        next: &mut Vec<Operation>,
    ) {
        if permit.agreement().quotas.is_empty() {
            return;
        }
        for operation in next.iter().copied() {
            if aside.has(operation) || aside.skipped.contains(&operation) {
                continue;
            }
            match self.reserve(case_id, permit, operation).await {
                Ok(reserved) => aside.held.extend(reserved.map(|reserved| (operation, reserved))),
                Err((key, error)) => aside.skip(operation, &key, error),
            }
        }
        next.retain(|operation| !aside.skipped.contains(operation));
    }

    /// How the quotas of `agreement` stand this month.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn usage(&self, agreement: &Agreement) -> Result<Vec<Usage>, ReadError> {
        let now = self.clock.now();
        let mut all = Vec::with_capacity(agreement.quotas.len());
        for quota in &agreement.quotas {
            let key = QuotaKey {
                agreement: agreement.id.clone(),
                department: quota.department,
                month: Month::of(now),
            };
            all.push(Usage {
                used: self.store.quota_used(&key).await?,
                limit: quota.on(london_day(now)),
                key,
            });
        }
        Ok(all)
    }

    /// One unit for `operation`; none where it is under no quota.
    async fn reserve(
        &self,
        case_id: CaseId,
        permit: &Permit,
        operation: Operation,
    ) -> Result<Option<Reserved>, (QuotaKey, QuotaError)> {
        let (agreement, department) = (permit.agreement(), operation.department());
        let Some(quota) = agreement.quota(department) else {
            return Ok(None);
        };
        let today = london_day(self.clock.now());
        let key = QuotaKey {
            agreement: agreement.id.clone(),
            department,
            month: Month::of_day(today),
        };
        let limit = quota.on(today);
        match self.store.reserve(case_id, &key, 1, limit).await {
            Ok(reserved) => Ok(Some(reserved)),
            Err(error) => Err((key, error)),
        }
    }

    fn refused(&self, permit: &Permit, key: QuotaKey, error: QuotaError) -> Error {
        match error {
            QuotaError::Spent { .. } => {
                let left = key.month.end().duration_since(self.clock.now());
                Error::QuotaSpent {
                    contact: permit.agreement().contact().to_owned(),
                    retry_after: left.try_into().unwrap_or_default(),
                    key,
                }
            }
            QuotaError::Full => Error::busy(),
            QuotaError::Read(error) => error.into(),
        }
    }
}
