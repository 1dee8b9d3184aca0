//! What an engine keeps beside the ledger of a case, made from the case's entries alone.

use std::collections::BTreeMap;

use statuscheck_domain::ids::CaseId;
use statuscheck_domain::quota::{QuotaKey, Spent};

use super::ReadError;
use super::rows::{HookedRow, ListedRow, Opening, RowState, SealedChange, SealedEntry, nanoseconds};
use super::seal::DataKey;
use super::sealed::{Sealer, fold, unseal};
use super::standing::StandingRow;
use super::upkeep::Terms;

impl Sealer {
    /// The change that would have made the rows of the case as they are to be, had it come in one: an engine writes it as
    /// it writes a new case. Of `entries`, which are all that the case has, it carries the first alone, and that without
    /// its payload.
    pub(super) fn project(
        &self,
        id: CaseId,
        wrapped_key: Vec<u8>,
        entries: Vec<SealedEntry>,
    ) -> Result<SealedChange, ReadError> {
        let first = entries.first().map(|first| SealedEntry {
            version: first.version,
            time: first.time,
            kind: first.kind.clone(),
            payload: Vec::new(),
        });
        let version = entries.last().map_or(0, |entry| entry.version);
        let key = DataKey::unwrap_under(self.kek(), id, wrapped_key.clone())?;
        let (events, content) = unseal(id, entries, &key)?;
        let subjects = self.subjects_of(events.iter().map(|event| &event.kind));
        let case = fold(id, version, events)?;
        let receipt = &case.receipt;
        let wake = case.wake().map(nanoseconds);
        let standing = case.standing();
        let standing = standing.as_ref().map(StandingRow::of);
        let listed = case.listed();
        let listed = listed.iter().map(ListedRow::of).collect::<Result<_, _>>();
        let undelivered = case.outbox.undelivered().iter();
        let hooked = undelivered.map(HookedRow::left).collect::<Result<_, _>>();
        Ok(SealedChange {
            case_id: id,
            expected_version: 0,
            version: i64::try_from(case.version).map_err(|_too_many| ReadError::Corrupt)?,
            state: Some(RowState::of(&case)),
            wake: wake.transpose().map_err(|_year_2262| ReadError::Corrupt)?,
            standing: standing.transpose().map_err(|_year_2262| ReadError::Corrupt)?,
            spent: case.spent.clone(),
            listed: listed.map_err(|_year_2262| ReadError::Corrupt)?,
            hooked: hooked.map_err(|_year_2262| ReadError::Corrupt)?,
            referred: case.referrals.marks(),
            lookup: None,
            entries: first.into_iter().collect(),
            further_subjects: Vec::new(),
            opening: Some(Opening {
                organisation: receipt.organisation.clone(),
                request_id: receipt.request_id,
                content: content.ok_or(ReadError::Corrupt)?,
                terms: Terms {
                    agreement: receipt.agreement_id.clone(),
                    check: receipt.check.kind(),
                },
                subjects,
                wrapped_key,
            }),
        })
    }
}

/// What all cases together have used of quotas: a row for each of which anything was.
#[derive(Default)]
pub(super) struct Used(BTreeMap<QuotaKey, i64>);

impl Used {
    /// Counts what a case has used, or has left behind when it was purged.
    pub(super) fn add(&mut self, spent: &[Spent]) {
        for spent in spent {
            *self.0.entry(spent.key.clone()).or_default() += spent.units;
        }
    }

    /// The rows.
    pub(super) fn rows(self) -> BTreeMap<QuotaKey, i64> {
        let mut rows = self.0;
        rows.retain(|_, units| *units != 0);
        rows
    }
}
