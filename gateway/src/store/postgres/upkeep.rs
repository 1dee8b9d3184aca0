//! The upkeep of the store in PostgreSQL.
//!
//! What a purge can and cannot do here: it deletes the case's wrapped key, in the same transaction as the entry that says
//! so. `VACUUM` frees the place of the deleted row in the table, where new rows then overwrite it; when they do is up to the
//! server. Archived logs, replicas that lag and backups hold the wrapped key for as long as they are kept. All of those
//! copies are wrapped under the key-encryption key of their time, so after a purge they are of no use to anyone without
//! that; and after the next rotation, which destroys it, of no use at all.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::{AgreementId, CaseId};
use statuscheck_domain::subject::Identity;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::fault::DatabaseError;
use super::tables::{self, rows_max};
use super::work::{Hold, Work};
use super::{PostgresStore, rotation};
use crate::store::rows::Note;
use crate::store::upkeep::{ClosedCase, ClosedQuery, OpenQuery, Rotated, RotationError, Terms, Upkeep};
use crate::store::{CommitError, HouseEntry, ReadError};

/// By leaps through the index; and those of cases about which nothing was decided, which are few.
const TERMS: &str = "
    WITH RECURSIVE used AS (
        (SELECT agreement, kind FROM statuscheck.cases WHERE state <> 'received' ORDER BY agreement, kind LIMIT 1)
        UNION ALL
        SELECT next.agreement, next.kind FROM used, LATERAL (
            SELECT agreement, kind FROM statuscheck.cases
            WHERE state <> 'received' AND (agreement, kind) > (used.agreement, used.kind)
            ORDER BY agreement, kind LIMIT 1
        ) AS next
    )
    SELECT agreement, kind FROM used
    UNION
    SELECT agreement, kind FROM statuscheck.cases WHERE state = 'received'";

const CLOSED: &str = "
    SELECT cases.id, cases.version, cases.created,
           (SELECT time FROM statuscheck.entries WHERE case_id = cases.id ORDER BY version DESC LIMIT 1),
           EXISTS (SELECT FROM statuscheck.holds WHERE case_id = cases.id)
           OR EXISTS (
               SELECT FROM statuscheck.referrals WHERE case_id = cases.id AND state IN ('open', 'confirmed'))
    FROM statuscheck.cases
    WHERE agreement = $1 AND kind = $2 AND id > $3 AND state <> 'received' AND state = ANY ($4)
    ORDER BY id LIMIT $5";

/// By leaps from organisation to organisation, as open cases are counted.
const OPEN: &str = "
    WITH RECURSIVE used (organisation) AS (
        SELECT min(organisation) FROM statuscheck.cases WHERE state <> 'received'
        UNION ALL
        SELECT (SELECT min(organisation) FROM statuscheck.cases
                WHERE state <> 'received' AND organisation > used.organisation)
        FROM used WHERE used.organisation IS NOT NULL
    )
    SELECT found.id
    FROM used CROSS JOIN unnest($1::text[]) AS wanted (state) CROSS JOIN LATERAL (
        SELECT id FROM statuscheck.cases
        WHERE organisation = used.organisation AND state = wanted.state AND state <> 'received' AND id > $2
              AND ($3::text IS NULL OR agreement = $3)
        ORDER BY id LIMIT $4
    ) AS found
    ORDER BY found.id LIMIT $4";

#[async_trait]
impl Upkeep for PostgresStore {
    async fn terms(&self) -> Result<Vec<Terms>, ReadError> {
        let rows = self.readers.rows(TERMS, &[]).await?;
        let mut found = rows.iter().map(terms).collect::<Result<Vec<_>, _>>()?;
        // The server may order text in another way.
        found.sort_unstable();
        Ok(found)
    }

    async fn closed(&self, query: ClosedQuery) -> Result<Vec<ClosedCase>, ReadError> {
        let limit = rows_max(query.limit.clamp(1, self.limits.page_max));
        let agreement = query.terms.agreement.as_str();
        let kind = query.terms.check.as_str();
        let after = query.after.map_or(Uuid::nil(), |id| id.0);
        let states = CaseState::CLOSED.map(CaseState::as_str).to_vec();
        let values: [&(dyn ToSql + Sync); 5] = [&agreement, &kind, &after, &states, &limit];
        let rows = self.readers.rows(CLOSED, &values).await?;
        rows.iter().map(closed).collect()
    }

