//! The changes and notes of one batch as columns, and what the server's answers mean for each.

use std::collections::{HashMap, HashSet};

use statuscheck_domain::ids::CaseId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::batch::Made;
use super::charges::Charges;
use super::fault::DatabaseError;
use super::hooks::Posting;
use super::quotas::Taken;
use super::referrals::{Lookups, Referring};
use super::standings::Stands;
use super::work::{Outcome, Recorded, Work};
use super::worklist::Listing;
use crate::store::CommitError;
use crate::store::chain::Entry;
use crate::store::rows::{Note, Opening, RowState, SealedChange};

/// Changes of different cases, and notes.
pub(super) struct Changes<'a>(Vec<Step<'a>>);

enum Step<'a> {
    Change(&'a SealedChange),
    Note(&'a Note),
}

/// New cases, a column each.
#[derive(Default)]
pub(super) struct Open<'a> {
    pub(super) organisations: Vec<&'a str>,
    pub(super) requests: Vec<Uuid>,
    pub(super) ids: Vec<Uuid>,
    pub(super) contents: Vec<&'a [u8]>,
    pub(super) states: Vec<Option<&'static str>>,
    pub(super) versions: Vec<i64>,
    pub(super) created: Vec<Option<i64>>,
    pub(super) wakes: Vec<Option<i64>>,
    pub(super) stands: Stands<'a>,
    pub(super) agreements: Vec<&'a str>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) wrapped: Vec<&'a [u8]>,
    /// Digest behind digest.
    pub(super) subjects: Vec<Vec<u8>>,
}

/// Later steps, a column each.
#[derive(Default)]
pub(super) struct Advance<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) expected: Vec<i64>,
    pub(super) versions: Vec<i64>,
    pub(super) states: Vec<Option<&'static str>>,
    pub(super) wakes: Vec<Option<i64>>,
    pub(super) stands: Stands<'a>,
}

/// Requests that opened no case, a column each.
#[derive(Default)]
pub(super) struct Asked<'a> {
    organisations: Vec<&'a str>,
    requests: Vec<Uuid>,
    ids: Vec<Uuid>,
}

/// What the server did.
#[derive(Default)]
pub(super) struct Judged {
    /// All of it, and nothing is told of each.
    is_all: bool,
    opened: HashSet<Uuid>,
    advanced: HashSet<Uuid>,
    /// By the id of the case that was not opened.
    known: HashMap<Uuid, Known>,
}

/// Why a case was not opened.
struct Known {
    /// The case of its request, and the digest of that request's content.
    request: Option<(Uuid, Vec<u8>)>,
    /// Its own id is taken.
    is_taken: bool,
}

impl<'a> Changes<'a> {
    /// The changes and notes of `batch`; there is nothing else in it.
    pub(super) fn of(batch: &[&'a Work]) -> Self {
        let step = |work: &&'a Work| match work {
            Work::Change(change) => Some(Step::Change(change)),
            Work::Note(note) => Some(Step::Note(note)),
            Work::Purge(_)
            | Work::Hold(_)
            | Work::Rewrap(_)
            | Work::Lease(_)
            | Work::LetGo(_)
            | Work::Refill(_) => None,
        };
        Self(batch.iter().filter_map(step).collect())
    }

    fn changes(&self) -> impl Iterator<Item = &'a SealedChange> {
        self.0.iter().filter_map(|step| match step {
            Step::Change(change) => Some(*change),
            Step::Note(_) => None,
        })
    }

    fn openings(&self) -> impl Iterator<Item = (&'a SealedChange, &'a Opening)> {
        self.changes()
            .filter_map(|change| change.opening.as_ref().map(|opening| (change, opening)))
    }

    pub(super) fn open_parameters(&self) -> Option<Open<'a>> {
        let mut openings: Vec<_> = self.openings().collect();
        // By their order: two writers that have some in common wait for each other one way round.
        openings.sort_by_key(|(_, opening)| (&opening.organisation, opening.request_id.0));
        let mut open = Open::default();
        for (change, opening) in openings {
            let id = change.case_id.0;
            open.organisations.push(opening.organisation.as_str());
            open.requests.push(opening.request_id.0);
            open.ids.push(id);
            open.contents.push(&opening.content.0);
            open.states.push(change.state.map(RowState::as_str));
            open.versions.push(change.version);
            open.created.push(change.entries.first().map(|entry| entry.time));
            open.wakes.push(change.wake);
            open.stands.push(change.standing.as_ref());
            open.agreements.push(opening.terms.agreement.as_str());
            open.kinds.push(opening.terms.check.as_str());
            open.wrapped.push(&opening.wrapped_key);
            open.subjects.push(opening.subjects.concat());
        }
        (!open.ids.is_empty()).then_some(open)
    }

    /// How the questions of all of them stand.
    pub(super) fn listing(&self) -> Listing {
        let mut listing = Listing::default();
        self.changes().for_each(|change| listing.add(change));
        listing
    }

    /// How the notices of all of them stand.
    pub(super) fn posting(&self) -> Posting {
        let mut posting = Posting::default();
        self.changes().for_each(|change| posting.add(change));
        posting
    }

    /// How the referrals of all of them stand.
    pub(super) fn referring(&self) -> Referring {
        let mut referring = Referring::default();
        self.changes().for_each(|change| referring.add(change));
        referring
    }

    /// The looks for people on which they rest, where any does.
    pub(super) fn lookups(&self) -> Option<Lookups<'a>> {
        Lookups::of(self.changes())
    }

    /// The later steps but those of the cases in `stale`.
    pub(super) fn advance_parameters(&self, stale: &HashSet<Uuid>) -> Option<Advance<'a>> {
        let later = self.changes().filter(|change| change.opening.is_none());
        let mut steps: Vec<_> = later
            .filter(|change| !stale.contains(&change.case_id.0))
            .collect();
        steps.sort_unstable_by_key(|change| change.case_id);
        let mut advance = Advance::default();
        for change in steps {
            advance.ids.push(change.case_id.0);
            advance.expected.push(change.expected_version);
            advance.versions.push(change.version);
            advance.states.push(change.state.map(RowState::as_str));
            advance.wakes.push(change.wake);
            advance.stands.push(change.standing.as_ref());
        }
        (!advance.ids.is_empty()).then_some(advance)
    }

    /// The requests that opened no case, where there are any.
    pub(super) fn repeats(&self, judged: &Judged) -> Option<Asked<'a>> {
        let mut asked = Asked::default();
        for (change, opening) in self.openings() {
            if !judged.opened.contains(&change.case_id.0) {
                asked.organisations.push(opening.organisation.as_str());
                asked.requests.push(opening.request_id.0);
                asked.ids.push(change.case_id.0);
            }
        }
        (!asked.ids.is_empty()).then_some(asked)
    }

    /// What each comes to, and the entries of those that hold.
    pub(super) fn judge(&self, judged: &Judged, taken: &Taken) -> Made<'a> {
        let mut entries = Vec::new();
        let mut charges = Charges::default();
        let mut listing = Listing::default();
        let mut posting = Posting::default();
        let mut referring = Referring::default();
        let mut outcomes = Vec::with_capacity(self.0.len());
        for step in &self.0 {
            let outcome = match step {
                Step::Change(change) => judged.outcome(change),
                Step::Note(_) => Ok(Recorded::Done),
            };
            if outcome == Ok(Recorded::Done) {
                match step {
                    Step::Change(change) => {
                        entries.extend(entries_of(change));
                        charges.add(change, taken);
                        listing.add(change);
                        posting.add(change);
                        referring.add(change);
                    }
                    Step::Note(note) => entries.push(house(note)),
                }
            }
            outcomes.push(outcome);
        }
        Made {
            outcomes,
            is_written: !entries.is_empty(),
            entries,
            charges,
            listing,
            posting,
            referring,
            news: None,
        }
    }
}

