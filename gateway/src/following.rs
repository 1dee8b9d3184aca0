//! Following cases: every event of an organisation's cases from a position of the ledger on, each case's in order. A follower
//! reads the ledger only as fast as its caller takes what is read: at most a page is ahead, and the rest stays on disk.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use statuscheck_domain::ids::{CaseId, OrganisationId};

mod follower;
mod lookout;
mod tale;
mod watchers;

pub use self::follower::{Follower, Told};
use self::lookout::Lookout;
use self::watchers::Watchers;
use crate::error::Error;
use crate::store::{Position, Store};

/// What following cases may cost.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSettings {
    /// Followers in all. 1,024: as many as there may be connections; each holds a page and what is written and not yet sent,
    /// about 100 KiB.
    pub watchers_max: usize,
    /// Followers of one organisation. 64: a few for each of its systems, and a sixteenth of all.
    pub watchers_per_organisation_max: usize,
    /// Entries that a follower reads at once, and is ahead of its caller at most. 64: one reading for the steps of a dozen
    /// cases.
    pub page: usize,
    /// Between two looks at what was recorded: one look for all followers together. 20 ms: what was recorded is told within a
    /// tenth of a second, and of a thousand changes a second twenty share a look.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            watchers_max: 1_024,
            watchers_per_organisation_max: 64,
            page: 64,
            look_every: Duration::from_millis(20),
        }
    }
}

/// Why cases are not followed, or no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WatchRefusal {
    /// End another watch, or repeat after the time given: the caller has as many as it may have.
    #[error("you follow cases as often as you may at once; end another, or repeat after the time given")]
    TooManyOfYours,
    /// Repeat after the time given: the gateway has as many followers as it can have.
    #[error("cases are followed as often as this gateway can at once; repeat after the time given")]
    TooMany,
    /// Read the cases themselves and follow from now on: the ledger does not go as far as the token.
    #[error(
        "the ledger does not go as far as this resume_token; read your cases with ListCases, and watch again without a token"
    )]
    BeyondTheEnd,
    /// Go on from the last token on another connection.
    #[error("this connection ends; watch again from the last resume_token")]
    ConnectionEnds,
}

/// Whom to tell of which case.
#[derive(Clone)]
pub struct Wanted {
    /// Whose cases.
    pub organisation: OrganisationId,
    /// This one, or all.
    pub only: Option<CaseId>,
    /// What is after this, or what is recorded from now on.
    pub after: Option<Position>,
}

/// All who follow cases at this gateway.
pub struct Following {
    store: Arc<dyn Store>,
    watchers: Arc<Watchers>,
    settings: WatchSettings,
}

impl Following {
    /// Over a store.
    pub fn new(store: Arc<dyn Store>, settings: WatchSettings) -> Self {
        let watchers = Watchers::new(settings.watchers_max, settings.watchers_per_organisation_max);
        Self {
            store,
            watchers: Arc::new(watchers),
            settings,
        }
    }

    /// Wakes followers for as long as the gateway serves.
    pub async fn run(&self) -> Infallible {
        let (store, watchers) = (Arc::clone(&self.store), Arc::clone(&self.watchers));
        Lookout::new(store, watchers, self.settings.look_every)
            .run()
            .await
    }

    /// Begins to follow; whose the case is was looked at before.
    ///
    /// # Errors
    /// [`WatchRefusal`], or the store cannot be read.
    pub async fn follow(&self, wanted: Wanted) -> Result<Follower, Error> {
        let seat = self.watchers.admit(&wanted.organisation)?;
        Follower::begin(Arc::clone(&self.store), seat, wanted, self.settings.page).await
    }
}
