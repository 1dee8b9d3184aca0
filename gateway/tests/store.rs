//! Stores: one conformance suite over every engine, and what is each engine's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "store/audit.rs"]
mod audit;
#[path = "store/audit_bytes.rs"]
mod audit_bytes;
#[path = "store/audit_chains.rs"]
mod audit_chains;
#[path = "store/audit_checkpoints.rs"]
mod audit_checkpoints;
#[path = "store/audit_command.rs"]
mod audit_command;
#[path = "store/audit_postgres.rs"]
mod audit_postgres;
#[path = "store/backups.rs"]
mod backups;
#[path = "store/callers.rs"]
mod callers;
#[path = "store/cluster.rs"]
mod cluster;
#[path = "store/conformance.rs"]
mod conformance;
#[path = "store/copies.rs"]
mod copies;
#[path = "store/copies_broken_off.rs"]
mod copies_broken_off;
#[path = "store/embedded.rs"]
mod embedded;
#[path = "store/embedded_dues.rs"]
mod embedded_dues;
#[path = "store/embedded_lanes.rs"]
mod embedded_lanes;
#[path = "store/embedded_seal.rs"]
mod embedded_seal;
#[path = "store/inhabited.rs"]
mod inhabited;
#[path = "store/ledger_server.rs"]
mod ledger_server;
#[path = "store/ledgers.rs"]
mod ledgers;
#[path = "store/notary.rs"]
mod notary;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/postgres_access.rs"]
mod postgres_access;
#[path = "store/postgres_ahead.rs"]
mod postgres_ahead;
#[path = "store/postgres_dues.rs"]
mod postgres_dues;
#[path = "store/postgres_following.rs"]
mod postgres_following;
#[path = "store/postgres_ledger.rs"]
mod postgres_ledger;
#[path = "store/postgres_outage.rs"]
mod postgres_outage;
#[path = "store/postgres_rebuild.rs"]
mod postgres_rebuild;
#[path = "store/postgres_referrals.rs"]
mod postgres_referrals;
#[path = "store/postgres_register.rs"]
mod postgres_register;
#[path = "store/postgres_server.rs"]
mod postgres_server;
#[path = "store/postgres_shares.rs"]
mod postgres_shares;
#[path = "store/postgres_upkeep.rs"]
mod postgres_upkeep;
#[path = "store/samples.rs"]
mod samples;
#[path = "store/steps.rs"]
mod steps;
#[path = "store/store_command.rs"]
mod store_command;
#[path = "store/waiting.rs"]
mod waiting;
