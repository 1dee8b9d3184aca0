//! The PostgreSQL that is shipped for: its settings, its roles, and the command that starts one of one's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::LazyLock;

use statuscheck_tests::postgres::LocalPostgres;

mod command;
mod connections;
mod roles;
mod server;

/// For what one server is enough.
pub(crate) static POSTGRES: LazyLock<LocalPostgres> = LazyLock::new(LocalPostgres::up);

/// Tables as a migration makes them, and what it grants.
pub(crate) const LEDGER: &str = "
    CREATE TABLE entries (sequence bigint PRIMARY KEY, hash bytea NOT NULL);
    GRANT SELECT, INSERT ON entries TO statuscheck_gateway;
    GRANT SELECT ON entries TO statuscheck_auditor;
    CREATE TABLE keys (wrapped bytea NOT NULL);
    CREATE FUNCTION all_keys() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM keys);";
