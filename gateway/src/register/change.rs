//! Changing the register while gateways run: one operator plans, another applies, and the ledger keeps both.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use statuscheck_domain::agreement::{Register, plan, touched};
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::PlanId;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::served::{ServedRegister, TakeUpError, Version};
use super::versions::{Applied, AppliedDetails, EntryError, Planned, PlannedDetails};
use super::{RegisterError, parse_whole, write_whole};
use crate::store::{CommitError, HouseKind, HouseQuery, ReadError, Store};

/// How the register is changed.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeSettings {
    /// Plans that may wait to be applied. Each stays in the ledger for ever, with a whole register of up to four megabytes;
    /// 16 are more than operators discuss at a time. Once one is applied the others are out of date, and count no longer.
    pub plans_max: usize,
    /// How long a plan can be applied. A day: the next shift still can, and nobody applies what was forgotten.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub plan_age: Duration,
    /// How often a gateway looks for a version that another one applied. 2s: a look is one row of an index, and an
    /// agreement that ends does so everywhere within seconds.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll_every: Duration,
    /// How long such a look may take, a register of four megabytes included.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll_max: Duration,
    /// Looks in a row that may fail before nothing is asked any more. 5: a store that is away for some ten seconds records no
    /// checks either.
    pub polls_failed_max: u32,
}

impl Default for ChangeSettings {
    fn default() -> Self {
        Self {
            plans_max: 16,
            plan_age: Duration::from_hours(24),
            poll_every: Duration::from_secs(2),
            poll_max: Duration::from_secs(5),
            polls_failed_max: 5,
        }
    }
}

/// Why a change of the register is refused, though all of it can be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChangeRefusal {
    /// Plan again: nobody made that plan, or it is too old.
    #[error("there is no such plan, or it is too old to be applied; plan again")]
    NoSuchPlan(PlanId),
    /// Name one that was applied, or 0 for the files.
    #[error("there is no such version of the register")]
    NoSuchVersion(u64),
    /// Plan again, and look at what would change now.
    #[error("the register has changed since this was planned; plan again and look at what would change now")]
    Stale {
        /// The version that it was planned on.
        planned_on: u64,
        /// The version that counts now.
        now: u64,
    },
    /// Have another operator apply it.
    #[error("whoever planned a change may not apply it; have another operator do so")]
    SameOperator,
    /// Apply one, or wait until the oldest is too old.
    #[error("too many plans wait to be applied; apply one, or wait")]
    TooManyPlans {
        /// When the oldest is too old.
        retry_after: Duration,
    },
}

