//! The server on the shipped settings: what it takes, logs and keeps.

use statuscheck_tests::postgres::{LocalPostgres, MAIN, Role, SECOND};

use crate::{LEDGER, POSTGRES};

#[test]
fn every_shipped_setting_is_taken_and_what_matters_is_on() {
    let database = POSTGRES.first_database();
    let admin = |statement: &str| database.sql(Role::Admin, statement).unwrap();
    let not_taken = "SELECT name FROM pg_file_settings WHERE error IS NOT NULL OR NOT applied";
    assert_eq!(admin(not_taken), "");
    let set = "SELECT count(*) > 30 FROM pg_file_settings WHERE sourcefile LIKE '%/statuscheck.conf'";
    assert_eq!(admin(set), "t");
    assert_eq!(
        admin("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"),
        "0"
    );
    for setting in [
        "synchronous_commit",
        "fsync",
        "full_page_writes",
        "ssl",
        "data_checksums",
    ] {
        assert_eq!(admin(&format!("SHOW {setting}")), "on", "{setting}");
    }
    let unhashed =
        "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolpassword !~ '^SCRAM-SHA-256'";
    assert_eq!(admin(unhashed), "0");
}

#[test]
fn the_log_quotes_no_values() {
    let database = POSTGRES.database("logs");
    database
        .sql(Role::Owner, "CREATE TABLE requests (id text PRIMARY KEY)")
        .unwrap();
    // Put together there, as a parameter is: the statement may be quoted, its values may not.
    let insert = "INSERT INTO requests VALUES ('QQ12' || '3456C')";
    database.sql(Role::Owner, insert).unwrap();
    let refused = database.sql(Role::Owner, insert).unwrap_err();
    assert!(
        refused.is("23505") && refused.mentions("QQ123456C"),
        "{refused:?}"
    );
    let log = POSTGRES.log(MAIN);
    assert!(log.contains("duplicate key value"));
    assert!(!log.contains("QQ123456C"));
}

#[test]
fn what_was_committed_is_there_after_a_restart_and_after_a_kill() {
    let postgres = LocalPostgres::up();
    let database = postgres.first_database();
    let address = postgres.address(MAIN);
    let made = format!("{LEDGER} INSERT INTO entries VALUES (1, '\\x00')");
    database.sql(Role::Owner, &made).unwrap();
    let entries = || database.sql(Role::Auditor, "SELECT count(*) FROM entries");

    postgres.restart(MAIN);
    assert_eq!(entries().unwrap(), "1");

    database
        .sql(Role::Gateway, "INSERT INTO entries VALUES (2, '\\x00')")
        .unwrap();
    postgres.kill(MAIN);
    assert!(entries().unwrap_err().mentions("refused"));
    postgres.start();
    assert_eq!(entries().unwrap(), "2");
    assert_eq!(postgres.address(MAIN), address);

    postgres.stop(MAIN);
    assert!(entries().unwrap_err().mentions("refused"));
}

#[test]
fn a_standby_that_is_promoted_has_everything_that_was_acknowledged() {
    let postgres = LocalPostgres::up_with_standby();
    let database = postgres.first_database();
    database.sql(Role::Owner, LEDGER).unwrap();
    let insert = |number: u32| format!("INSERT INTO entries VALUES ({number}, '\\x00')");
    for number in 1..=20 {
        database.sql(Role::Gateway, &insert(number)).unwrap();
    }
    let state = "SELECT application_name, sync_state FROM pg_stat_replication";
    assert_eq!(
        database.sql(Role::Admin, state).unwrap(),
        format!("{SECOND}|sync")
    );

    postgres.kill(MAIN);
    postgres.promote(SECOND);
    assert_eq!(postgres.primary(), SECOND);
    assert_eq!(
        database
            .sql(Role::Auditor, "SELECT count(*) FROM entries")
            .unwrap(),
        "20"
    );
    database.sql(Role::Gateway, &insert(21)).unwrap();

    // The old one is not started again, or there would be two.
    postgres.start();
    assert!(std::net::TcpStream::connect(postgres.address(MAIN)).is_err());
}
