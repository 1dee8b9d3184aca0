//! A database that is made by copying.

use statuscheck_domain::ids::CaseId;
use tokio::runtime::Handle;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    Connected, Connector, CopyError, Counts, DatabaseError, Settings, cases_after, connect, counts, heads,
    run, unheld,
};
use crate::store::chain::ChainHead;
use crate::store::copy::{CaseEntries, Destination, Header, PlacedEntry};
use crate::store::postgres::fault::Fault;
use crate::store::postgres::migrations;
use crate::store::postgres::rebuild::{insert_cases, insert_holds, insert_quotas};
use crate::store::postgres::statements::Statements;
use crate::store::postgres::work::Work;
use crate::store::projection::Used;
use crate::store::rows::SealedChange;

/// Any number, as long as it stays: who copies holds this lock, so that two who begin at once do not meet.
const LOCK: i64 = 0x7374_6174_7573_636f;

/// A database that is made.
pub(in crate::store) struct DatabaseDestination {
    runtime: Handle,
    connector: Connector,
    /// It holds the lock as long as it is there.
    connected: Connected,
    statements: Statements,
}

impl DatabaseDestination {
    /// Brings the tables up to date, and takes the database, which has no store in it, or what a copy that was broken off has
    /// left. To be done as the owner of the tables.
    pub(in crate::store) fn create(
        runtime: Handle,
        settings: &Settings,
        header: &Header,
    ) -> Result<Self, CopyError> {
        let (connector, connected, statements) = runtime.block_on(async {
            migrations::migrate(settings).await?;
            let (connector, connected) = connect(settings).await?;
            let client = &connected.client;
            take(client, settings, header).await?;
            let statements = Box::pin(Statements::prepare(client)).await?;
            // What is lost of it when the server fails is copied again; the mark that it is whole is synced, and all before
            // it.
            run(client, "SET synchronous_commit = off").await?;
            Ok::<_, CopyError>((connector, connected, statements))
        })?;
        Ok(Self {
            runtime,
            connector,
            connected,
            statements,
        })
    }

    async fn insert_cases(&self, cases: Vec<SealedChange>) -> Result<(), CopyError> {
        let works: Vec<_> = cases
            .into_iter()
            .map(|case| Work::Change(Box::new(case)))
            .collect();
        if insert_cases(&self.connected.client, &self.statements, &works).await? {
            Ok(())
        } else {
            Err(CopyError::Clash)
        }
    }
}

/// Locks the database for this copy, finds it empty, and marks it.
async fn take(client: &Client, settings: &Settings, header: &Header) -> Result<(), CopyError> {
    let store = || settings.address.to_string();
    // The session's limit on locks is the limit here too: the server may not have noticed yet that a copy was broken off.
    let locked = client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await;
    locked.map_err(|error| match DatabaseError::from(error) {
        error if error.fault() == Fault::Passing => CopyError::Copying { store: store() },
        error => error.into(),
    })?;
    unheld(client, settings).await?;
    run(
        client,
        "BEGIN; LOCK TABLE statuscheck.store, statuscheck.chains IN ACCESS EXCLUSIVE MODE",
    )
    .await?;
    let row = client
        .query_one(
            "SELECT coalesce((SELECT secret = '' FROM statuscheck.store),
                             NOT EXISTS (SELECT FROM statuscheck.chains)
                             AND NOT EXISTS (SELECT FROM statuscheck.entries))",
            &[],
        )
        .await
        .map_err(DatabaseError::from)?;
    if !row.try_get::<_, bool>(0).map_err(DatabaseError::from)? {
        return Err(CopyError::NotEmpty { store: store() });
    }
    let tables = client
        .query_one(
            "SELECT string_agg(format('statuscheck.%I', tablename), ', ') FROM pg_tables
             WHERE schemaname = 'statuscheck' AND tablename <> 'migrations'",
            &[],
        )
        .await
        .map_err(DatabaseError::from)?;
    let tables: String = tables.try_get(0).map_err(DatabaseError::from)?;
    run(client, &format!("TRUNCATE {tables}")).await?;
    let secret: &[u8] = &[];
    client
        .execute(
            "INSERT INTO statuscheck.store (ledger, secret) VALUES ($1, $2)",
            &[&header.ledger.0.as_slice(), &secret],
        )
        .await
        .map_err(DatabaseError::from)?;
    Ok(run(client, "COMMIT").await?)
}

