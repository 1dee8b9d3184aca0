//! The same rows without the store: one transaction for each change, on plain connections with prepared statements.

use std::time::Duration;

use futures_util::future::try_join_all;
use statuscheck_domain::clock::{Clock as _, SystemClock};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::changes::{Course, OneCheck};

/// Connections, each with a chain of its own.
pub(crate) struct Connections {
    sizes: Sizes,
    writers: Vec<Writer>,
    course: Course,
}

/// How long the values are that the store writes.
struct Sizes {
    content: usize,
    wrapped: usize,
    /// What a person is found by.
    subjects: usize,
    /// Kind and payload of the entries that a check's two changes bring.
    entries: [Vec<(&'static str, usize)>; 2],
}

struct Writer {
    client: Client,
    chain: i32,
    statements: Statements,
}

struct Statements {
    lock: Statement,
    request: Statement,
    key: Statement,
    case: Statement,
    advance: Statement,
    entry: Statement,
    head: Statement,
}

/// Kinds of the entries of a check's two changes.
const fn kinds(course: Course) -> [&'static [&'static str]; 2] {
    match course {
        Course::Bare => [&["received"], &["answered"]],
        Course::Usual => [&["received", "asked"], &["replied", "answered"]],
    }
}

impl Connections {
    /// Connections to the database at `to`, which write values as long as those that the store wrote to the one at `like`.
    pub(crate) async fn open(like: &str, to: &str, count: usize, course: Course) -> anyhow::Result<Self> {
        let sizes = Sizes::of(&connect(like).await?, course).await?;
        let writers = try_join_all((0..count).map(|_| Writer::open(to))).await?;
        Ok(Self {
            sizes,
            writers,
            course,
        })
    }

    /// With the first `count` of them, each making one change after the other.
    pub(crate) async fn changes_a_second(
        &self,
        count: usize,
        clock: SystemClock,
        during: Duration,
    ) -> anyhow::Result<f64> {
        let start = clock.elapsed();
        let writing = self.writers.iter().take(count).map(async |writer| {
            let mut changes = 0_u32;
            while clock.elapsed() - start < during {
                // What it takes to make a check counts here too.
                let id = OneCheck::new(changes, clock.now(), self.course)?.id.0;
                writer.open_case(&self.sizes, id).await?;
                writer.answer(&self.sizes, id).await?;
                changes += 2;
            }
            anyhow::Ok(changes)
        });
        let changes: u32 = try_join_all(writing).await?.into_iter().sum();
        Ok(f64::from(changes) / (clock.elapsed() - start).as_secs_f64())
    }
}

impl Sizes {
    async fn of(client: &Client, course: Course) -> anyhow::Result<Self> {
        let size = async |what: &str| -> anyhow::Result<usize> {
            let row = client.query_one(&format!("SELECT ({what})::bigint"), &[]).await?;
            Ok(usize::try_from(row.try_get::<_, i64>(0)?)?)
        };
        let mut entries = [Vec::new(), Vec::new()];
        for (entries, kinds) in entries.iter_mut().zip(kinds(course)) {
            for kind in kinds {
                let average =
                    format!("SELECT avg(length(payload)) FROM statuscheck.entries WHERE kind = '{kind}'");
                entries.push((*kind, size(&average).await?));
            }
        }
        Ok(Self {
            content: size("SELECT avg(length(content)) FROM statuscheck.requests").await?,
            wrapped: size("SELECT avg(length(wrapped)) FROM statuscheck.case_keys").await?,
            subjects: size("SELECT avg(length(subjects)) FROM statuscheck.requests").await?,
            entries,
        })
    }
}

impl Writer {
    async fn open(to: &str) -> anyhow::Result<Self> {
        let client = connect(to).await?;
        let id = Uuid::new_v4();
        let chain = client
            .query_one(
                "INSERT INTO statuscheck.chains (id, sequence, hash, fence, holder, lease_until)
                 VALUES ($1, 0, $2, 1, $3, 'infinity') RETURNING number",
                &[&id.as_bytes().as_slice(), &[0_u8; 32].as_slice(), &id],
            )
            .await?
            .try_get(0)?;
        let statements = Statements {
            lock: client
                .prepare("SELECT sequence, hash FROM statuscheck.chains WHERE number = $1 FOR NO KEY UPDATE")
                .await?,
            request: client
                .prepare("INSERT INTO statuscheck.requests VALUES ('north-letting', $1, $2, $3, $4)")
                .await?,
            key: client
                .prepare("INSERT INTO statuscheck.case_keys VALUES ($1, $2)")
                .await?,
            case: client
                .prepare(
                    "INSERT INTO statuscheck.cases (id, organisation, request_id, state, version, created, agreement, kind)
                     VALUES ($1, 'north-letting', $2, 'open', 2, 0, 'letting-2026', 'right_to_work')",
                )
                .await?,
            advance: client
                .prepare(
                    "UPDATE statuscheck.cases SET version = 4, state = 'answered' WHERE id = $1 AND version = 2",
                )
                .await?,
            entry: client
                .prepare(
                    "INSERT INTO statuscheck.entries (chain, sequence, case_id, version, time, kind, payload, hash)
                     VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
                )
                .await?,
            head: client
                .prepare("UPDATE statuscheck.chains SET sequence = $2, hash = $3 WHERE number = $1")
                .await?,
        };
        Ok(Self {
            client,
            chain,
            statements,
        })
    }

    async fn open_case(&self, sizes: &Sizes, id: Uuid) -> anyhow::Result<()> {
        let (client, statements) = (&self.client, &self.statements);
        let request = Uuid::now_v7();
        client.batch_execute("BEGIN").await?;
        client
            .execute(
                &statements.request,
                &[
                    &request,
                    &id,
                    &vec![7_u8; sizes.content],
                    &vec![7_u8; sizes.subjects],
                ],
            )
            .await?;
        client
            .execute(&statements.key, &[&id, &vec![7_u8; sizes.wrapped]])
            .await?;
        client.execute(&statements.case, &[&id, &request]).await?;
        self.append(id, 0, &sizes.entries[0]).await
    }

    async fn answer(&self, sizes: &Sizes, id: Uuid) -> anyhow::Result<()> {
        self.client.batch_execute("BEGIN").await?;
        self.client.execute(&self.statements.advance, &[&id]).await?;
        self.append(id, sizes.entries[0].len(), &sizes.entries[1]).await
    }

    /// The entries of one change, and the commit.
    async fn append(&self, id: Uuid, before: usize, entries: &[(&'static str, usize)]) -> anyhow::Result<()> {
        let (client, statements) = (&self.client, &self.statements);
        let head = client.query_one(&statements.lock, &[&self.chain]).await?;
        let (mut sequence, hash): (i64, Vec<u8>) = (head.try_get(0)?, head.try_get(1)?);
        let mut version = i64::try_from(before)?;
        for (kind, size) in entries {
            sequence += 1;
            version += 1;
            let payload = vec![7_u8; *size];
            client
                .execute(
                    &statements.entry,
                    &[&self.chain, &sequence, &id, &version, kind, &payload, &hash],
                )
                .await?;
        }
        client
            .execute(&statements.head, &[&self.chain, &sequence, &hash])
            .await?;
        client.batch_execute("COMMIT").await?;
        Ok(())
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with the client; what it ends with is told to that.
    tokio::spawn(async { connection.await.ok() });
    Ok(client)
}
