//! The statements of the writer, prepared once for each connection.
//!
//! The server makes a plan once for each connection and keeps it, on an empty table too. So each table is asked for
//! rows by their keys, `= ANY` an array or one by one, which is a search in an index whatever the table's size; a join with
//! `unnest` might read the whole table for ever after.

use tokio_postgres::{Client, Statement};

use super::fault::DatabaseError;
use super::referrals;

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
                $9::text[], $10::bytea[], $11::bytea[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[]
            ) WITH ORDINALITY
            AS new (organisation, request_id, id, content, state, version, created, agreement, kind, wrapped, subjects, wake,
                    turn, due, risk, place)
        ), opened AS (
            INSERT INTO statuscheck.requests (organisation, request_id, case_id, content, subjects)
            SELECT organisation, request_id, id, content, subjects FROM new
            WHERE new.id <> ALL (ARRAY(SELECT id FROM statuscheck.cases WHERE id = ANY ($3)))
            ORDER BY organisation, request_id, place
            ON CONFLICT (organisation, request_id) DO NOTHING
            RETURNING case_id
        ), keys AS (
            INSERT INTO statuscheck.case_keys (case_id, wrapped)
            SELECT new.id, new.wrapped FROM new JOIN opened ON opened.case_id = new.id
        )
        INSERT INTO statuscheck.cases (id, organisation, request_id, state, version, created, agreement, kind, wake, turn,
                                       due, risk)
        SELECT new.id, new.organisation, new.request_id, new.state, new.version, new.created, new.agreement, new.kind,
               new.wake, new.turn, new.due, new.risk
        FROM new JOIN opened ON opened.case_id = new.id
        RETURNING id";

    lock_people: referrals::LOCK_PEOPLE;
    overtaken: referrals::OVERTAKEN;
    add_people: referrals::ADD_PEOPLE;
    refer_people: referrals::REFER_PEOPLE;

    /// The requests of new cases, of which there are none yet; one that there is is passed by, and missed by who counts. With it
    /// the two below: all that `open` writes, in the same order. Arrays that are unnested side by side in a list of columns are
    /// taken row by row; those of one `unnest` in FROM are written down first, each for itself.
    add_requests: "
        INSERT INTO statuscheck.requests (organisation, request_id, case_id, content, subjects)
        SELECT unnest($1::text[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bytea[]), unnest($5::bytea[])
        ON CONFLICT (organisation, request_id) DO NOTHING";

    add_keys: "INSERT INTO statuscheck.case_keys (case_id, wrapped) SELECT unnest($1::uuid[]), unnest($2::bytea[])";

    add_cases: "
        INSERT INTO statuscheck.cases (id, organisation, request_id, state, version, created, agreement, kind, wake, turn,
                                       due, risk)
        SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::bigint[]),
               unnest($6::bigint[]), unnest($7::text[]), unnest($8::text[]), unnest($9::bigint[]), unnest($10::text[]),
               unnest($11::bigint[]), unnest($12::bigint[])";

    /// Takes cases to their next version, as `advance`; one that is at another is passed by, and missed by who counts.
    step: "
        UPDATE statuscheck.cases
        SET version = step.version, state = coalesce(step.state, cases.state), wake = step.wake, turn = step.turn,
            due = step.due, risk = step.risk, lease_chain = NULL, lease_fence = NULL
        FROM (
            SELECT unnest($1::uuid[]) AS id, unnest($2::bigint[]) AS expected, unnest($3::bigint[]) AS version,
                   unnest($4::text[]) AS state, unnest($5::bigint[]) AS wake, unnest($6::text[]) AS turn,
                   unnest($7::bigint[]) AS due, unnest($8::bigint[]) AS risk
        ) AS step
        WHERE cases.id = step.id AND cases.version = step.expected";

    /// All of the four above, with the entries and the end of the chain; and none of it where a request or a version is not as
    /// expected, or the chain ends elsewhere or is another's: then it fails, by dividing by zero. The chain is locked first. It is told
    /// by its hash: one that was sent behind another may come late, when something else was recorded in that one's place.
    whole: "
        WITH held AS (
            SELECT FROM statuscheck.chains WHERE number = $31 AND fence = $32 AND sequence = $33 AND hash = $37
            FOR NO KEY UPDATE
        ), asked AS (
            INSERT INTO statuscheck.requests (organisation, request_id, case_id, content, subjects)
            SELECT unnest($1::text[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bytea[]), unnest($5::bytea[])
            FROM held
            ON CONFLICT (organisation, request_id) DO NOTHING
            RETURNING 1
        ), keys AS (
            INSERT INTO statuscheck.case_keys (case_id, wrapped) SELECT unnest($3::uuid[]), unnest($6::bytea[])
        ), opened AS (
            INSERT INTO statuscheck.cases (id, organisation, request_id, state, version, created, agreement, kind, wake, turn,
                                           due, risk)
            SELECT unnest($3::uuid[]), unnest($1::text[]), unnest($2::uuid[]), unnest($7::text[]), unnest($8::bigint[]),
                   unnest($9::bigint[]), unnest($10::text[]), unnest($11::text[]), unnest($12::bigint[]),
                   unnest($13::text[]), unnest($14::bigint[]), unnest($15::bigint[])
        ), stepped AS (
            UPDATE statuscheck.cases
            SET version = step.version, state = coalesce(step.state, cases.state), wake = step.wake, turn = step.turn,
                due = step.due, risk = step.risk, lease_chain = NULL, lease_fence = NULL
            FROM (
                SELECT unnest($16::uuid[]) AS id, unnest($17::bigint[]) AS expected, unnest($18::bigint[]) AS version,
                       unnest($19::text[]) AS state, unnest($20::bigint[]) AS wake, unnest($21::text[]) AS turn,
                       unnest($22::bigint[]) AS due, unnest($23::bigint[]) AS risk
                FROM held
            ) AS step
            WHERE cases.id = step.id AND cases.version = step.expected
            RETURNING 1
        ), added AS (
            INSERT INTO statuscheck.entries (chain, sequence, case_id, version, time, kind, payload, hash)
            SELECT $31::integer, unnest($24::bigint[]), unnest($25::uuid[]), unnest($26::bigint[]), unnest($27::bigint[]),
                   unnest($28::text[]), unnest($29::bytea[]), unnest($30::bytea[])
        ), ended AS (
            UPDATE statuscheck.chains
            SET sequence = $34, hash = $35,
                lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $36))
            WHERE number = $31 AND fence = $32 AND sequence = $33 AND hash = $37
              AND (SELECT count(*) FROM asked) = cardinality($3::uuid[])
              AND (SELECT count(*) FROM stepped) = cardinality($16::uuid[])
            RETURNING 1
        )
        SELECT 1 / count(*) FROM ended";

    /// What became of requests that opened no case: the case that they opened before, or whether the id is taken.
    known: "
        SELECT asked.id, known.case_id, known.content,
               asked.id = ANY (ARRAY(SELECT id FROM statuscheck.cases WHERE id = ANY ($3)))
        FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS asked (organisation, request_id, id)
        LEFT JOIN LATERAL (
            SELECT case_id, content FROM statuscheck.requests
            WHERE organisation = asked.organisation AND request_id = asked.request_id OFFSET 0
        ) AS known ON true";

    /// Takes cases to their next version, which ends their leases, and tells which. They are locked in their order first, as
    /// above.
    advance: "
        WITH step AS (
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
                                 $8::bigint[])
            AS step (id, expected, version, state, wake, turn, due, risk)
        ), locked AS (
            SELECT id FROM statuscheck.cases WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
        ), advanced AS (
            UPDATE statuscheck.cases
            SET version = step.version, state = coalesce(step.state, cases.state), wake = step.wake,
                turn = step.turn, due = step.due, risk = step.risk,
                lease_chain = NULL, lease_fence = NULL
            FROM step
            WHERE cases.id = ANY (ARRAY(SELECT id FROM locked)) AND cases.id = step.id AND cases.version = step.expected
            RETURNING cases.id
        )
        SELECT id FROM advanced";

    /// Writes how questions stand on worklists.
    list: "
        INSERT INTO statuscheck.questions (id, case_id, department, due)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
        ON CONFLICT (case_id, id) DO UPDATE SET due = excluded.due";

    /// Writes how notices stand that their receivers have not taken.
    post: "
        INSERT INTO statuscheck.hooks (id, case_id, receiver, happening, attempts, next, fault)
        SELECT * FROM unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]
        )
        ON CONFLICT (id) DO UPDATE
        SET attempts = excluded.attempts, next = excluded.next, fault = excluded.fault";

    /// Removes notices that their receivers have taken.
    taken: "DELETE FROM statuscheck.hooks WHERE id = ANY ($1)";

    /// Writes how referrals stand.
    refer: "
        INSERT INTO statuscheck.referrals (id, case_id, joined, state, due)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::text[], $5::bigint[])
        ON CONFLICT (id, case_id) DO UPDATE SET state = excluded.state, due = excluded.due";

    /// Adds entries to a chain.
    append: "
        INSERT INTO statuscheck.entries (chain, sequence, case_id, version, time, kind, payload, hash)
        SELECT $1, unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::text[]),
               unnest($7::bytea[]), unnest($8::bytea[])";

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

    /// Removes a case, its request with what it is found by, and its key. One that is held, or that a
    /// referral keeps, stays: after `lock_case`, nobody can
    /// set a hold in between.
    purge: "
        WITH gone AS (
            DELETE FROM statuscheck.cases
            WHERE id = $1 AND version = $2 AND NOT EXISTS (SELECT FROM statuscheck.holds WHERE case_id = $1)
              AND NOT EXISTS (
                  SELECT FROM statuscheck.referrals WHERE case_id = $1 AND state IN ('open', 'confirmed'))
            RETURNING id, organisation, request_id
        ), request AS (
            DELETE FROM statuscheck.requests USING gone
            WHERE requests.organisation = gone.organisation AND requests.request_id = gone.request_id
        ), people AS (
            DELETE FROM statuscheck.referred USING gone WHERE referred.case_id = gone.id
        ), questions AS (
            DELETE FROM statuscheck.questions USING gone WHERE questions.case_id = gone.id
        ), hooks AS (
            DELETE FROM statuscheck.hooks USING gone WHERE hooks.case_id = gone.id
        ), referrals AS (
            DELETE FROM statuscheck.referrals USING gone WHERE referrals.case_id = gone.id
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

    /// Ends the leases of chains that ran out, where a case is leased under one: whoever held it finds a fence that has grown,
    /// and records nothing under the old one.
    depose_lessees: "
        WITH lapsed AS MATERIALIZED (
            SELECT number FROM statuscheck.chains
            WHERE number <> $1 AND lease_until < clock_timestamp()
              AND EXISTS (SELECT FROM statuscheck.cases WHERE lease_chain = number AND lease_fence = fence)
            ORDER BY number FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE statuscheck.chains SET fence = fence + 1 FROM lapsed WHERE chains.number = lapsed.number";

    /// Leases cases to the holder of a chain: those that wake, and those that were left behind. One that is leased under the
    /// fence that a chain has now is passed by; of the holder's own those alone that it knows of, so that it finds again
    /// what it was not told. One that is being written to this moment is passed by too.
    lease: "
        WITH waking AS (
            SELECT id, wake AS due FROM statuscheck.cases
            WHERE wake <= $3
              AND (lease_chain IS NULL OR NOT EXISTS (
                  SELECT FROM statuscheck.chains WHERE number = lease_chain AND fence = lease_fence
                     AND (number <> $1 OR cases.id = ANY ($7::uuid[]))))
            ORDER BY wake, id LIMIT $6 FOR NO KEY UPDATE SKIP LOCKED
        ), behind AS (
            SELECT id, created + $5 AS due FROM statuscheck.cases
            WHERE state = 'received' AND created <= $4 AND (wake IS NULL OR wake > $3)
              AND (lease_chain IS NULL OR NOT EXISTS (
                  SELECT FROM statuscheck.chains WHERE number = lease_chain AND fence = lease_fence
                     AND (number <> $1 OR cases.id = ANY ($7::uuid[]))))
            ORDER BY created, id LIMIT $6 FOR NO KEY UPDATE SKIP LOCKED
        ), chosen AS (
            SELECT id, due FROM waking UNION ALL SELECT id, due FROM behind ORDER BY due, id LIMIT $6
        )
        UPDATE statuscheck.cases SET lease_chain = $1, lease_fence = $2
        FROM chosen WHERE cases.id = chosen.id
        RETURNING chosen.due, cases.id, cases.version";

    /// Ends leases of the holder of a chain.
    let_go: "
        WITH own AS MATERIALIZED (
            SELECT id FROM statuscheck.cases
            WHERE id = ANY ($3::uuid[]) AND lease_chain = $1 AND lease_fence = $2 ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE statuscheck.cases SET lease_chain = NULL, lease_fence = NULL FROM own WHERE cases.id = own.id";

    /// Counts what changes use of quotas, and takes what was set aside for it out of the holder's blocks. Quotas go in by
    /// their order, as cases do.
    charge: "
        WITH charge AS (
            SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
            AS charge (agreement, department, month, units, taken)
        ), counted AS (
            INSERT INTO statuscheck.quotas (agreement, department, month, used)
            SELECT agreement, department, month, units FROM charge ORDER BY agreement, department, month
            ON CONFLICT (agreement, department, month) DO UPDATE SET used = quotas.used + excluded.used
        )
        UPDATE statuscheck.quota_blocks SET units = quota_blocks.units - charge.taken
        FROM charge
        WHERE quota_blocks.chain = $1 AND quota_blocks.fence = $2 AND charge.taken > 0
          AND quota_blocks.agreement = charge.agreement AND quota_blocks.department = charge.department
          AND quota_blocks.month = charge.month";

    /// Locks a quota, which is made where nothing was used of it yet.
    lock_quota: "
        INSERT INTO statuscheck.quotas (agreement, department, month, used) VALUES ($1, $2, $3, 0)
        ON CONFLICT (agreement, department, month) DO UPDATE SET used = quotas.used";

    /// Ends the leases of chains that ran out and have a block of a quota, as above.
    depose_blocks: "
        WITH lapsed AS MATERIALIZED (
            SELECT number FROM statuscheck.chains
            WHERE number <> $4 AND lease_until < clock_timestamp()
              AND EXISTS (
                  SELECT FROM statuscheck.quota_blocks AS block
                  WHERE block.chain = number AND block.fence = chains.fence
                    AND agreement = $1 AND department = $2 AND month = $3)
            ORDER BY number FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE statuscheck.chains SET fence = fence + 1 FROM lapsed WHERE chains.number = lapsed.number";

    /// Gives the holder of a chain a block of a quota in place of the one that it had: what it has set aside, and what it asks
    /// for with as much more as is usual, but near the limit no more than an eighth of what is left. Tells how large the
    /// block is, and how much was left.
    grant: "
        WITH gone AS (
            DELETE FROM statuscheck.quota_blocks AS block
            WHERE agreement = $1 AND department = $2 AND month = $3 AND block.chain <> $4
              AND NOT EXISTS (
                  SELECT FROM statuscheck.chains WHERE number = block.chain AND chains.fence = block.fence)
        ), others AS (
            SELECT coalesce(sum(units), 0)::bigint AS units
            FROM statuscheck.quota_blocks AS block
            JOIN statuscheck.chains ON number = block.chain AND chains.fence = block.fence
            WHERE agreement = $1 AND department = $2 AND month = $3 AND block.chain <> $4
        ), quota AS (
            SELECT $7 - (greatest(used, 0) + others.units + $6) AS room
            FROM statuscheck.quotas, others
            WHERE agreement = $1 AND department = $2 AND month = $3
        ), granted AS (
            INSERT INTO statuscheck.quota_blocks AS block (agreement, department, month, chain, fence, units)
            SELECT $1, $2, $3, $4, $5, $6 + CASE WHEN $8 <= room THEN greatest($8, least($9, room / 8)) ELSE 0 END
            FROM quota
            ON CONFLICT (agreement, department, month, chain)
            DO UPDATE SET fence = excluded.fence, units = excluded.units
            RETURNING units
        )
        SELECT granted.units, quota.room FROM granted, quota";

    /// Leaves no more than so many units in blocks of the holder of a chain.
    give_back: "
        WITH kept AS (
            SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[])
            AS kept (agreement, department, month, units)
        ), gone AS (
            DELETE FROM statuscheck.quota_blocks AS block USING kept
            WHERE block.chain = $1 AND block.fence = $2 AND kept.units = 0 AND block.agreement = kept.agreement
              AND block.department = kept.department AND block.month = kept.month
        )
        UPDATE statuscheck.quota_blocks AS block SET units = least(block.units, kept.units)
        FROM kept
        WHERE block.chain = $1 AND block.fence = $2 AND kept.units > 0 AND block.agreement = kept.agreement
          AND block.department = kept.department AND block.month = kept.month";

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
