//! Referrals: a row for each in each case that has it, and what stands for the people of those cases.

use std::collections::HashSet;

use async_trait::async_trait;
use futures_util::future::{join_all, try_join_all};
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::subject::Identity;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::statements::Statements;
use super::tables::rows_max;
use crate::store::rows::{LookedUp, SealedChange, referral_due};
use crate::store::seal::SubjectDigest;
use crate::store::{ReadError, ReferralQuery, ReferralRow, ReferralRows, Store as _};

const PAGE: &str = "
    SELECT id, case_id, state, due FROM statuscheck.referrals
    WHERE NOT joined AND id > $1 AND state = ANY ($2) ORDER BY id LIMIT $3";

const ONE: &str = "SELECT id, case_id, state, due FROM statuscheck.referrals WHERE id = $1 AND NOT joined";

const JOINED: &str = "
    SELECT case_id FROM statuscheck.referrals WHERE id = $1 AND joined AND state = 'open' ORDER BY case_id";

/// Those of people who wait for a finding first.
const ABOUT: &str = "
    SELECT case_id FROM (SELECT DISTINCT case_id FROM statuscheck.referred WHERE key = ANY ($1)) AS about
    CROSS JOIN LATERAL (
        SELECT bool_or(NOT joined AND state = 'open') AS opened
        FROM statuscheck.referrals WHERE referrals.case_id = about.case_id
    ) AS referral
    ORDER BY opened DESC NULLS LAST, case_id DESC LIMIT $2";

/// Holds everybody else off people until the transaction ends. They are given in their order, so that two writers that have
/// some in common wait for each other one way round.
pub(super) const LOCK_PEOPLE: &str =
    "SELECT pg_advisory_xact_lock(person) FROM unnest($1::bigint[]) AS people (person)";

/// Whether there is an open referral about a person, opened by another case than that one, beside those that it knows of.
pub(super) const OVERTAKEN: &str = "
    SELECT EXISTS (
        SELECT FROM statuscheck.referrals
        WHERE case_id = ANY (ARRAY(SELECT case_id FROM statuscheck.referred WHERE key = ANY ($1)))
          AND case_id <> $2 AND NOT joined AND state = 'open' AND id <> ALL ($3))";

/// Adds those whom a case is about as well behind those who are known.
pub(super) const ADD_PEOPLE: &str = "
    UPDATE statuscheck.requests
    SET subjects = subjects || coalesce((
        SELECT string_agg(about.key, ''::bytea ORDER BY place)
        FROM unnest($2::bytea[]) WITH ORDINALITY AS about (key, place) WHERE position(about.key IN subjects) = 0
    ), ''::bytea)
    FROM statuscheck.cases
    WHERE cases.id = $1 AND requests.organisation = cases.organisation AND requests.request_id = cases.request_id";

/// Writes by whom cases are found that have a referral.
pub(super) const REFER_PEOPLE: &str = "
    INSERT INTO statuscheck.referred (key, case_id)
    SELECT substr(subjects, 16 * part + 1, 16), cases.id
    FROM statuscheck.cases JOIN statuscheck.requests USING (organisation, request_id),
         generate_series(0, length(subjects) / 16 - 1) AS part
    WHERE cases.id = ANY ($1) AND EXISTS (SELECT FROM statuscheck.referrals WHERE case_id = cases.id)
    ORDER BY cases.id, part
    ON CONFLICT DO NOTHING";

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

/// Of the people of referred cases as they are given to be written, how many are not there, and how many there should be.
pub(super) const MISSING_PEOPLE: &str = "
    WITH made AS (
        SELECT * FROM unnest($1::bytea[], $2::uuid[]) AS made (key, case_id)
    )
    SELECT (SELECT count(*) FROM (
                SELECT * FROM made EXCEPT SELECT key, case_id FROM statuscheck.referred WHERE case_id = ANY ($2)
            ) AS missing),
           (SELECT count(*) FROM made)";