    async fn open(&self, query: OpenQuery) -> Result<Vec<CaseId>, ReadError> {
        let limit = rows_max(query.limit.clamp(1, self.limits.page_max));
        let states = CaseState::OPEN.map(CaseState::as_str).to_vec();
        let after = query.after.map_or(Uuid::nil(), |id| id.0);
        let agreement = query.agreement.as_ref().map(AgreementId::as_str);
        let values: [&(dyn ToSql + Sync); 4] = [&states, &after, &agreement, &limit];
        let rows = self.readers.rows(OPEN, &values).await?;
        let id = |row: &Row| Ok(CaseId(row.try_get(0).map_err(DatabaseError::from)?));
        rows.iter().map(id).collect()
    }

    async fn set_hold(&self, case_id: CaseId, held: bool, entry: HouseEntry) -> Result<(), CommitError> {
        let hold = Hold {
            case_id,
            held,
            note: Note::of(&entry)?,
        };
        self.done(Work::Hold(hold)).await
    }

    async fn about(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let digests: Vec<_> = identities
            .iter()
            .map(|identity| sealer.subject(identity))
            .collect();
        let subjects: Vec<_> = digests.iter().map(|digest| digest.as_slice()).collect();
        let found = tables::about(&self.readers, &subjects, limit).await?;
        let opening = move || found.into_iter().map(|stored| sealer.open(stored)).collect();
        tokio::task::spawn_blocking(opening)
            .await
            .map_err(|_panicked| ReadError::Unavailable)?
    }

    /// Lets every key at hand go, and has the server vacuum what held keys and what people are found by, where it may be told
    /// to: it listens only to who owns the tables. Elsewhere its own vacuum comes within a minute or so. Neither reaches logs
    /// that are archived, nor backups. Never false.
    async fn empty_log(&self) -> Result<bool, ReadError> {
        // A reader that began before a purge may have put the key at hand again after it.
        self.readers.pause().await;
        self.sealer.forget_all();
        vacuum(self).await?;
        Ok(true)
    }

    async fn rotate_keys(&self, entry: HouseEntry) -> Result<Rotated, RotationError> {
        rotation::rotate(self, entry).await
    }
}

async fn vacuum(store: &PostgresStore) -> Result<(), DatabaseError> {
    // On a connection of its own: those of the readers cannot write.
    let connected = store.connector.connect().await?;
    let may = connected
        .client
        .query_one(
            "SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class
             WHERE oid = ANY (ARRAY['statuscheck.case_keys', 'statuscheck.requests']::regclass[])",
            &[],
        )
        .await?;
    if !may.try_get::<_, Option<bool>>(0)?.unwrap_or_default() {
        tracing::info!("the tables are another role's: what was purged is left to the server's own vacuum");
        return Ok(());
    }
    // As long as it takes: it holds nobody up.
    connected
        .client
        .batch_execute("SET statement_timeout = 0")
        .await?;
    for table in ["case_keys", "requests"] {
        connected
            .client
            .batch_execute(&format!("VACUUM statuscheck.{table}"))
            .await?;
    }
    Ok(())
}

fn terms(row: &Row) -> Result<Terms, ReadError> {
    let text = |column| row.try_get::<_, &str>(column).map_err(DatabaseError::from);
    Ok(Terms {
        agreement: text(0)?.parse().map_err(|_slug| ReadError::Corrupt)?,
        check: CheckKind::named(text(1)?).ok_or(ReadError::Corrupt)?,
    })
}

fn closed(row: &Row) -> Result<ClosedCase, ReadError> {
    let number = |column| row.try_get::<_, i64>(column).map_err(DatabaseError::from);
    let time = |nanoseconds: i64| {
        Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
    };
    let last: Option<i64> = row.try_get(3).map_err(DatabaseError::from)?;
    Ok(ClosedCase {
        id: CaseId(row.try_get(0).map_err(DatabaseError::from)?),
        version: u64::try_from(number(1)?).map_err(|_negative| ReadError::Corrupt)?,
        created: time(number(2)?)?,
        updated: time(last.ok_or(ReadError::Corrupt)?)?,
        held: row.try_get(4).map_err(DatabaseError::from)?,
    })
}
