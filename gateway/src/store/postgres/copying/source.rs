//! A database that is copied.

use statuscheck_domain::ids::CaseId;
use tokio::runtime::Handle;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    Connected, CopyError, Counts, DatabaseError, Settings, connect, counts, heads, keys, opening, run, unheld,
};
use crate::store::copy::{Header, PlacedEntry, Source};
use crate::store::postgres::lease;
use crate::store::rows::SealedEntry;

/// A database that is read, as it was at one moment. A gateway that starts meanwhile cannot be kept off, but is noticed.
pub(in crate::store) struct DatabaseSource {
    runtime: Handle,
    connected: Connected,
    settings: Settings,
    header: Header,
    /// Of the chains of the header.
    numbers: Vec<i32>,
}

impl DatabaseSource {
    pub(in crate::store) fn open(runtime: Handle, settings: &Settings) -> Result<Self, CopyError> {
        let (connected, header, numbers) = runtime.block_on(async {
            let (_connector, connected) = connect(settings).await?;
            let client = &connected.client;
            opening::fit(client).await?;
            unheld(client, settings).await?;
            run(client, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
            let stored = opening::finished(client).await?;
            let chains = heads(client).await?;
            let numbers = client
                .query("SELECT number FROM statuscheck.chains ORDER BY number", &[])
                .await
                .map_err(DatabaseError::from)?;
            let numbers = numbers.iter().map(|row| row.try_get(0));
            let numbers = numbers
                .collect::<Result<Vec<i32>, _>>()
                .map_err(DatabaseError::from)?;
            let Some((ledger, secret)) = stored.filter(|_| !chains.is_empty()) else {
                return Err(CopyError::Nothing {
                    store: settings.address.to_string(),
                });
            };
            let header = Header {
                ledger,
                secret,
                chains,
            };
            Ok((connected, header, numbers))
        })?;
        Ok(Self {
            runtime,
            connected,
            settings: settings.clone(),
            header,
            numbers,
        })
    }
}

impl Source for DatabaseSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn entries(&mut self, chain: usize, after: i64, limit: i64) -> Result<Vec<PlacedEntry>, CopyError> {
        let number = self.numbers.get(chain).copied().unwrap_or_default();
        let rows = self.runtime.block_on(self.connected.client.query(
            "SELECT sequence, hash, case_id, version, time, kind, payload FROM statuscheck.entries
             WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            &[&number, &after, &limit],
        ));
        let rows = rows.map_err(DatabaseError::from)?;
        let entries = rows.iter().map(entry);
        Ok(entries.collect::<Result<_, _>>()?)
    }

    fn keys(&mut self, cases: &[CaseId]) -> Result<Vec<Option<Vec<u8>>>, CopyError> {
        Ok(self.runtime.block_on(keys(&self.connected.client, cases))?)
    }

    fn counts(&mut self) -> Result<Counts, CopyError> {
        Ok(self.runtime.block_on(counts(&self.connected.client))?)
    }

    fn stood_still(&mut self) -> Result<(), CopyError> {
        let client = &self.connected.client;
        self.runtime.block_on(async {
            run(client, "COMMIT").await?;
            unheld(client, &self.settings).await?;
            if heads(client).await? == self.header.chains {
                Ok(())
            } else {
                Err(CopyError::WentOn)
            }
        })
    }
}

fn entry(row: &Row) -> Result<PlacedEntry, DatabaseError> {
    Ok(PlacedEntry {
        place: lease::head(row, 0)?,
        case_id: row.try_get::<_, Option<Uuid>>(2)?.map(CaseId),
        entry: SealedEntry {
            version: row.try_get(3)?,
            time: row.try_get(4)?,
            kind: row.try_get::<_, String>(5)?.into(),
            payload: row.try_get(6)?,
        },
    })
}
