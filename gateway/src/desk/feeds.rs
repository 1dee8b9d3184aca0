//! Feeds: what one department volunteers to another is cleared here, row by row, before it is shared. Rows that a suspension order
//! stops are held back, and the ledger keeps how many went which way and when, which is what a feed's age is counted from.
//!
//! The gateway forwards no row and keeps none: the departments have their own way for the data (report 6.132), and whoever uploads a
//! feed is told which of its rows may take it.

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use statuscheck_domain::agreement::{Clearance, FeedTerms, Standing, Tally};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::ids::{AgreementId, DepartmentId, OrderId};

use super::{Desk, DeskFault};
use crate::error::Error;
use crate::store::{HouseEntry, HouseKind};

/// A feed that is being uploaded. Nothing is recorded of it before its end.
pub(crate) struct Upload {
    agreement: AgreementId,
    terms: FeedTerms,
    clearance: Clearance,
    rows: u64,
    rows_max: u64,
    rejected: u64,
}

/// A feed that was uploaded, as the ledger has it.
pub(crate) struct Uploaded {
    pub(crate) tally: Tally,
    pub(crate) rejected: u64,
}

impl Upload {
    /// Which row comes next, from 0.
    ///
    /// # Errors
    /// There have been as many as a feed may have.
    pub(crate) fn next_row(&mut self) -> Result<u64, DeskFault> {
        if self.rows >= self.rows_max {
            return Err(DeskFault::FeedTooLong(self.rows_max));
        }
        self.rows += 1;
        Ok(self.rows - 1)
    }

    /// What becomes of a sound row: the order that holds it back, or none.
    pub(crate) fn row(&mut self, born: Option<Date>) -> Option<&OrderId> {
        self.clearance.row(born)
    }

    /// A row was not taken.
    pub(crate) fn reject(&mut self) {
        self.rejected += 1;
    }

    /// The row is one of this feed.
    pub(crate) fn is_of(&self, agreement: &str, feed: &str) -> bool {
        self.agreement.as_str() == agreement && self.terms.name.as_str() == feed
    }
}

impl Desk {
    /// The day in London.
    pub(crate) fn today(&self) -> Date {
        london_day(self.asking.clock.now())
    }

    /// Rows of a feed that an answer names.
    pub(crate) fn feed_named_max(&self) -> usize {
        self.settings.feed_named_max
    }

    /// Begins the upload of a feed of `from`.
    ///
    /// # Errors
    /// No such agreement, or none in force today under which `from` sends such a feed.
    pub(crate) fn upload(
        &self,
        from: DepartmentId,
        agreement: &AgreementId,
        feed: &str,
    ) -> Result<Upload, Error> {
        let version = self.register.to_ask_under().ok_or(Error::CannotRecord)?;
        let register = &version.register;
        let found = register.agreement(agreement);
        let found = found.ok_or_else(|| Error::NoSuchAgreement(agreement.clone()))?;
        let terms = found
            .feed
            .clone()
            .filter(|terms| terms.from == from && terms.name.as_str() == feed);
        let terms = terms.ok_or_else(|| DeskFault::NoSuchFeed(agreement.clone()))?;
        let today = self.today();
        if let Some(reason) = not_in_force(found.standing(today)) {
            return Err(DeskFault::FeedNotInForce {
                agreement: agreement.clone(),
                reason,
            }
            .into());
        }
        Ok(Upload {
            agreement: agreement.clone(),
            clearance: Clearance::of(register, found, terms.to, today),
            terms,
            rows: 0,
            rows_max: self.settings.feed_rows_max,
            rejected: 0,
        })
    }

    /// Ends an upload: it is in the ledger, with how many rows went which way.
    ///
    /// # Errors
    /// It cannot be recorded, so nobody is told that anything may be shared.
    pub(crate) async fn uploaded(&self, upload: Upload) -> Result<Uploaded, Error> {
        let tally = upload.clearance.tally().clone();
        let entry = HouseEntry {
            time: self.asking.clock.now(),
            kind: HouseKind::FeedUploaded,
            actor: format!("department/{}", upload.terms.from),
            details: details(&upload, &tally),
        };
        self.asking.store.note(entry).await?;
        Ok(Uploaded {
            tally,
            rejected: upload.rejected,
        })
    }
}

/// Why nothing is uploaded under an agreement that stands so; none where it is in force.
const fn not_in_force(standing: Standing<'_>) -> Option<&'static str> {
    match standing {
        Standing::InForce => None,
        Standing::Suspended(_) => Some("AGREEMENT_SUSPENDED"),
        Standing::Expired => Some("AGREEMENT_EXPIRED"),
        Standing::NotSigned => Some("AGREEMENT_NOT_SIGNED"),
        Standing::ListedOnly => Some("AGREEMENT_NOT_SERVED"),
    }
}

fn details(upload: &Upload, tally: &Tally) -> Map<String, Value> {
    let held_back = tally.held_back.iter();
    let held_back: Map<_, _> = held_back
        .map(|(order, rows)| (order.to_string(), json!(rows)))
        .collect();
    let details = [
        ("agreement", json!(upload.agreement.as_str())),
        ("feed", json!(upload.terms.name.as_str())),
        ("to", json!(upload.terms.to.as_str())),
        ("cleared", json!(tally.cleared)),
        ("held_back", Value::Object(held_back)),
        ("rejected", json!(upload.rejected)),
    ];
    details
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}
