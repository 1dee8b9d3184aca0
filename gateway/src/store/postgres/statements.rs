//! The statements of the writer, prepared once for each connection.
//!
//! The server makes a plan once for each connection and keeps it, on an empty table too. So each table is asked for
//! rows by their keys, `= ANY` an array or one by one, which is a search in an index whatever the table's size; a join with
//! `unnest` might read the whole table for ever after.

use tokio_postgres::{Client, Statement};

use super::fault::DatabaseError;

macro_rules! statements {
    ($($(#[$about:meta])* $name:ident: $text:expr;)*) => {
        /// The statements.
        pub(super) struct Statements {
            $($(#[$about])* pub(super) $name: Statement,)*
        }

        impl Statements {
            /// Has the server prepare all of them in one go.
            pub(super) async fn prepare(client: &Client) -> Result<Self, DatabaseError> {
                let ($($name,)*) = tokio::try_join!($(client.prepare($text),)*)?;
                Ok(Self { $($name,)* })
            }
        }
    };
}

statements! {
    /// Locks a chain where the fence is still the same, and tells where it ends.
    lock: "SELECT sequence, hash FROM statuscheck.chains WHERE number = $1 AND fence = $2 FOR NO KEY UPDATE";

    /// Opens new cases, and tells which. One whose request id is used, or whose own id is, is passed by. Requests go in by
    /// their order, so that two writers that have some in common wait for each other one way round.
    open: "
        WITH new AS (
            SELECT * FROM unnest(
                $1::text[], $2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
                $9::text[], $10::bytea[]
            ) WITH ORDINALITY
            AS new (organisation, request_id, id, content, state, version, created, agreement, kind, wrapped, place)
        ), opened AS (
            INSERT INTO statuscheck.requests (organisation, request_id, case_id, content)
            SELECT organisation, request_id, id, content FROM new
            WHERE new.id <> ALL (ARRAY(SELECT id FROM statuscheck.cases WHERE id = ANY ($3)))
            ORDER BY organisation, request_id, place
            ON CONFLICT (organisation, request_id) DO NOTHING
            RETURNING case_id
        ), keys AS (
            INSERT INTO statuscheck.case_keys (case_id, wrapped)
            SELECT new.id, new.wrapped FROM new JOIN opened ON opened.case_id = new.id
        ), people AS (
            INSERT INTO statuscheck.subjects (key, case_id)
            SELECT about.key, about.case_id
            FROM unnest($11::bytea[], $12::uuid[]) AS about (key, case_id) JOIN opened USING (case_id)
        )
        INSERT INTO statuscheck.cases (id, organisation, request_id, state, version, created, agreement, kind)
        SELECT new.id, new.organisation, new.request_id, new.state, new.version, new.created, new.agreement, new.kind
        FROM new JOIN opened ON opened.case_id = new.id
        RETURNING id";

    /// What became of requests that opened no case: the case that they opened before, or whether the id is taken.
    known: "
        SELECT asked.id, known.case_id, known.content,
               asked.id = ANY (ARRAY(SELECT id FROM statuscheck.cases WHERE id = ANY ($3)))
        FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS asked (organisation, request_id, id)
        LEFT JOIN LATERAL (
            SELECT case_id, content FROM statuscheck.requests
            WHERE organisation = asked.organisation AND request_id = asked.request_id OFFSET 0
        ) AS known ON true";

    /// Takes cases to their next version, and tells which. They are locked in their order first, as above. Whom they are about
    /// as well from here on is added where it is not known.
    advance: "
        WITH step AS (
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])
            AS step (id, expected, version, state)
        ), locked AS (
            SELECT id FROM statuscheck.cases WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
        ), advanced AS (
            UPDATE statuscheck.cases SET version = step.version, state = coalesce(step.state, cases.state)
            FROM step
            WHERE cases.id = ANY (ARRAY(SELECT id FROM locked)) AND cases.id = step.id AND cases.version = step.expected
            RETURNING cases.id
        ), people AS (
            INSERT INTO statuscheck.subjects (key, case_id)
            SELECT about.key, about.id FROM unnest($5::bytea[], $6::uuid[]) AS about (key, id) JOIN advanced USING (id)
            ON CONFLICT DO NOTHING
        )
        SELECT id FROM advanced";

    /// Adds entries to a chain.
    append: "
        INSERT INTO statuscheck.entries (chain, sequence, case_id, version, time, kind, payload, hash)
        SELECT $1, new.* FROM unnest(
            $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[], $8::bytea[]
        ) AS new (sequence, case_id, version, time, kind, payload, hash)";

    /// Says where the chain ends now, and prolongs the lease.
    advance_head: "
        UPDATE statuscheck.chains
        SET sequence = $3, hash = $4,
            lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $5))
        WHERE number = $1 AND fence = $2";

    /// Tells every gateway.
    notify: "SELECT pg_notify($1, $2)";

    /// Holds everybody else off a case until the transaction ends.
    lock_case: "SELECT FROM statuscheck.cases WHERE id = $1 FOR UPDATE";

    /// Removes a case, its request, its key and what it is found by. One that is held stays: after `lock_case`, nobody can
    /// set a hold in between.
    purge: "
        WITH gone AS (
            DELETE FROM statuscheck.cases
            WHERE id = $1 AND version = $2 AND NOT EXISTS (SELECT FROM statuscheck.holds WHERE case_id = $1)
            RETURNING id, organisation, request_id
        ), request AS (
            DELETE FROM statuscheck.requests USING gone
            WHERE requests.organisation = gone.organisation AND requests.request_id = gone.request_id
        ), people AS (
            DELETE FROM statuscheck.subjects USING gone WHERE subjects.case_id = gone.id
        ), key AS (
            DELETE FROM statuscheck.case_keys USING gone WHERE case_keys.case_id = gone.id
        )
        SELECT id FROM gone";

    /// Sets a hold.
    hold: "
        INSERT INTO statuscheck.holds (case_id, since) SELECT id, $2 FROM statuscheck.cases WHERE id = $1
        ON CONFLICT (case_id) DO UPDATE SET since = excluded.since RETURNING case_id";

    /// Releases a hold.
    release: "DELETE FROM statuscheck.holds WHERE case_id = $1 RETURNING case_id";

    /// Wraps keys of cases anew. One that changed or went meanwhile is left as it is.
    rewrap: "
        UPDATE statuscheck.case_keys SET wrapped = anew.wrapped
        FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS anew (case_id, old, wrapped)
        WHERE case_keys.case_id = ANY ($1) AND case_keys.case_id = anew.case_id AND case_keys.wrapped = anew.old";

    /// Wraps the store's secret anew.
    rewrap_secret: "UPDATE statuscheck.store SET secret = $1";

    /// Waits until nobody writes to a chain, and tells its fence.
    settle: "SELECT fence FROM statuscheck.chains WHERE number = $1 FOR NO KEY UPDATE";

    /// Tells which entry is at a place.
    hash_at: "SELECT hash FROM statuscheck.entries WHERE chain = $1 AND sequence = $2";
}
