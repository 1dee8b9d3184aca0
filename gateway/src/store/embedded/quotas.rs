//! What was used of quotas, as the ledger says: a row for each of which anything was.

use rusqlite::{Connection, params};
use statuscheck_domain::quota::{QuotaKey, Spent};

use crate::store::ReadError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE quotas (
        agreement TEXT NOT NULL,
        department TEXT NOT NULL,
        month TEXT NOT NULL,
        used INTEGER NOT NULL,
        PRIMARY KEY (agreement, department, month)
    ) STRICT, WITHOUT ROWID;
";

/// Adds `spent` to `table`, which is `quotas` or as that.
pub(super) fn add(connection: &Connection, table: &'static str, spent: &[Spent]) -> rusqlite::Result<()> {
    for Spent { key, units } in spent {
        let (agreement, department) = (key.agreement.as_str(), key.department.as_str());
        let month = key.month.to_string();
        connection
            .prepare_cached(&format!(
                "INSERT INTO {table} (agreement, department, month, used) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (agreement, department, month) DO UPDATE SET used = used + excluded.used"
            ))?
            .execute(params![agreement, department, month, units])?;
        if *units < 0 {
            // Nothing used is no row, in whichever order things were used and given back.
            connection
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE agreement = ?1 AND department = ?2 AND month = ?3 AND used = 0"
                ))?
                .execute(params![agreement, department, month])?;
        }
    }
    Ok(())
}

/// All of it. A few rows for each month and agreement with a quota.
pub(super) fn used(connection: &Connection) -> Result<Vec<(QuotaKey, i64)>, ReadError> {
    let mut statement = connection.prepare("SELECT agreement, department, month, used FROM quotas")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let [agreement, department, month]: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let key = QuotaKey::parse(&agreement, &department, &month).ok_or(ReadError::Corrupt)?;
        all.push((key, row.get(3)?));
    }
    Ok(all)
}
