//! How open cases stand: columns of their rows, which are empty in those of all others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use statuscheck_domain::case::Whose;
use statuscheck_domain::ids::CaseId;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::readers::Readers;
use super::tables::rows_max;
use crate::store::standing::{Counted, StandingRow};
use crate::store::{Line, Marks, OpenCase, ReadError, Standings, UrgentQuery};

/// One way along the index, span by span: 0 is before the first of the bounds.
const LINES: &str = "
    SELECT agreement, kind, turn, width_bucket(due, $1::bigint[]) AS span, count(*),
           count(*) FILTER (WHERE risk IS NOT NULL), count(*) FILTER (WHERE due >= $2 AND risk <= $2), min(due)
    FROM statuscheck.cases WHERE turn IS NOT NULL GROUP BY agreement, kind, turn, span";

/// One look into the index for each whose turn it may be.
const MOST_URGENT: &str = "
    SELECT found.id, found.agreement, found.kind, found.turn, found.due, found.risk
    FROM unnest($1::text[]) AS wanted (turn), LATERAL (
        SELECT id, agreement, kind, cases.turn, due, risk FROM statuscheck.cases
        WHERE cases.turn = wanted.turn AND (due, id) > ($2, $3) AND due < $4 AND (risk IS NOT NULL OR NOT $5)
        ORDER BY due, id LIMIT $6
    ) AS found
    ORDER BY found.due, found.id LIMIT $6";

/// How cases stand after a batch, a column each.
#[derive(Default)]
pub(super) struct Stands<'a> {
    pub(super) turns: Vec<Option<&'a str>>,
    pub(super) dues: Vec<Option<i64>>,
    pub(super) risks: Vec<Option<i64>>,
}

impl<'a> Stands<'a> {
    pub(super) fn push(&mut self, standing: Option<&'a StandingRow>) {
        self.turns.push(standing.map(|standing| standing.turn.as_str()));
        self.dues.push(standing.map(|standing| standing.due));
        self.risks.push(standing.and_then(|standing| standing.risk));
    }
}

async fn lines(readers: &Readers, marks: &Marks) -> Result<Vec<Line>, ReadError> {
    let bounds = marks.bounds();
    let now = bounds.first().copied().unwrap_or(i64::MAX);
    let mut found: BTreeMap<[String; 3], Counted> = BTreeMap::new();
    for row in readers.rows(LINES, &[&bounds, &now]).await? {
        add(&mut found, &row, bounds.len())?;
    }
    found.into_values().map(Counted::line).collect()
}

/// Adds what was counted of one span.
fn add(found: &mut BTreeMap<[String; 3], Counted>, row: &Row, bounds: usize) -> Result<(), DatabaseError> {
    let line: [String; 3] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
    let [agreement, kind, turn] = line.clone();
    let is_paused = turn == Whose::Caller.to_string();
    let counted = found.entry(line).or_insert_with(|| Counted {
        agreement,
        kind,
        turn,
        open: 0,
        late: 0,
        at_risk: 0,
        spans: vec![0; bounds + 1],
        next_due: None,
    });
    let count = |column: usize| Ok::<_, DatabaseError>(row.try_get::<_, i64>(column)?.unsigned_abs());
    let cases = count(4)?;
    counted.open += cases;
    if is_paused {
        counted.late += count(5)?;
    } else {
        counted.at_risk += count(6)?;
        let span = usize::try_from(row.try_get::<_, i32>(3)?).unwrap_or_default();
        if let Some(all) = counted.spans.get_mut(span) {
            *all += cases;
        }
    }
    let due: i64 = row.try_get(7)?;
    counted.next_due = Some(counted.next_due.map_or(due, |earlier| earlier.min(due)));
    Ok(())
}

async fn most_urgent(
    readers: &Readers,
    query: &UrgentQuery,
    limit: usize,
) -> Result<Vec<OpenCase>, ReadError> {
    let mut found = Vec::new();
    for paused in [false, true] {
        let Some((due, id)) = query.start(paused) else {
            continue;
        };
        let turns = query.turns(paused);
        let before = if paused { i64::MAX } else { query.due_before() };
        let late_alone = query.late_at.is_some() && paused;
        let values: [&(dyn ToSql + Sync); 6] = [&turns, &due, &id.0, &before, &late_alone, &rows_max(limit)];
        for row in readers.rows(MOST_URGENT, &values).await? {
            found.push(read(&row)?);
        }
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn read(row: &Row) -> Result<OpenCase, ReadError> {
    let read = || {
        let names: [String; 3] = [row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
        Ok::<_, DatabaseError>((CaseId(row.try_get(0)?), names, row.try_get(4)?, row.try_get(5)?))
    };
    let (id, [agreement, kind, turn], due, risk) = read()?;
    OpenCase::of(id, [&agreement, &kind, &turn], due, risk)
}

#[async_trait]
impl Standings for PostgresStore {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        lines(&self.readers, &marks).await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        let limit = query.limit.clamp(1, self.limits.page_max);
        most_urgent(&self.readers, &query, limit).await
    }
}