/// Referrals that stand otherwise after a batch, a column each; and whom cases are about as well after it.
#[derive(Default)]
pub(super) struct Referring {
    /// By their cases.
    further: Vec<(Uuid, Vec<SubjectDigest>)>,
    /// The people of new cases that have a referral.
    people: Vec<SubjectDigest>,
    people_cases: Vec<Uuid>,
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
        let id = change.case_id.0;
        if !change.further_subjects.is_empty() {
            self.further.push((id, change.further_subjects.clone()));
        }
        if let Some(opening) = change.opening.as_ref().filter(|_| !change.referred.is_empty()) {
            self.people.extend(&opening.subjects);
            self.people_cases.resize(self.people.len(), id);
        }
    }

    /// Writes all of it, after the changes themselves.
    pub(super) async fn write(&self, client: &Client, statements: &Statements) -> Result<(), DatabaseError> {
        let further = self.further.iter().map(async |(id, people)| {
            let people: Vec<_> = people.iter().map(|person| person.as_slice()).collect();
            client.execute(&statements.add_people, &[id, &people]).await
        });
        let mut referred: Vec<_> = self.further.iter().map(|(id, _)| *id).collect();
        referred.extend(&self.cases);
        let people = async {
            if referred.is_empty() {
                return Ok(0);
            }
            client.execute(&statements.refer_people, &[&referred]).await
        };
        let (further, referrals, people) =
            tokio::join!(join_all(further), self.run(client, &statements.refer), people);
        further.into_iter().collect::<Result<Vec<_>, _>>()?;
        referrals?;
        people?;
        Ok(())
    }

    /// Runs `statement` on the people of new cases that have a referral, unless there are none.
    pub(super) async fn run_people(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        if self.people.is_empty() {
            return Ok(Vec::new());
        }
        let people: Vec<_> = self.people.iter().map(|person| person.as_slice()).collect();
        Ok(client.query(statement, &[&people, &self.people_cases]).await?)
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

/// The looks for people on which changes of a batch rest.
pub(super) struct Lookups<'a> {
    /// In their order, without repeats.
    people: Vec<i64>,
    each: Vec<(Uuid, &'a LookedUp)>,
}

impl<'a> Lookups<'a> {
    /// Those of `changes`; none where none of them rests on any.
    pub(super) fn of(changes: impl Iterator<Item = &'a SealedChange>) -> Option<Self> {
        let each: Vec<_> = changes
            .filter_map(|change| Some((change.case_id.0, change.lookup.as_ref()?)))
            .collect();
        let people = each.iter().flat_map(|(_, lookup)| &lookup.person);
        let mut people: Vec<_> = people.map(lock_of).collect();
        people.sort_unstable();
        people.dedup();
        (!each.is_empty()).then_some(Self { people, each })
    }

    /// The cases whose look would find more by now. What they looked for is nobody else's to refer from here to the end of the
    /// transaction: a second gateway waits here for the first, and then sees what that has recorded, for each statement sees what
    /// was committed before it began.
    pub(super) async fn overtaken(
        &self,
        client: &Client,
        statements: &Statements,
    ) -> Result<HashSet<Uuid>, DatabaseError> {
        let people: [&(dyn ToSql + Sync); 1] = [&self.people];
        let looks = self
            .each
            .iter()
            .map(|(case, lookup)| is_overtaken(client, &statements.overtaken, *case, lookup));
        let (locked, looked) = tokio::join!(
            client.execute(&statements.lock_people, &people),
            try_join_all(looks)
        );
        locked?;
        let pairs = self.each.iter().zip(looked?);
        let overtaken = pairs.filter(|(_, is_overtaken)| *is_overtaken);
        Ok(overtaken.map(|((case, _), _)| *case).collect())
    }
}

/// The number of the lock that stands for a person. Two that share one wait for each other, and no more.
fn lock_of(person: &SubjectDigest) -> i64 {
    let (number, _rest) = person.split_first_chunk().unwrap_or((&[0; 8], &[]));
    i64::from_be_bytes(*number)
}

async fn is_overtaken(
    client: &Client,
    statement: &Statement,
    case: Uuid,
    lookup: &LookedUp,
) -> Result<bool, DatabaseError> {
    let person: Vec<_> = lookup.person.iter().map(|key| key.as_slice()).collect();
    let open: Vec<_> = lookup.open.iter().map(|id| id.0).collect();
    let looked: [&(dyn ToSql + Sync); 3] = [&person, &case, &open];
    Ok(client.query_one(statement, &looked).await?.try_get(0)?)
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
        let people = self.sealer.subjects(identities);
        let people: Vec<_> = people.iter().map(|person| person.as_slice()).collect();
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
