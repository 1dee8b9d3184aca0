//! Rates: how often an organisation may ask in all, and how often each check under each agreement.
//!
//! Quotas of a month and probing limits of a person outlive the process, so they belong to the store.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use governor::Quota;
use serde::Deserialize;
use statuscheck_domain::agreement::{Permit, Rate, Register};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::{AgreementId, OrganisationId};

mod bucket;

use self::bucket::Bucket;
pub(crate) use self::bucket::LimitClock;
use crate::error::Error;

pub use self::bucket::Allowance;

/// How many checks one organisation may ask.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Checks a second over time. The default is what one gateway answers comfortably for a handful of large callers.
    pub checks_per_second: NonZeroU32,
    /// Checks at once after a quiet while: a batch pasted by a person, or a client starting up.
    pub burst: NonZeroU32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let Some((checks_per_second, burst)) = NonZeroU32::new(500).zip(NonZeroU32::new(1_000)) else {
            unreachable!("both are above zero")
        };
        Self {
            checks_per_second,
            burst,
        }
    }
}

impl LimitSettings {
    /// More than anybody can ask: where nobody is to be held back, as in a simulation.
    #[cfg(feature = "demo")]
    pub(crate) fn unlimited() -> Self {
        let most = NonZeroU32::MAX;
        Self {
            checks_per_second: most,
            burst: most,
        }
    }
}

/// Rates of all organisations. Only organisations of the register get this far, and those that leave it are let go, so the
/// keys are bounded.
pub struct Limits {
    in_all: Quota,
    /// Number of the newest version of the register that was kept up with.
    version: AtomicU64,
    clock: LimitClock,
    accounts: RwLock<HashMap<OrganisationId, Arc<Account>>>,
}

/// What one organisation has left.
struct Account {
    in_all: Arc<Bucket>,
    /// By agreement and check, which are a handful.
    under: Mutex<Vec<Under>>,
}

struct Under {
    agreement: AgreementId,
    check: CheckKind,
    rate: Rate,
    bucket: Arc<Bucket>,
}

/// A permit whose check was taken out of every rate that it counts for.
pub struct Reserved {
    permit: Permit,
    allowance: Allowance,
    taken: Vec<Arc<Bucket>>,
}

impl Reserved {
    /// What it is reserved for.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// What is left of the rate that is nearest to its end.
    pub fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// The permit, the check being on its way.
    pub fn spend(self) -> Permit {
        self.permit
    }

    /// Puts the check back: it was turned away after all.
    pub fn refund(self) {
        self.taken.iter().for_each(|bucket| bucket.refund());
    }
}

impl Limits {
    /// Limits that count on `clock`.
    pub fn new(settings: &LimitSettings, clock: SharedClock) -> Self {
        Self {
            in_all: Quota::per_second(settings.checks_per_second).allow_burst(settings.burst),
            version: AtomicU64::new(0),
            clock: LimitClock(clock),
            accounts: RwLock::default(),
        }
    }

    /// Lets go of organisations and agreements that a newer version of the register does not have. A rate that it changed
    /// begins anew with the next check under it. Versions grow.
    pub fn keep_up(&self, version: u64, register: &Register) {
        let is_known = |known: u64| known >= version;
        if is_known(self.version.load(Ordering::Relaxed))
            || is_known(self.version.fetch_max(version, Ordering::Relaxed))
        {
            return;
        }
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|organisation, _| register.has(organisation));
        for account in accounts.values() {
            let mut under = account.under.lock().unwrap_or_else(PoisonError::into_inner);
            under.retain(|under| register.agreement(&under.agreement).is_some());
        }
    }

    /// Takes one check out of the organisation's rate, and out of that of the agreement for this check. A rejected one
    /// takes nothing of either.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the exact time after which both have one again.
    pub fn reserve(&self, permit: Permit) -> Result<Reserved, Error> {
        let account = self.account(permit.organisation());
        let buckets = [Some(Arc::clone(&account.in_all)), self.under(&account, &permit)];
        let mut taken = Vec::with_capacity(buckets.len());
        let mut least: Option<Allowance> = None;
        let mut over = Vec::new();
        for (bucket, subject) in buckets
            .into_iter()
            .zip([in_all as fn(&Permit) -> String, under_agreement])
        {
            let Some(bucket) = bucket else { continue };
            match bucket.take() {
                Ok(left) => {
                    taken.push(bucket);
                    least = Some(least.map_or(left, |least| least.nearer(left)));
                }
                Err(wait) => over.push((wait, subject(&permit), bucket.allowance())),
            }
        }
        if let Some(allowance) = least.filter(|_| over.is_empty()) {
            return Ok(Reserved {
                permit,
                allowance,
                taken,
            });
        }
        taken.iter().for_each(|bucket| bucket.refund());
        let longest = over.iter().max_by_key(|(wait, _, _)| *wait);
        Err(Error::RateLimited {
            retry_after: longest.map_or(Duration::ZERO, |(wait, _, _)| *wait),
            allowance: longest.map_or_else(Allowance::default, |(_, _, allowance)| *allowance),
            subjects: over.into_iter().map(|(_, subject, _)| subject).collect(),
        })
    }

    fn account(&self, organisation: &OrganisationId) -> Arc<Account> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(organisation) {
            return Arc::clone(account);
        }
        drop(accounts);
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            Arc::new(Account {
                in_all: Arc::new(Bucket::new(self.in_all, self.clock.clone())),
                under: Mutex::default(),
            })
        };
        Arc::clone(accounts.entry(organisation.clone()).or_insert_with(new))
    }

    /// The bucket of this agreement and check; none where the agreement sets no rate. A rate that has changed begins
    /// anew.
    fn under(&self, account: &Account, permit: &Permit) -> Option<Arc<Bucket>> {
        let (agreement, check) = (permit.agreement(), permit.check());
        let rate = agreement.rate?;
        let mut all = account.under.lock().unwrap_or_else(PoisonError::into_inner);
        let is_this = |under: &&Under| under.agreement == agreement.id && under.check == check;
        if let Some(known) = all.iter().find(is_this).filter(|known| known.rate == rate) {
            return Some(Arc::clone(&known.bucket));
        }
        all.retain(|under| !is_this(&under));
        let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
        let bucket = Arc::new(Bucket::new(quota, self.clock.clone()));
        all.push(Under {
            agreement: agreement.id.clone(),
            check,
            rate,
            bucket: Arc::clone(&bucket),
        });
        Some(bucket)
    }
}

fn in_all(permit: &Permit) -> String {
    format!("organisation:{}", permit.organisation())
}

fn under_agreement(permit: &Permit) -> String {
    let (agreement, check) = (&permit.agreement().id, permit.check().as_str());
    format!("{} agreement:{agreement} check:{check}", in_all(permit))
}

#[cfg(test)]
#[path = "limits/limits_tests.rs"]
mod tests;
