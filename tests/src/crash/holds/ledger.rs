//! What stands in the program's own file: the order in which things were recorded, and how the referrals of each case stand.

use std::collections::HashMap;

use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::site::Site;

/// Names of the steps that matter here.
pub(super) const ANSWERED: &str = "answered";
pub(super) const OPENED: &str = "referral_opened";
pub(super) const JOINED: &str = "referral_joined";
pub(super) const RESOLVED: &str = "referral_resolved";
pub(super) const RECALLED: &str = "referral_recalled";
pub(super) const RELEASED: &str = "referral_released";

/// How a referral stands in a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) referral: String,
    pub(super) case: String,
    /// Another case opened it.
    pub(super) is_joined: bool,
    /// `open`, `confirmed`, `not_confirmed` or `superseded`.
    pub(super) state: String,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Ledger {
    /// The last place that was read.
    last: i64,
    steps: HashMap<String, Vec<(i64, String)>>,
    rows: Vec<Row>,
}

impl Ledger {
    /// Reads on, beside the program that writes it.
    pub(super) fn read(&mut self, site: &Site) {
        let file = Connection::open_with_flags(site.store(), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let file = file.expect("the store's file");
        let mut entries = file
            .prepare(
                "SELECT place, case_id, kind FROM entries WHERE place > ?1 AND case_id IS NOT NULL
                 AND (kind = 'answered' OR kind LIKE 'referral_%') ORDER BY place",
            )
            .expect("the ledger");
        let step =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, case_id(&row.get::<_, Vec<u8>>(1)?), row.get(2)?));
        let steps = entries.query_map([self.last], step).expect("entries");
        for (place, case, kind) in steps.map(|step| step.expect("an entry")) {
            self.last = place;
            self.steps.entry(case).or_default().push((place, kind));
        }
        let mut rows = file
            .prepare("SELECT id, case_id, joined, state FROM referrals ORDER BY id")
            .expect("its referrals");
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Row {
                referral: case_id(&row.get::<_, Vec<u8>>(0)?),
                case: case_id(&row.get::<_, Vec<u8>>(1)?),
                is_joined: row.get(2)?,
                state: row.get(3)?,
            })
        };
        let rows = rows.query_map([], row).expect("rows");
        self.rows = rows.map(|row| row.expect("a row")).collect();
    }

    /// One that was read, for tests of what is made of it.
    #[cfg(test)]
    pub(super) fn of(steps: &[(&str, &str)], rows: Vec<Row>) -> Self {
        let mut ledger = Self {
            rows,
            ..Self::default()
        };
        for (place, (case, kind)) in (1..).zip(steps) {
            let steps = ledger.steps.entry((*case).to_owned()).or_default();
            steps.push((place, (*kind).to_owned()));
        }
        ledger
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Where `case` has steps of that name, in order.
    pub(super) fn places(&self, case: &str, name: &str) -> Vec<i64> {
        let steps = self.steps.get(case).into_iter().flatten();
        let named = steps.filter(|(_, kind)| kind == name);
        named.map(|(place, _)| *place).collect()
    }

    /// Rows of cases that are held by a referral that is closed, and whether they joined it before it was.
    pub(super) fn held_behind(&self) -> Vec<(&Row, bool)> {
        let origins: HashMap<&str, &Row> = self.rows.iter().filter(|row| !row.is_joined).map(by_id).collect();
        let joined = self
            .rows
            .iter()
            .filter(|row| row.is_joined && row.state == "open");
        joined
            .filter_map(|row| {
                let origin = origins
                    .get(row.referral.as_str())
                    .filter(|origin| origin.state != "open")?;
                let joined = self.places(&row.case, JOINED).last().copied();
                let resolved = self.places(&origin.case, RESOLVED).last().copied();
                Some((row, joined < resolved))
            })
            .collect()
    }

    /// Cases with a referral that is closed, of which it is not recorded that the cases that joined it are released.
    pub(super) fn unreleased(&self) -> Vec<&Row> {
        let closed = self
            .rows
            .iter()
            .filter(|row| !row.is_joined && row.state != "open");
        closed
            .filter(|row| self.places(&row.case, RELEASED).is_empty())
            .collect()
    }
}

fn by_id(row: &Row) -> (&str, &Row) {
    (&row.referral, row)
}

fn case_id(bytes: &[u8]) -> String {
    Uuid::from_slice(bytes).expect("an id").to_string()
}
