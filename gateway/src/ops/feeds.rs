//! How old feeds are. Those that are cleared here are told from the ledger, which keeps when each came; those that DfE loads on
//! its own way, from what its replies say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use statuscheck_domain::agreement::{Agreement, FeedTerms, Standing};
use statuscheck_domain::clock::{SharedClock, london, london_day};
use statuscheck_domain::ids::{AgreementId, DepartmentId};
use tokio::time::{MissedTickBehavior, interval};

use super::lately::Lately;
use crate::register::ServedRegister;
use crate::store::{HouseKind, HouseQuery, ReadError, Store};
use crate::telemetry::Figures;

/// How often feeds are looked at by themselves: an interval is hours at the least.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Entries that are read at once; the store may give fewer.
const PAGE: usize = 100;

/// Entries that are looked through for the newest of every feed: years of weekly ones.
const LOOKED_THROUGH_MAX: usize = 10_000;

/// What DfE is told whom the Home Office supports by, and loads by itself (report 6.132).
const LOADED: &str = "education-eligibility";

/// The feeds that this gateway knows of.
pub(crate) struct Feeds {
    store: Arc<dyn Store>,
    register: Arc<ServedRegister>,
    figures: Arc<Figures>,
    /// How often DfE loads its feeds.
    interval: Duration,
    clock: SharedClock,
    uploaded: Lately<Vec<FeedStanding>>,
}

/// How a feed stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FeedStanding {
    /// What it is called.
    pub(crate) name: String,
    /// Who sends it.
    pub(crate) from: DepartmentId,
    /// Who gets it.
    pub(crate) to: DepartmentId,
    /// Under which agreement; none of one whose way does not lead through here.
    pub(crate) agreement: Option<AgreementId>,
    /// How often it is expected.
    pub(crate) every: Duration,
    /// When it came last; none where it never did.
    pub(crate) last: Option<Timestamp>,
    /// It is expected since longer than its interval.
    pub(crate) is_late: bool,
}

impl FeedStanding {
    /// How old the newest of it is; none where it never came.
    pub(crate) fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.last
            .map(|last| now.duration_since(last).max(SignedDuration::ZERO))
    }
}

impl Feeds {
    /// `interval` is how often DfE loads its feeds.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        register: Arc<ServedRegister>,
        figures: Arc<Figures>,
        interval: Duration,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            register,
            figures,
            interval,
            uploaded: Lately::new(clock.clone()),
            clock,
        }
    }

    /// How every feed stands: those that are cleared here by agreement, then those that DfE's replies tell of.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) async fn now(&self) -> Result<Vec<FeedStanding>, ReadError> {
        let uploaded = self.uploaded.or(self.uploaded()).await?;
        Ok(uploaded.iter().cloned().chain(self.loaded()).collect())
    }

    async fn uploaded(&self) -> Result<Vec<FeedStanding>, ReadError> {
        let register = Arc::clone(&self.register.now().register);
        let now = self.clock.now();
        let today = london_day(now);
        let in_force = register
            .agreements()
            .filter(|agreement| agreement.standing(today) == Standing::InForce);
        let feeds: Vec<_> = in_force
            .filter_map(|agreement| Some((agreement, agreement.feed.as_ref()?)))
            .collect();
        let ids = feeds.iter().map(|(agreement, _)| agreement.id.to_string());
        let last = self.last_uploads(ids.collect()).await?;
        let standing = |(agreement, terms): (&Agreement, &FeedTerms)| {
            let last = last.get(agreement.id.as_str()).copied();
            let every = terms.every.length();
            FeedStanding {
                name: terms.name.to_string(),
                from: terms.from,
                to: terms.to,
                agreement: Some(agreement.id.clone()),
                every,
                last,
                is_late: is_late(every, last, agreement.signed_on, now),
            }
        };
        Ok(feeds.into_iter().map(standing).collect())
    }

    /// When the feed of each of these agreements was uploaded last.
    async fn last_uploads(
        &self,
        mut wanted: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Timestamp>, ReadError> {
        let mut query = HouseQuery {
            kind: HouseKind::FeedUploaded,
            after: None,
            before: None,
            limit: PAGE,
        };
        let (mut last, mut read) = (BTreeMap::new(), 0);
        while !wanted.is_empty() && read < LOOKED_THROUGH_MAX {
            let page = self.store.noted(query).await?;
            let Some(oldest) = page.last() else {
                break;
            };
            query.before = Some(oldest.time);
            read += page.len();
            for entry in &page {
                let agreement = entry.details.get("agreement").and_then(Value::as_str);
                if let Some(agreement) = agreement.filter(|agreement| wanted.remove(*agreement)) {
                    last.insert(agreement.to_owned(), entry.time);
                }
            }
        }
        Ok(last)
    }

    /// What replies have told of since this gateway started.
    fn loaded(&self) -> impl Iterator<Item = FeedStanding> {
        let now = self.clock.now();
        self.figures.feeds().map(move |(from, last)| FeedStanding {
            name: LOADED.to_owned(),
            from,
            to: DepartmentId::Dfe,
            agreement: None,
            every: self.interval,
            last: Some(last),
            is_late: is_late(self.interval, Some(last), None, now),
        })
    }

    /// Warns of feeds that become late, for as long as the gateway serves; of one that was late at the start, too.
    pub(crate) async fn watch(&self) -> Infallible {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = BTreeSet::new();
        loop {
            looks.tick().await;
            match self.now().await {
                Ok(feeds) => feeds.iter().for_each(|feed| warn_once(feed, &mut late)),
                Err(error) => tracing::debug!(%error, "feeds could not be looked at"),
            }
        }
    }
}

/// Which feed it is: its agreement, where it has one, and who sends it.
type Which = (Option<AgreementId>, DepartmentId);

fn warn_once(feed: &FeedStanding, late: &mut BTreeSet<Which>) {
    let which = (feed.agreement.clone(), feed.from);
    let agreement = feed.agreement.as_ref().map_or("none", AgreementId::as_str);
    if !feed.is_late {
        if late.remove(&which) {
            tracing::info!(%agreement, feed = %feed.name, from = %feed.from, "a feed that was late has come");
        }
    } else if late.insert(which) {
        let last = feed
            .last
            .map_or_else(|| "never".to_owned(), |last| last.to_string());
        tracing::warn!(%agreement, feed = %feed.name, from = %feed.from, %last, "a feed is late");
    }
}

/// A feed that never came is expected since its agreement was signed.
fn is_late(every: Duration, last: Option<Timestamp>, signed_on: Option<Date>, now: Timestamp) -> bool {
    let signed = || signed_on?.to_zoned(london()).ok().map(|day| day.timestamp());
    let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
    let since = last.or_else(signed);
    since.is_none_or(|since| now.duration_since(since) > every)
}

#[cfg(test)]
#[path = "feeds_tests.rs"]
mod tests;
