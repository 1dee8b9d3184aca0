//! Referrals: a row for each in each case that has it. Whom they are about is known from `subjects`, as for any case.

use async_trait::async_trait;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::subject::Identity;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::tables::rows_max;
use crate::store::rows::{SealedChange, referral_due};
use crate::store::{ReadError, ReferralQuery, ReferralRow, ReferralRows, Store as _};

const PAGE: &str = "
    SELECT id, case_id, state, due FROM statuscheck.referrals
    WHERE NOT joined AND id > $1 AND state = ANY ($2) ORDER BY id LIMIT $3";

const ONE: &str = "SELECT id, case_id, state, due FROM statuscheck.referrals WHERE id = $1 AND NOT joined";

const JOINED: &str = "
    SELECT case_id FROM statuscheck.referrals WHERE id = $1 AND joined AND state = 'open' ORDER BY case_id";

const ABOUT: &str = "
    SELECT DISTINCT case_id FROM statuscheck.subjects
    WHERE key = ANY ($1) AND EXISTS (SELECT FROM statuscheck.referrals WHERE referrals.case_id = subjects.case_id)
    ORDER BY case_id DESC LIMIT $2";

/// Of referrals as they are given to be written, how many are not there, and how many there should be.
pub(super) const MISSING: &str = "
    WITH made AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::text[], $5::bigint[])
        AS made (id, case_id, joined, state, due)
    )
    SELECT (SELECT count(*) FROM (
                SELECT * FROM made
                EXCEPT SELECT id, case_id, joined, state, due FROM statuscheck.referrals WHERE id = ANY ($1)
            ) AS missing),
           (SELECT count(*) FROM made)";

/// Referrals that stand otherwise after a batch, a column each.
#[derive(Default)]
pub(super) struct Referring {
    ids: Vec<Uuid>,
    cases: Vec<Uuid>,
    joined: Vec<bool>,
    states: Vec<&'static str>,
    dues: Vec<i64>,
}

impl Referring {
    /// Adds those of `change`.
    pub(super) fn add(&mut self, change: &SealedChange) {
        for mark in &change.referred {
            self.ids.push(mark.id.0);
            self.cases.push(change.case_id.0);
            self.joined.push(mark.is_joined);
            self.states.push(mark.state.as_str());
            self.dues.push(referral_due(mark));
        }
    }

    /// Runs `statement` on them, unless there are none.
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        if self.ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns: [&(dyn ToSql + Sync); 5] =
            [&self.ids, &self.cases, &self.joined, &self.states, &self.dues];
        Ok(client.query(statement, &columns).await?)
    }
}

fn row(row: &Row) -> Result<ReferralRow, ReadError> {
    let read = || {
        let id = ReferralId(row.try_get(0)?);
        let state: String = row.try_get(2)?;
        Ok::<_, DatabaseError>((id, CaseId(row.try_get(1)?), state, row.try_get(3)?))
    };
    let (id, case_id, state, due) = read()?;
    ReferralRow::of(id, case_id, &state, due)
}

fn case_id(row: &Row) -> Result<CaseId, ReadError> {
    Ok(CaseId(row.try_get(0).map_err(DatabaseError::from)?))
}

#[async_trait]
impl ReferralRows for PostgresStore {
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        let limit = rows_max(query.limit.clamp(1, self.limits.page_max));
        let (start, names) = (query.start(), query.names());
        let values: [&(dyn ToSql + Sync); 3] = [&start.0, &names, &limit];
        let rows = self.readers.rows(PAGE, &values).await?;
        rows.iter().map(row).collect()
    }

    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        let rows = self.readers.rows(ONE, &[&id.0]).await?;
        rows.first().map(row).transpose()
    }

    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        let rows = self.readers.rows(JOINED, &[&id.0]).await?;
        rows.iter().map(case_id).collect()
    }

    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        let people: Vec<_> = identities
            .iter()
            .map(|identity| self.sealer.subject(identity).to_vec())
            .collect();
        let limit = rows_max(limit.clamp(1, self.limits.page_max));
        let rows = self.readers.rows(ABOUT, &[&people, &limit]).await?;
        let mut found = Vec::new();
        for row in &rows {
            // One that was purged since is none.
            found.extend(self.case(case_id(row)?).await?);
        }
        Ok(found)
    }
}