/// Why the register was not changed, or no plan made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] ChangeRefusal),
    /// Mend the register: every fault of it.
    #[error(transparent)]
    AtFault(#[from] RegisterError),
    /// Nothing can be read now.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    /// Nothing can be recorded now, so that nothing is changed.
    #[error("the store cannot record")]
    Commit(#[from] CommitError),
    /// The version that counts cannot be served by this program.
    #[error("the register that was applied last cannot be taken up")]
    TakeUp(#[source] TakeUpError),
    /// A plan in the ledger that cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A fault of the program.
    #[error("the register cannot be written as a text")]
    Text(#[from] toml::ser::Error),
    /// A fault of the program.
    #[error("reading the register broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

impl From<TakeUpError> for ChangeError {
    fn from(error: TakeUpError) -> Self {
        match error {
            TakeUpError::Read(error) => Self::Read(error),
            other => Self::TakeUp(other),
        }
    }
}

/// Which register is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// This one, as the TOML of a whole register.
    Text(String),
    /// An earlier version; 0 for the files that this gateway was started with.
    Version(u64),
}

/// What a register would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// To apply it by, until then; none where nothing would change.
    pub to_apply: Option<(PlanId, Timestamp)>,
    /// In words, a line each.
    pub changes: Vec<String>,
    /// Open cases under agreements that would change or go. They keep what they were promised.
    pub cases_affected: u64,
}

/// The register of a store's gateways, to be changed.
pub struct RegisterChanges {
    pub(super) store: Arc<dyn Store>,
    pub(super) served: Arc<ServedRegister>,
    pub(super) settings: ChangeSettings,
    clock: SharedClock,
    /// Held by the one change at a time: each may have four megabytes, and operators can wait for each other.
    alone: Mutex<()>,
}

impl RegisterChanges {
    /// Changes of what `served` serves, recorded in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        served: Arc<ServedRegister>,
        settings: ChangeSettings,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            served,
            settings,
            clock,
            alone: Mutex::default(),
        }
    }

    /// What is served.
    pub fn served(&self) -> &ServedRegister {
        &self.served
    }

    /// The day in London.
    pub fn today(&self) -> Date {
        london_day(self.clock.now())
    }

    /// Tells what `wanted` would change, and records it to be applied, where it would change anything. The same plan of the
    /// same operator is recorded once for as long as it can be applied.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub async fn plan(&self, planned_by: &str, wanted: Wanted) -> Result<Plan, ChangeError> {
        let _alone = self.alone.lock().await;
        let version = self.served.take_up(self.store.as_ref()).await?;
        let (register, text) = self.wanted(wanted).await?;
        let changes = in_words(&version.register, &register);
        if changes.is_empty() {
            return Ok(Plan {
                to_apply: None,
                changes,
                cases_affected: 0,
            });
        }
        let touched = touched(&version.register, &register);
        let details = PlannedDetails {
            plan_id: Uuid::new_v4(),
            replaces: version.number,
            changes,
            cases_affected: self.store.open_cases(&touched).await?,
            register: text,
        };
        let planned = self.record(planned_by, details).await?;
        Ok(Plan {
            to_apply: Some((planned.id(), self.expiry(&planned))),
            changes: planned.details.changes,
            cases_affected: planned.details.cases_affected,
        })
    }

    /// Applies a plan: it is in the ledger, and served here from now on. Repeated by the same operator it does nothing more.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub async fn apply(&self, applied_by: &str, plan_id: PlanId) -> Result<Arc<Version>, ChangeError> {
        let _alone = self.alone.lock().await;
        let version = self.served.take_up(self.store.as_ref()).await?;
        let is_done = |applied: &Applied| applied.plan_id() == plan_id && applied.applied_by == applied_by;
        if version.applied.as_ref().is_some_and(is_done) {
            return Ok(version);
        }
        let plans = self.plans().await?;
        let planned = plans.into_iter().find(|planned| planned.id() == plan_id);
        let planned = planned.ok_or(ChangeRefusal::NoSuchPlan(plan_id))?;
        if planned.planned_by == applied_by {
            return Err(ChangeRefusal::SameOperator.into());
        }
        self.still_fits(&planned, &version).await?;
        let now = self.clock.now();
        let last = version.applied_at();
        let applied = Applied {
            // By this time the versions are in their order, whatever clocks do.
            time: last.map_or(now, |last| now.max(just_after(last))),
            applied_by: applied_by.to_owned(),
            details: AppliedDetails {
                version: version.number + 1,
                plan_id: planned.details.plan_id,
                planned_by: planned.planned_by,
                changes: planned.details.changes,
                register: planned.details.register,
            },
        };
        match self.store.note_next(applied.entry()?, last).await {
            Ok(()) => {}
            Err(CommitError::Stale) => {
                let now = self.served.take_up(self.store.as_ref()).await?.number;
                let planned_on = version.number;
                return Err(ChangeRefusal::Stale { planned_on, now }.into());
            }
            Err(error) => return Err(error.into()),
        }
        tracing::info!(version = applied.version(), plan = %plan_id, "another version of the register was applied");
        self.served.serve(applied).await?;
        Ok(self.served.now())
    }

    /// The versions that were applied, newest first: at most `limit`, older than `before` where one is named. The store has a
    /// limit of its own.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub async fn versions(
        &self,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Applied>, ChangeError> {
        let query = HouseQuery {
            kind: HouseKind::RegisterApplied,
            after: None,
            before,
            limit,
        };
        let entries = self.store.noted(query).await?.into_iter();
        Ok(entries.map(Applied::read).collect::<Result<_, _>>()?)
    }

    /// The register that is wanted, with its text as this program writes it.
    async fn wanted(&self, wanted: Wanted) -> Result<(Register, String), ChangeError> {
        let reading: Box<dyn FnOnce() -> Result<Register, RegisterError> + Send> = match wanted {
            Wanted::Text(text) => Box::new(move || parse_whole(&text)),
            Wanted::Version(0) => {
                let files = self.served.files();
                Box::new(move || Ok(Register::clone(&files)))
            }
            Wanted::Version(number) => {
                let applied = self.version(number).await?;
                Box::new(move || parse_whole(&applied.details.register))
            }
        };
        let read = move || {
            let register = reading()?;
            let text = write_whole(&register)?;
            Ok((register, text))
        };
        tokio::task::spawn_blocking(read).await?
    }

    async fn version(&self, number: u64) -> Result<Applied, ChangeError> {
        let mut before = None;
        loop {
            let page = self.versions(before, VERSIONS_READ).await?;
            let Some(oldest) = page.last() else {
                return Err(ChangeRefusal::NoSuchVersion(number).into());
            };
            before = Some(oldest.time);
            if let Some(found) = page.into_iter().find(|applied| applied.version() == number) {
                return Ok(found);
            }
        }
    }

    /// Records a plan, unless the same one waits already or too many do.
    async fn record(&self, planned_by: &str, details: PlannedDetails) -> Result<Planned, ChangeError> {
        let mut waiting = self.plans().await?;
        waiting.retain(|planned| planned.details.replaces == details.replaces);
        let is_same = |planned: &Planned| {
            planned.planned_by == planned_by
                && planned.details.register == details.register
                && planned.details.changes == details.changes
        };
        if let Some(same) = waiting.iter().position(is_same) {
            let mut same = waiting.swap_remove(same);
            same.details.cases_affected = details.cases_affected;
            return Ok(same);
        }
        let now = self.clock.now();
        if let Some(oldest) = waiting
            .last()
            .filter(|_| waiting.len() >= self.settings.plans_max)
        {
            let left = self.expiry(oldest).duration_since(now);
            let retry_after = left.try_into().unwrap_or(Duration::ZERO);
            return Err(ChangeRefusal::TooManyPlans { retry_after }.into());
        }
        let planned = Planned {
            time: now,
            planned_by: planned_by.to_owned(),
            details,
        };
        self.store.note(planned.entry()?).await?;
        Ok(planned)
    }

    /// The plans that are not too old, newest first.
    async fn plans(&self) -> Result<Vec<Planned>, ChangeError> {
        let age = SignedDuration::try_from(self.settings.plan_age).unwrap_or(SignedDuration::MAX);
        let query = HouseQuery {
            kind: HouseKind::RegisterPlanned,
            after: self.clock.now().checked_sub(age).ok(),
            before: None,
            limit: self.settings.plans_max,
        };
        let entries = self.store.noted(query).await?.into_iter();
        Ok(entries.map(Planned::read).collect::<Result<_, _>>()?)
    }

    fn expiry(&self, planned: &Planned) -> Timestamp {
        let age = SignedDuration::try_from(self.settings.plan_age).unwrap_or(SignedDuration::MAX);
        planned.time.saturating_add(age).unwrap_or(Timestamp::MAX)
    }

    /// What was looked at when it was planned is what would happen now. The number alone is not enough: two gateways may
    /// have been started with different files, which are version 0 for both.
    async fn still_fits(&self, planned: &Planned, version: &Version) -> Result<(), ChangeError> {
        let (register, _) = self
            .wanted(Wanted::Text(planned.details.register.clone()))
            .await?;
        let fits = planned.details.replaces == version.number
            && planned.details.changes == in_words(&version.register, &register);
        if fits {
            return Ok(());
        }
        Err(ChangeRefusal::Stale {
            planned_on: planned.details.replaces,
            now: version.number,
        }
        .into())
    }
}

/// Versions in one read while one is looked for.
const VERSIONS_READ: usize = 20;

fn in_words(old: &Register, new: &Register) -> Vec<String> {
    plan(old, new).iter().map(ToString::to_string).collect()
}

fn just_after(time: Timestamp) -> Timestamp {
    let step = SignedDuration::from_nanos(1);
    time.saturating_add(step).unwrap_or(Timestamp::MAX)
}
