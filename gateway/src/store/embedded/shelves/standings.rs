//! How open cases stand: columns of their rows, which are empty in those of all others, and two indexes that have no row of
//! those. A check that is answered in its call costs none of it.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use statuscheck_domain::case::Whose;

use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::tables::{case_id, key};
use crate::store::standing::Counted;
use crate::store::{Line, Marks, OpenCase, ReadError, Standings, UrgentQuery};

pub(in crate::store::embedded) const INDEXES: &str = "
    CREATE INDEX cases_by_line ON cases (agreement, kind, turn, due, risk) WHERE turn IS NOT NULL;
    CREATE INDEX cases_by_urgency ON cases (turn, due, id, risk) WHERE turn IS NOT NULL;
";

/// The lines, found by leaps through the index, each counted span by span.
fn lines(connection: &Connection, marks: &Marks) -> Result<Vec<Line>, ReadError> {
    let mut next = connection.prepare_cached(
        "SELECT agreement, kind, turn FROM cases INDEXED BY cases_by_line
         WHERE (agreement, kind, turn) > (?1, ?2, ?3) AND turn IS NOT NULL
         ORDER BY agreement, kind, turn LIMIT 1",
    )?;
    let mut last = [String::new(), String::new(), String::new()];
    let mut found = Vec::new();
    loop {
        let mut rows = next.query(params![last[0], last[1], last[2]])?;
        let Some(row) = rows.next()? else {
            return found.into_iter().map(Counted::line).collect();
        };
        last = [row.get(0)?, row.get(1)?, row.get(2)?];
        found.push(counted(connection, &last, &marks.bounds())?);
    }
}

fn counted(connection: &Connection, line: &[String; 3], bounds: &[i64]) -> rusqlite::Result<Counted> {
    let [agreement, kind, turn] = line;
    // Nothing but steps from row to row in the index.
    let mut count = connection.prepare_cached(
        "SELECT count(*) FROM cases INDEXED BY cases_by_line
         WHERE agreement = ?1 AND kind = ?2 AND turn = ?3 AND due >= ?4 AND due < ?5 AND turn IS NOT NULL",
    )?;
    let mut spans = Vec::with_capacity(bounds.len() + 1);
    let mut from = i64::MIN;
    for until in bounds.iter().copied().chain([i64::MAX]) {
        let cases: i64 = count.query_row(params![agreement, kind, turn, from, until], |row| row.get(0))?;
        spans.push(cases.unsigned_abs());
        from = until;
    }
    let now = bounds.first().copied().unwrap_or(i64::MAX);
    let mut risky = connection.prepare_cached(
        "SELECT count(*) FROM cases INDEXED BY cases_by_line
         WHERE agreement = ?1 AND kind = ?2 AND turn = ?3 AND due >= ?4 AND risk <= ?5 AND turn IS NOT NULL",
    )?;
    let mut risky = |from: i64, until: i64| {
        let cases = risky.query_row(params![agreement, kind, turn, from, until], |row| row.get(0));
        cases.map(i64::unsigned_abs)
    };
    let is_paused = *turn == Whose::Caller.to_string();
    let (late, at_risk) = if is_paused {
        (risky(i64::MIN, i64::MAX)?, 0)
    } else {
        (0, risky(now, now)?)
    };
    let next_due = connection
        .prepare_cached(
            "SELECT min(due) FROM cases INDEXED BY cases_by_line
             WHERE agreement = ?1 AND kind = ?2 AND turn = ?3 AND turn IS NOT NULL",
        )?
        .query_row(params![agreement, kind, turn], |row| row.get(0))?;
    Ok(Counted {
        agreement: agreement.clone(),
        kind: kind.clone(),
        turn: turn.clone(),
        open: spans.iter().sum(),
        late,
        at_risk,
        spans: if is_paused {
            vec![0; bounds.len() + 1]
        } else {
            spans
        },
        next_due,
    })
}

/// A page of open cases, at most `limit`.
fn most_urgent(
    connection: &Connection,
    query: &UrgentQuery,
    limit: usize,
) -> Result<Vec<OpenCase>, ReadError> {
    let mut found = Vec::new();
    for paused in [false, true] {
        let Some((due, id)) = query.start(paused) else {
            continue;
        };
        let mut statement = connection.prepare_cached(
            "SELECT id, agreement, kind, turn, due, risk FROM cases INDEXED BY cases_by_urgency
             WHERE turn = ?1 AND (due, id) > (?2, ?3) AND (due < ?4 OR ?5) AND (risk IS NOT NULL OR NOT ?6)
               AND turn IS NOT NULL
             ORDER BY due, id LIMIT ?7",
        )?;
        let mut some = Vec::new();
        for turn in query.turns(paused) {
            let late_alone = query.late_at.is_some() && paused;
            let rows_max = i64::try_from(limit).unwrap_or(i64::MAX);
            let values = params![
                turn,
                due,
                key(id),
                query.due_before(),
                paused,
                late_alone,
                rows_max
            ];
            for case in statement.query_map(values, |row| Ok(read(row)))? {
                some.push(case??);
            }
        }
        some.sort_unstable_by_key(OpenCase::urgency);
        found.extend(some);
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<OpenCase, ReadError> {
    let [agreement, kind, turn]: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
    OpenCase::of(
        case_id(row, 0)?,
        [&agreement, &kind, &turn],
        row.get(4)?,
        row.get(5)?,
    )
}

#[async_trait]
impl Standings for EmbeddedStore {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        self.readers
            .counts
            .read(move |connection: &_| lines(connection, &marks))
            .await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        self.readers
            .read(move |connection: &_| most_urgent(connection, &query, limit))
            .await
    }
}
