//! What is in the database, behind the gateways' backs.

use tokio::task::block_in_place;

use crate::postgres::{LocalPostgres, Role};

/// Due work that a gateway which is gone has at hand is another's within that time, by the clock of the database.
pub(super) const TAKEN_OVER: &str = "interval '10 seconds'";

/// What is told where waiting took too long: who has work leased, and how much is due.
const UNDONE: &str = "SELECT number, fence, lease_until - clock_timestamp() AS lease, lease_fence, count(*),
        to_timestamp(min(wake) / 1000000000) - clock_timestamp() AS due
    FROM statuscheck.cases LEFT JOIN statuscheck.chains ON number = lease_chain
    WHERE wake IS NOT NULL GROUP BY number, fence, lease_until, lease_fence";

/// What the superuser is answered.
pub(super) fn sql(postgres: &LocalPostgres, statements: &str) -> String {
    let database = postgres.first_database();
    block_in_place(|| database.sql(Role::Admin, statements)).expect("an answer")
}

/// How many rows the query finds.
pub(super) fn count(postgres: &LocalPostgres, rows: &str) -> usize {
    let count = sql(postgres, &format!("SELECT count(*) FROM ({rows}) AS counted"));
    count.parse().expect("a number")
}

/// Has the server wait as long as `condition` holds, and fails where that is longer than `at_most`.
pub(super) fn wait_while(postgres: &LocalPostgres, condition: &str, at_most: &str) {
    let waiting = format!(
        "DO $$
         DECLARE began timestamptz := clock_timestamp();
         BEGIN
             WHILE {condition} LOOP
                 IF clock_timestamp() > began + {at_most} THEN
                     RAISE 'it took longer: %', (SELECT json_agg(row) FROM ({UNDONE}) AS row);
                 END IF;
                 PERFORM pg_sleep(0.001);
             END LOOP;
         END $$"
    );
    sql(postgres, &waiting);
}
