//! What a batch uses of quotas, as columns.

use std::collections::BTreeMap;

use statuscheck_domain::quota::QuotaKey;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::fault::DatabaseError;
use super::lease::Holding;
use super::quotas::Taken;
use super::statements::Statements;
use crate::store::rows::SealedChange;

/// What the changes of a batch use: units, and of those the ones out of blocks.
#[derive(Default)]
pub(super) struct Charges(BTreeMap<QuotaKey, (i64, i64)>);

/// Quotas, a column each: agreement, department, month.
#[derive(Default)]
pub(super) struct Columns(
    pub(super) Vec<String>,
    pub(super) Vec<String>,
    pub(super) Vec<String>,
);

impl Columns {
    pub(super) fn push(&mut self, key: &QuotaKey) {
        let [agreement, department, month] = columns(key);
        self.0.push(agreement);
        self.1.push(department);
        self.2.push(month);
    }
}

pub(super) fn columns(key: &QuotaKey) -> [String; 3] {
    [
        key.agreement.as_str().to_owned(),
        key.department.as_str().to_owned(),
        key.month.to_string(),
    ]
}

/// More than any database holds counts as no more than it may hold.
pub(super) fn number(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

impl Charges {
    /// Adds what `change` uses.
    pub(super) fn add(&mut self, change: &SealedChange, taken: &Taken) {
        for spent in &change.spent {
            self.0.entry(spent.key.clone()).or_default().0 += spent.units;
        }
        for (key, units) in taken.0.get(&change.case_id).into_iter().flatten() {
            self.0.entry(key.clone()).or_default().1 += number(*units);
        }
    }

    /// Counts them, in the transaction that is begun.
    pub(super) async fn record(
        &self,
        client: &Client,
        statements: &Statements,
        holding: Holding,
    ) -> Result<(), DatabaseError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut columns = Columns::default();
        self.0.keys().for_each(|key| columns.push(key));
        let Columns(agreements, departments, months) = columns;
        let (units, taken): (Vec<i64>, Vec<i64>) = self.0.values().copied().unzip();
        let values: [&(dyn ToSql + Sync); 7] = [
            &holding.number,
            &holding.fence,
            &agreements,
            &departments,
            &months,
            &units,
            &taken,
        ];
        client.execute(&statements.charge, &values).await?;
        Ok(())
    }
}