impl Judged {
    pub(super) fn of(opened: &[Row], advanced: &[Row]) -> Result<Self, DatabaseError> {
        let ids = |rows: &[Row]| rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>();
        Ok(Self {
            opened: ids(opened)?,
            advanced: ids(advanced)?,
            ..Self::default()
        })
    }

    /// Everything was done.
    pub(super) fn all() -> Self {
        Self {
            is_all: true,
            ..Self::default()
        }
    }

    pub(super) fn add_known(&mut self, rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            let request = row
                .try_get::<_, Option<Uuid>>(1)?
                .map(|id| Ok::<_, DatabaseError>((id, row.try_get(2)?)))
                .transpose()?;
            let known = Known {
                request,
                is_taken: row.try_get(3)?,
            };
            self.known.insert(row.try_get(0)?, known);
        }
        Ok(())
    }

    fn outcome(&self, change: &SealedChange) -> Outcome {
        if self.is_all {
            return Ok(Recorded::Done);
        }
        let id = change.case_id.0;
        let Some(opening) = &change.opening else {
            let advanced = self.advanced.contains(&id);
            return advanced.then_some(Recorded::Done).ok_or(CommitError::Stale);
        };
        if self.opened.contains(&id) {
            return Ok(Recorded::Done);
        }
        match self.known.get(&id) {
            Some(Known {
                request: Some((case_id, content)),
                ..
            }) => Ok(Recorded::Known {
                case_id: CaseId(*case_id),
                same_content: opening.content.is(content),
            }),
            Some(Known { is_taken: true, .. }) => Err(CommitError::Stale),
            // The case of its request was purged this very moment: the next attempt makes a new one.
            Some(_) | None => Err(CommitError::Unavailable),
        }
    }
}

fn entries_of(change: &SealedChange) -> impl Iterator<Item = Entry<'_>> {
    change.entries.iter().map(|sealed| Entry {
        case_id: Some(change.case_id),
        version: sealed.version,
        time: sealed.time,
        kind: &sealed.kind,
        payload: &sealed.payload,
    })
}

/// The entry of `note`.
pub(super) fn house(note: &Note) -> Entry<'_> {
    Entry {
        case_id: None,
        version: 0,
        time: note.time,
        kind: note.kind.as_str(),
        payload: &note.payload,
    }
}

impl Open<'_> {
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        let columns: [&(dyn ToSql + Sync); 15] = [
            &self.organisations,
            &self.requests,
            &self.ids,
            &self.contents,
            &self.states,
            &self.versions,
            &self.created,
            &self.agreements,
            &self.kinds,
            &self.wrapped,
            &self.subjects,
            &self.wakes,
            &self.stands.turns,
            &self.stands.dues,
            &self.stands.risks,
        ];
        Ok(client.query(statement, &columns).await?)
    }
}

impl Advance<'_> {
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        let columns: [&(dyn ToSql + Sync); 8] = [
            &self.ids,
            &self.expected,
            &self.versions,
            &self.states,
            &self.wakes,
            &self.stands.turns,
            &self.stands.dues,
            &self.stands.risks,
        ];
        Ok(client.query(statement, &columns).await?)
    }
}

impl Asked<'_> {
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        let columns: [&(dyn ToSql + Sync); 3] = [&self.organisations, &self.requests, &self.ids];
        Ok(client.query(statement, &columns).await?)
    }
}
