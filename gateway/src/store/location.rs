//! Where a store is, whichever engine keeps it.

use std::fmt;

use super::{embedded, postgres};

/// Where a store is, with the limits of its engine.
pub enum Location {
    /// One file.
    File(Box<embedded::Settings>),
    /// A PostgreSQL database.
    Database(Box<postgres::Settings>),
}

impl Location {
    /// The store in a file.
    pub fn file(settings: embedded::Settings) -> Self {
        Self::File(Box::new(settings))
    }

    /// The store in a database.
    pub fn database(settings: postgres::Settings) -> Self {
        Self::Database(Box::new(settings))
    }
}

/// As an operator is told of it: the path, or the database and its hosts.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(settings) => settings.path.display().fmt(formatter),
            Self::Database(settings) => settings.address.fmt(formatter),
        }
    }
}
