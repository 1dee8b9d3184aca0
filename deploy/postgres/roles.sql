-- The database of the gateway's store, and who may do what in it. Run by a superuser, with psql (\if and \gexec are its
-- own), and as often as you like: it ends where it ended before.
--
--   psql -X -v ON_ERROR_STOP=1 -f roles.sql
--   psql -X -v ON_ERROR_STOP=1 -v database=statuscheck_two -f roles.sql
--
-- A role has no password until it is given one, and cannot connect without: \password statuscheck_gateway
--
-- What a role may do with a table is granted by the migration that makes it: nothing is granted here in advance, so a
-- table that nobody thought about is a table that no gateway can touch. Of the ledger's entries a gateway may only read
-- and add: whoever takes over a gateway cannot rewrite what was recorded.

\set ON_ERROR_STOP on
-- That something is there already is no news.
SET client_min_messages = warning;
\if :{?database}
\else
  \set database statuscheck
\endif

SELECT format('CREATE ROLE %I', wanted)
  FROM unnest(ARRAY['statuscheck_owner', 'statuscheck_gateway', 'statuscheck_auditor', 'statuscheck_standby']) AS wanted
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
\gexec

-- Owns the schema and migrates it. Sixteen: ten replicas that start together each look whether there is something to
-- migrate, and people look as well.
ALTER ROLE statuscheck_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT
  CONNECTION LIMIT 16;
-- The gateways. 160: ten replicas with sixteen connections each; max_connections leaves room for the others.
ALTER ROLE statuscheck_gateway LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT
  CONNECTION LIMIT 160;
-- Reads the ledger's tables. Sixteen: an audit is one connection, or a few that share the work.
ALTER ROLE statuscheck_auditor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT
  CONNECTION LIMIT 16;
-- Copies the whole cluster: standbys and base backups. It sees everything and can change nothing. Four: as many as
-- max_wal_senders allows, less one.
ALTER ROLE statuscheck_standby LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE REPLICATION NOBYPASSRLS NOINHERIT
  CONNECTION LIMIT 4;

-- The C locale orders text by its bytes. Any other order comes from the machine's C library, and when that is upgraded,
-- or a standby has another version, indexes on text are silently wrong.
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LOCALE %L', :'database', 'UTF8', 'C')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

-- By default everybody may connect to every database, and make temporary tables in it.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO statuscheck_owner, statuscheck_gateway, statuscheck_auditor;

-- Names are looked up in our schema alone; pg_temp, which would come first unsaid, comes last.
ALTER ROLE statuscheck_owner IN DATABASE :"database" SET search_path = statuscheck, pg_temp;
ALTER ROLE statuscheck_gateway IN DATABASE :"database" SET search_path = statuscheck, pg_temp;
ALTER ROLE statuscheck_auditor IN DATABASE :"database" SET search_path = statuscheck, pg_temp;

-- A statement of a gateway takes milliseconds, and a check has two seconds. Five: far beyond both, so what is ended then
-- was lost to its caller anyway. A transaction that commits is not ended by this.
ALTER ROLE statuscheck_gateway SET statement_timeout = '5s';
-- Less, so that the error says that it was a lock.
ALTER ROLE statuscheck_gateway SET lock_timeout = '2s';
-- A gateway that was paused inside a transaction holds locks that the other replicas wait for. It finds its connection
-- closed, and what it was about to do undone.
ALTER ROLE statuscheck_gateway SET idle_in_transaction_session_timeout = '5s';

-- A migration that waits for a lock on a table makes everybody after it wait too: it gives up after 5 s, to be tried
-- again. A quarter of an hour is for building an index over all entries.
ALTER ROLE statuscheck_owner SET lock_timeout = '5s';
ALTER ROLE statuscheck_owner SET statement_timeout = '15min';
ALTER ROLE statuscheck_owner SET idle_in_transaction_session_timeout = '60s';

-- An audit reads the whole ledger, in one snapshot. An hour: longer would hold back the cleaning of every table.
ALTER ROLE statuscheck_auditor SET default_transaction_read_only = on;
ALTER ROLE statuscheck_auditor SET statement_timeout = '1h';
ALTER ROLE statuscheck_auditor SET lock_timeout = '5s';
ALTER ROLE statuscheck_auditor SET idle_in_transaction_session_timeout = '60s';

\connect :"database"
SET client_min_messages = warning;

-- The owner owns the schema, not the database: it cannot drop that, nor let others in.
CREATE SCHEMA IF NOT EXISTS statuscheck AUTHORIZATION statuscheck_owner;
REVOKE ALL ON SCHEMA statuscheck FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA statuscheck TO statuscheck_gateway, statuscheck_auditor;
-- By default everybody may call every function; here only who is granted it.
ALTER DEFAULT PRIVILEGES FOR ROLE statuscheck_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