impl Destination for DatabaseDestination {
    fn add_entries(&mut self, chain: usize, page: &[PlacedEntry]) -> Result<(), CopyError> {
        let sequences: Vec<_> = page.iter().map(|entry| entry.place.sequence).collect();
        let hashes: Vec<_> = page.iter().map(|entry| entry.place.hash.as_slice()).collect();
        let case_ids: Vec<_> = page.iter().map(|entry| entry.case_id.map(|id| id.0)).collect();
        let versions: Vec<_> = page.iter().map(|entry| entry.entry.version).collect();
        let times: Vec<_> = page.iter().map(|entry| entry.entry.time).collect();
        let kinds: Vec<_> = page.iter().map(|entry| &*entry.entry.kind).collect();
        let payloads: Vec<_> = page.iter().map(|entry| entry.entry.payload.as_slice()).collect();
        let number = number(chain);
        let columns: [&(dyn ToSql + Sync); 8] = [
            &number, &sequences, &case_ids, &versions, &times, &kinds, &payloads, &hashes,
        ];
        let added = self.connected.client.execute(&self.statements.append, &columns);
        self.runtime.block_on(added).map_err(DatabaseError::from)?;
        Ok(())
    }

    fn add_chains(&mut self, chains: &[ChainHead]) -> Result<(), CopyError> {
        let client = &self.connected.client;
        self.runtime.block_on(async {
            for (chain, end) in chains.iter().enumerate() {
                let row: [&(dyn ToSql + Sync); 5] = [
                    &number(chain),
                    &end.chain.0.as_slice(),
                    &end.head.sequence,
                    &end.head.hash.as_slice(),
                    &Uuid::nil(),
                ];
                client
                    .execute(
                        "INSERT INTO statuscheck.chains (number, id, sequence, hash, fence, holder, lease_until)
                         OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, 1, $5, '-infinity')",
                        &row,
                    )
                    .await?;
            }
            let next = number(chains.len());
            let go_on = format!("ALTER TABLE statuscheck.chains ALTER COLUMN number RESTART WITH {next}");
            run(client, &go_on).await?;
            // Otherwise the server would guess how to find cases in tables that it takes for empty.
            run(client, "ANALYZE statuscheck.entries").await
        })?;
        Ok(())
    }

    fn cases_after(&mut self, after: CaseId, limit: i64) -> Result<Vec<CaseEntries>, CopyError> {
        let cases = cases_after(&self.connected.client, after, limit);
        Ok(self.runtime.block_on(cases)?)
    }

    fn add_cases(&mut self, cases: Vec<SealedChange>) -> Result<(), CopyError> {
        self.runtime.block_on(self.insert_cases(cases))
    }

    fn add_quotas(&mut self, used: Used) -> Result<(), CopyError> {
        Ok(self
            .runtime
            .block_on(insert_quotas(&self.connected.client, used))?)
    }

    fn make_holds(&mut self) -> Result<(), CopyError> {
        Ok(self.runtime.block_on(insert_holds(&self.connected.client))?)
    }

    fn heads(&mut self) -> Result<Vec<ChainHead>, CopyError> {
        Ok(self.runtime.block_on(heads(&self.connected.client))?)
    }

    fn counts(&mut self) -> Result<Counts, CopyError> {
        Ok(self.runtime.block_on(counts(&self.connected.client))?)
    }

    fn finish(self: Box<Self>, secret: &[u8]) -> Result<(), CopyError> {
        self.runtime.block_on(async {
            run(&self.connected.client, "ANALYZE").await?;
            // On a connection whose commits wait for the disk, and for the standby: what was committed before is there then
            // as well.
            let durable = self.connector.connect().await?;
            durable
                .client
                .execute("UPDATE statuscheck.store SET secret = $1", &[&secret])
                .await
                .map_err(DatabaseError::from)?;
            Ok(())
        })
    }
}

/// The number of a chain in a database that was made by copying: the server counts from 1.
fn number(chain: usize) -> i32 {
    i32::try_from(chain).map_or(i32::MAX, |chain| chain.saturating_add(1))
}
