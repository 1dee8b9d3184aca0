//! What an error of the database means for the store, in words that quote nothing of what is stored.
//!
//! The driver's own errors do quote: a violated constraint is told with the values of the row. They end here.

use std::error::Error;
use std::fmt;
use std::io;

use tokio_postgres::error::{Severity, SqlState};

use crate::store::ReadError;

/// What to do about an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The connection is of no use any more: connect anew.
    Lost,
    /// The server took the work back, for a deadlock, a time limit or want of room. The same again may succeed.
    Passing,
    /// A row is there, or missing, that another row says cannot be.
    Constraint,
    /// What is on the server's disk makes no sense.
    Damage,
}

/// An error of the database: its SQLSTATE, and the table and constraint where it names them. What the server said about
/// it is kept only where it is about the connection or about rights; elsewhere it may quote what is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabaseError(Box<Details>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Details {
    fault: Fault,
    /// The server ended the connection with it.
    is_fatal: bool,
    code: Option<String>,
    table: Option<String>,
    constraint: Option<String>,
    words: Option<String>,
}

impl DatabaseError {
    /// The server did not answer within the limit. Whether it did what it was asked is not known.
    pub(super) fn unanswered() -> Self {
        Self::lost("it did not answer in time")
    }

    pub(super) fn lost(words: &str) -> Self {
        Self(Box::new(Details {
            fault: Fault::Lost,
            is_fatal: true,
            code: None,
            table: None,
            constraint: None,
            words: Some(words.to_owned()),
        }))
    }

    pub(super) fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The server took the work back and said so; otherwise it may or may not have done it.
    pub(super) fn is_certain(&self) -> bool {
        self.0.code.is_some() && !self.0.is_fatal
    }

    /// A statement that is all or nothing found that it is not to be done: it divides by how often it may be.
    pub(super) fn is_refusal(&self) -> bool {
        self.0.code.as_deref() == Some(SqlState::DIVISION_BY_ZERO.code())
    }

    pub(super) fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the database failed")?;
        if let Some(code) = &self.0.code {
            write!(formatter, " with {code}")?;
        }
        if let Some(table) = &self.0.table {
            write!(formatter, " at table {table}")?;
        }
        if let Some(constraint) = &self.0.constraint {
            write!(formatter, " ({constraint})")?;
        }
        match &self.0.words {
            Some(words) => write!(formatter, ": {words}"),
            None => Ok(()),
        }
    }
}

impl Error for DatabaseError {}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(&error)
    }
}

impl DatabaseError {
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            return Self::lost(&words(error));
        };
        let code = told.code().code();
        let is_fatal = matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        Self(Box::new(Details {
            fault: if is_fatal { Fault::Lost } else { fault(told.code()) },
            is_fatal,
            code: Some(code.to_owned()),
            table: told.table().map(str::to_owned),
            constraint: told.constraint().map(str::to_owned),
            words: is_about_the_way_in(code).then(|| told.message().to_owned()),
        }))
    }
}

fn fault(code: &SqlState) -> Fault {
    match *code {
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => return Fault::Damage,
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => return Fault::Passing,
        _ => {}
    }
    match code.code().get(..2) {
        // Serialisation failures and deadlocks; no room on disk or in memory.
        Some("40" | "53") => Fault::Passing,
        Some("23") => Fault::Constraint,
        // Among them: the tables were changed under a prepared statement, the server is a standby now. A new connection
        // finds out.
        _ => Fault::Lost,
    }
}

/// Connection, authentication, rights, missing tables, resources, the operator's doing: their messages name roles, hosts
/// and tables, and never what is in a row.
fn is_about_the_way_in(code: &str) -> bool {
    code.get(..2)
        .is_some_and(|class| matches!(class, "08" | "28" | "3D" | "42" | "53" | "57"))
}

/// What a driver's error without an answer of the server says. Its own text may hold parts of an address, so only causes
/// that come from the system or from TLS are told.
fn words(error: &tokio_postgres::Error) -> String {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.to_string();
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return error.to_string();
        }
        cause = error.source();
    }
    if error.is_closed() {
        "the connection is closed".to_owned()
    } else {
        "it cannot be reached, or does not answer as it should".to_owned()
    }
}

impl From<DatabaseError> for ReadError {
    /// The error is logged here, where it ends.
    fn from(error: DatabaseError) -> Self {
        tracing::error!(%error, "a read from the store failed");
        match error.0.fault {
            Fault::Damage => Self::Corrupt,
            Fault::Lost | Fault::Passing | Fault::Constraint => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_may_not() {
        for (code, expected) in [
            (SqlState::T_R_SERIALIZATION_FAILURE, Fault::Passing),
            (SqlState::T_R_DEADLOCK_DETECTED, Fault::Passing),
            (SqlState::QUERY_CANCELED, Fault::Passing),
            (SqlState::LOCK_NOT_AVAILABLE, Fault::Passing),
            (SqlState::DISK_FULL, Fault::Passing),
            (SqlState::UNIQUE_VIOLATION, Fault::Constraint),
            (SqlState::INDEX_CORRUPTED, Fault::Damage),
            (SqlState::READ_ONLY_SQL_TRANSACTION, Fault::Lost),
            (SqlState::ADMIN_SHUTDOWN, Fault::Lost),
        ] {
            assert_eq!(fault(&code), expected, "{}", code.code());
        }
    }

    #[test]
    fn words_of_the_server_are_kept_only_where_they_quote_no_row() {
        for code in ["28P01", "3D000", "42501", "57P01"] {
            assert!(is_about_the_way_in(code), "{code}");
        }
        for code in ["23505", "22P02", "XX000", "P0001", ""] {
            assert!(!is_about_the_way_in(code), "{code}");
        }
    }
}
