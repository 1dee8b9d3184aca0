//! Warns once of each month's quota that is nearly used up: in the log, and as an entry of the ledger, from which it can be
//! delivered further. The entry is what makes it once, over restarts and several gateways.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use statuscheck_domain::quota::QuotaKey;
use tokio::time::{MissedTickBehavior, interval};

use super::{Quotas, Usage, is_near_end};
use crate::error::Error;
use crate::register::ServedRegister;
use crate::store::{CommitError, HouseEntry, HouseKind, HouseQuery};
use crate::telemetry::Figures;

/// Who records it.
const ACTOR: &str = "quotas";

/// Entries that are read at once; the store may give fewer.
const PAGE: usize = 100;

/// How quotas are watched.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaSettings {
    /// How often they are looked at. 60 s: a month's quota seldom ends within a minute of its last fifth.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(60),
        }
    }
}

/// Looks at every quota of a register, off the way of checks.
pub(crate) struct QuotaWatch {
    quotas: Quotas,
    register: Arc<ServedRegister>,
    settings: QuotaSettings,
    figures: Arc<Figures>,
    /// Of this month; what is not here is looked up.
    warned: HashSet<QuotaKey>,
}

impl QuotaWatch {
    pub(crate) fn new(
        quotas: Quotas,
        register: Arc<ServedRegister>,
        settings: QuotaSettings,
        figures: Arc<Figures>,
    ) -> Self {
        Self {
            quotas,
            register,
            settings,
            figures,
            warned: HashSet::new(),
        }
    }

    /// Looks for as long as the gateway serves. What cannot be read or recorded now is for the next time.
    pub(crate) async fn run(mut self) -> Infallible {
        let mut looks = interval(self.settings.look_every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "quotas could not be looked at");
            }
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        let register = Arc::clone(&self.register.now().register);
        let metered = register.agreements().filter(|agreement| !agreement.listed_only);
        for agreement in metered.filter(|agreement| !agreement.quotas.is_empty()) {
            for usage in self.quotas.usage(agreement).await? {
                self.figures.quota(&usage);
                if is_near_end(usage.used, usage.limit) && !self.warned.contains(&usage.key) {
                    self.warn(usage).await?;
                }
            }
        }
        Ok(())
    }

    /// Unless somebody has: then that is remembered.
    async fn warn(&mut self, usage: Usage) -> Result<(), Error> {
        let newest = self.read_warnings(&usage.key).await?;
        if self.warned.contains(&usage.key) {
            return Ok(());
        }
        let now = self.quotas.clock.now();
        // Entries of a kind have times that grow, whatever the clock of the gateway that recorded the last one said.
        let time = newest.map_or(now, |newest| {
            now.max(newest.saturating_add(1.nanosecond()).unwrap_or(now))
        });
        let entry = HouseEntry {
            time,
            kind: HouseKind::QuotaWarned,
            actor: ACTOR.to_owned(),
            details: details(&usage),
        };
        match self.quotas.store.note_next(entry, newest).await {
            Ok(()) => {
                let Usage { key, used, limit } = usage;
                tracing::warn!(
                    agreement = %key.agreement, department = %key.department, month = %key.month, used, limit,
                    "a month's quota is nearly used up"
                );
                self.warned.insert(key);
                Ok(())
            }
            // Another gateway is at it: the next look tells what it recorded.
            Err(CommitError::Stale | CommitError::Full) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers what was warned of since the month of `key` began, and tells the time of the newest warning of all.
    async fn read_warnings(&mut self, key: &QuotaKey) -> Result<Option<Timestamp>, Error> {
        let mut query = HouseQuery {
            kind: HouseKind::QuotaWarned,
            after: None,
            before: None,
            limit: PAGE,
        };
        let mut newest = None;
        self.warned.retain(|warned| warned.month == key.month);
        loop {
            let page = self.quotas.store.noted(query).await?;
            newest = newest.or(page.first().map(|entry| entry.time));
            let of_month = page.iter().filter_map(|entry| warned_of(&entry.details));
            self.warned
                .extend(of_month.filter(|warned| warned.month == key.month));
            query.before = page.last().map(|entry| entry.time);
            if query.before.is_none_or(|last| last < key.month.start()) {
                return Ok(newest);
            }
        }
    }
}

fn details(usage: &Usage) -> Map<String, Value> {
    let Usage { key, used, limit } = usage;
    let details = [
        ("agreement", json!(key.agreement.as_str())),
        ("department", json!(key.department.as_str())),
        ("month", json!(key.month.to_string())),
        ("used", json!(used)),
        ("limit", json!(limit)),
    ];
    details
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn warned_of(details: &Map<String, Value>) -> Option<QuotaKey> {
    let text = |name: &str| details.get(name).and_then(Value::as_str);
    QuotaKey::parse(text("agreement")?, text("department")?, text("month")?)
}
