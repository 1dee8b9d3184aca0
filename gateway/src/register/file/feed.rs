//! The shape of a feed in an agreement's file.

use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::FeedTerms;

use super::Values;

/// What is volunteered regularly.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedFile {
    /// Lower-case letters, digits and hyphens.
    name: String,
    /// The department that sends it.
    from: String,
    /// The department that gets it.
    to: String,
    /// How often it is expected: `24h`, `7d`.
    every: String,
}

impl FeedFile {
    pub(super) fn terms(self, values: &mut Values) -> Option<FeedTerms> {
        let name = values.one("feed.name", &self.name);
        let from = values.one("feed.from", &self.from);
        let to = values.one("feed.to", &self.to);
        let every = values.one("feed.every", &self.every);
        Some(FeedTerms {
            name: name?,
            from: from?,
            to: to?,
            every: every?,
        })
    }
}

impl From<&FeedTerms> for FeedFile {
    fn from(feed: &FeedTerms) -> Self {
        Self {
            name: feed.name.to_string(),
            from: feed.from.to_string(),
            to: feed.to.to_string(),
            every: feed.every.to_string(),
        }
    }
}
