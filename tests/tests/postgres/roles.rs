//! What each role may do, and what not.

use statuscheck_tests::postgres::Role;

use crate::{LEDGER, POSTGRES};

/// What the server refuses for want of a right.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[test]
fn a_gateway_reads_and_adds_and_changes_nothing_that_was_recorded() {
    let database = POSTGRES.database("entries");
    database.sql(Role::Owner, LEDGER).unwrap();
    let gateway = |statement| database.sql(Role::Gateway, statement);
    gateway("INSERT INTO entries VALUES (1, '\\x00')").unwrap();
    for refused in [
        "UPDATE entries SET hash = '\\x01'",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "INSERT INTO entries VALUES (1, '\\x01') ON CONFLICT (sequence) DO UPDATE SET hash = excluded.hash",
        "SELECT * FROM keys",
        "SELECT all_keys()",
    ] {
        let refusal = gateway(refused).expect_err(refused);
        assert!(refusal.is(INSUFFICIENT_PRIVILEGE), "{refused}: {refusal:?}");
    }
    assert_eq!(gateway("SELECT * FROM entries").unwrap(), "1|\\x00");
}

#[test]
fn a_gateway_defines_nothing() {
    let database = POSTGRES.database("definitions");
    database.sql(Role::Owner, LEDGER).unwrap();
    for refused in [
        "CREATE TABLE mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER TABLE entries DROP COLUMN hash",
        "DROP TABLE entries",
        "CREATE TRIGGER mine BEFORE INSERT ON entries EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "GRANT ALL ON entries TO PUBLIC; CREATE ROLE mine",
        "SET ROLE statuscheck_owner",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY entries TO PROGRAM 'cat'",
    ] {
        let refusal = database.sql(Role::Gateway, refused).expect_err(refused);
        assert!(refusal.is(INSUFFICIENT_PRIVILEGE), "{refused}: {refusal:?}");
    }
}

#[test]
fn an_auditor_reads_the_ledger_and_nothing_else() {
    let database = POSTGRES.database("audits");
    database.sql(Role::Owner, LEDGER).unwrap();
    let auditor = |statement: &str| database.sql(Role::Auditor, statement);
    assert_eq!(auditor("SELECT count(*) FROM entries").unwrap(), "0");
    // Read only is its default, and not what holds it.
    for refused in [
        "SELECT * FROM keys",
        "SELECT all_keys()",
        "CREATE SCHEMA mine",
        "INSERT INTO entries VALUES (1, '\\x00')",
    ] {
        let writing = format!("SET default_transaction_read_only = off; {refused}");
        assert!(
            auditor(&writing).expect_err(refused).is(INSUFFICIENT_PRIVILEGE),
            "{refused}"
        );
    }
}

#[test]
fn an_owner_migrates_and_does_not_own_the_database() {
    let database = POSTGRES.database("migrations");
    database.sql(Role::Owner, LEDGER).unwrap();
    for refused in [
        "DROP DATABASE migrations",
        "GRANT CONNECT ON DATABASE migrations TO PUBLIC; CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE TABLE public.mine (a int)",
    ] {
        assert!(database.sql(Role::Owner, refused).is_err(), "{refused}");
    }
    assert_eq!(
        database
            .sql(Role::Gateway, "SELECT count(*) FROM entries")
            .unwrap(),
        "0"
    );
}

#[test]
fn a_gateways_session_has_its_limits() {
    let database = POSTGRES.first_database();
    let limits = database.sql(
        Role::Gateway,
        "SHOW statement_timeout; SHOW lock_timeout; SHOW idle_in_transaction_session_timeout",
    );
    assert_eq!(limits.unwrap(), "5s\n2s\n5s");
    let ended = database.sql(
        Role::Gateway,
        "SET statement_timeout = '10ms'; SELECT pg_sleep(30)",
    );
    assert!(ended.unwrap_err().is("57014"));
}
