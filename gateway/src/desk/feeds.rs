//! Feeds: what one department volunteers to another is cleared here, row by row, before it is shared. Rows that a suspension order
//! stops are held back, and the ledger keeps how many went which way and when, which is what a feed's age is counted from.
//!
//! The gateway forwards no row and keeps none: the departments have their own way for the data (report 6.132), and whoever uploads a
//! feed is told which of its rows may take it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use statuscheck_domain::agreement::{Agreement, Clearance, FeedTerms, Standing, Tally};
use statuscheck_domain::clock::{london, london_day};
use statuscheck_domain::ids::{AgreementId, DepartmentId, OrderId};
use tokio::time::{MissedTickBehavior, interval};

use super::{Desk, DeskFault};
use crate::error::Error;
use crate::store::{HouseEntry, HouseKind, HouseQuery};

/// How often feeds are looked at: an interval is hours at the least.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Entries that are read at once; the store may give fewer.
const PAGE: usize = 100;

/// Entries that are looked through for the newest of every feed: years of weekly ones.
const LOOKED_THROUGH_MAX: usize = 10_000;

/// A feed that is being uploaded. Nothing is recorded of it before its end.
pub(crate) struct Upload {
    agreement: AgreementId,
    terms: FeedTerms,
    clearance: Clearance,
    rows: u64,
    rows_max: u64,
    rejected: u64,
}

/// A feed that was uploaded, as the ledger has it.
pub(crate) struct Uploaded {
    pub(crate) tally: Tally,
    pub(crate) rejected: u64,
}

/// How a feed stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FeedStanding {
    /// Under which agreement.
    pub(crate) agreement: AgreementId,
    /// What, from whom, to whom, and how often it is expected.
    pub(crate) terms: FeedTerms,
    /// When it was uploaded last; none where it never was.
    pub(crate) last: Option<Timestamp>,
    /// It is expected since longer than its interval.
    pub(crate) is_late: bool,
}

impl Upload {
    /// Which row comes next, from 0.
    ///
    /// # Errors
    /// There have been as many as a feed may have.
    pub(crate) fn next_row(&mut self) -> Result<u64, DeskFault> {
        if self.rows >= self.rows_max {
            return Err(DeskFault::FeedTooLong(self.rows_max));
        }
        self.rows += 1;
        Ok(self.rows - 1)
    }

    /// What becomes of a sound row: the order that holds it back, or none.
    pub(crate) fn row(&mut self, born: Option<Date>) -> Option<&OrderId> {
        self.clearance.row(born)
    }

    /// A row was not taken.
    pub(crate) fn reject(&mut self) {
        self.rejected += 1;
    }

    /// The row is one of this feed.
    pub(crate) fn is_of(&self, agreement: &str, feed: &str) -> bool {
        self.agreement.as_str() == agreement && self.terms.name.as_str() == feed
    }
}

impl Desk {
    /// The day in London.
    pub(crate) fn today(&self) -> Date {
        london_day(self.asking.clock.now())
    }

    /// Rows of a feed that an answer names.
    pub(crate) fn feed_named_max(&self) -> usize {
        self.settings.feed_named_max
    }

    /// Begins the upload of a feed of `from`.
    ///
    /// # Errors
    /// No such agreement, or none in force today under which `from` sends such a feed.
    pub(crate) fn upload(
        &self,
        from: DepartmentId,
        agreement: &AgreementId,
        feed: &str,
    ) -> Result<Upload, Error> {
        let version = self.register.to_ask_under().ok_or(Error::CannotRecord)?;
        let register = &version.register;
        let found = register.agreement(agreement);
        let found = found.ok_or_else(|| Error::NoSuchAgreement(agreement.clone()))?;
        let terms = found
            .feed
            .clone()
            .filter(|terms| terms.from == from && terms.name.as_str() == feed);
        let terms = terms.ok_or_else(|| DeskFault::NoSuchFeed(agreement.clone()))?;
        let today = self.today();
        if let Some(reason) = not_in_force(found.standing(today)) {
            return Err(DeskFault::FeedNotInForce {
                agreement: agreement.clone(),
                reason,
            }
            .into());
        }
        Ok(Upload {
            agreement: agreement.clone(),
            clearance: Clearance::of(register, found, terms.to, today),
            terms,
            rows: 0,
            rows_max: self.settings.feed_rows_max,
            rejected: 0,
        })
    }

