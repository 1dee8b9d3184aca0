-- The store. `entries` is the ledger, and `chains` is where each of its chains ends; the others are made from it, or are
-- keys to it. The schema itself is made before this runs. Who may do what is in `grants.sql`, which runs after every
-- migration.

-- One row: what belongs to the store as a whole.
CREATE TABLE statuscheck.store (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    ledger bytea NOT NULL CHECK (length(ledger) = 16),
    secret bytea NOT NULL
);

-- One chain for each writer there has been at a time. A writer holds its chain until `lease_until`, by the clock of this
-- server; `fence` grows with every change of hands, and nothing is added under an old one. Its row is written by every
-- commit: room is left so that it stays on its page.
CREATE TABLE statuscheck.chains (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    fence bigint NOT NULL,
    holder uuid NOT NULL,
    lease_until timestamptz NOT NULL
) WITH (fillfactor = 10);

-- Only ever added to. Times are nanoseconds since 1970.
CREATE TABLE statuscheck.entries (
    chain integer NOT NULL,
    sequence bigint NOT NULL,
    case_id uuid,
    version bigint NOT NULL,
    time bigint NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (chain, sequence)
);
CREATE UNIQUE INDEX entries_by_case ON statuscheck.entries (case_id, version) WHERE case_id IS NOT NULL;
-- What operators did, by its kind. They are few among very many.
CREATE INDEX entries_of_house ON statuscheck.entries (kind, time) WHERE case_id IS NULL;
-- Purged cases by their ids. A check writes nothing here.
CREATE INDEX entries_purged ON statuscheck.entries (case_id) WHERE kind = 'purged';
-- Payloads are sealed: nothing in them can be packed.
ALTER TABLE statuscheck.entries ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Steps of a case change its version and seldom its state: room is left so that they touch no index.
CREATE TABLE statuscheck.cases (
    id uuid PRIMARY KEY,
    organisation text NOT NULL,
    request_id uuid NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    created bigint NOT NULL,
    agreement text NOT NULL,
    kind text NOT NULL,
    -- When somebody must look at the case by itself.
    wake bigint,
    -- Of an open case: whose turn it is, when the answer is due, and since when most of the time is gone.
    turn text,
    due bigint,
    risk bigint,
    -- Who is at it: the holder of that chain, as long as the chain has that fence.
    lease_chain integer,
    lease_fence bigint,
    CHECK ((lease_chain IS NULL) = (lease_fence IS NULL))
) WITH (fillfactor = 80);
-- A case is in these from its decision on; until then it is in `cases_undecided`, which is as small as such cases are few.
CREATE INDEX cases_by_state ON statuscheck.cases (organisation, state, id) WHERE state <> 'received';
CREATE INDEX cases_by_terms ON statuscheck.cases (agreement, kind, id) WHERE state <> 'received';
-- None of these has a row of a case that was answered at once.
CREATE INDEX cases_by_wake ON statuscheck.cases (wake, id) WHERE wake IS NOT NULL;
CREATE INDEX cases_by_line ON statuscheck.cases (agreement, kind, turn, due, risk) WHERE turn IS NOT NULL;
CREATE INDEX cases_by_urgency ON statuscheck.cases (turn, due, id) INCLUDE (risk) WHERE turn IS NOT NULL;
CREATE INDEX cases_undecided ON statuscheck.cases (created, id) WHERE state = 'received';
CREATE INDEX cases_by_lease ON statuscheck.cases (lease_chain, lease_fence) WHERE lease_chain IS NOT NULL;

-- Questions that are or were on departments' worklists. A check that is answered in its call has none here.
CREATE TABLE statuscheck.questions (
    case_id uuid NOT NULL,
    id uuid NOT NULL,
    department text NOT NULL,
    -- None where the question needs no reply.
    due bigint,
    PRIMARY KEY (case_id, id)
);
CREATE INDEX questions_by_id ON statuscheck.questions (id);
CREATE INDEX questions_by_due ON statuscheck.questions (department, due, id) WHERE due IS NOT NULL;

-- Notices that their receivers have not taken. A case that nobody is told of has none here.
CREATE TABLE statuscheck.hooks (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    receiver text NOT NULL,
    happening text NOT NULL,
    attempts bigint NOT NULL,
    -- None of one that is parked.
    next bigint,
    fault text
) WITH (fillfactor = 80);
CREATE INDEX hooks_by_case ON statuscheck.hooks (case_id);
CREATE INDEX hooks_parked ON statuscheck.hooks (id) WHERE next IS NULL;

-- Referrals to the Windrush taskforce, once in each case that has one.
CREATE TABLE statuscheck.referrals (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    -- Another case opened it.
    joined boolean NOT NULL,
    state text NOT NULL,
    due bigint NOT NULL,
    PRIMARY KEY (id, case_id)
);
CREATE INDEX referrals_by_case ON statuscheck.referrals (case_id);

-- What stands for the people of cases that have a referral, a row for each.
CREATE TABLE statuscheck.referred (
    key bytea NOT NULL,
    case_id uuid NOT NULL,
    PRIMARY KEY (key, case_id)
) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);
CREATE INDEX referred_by_case ON statuscheck.referred (case_id);

-- Units of quotas that were used, as the ledger says. Few rows, written by nearly every commit: room is left as above.
CREATE TABLE statuscheck.quotas (
    agreement text NOT NULL,
    department text NOT NULL,
    month text NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (agreement, department, month)
) WITH (fillfactor = 10);

-- Units that a writer has set aside, beside those used. A block under a fence that its chain no longer has counts for
-- nothing.
CREATE TABLE statuscheck.quota_blocks (
    agreement text NOT NULL,
    department text NOT NULL,
    month text NOT NULL,
    chain integer NOT NULL,
    fence bigint NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (agreement, department, month, chain)
) WITH (fillfactor = 10);

-- What a purge deletes from is vacuumed by the server within a minute or so, however little it is.
CREATE TABLE statuscheck.requests (
    organisation text NOT NULL,
    request_id uuid NOT NULL,
    case_id uuid NOT NULL,
    content bytea NOT NULL,
    -- What stands for whom the case is about, 16 bytes each. No index: see the program's tables.rs.
    subjects bytea NOT NULL,
    PRIMARY KEY (organisation, request_id)
) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE statuscheck.case_keys (
    case_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL
) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE statuscheck.holds (
    case_id uuid PRIMARY KEY,
    since bigint NOT NULL
);

-- One row for each gateway that asks departments: it divides their figures by `divisor`, or asks nobody where there is none
-- yet. What is not renewed until `lease_until`, by the clock of this server, is nobody's, and the next renewal of any other
-- deletes it. `step` grows with each renewal.
CREATE TABLE statuscheck.shares (
    holder uuid PRIMARY KEY,
    divisor integer CHECK (divisor > 0),
    step bigint NOT NULL,
    lease_until timestamptz NOT NULL
) WITH (fillfactor = 10);