    /// Ends an upload: it is in the ledger, with how many rows went which way.
    ///
    /// # Errors
    /// It cannot be recorded, so nobody is told that anything may be shared.
    pub(crate) async fn uploaded(&self, upload: Upload) -> Result<Uploaded, Error> {
        let tally = upload.clearance.tally().clone();
        let entry = HouseEntry {
            time: self.asking.clock.now(),
            kind: HouseKind::FeedUploaded,
            actor: format!("department/{}", upload.terms.from),
            details: details(&upload, &tally),
        };
        self.asking.store.note(entry).await?;
        Ok(Uploaded {
            tally,
            rejected: upload.rejected,
        })
    }

    /// How every feed stands that this gateway serves, by agreement.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) async fn feeds(&self) -> Result<Vec<FeedStanding>, Error> {
        let register = self.register.now().register.clone();
        let now = self.asking.clock.now();
        let today = london_day(now);
        let in_force = register
            .agreements()
            .filter(|agreement| agreement.standing(today) == Standing::InForce);
        let feeds: Vec<_> = in_force
            .filter_map(|agreement| Some((agreement, agreement.feed.clone()?)))
            .collect();
        let ids = feeds.iter().map(|(agreement, _)| agreement.id.to_string());
        let last = self.last_uploads(ids.collect()).await?;
        let standing = |(agreement, terms): (&Agreement, FeedTerms)| {
            let last = last.get(agreement.id.as_str()).copied();
            FeedStanding {
                agreement: agreement.id.clone(),
                is_late: is_late(&terms, last, agreement.signed_on, now),
                terms,
                last,
            }
        };
        Ok(feeds.into_iter().map(standing).collect())
    }

    /// When the feed of each of these agreements was uploaded last.
    async fn last_uploads(&self, mut wanted: BTreeSet<String>) -> Result<BTreeMap<String, Timestamp>, Error> {
        let mut query = HouseQuery {
            kind: HouseKind::FeedUploaded,
            after: None,
            before: None,
            limit: PAGE,
        };
        let (mut last, mut read) = (BTreeMap::new(), 0);
        while !wanted.is_empty() && read < LOOKED_THROUGH_MAX {
            let page = self.asking.store.noted(query).await?;
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

    /// Warns of feeds that become late, for as long as the gateway serves; of one that was late at the start, too.
    pub(crate) async fn watch_feeds(&self) -> Infallible {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut late = BTreeSet::new();
        loop {
            looks.tick().await;
            match self.feeds().await {
                Ok(feeds) => feeds.iter().for_each(|feed| warn_once(feed, &mut late)),
                Err(error) => tracing::debug!(%error, "feeds could not be looked at"),
            }
        }
    }
}

fn warn_once(feed: &FeedStanding, late: &mut BTreeSet<AgreementId>) {
    let FeedStanding {
        agreement,
        terms,
        last,
        is_late,
    } = feed;
    if !is_late {
        if late.remove(agreement) {
            tracing::info!(%agreement, feed = %terms.name, "a feed that was late has come");
        }
    } else if late.insert(agreement.clone()) {
        let last = last.map_or_else(|| "never".to_owned(), |last| last.to_string());
        tracing::warn!(%agreement, feed = %terms.name, from = %terms.from, %last, "a feed is late");
    }
}

/// A feed that never came is expected since its agreement was signed.
fn is_late(terms: &FeedTerms, last: Option<Timestamp>, signed_on: Option<Date>, now: Timestamp) -> bool {
    let signed = || signed_on?.to_zoned(london()).ok().map(|day| day.timestamp());
    let every = SignedDuration::try_from(terms.every.length()).unwrap_or(SignedDuration::MAX);
    let since = last.or_else(signed);
    since.is_none_or(|since| now.duration_since(since) > every)
}

/// Why nothing is uploaded under an agreement that stands so; none where it is in force.
const fn not_in_force(standing: Standing<'_>) -> Option<&'static str> {
    match standing {
        Standing::InForce => None,
        Standing::Suspended(_) => Some("AGREEMENT_SUSPENDED"),
        Standing::Expired => Some("AGREEMENT_EXPIRED"),
        Standing::NotSigned => Some("AGREEMENT_NOT_SIGNED"),
        Standing::ListedOnly => Some("AGREEMENT_NOT_SERVED"),
    }
}

fn details(upload: &Upload, tally: &Tally) -> Map<String, Value> {
    let held_back = tally.held_back.iter();
    let held_back: Map<_, _> = held_back
        .map(|(order, rows)| (order.to_string(), json!(rows)))
        .collect();
    let details = [
        ("agreement", json!(upload.agreement.as_str())),
        ("feed", json!(upload.terms.name.as_str())),
        ("to", json!(upload.terms.to.as_str())),
        ("cleared", json!(tally.cleared)),
        ("held_back", Value::Object(held_back)),
        ("rejected", json!(upload.rejected)),
    ];
    details
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

#[cfg(test)]
#[path = "feeds_tests.rs"]
mod tests;
