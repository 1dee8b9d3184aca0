//! One who follows cases.
//!
//! With several gateways the ledger has a chain for each, and the events of one case may be in several. A page has them chain
//! by chain, so an event waits until all that came before it in its case were told; those stand further on in other chains,
//! which are then read first. This ends: what came before was recorded before, so no two events wait for each other.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, OrganisationId};

use super::tale::Tale;
use super::watchers::Seat;
use super::{Wanted, WatchRefusal};
use crate::error::Error;
use crate::store::notary::HEADS_MAX;
use crate::store::{Feed, FeedError, Followed, LedgerPlace, Position, ReadError, Store};

/// What happened.
pub struct Told {
    /// The case after the event, which is the last in its history.
    pub case: Case,
    /// Where to go on.
    pub reached: Position,
}

/// Follows cases while it has its seat.
pub struct Follower {
    store: Arc<dyn Store>,
    seat: Seat,
    organisation: OrganisationId,
    only: Option<CaseId>,
    page: usize,
    /// Up to where all was told.
    told: Position,
    /// Up to where the ledger was read.
    read: Position,
    /// What was read and not told, by chain; no chain without any.
    waiting: BTreeMap<u32, VecDeque<Followed>>,
    /// The cases of what is waiting.
    tales: HashMap<CaseId, Tale>,
    /// There may be more to read now.
    more: bool,
}

impl Follower {
    pub(super) async fn begin(
        store: Arc<dyn Store>,
        mut seat: Seat,
        wanted: Wanted,
        page: usize,
    ) -> Result<Self, Error> {
        seat.looks();
        let is_new = wanted.after.is_none();
        let from = match wanted.after {
            Some(position) => position,
            None => store.position().await?,
        };
        let mut follower = Self {
            store,
            seat,
            organisation: wanted.organisation,
            only: wanted.only,
            page,
            told: from.clone(),
            read: from,
            waiting: BTreeMap::new(),
            tales: HashMap::new(),
            more: false,
        };
        // A position that cannot be followed from is told at once.
        if !is_new {
            follower.read_page().await?;
        }
        Ok(follower)
    }

    /// Where to go on.
    pub const fn reached(&self) -> &Position {
        &self.told
    }

    /// Entries that were read and are not told yet.
    pub fn ahead(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// The next event, once there is one.
    ///
    /// # Errors
    /// The store cannot be read, or was put back to an earlier state.
    pub async fn next(&mut self) -> Result<Told, Error> {
        loop {
            if let Some(told) = self.tell().await? {
                return Ok(told);
            }
            if !self.more
                && let Some(nothing_before) = self.seat.signalled().await
            {
                self.skip_to(&nothing_before);
            }
            self.read_page().await?;
        }
    }

    /// Reads on, where nothing is waiting.
    async fn read_page(&mut self) -> Result<(), Error> {
        self.tales.clear();
        self.seat.looks();
        let feed = self.entries_after(&self.read).await?;
        self.read = feed.next;
        self.more = feed.more;
        self.take_in(feed.entries);
        for (chain, sequence) in self.read.chains() {
            if !self.waiting.contains_key(&chain) {
                self.told.pass(chain, sequence);
            }
        }
        Ok(())
    }

    /// Reads on in one chain, of which nothing is waiting.
    async fn read_chain(&mut self, chain: u32) -> Result<(), Error> {
        let reached = self.read.reached(chain);
        let mut position = Position::default();
        for (other, end) in self.store.position().await?.chains() {
            position.pass(other, if other == chain { reached } else { end });
        }
        let mut feed = self.entries_after(&position).await?;
        feed.entries.retain(|entry| entry.place.chain == chain);
        let read_to = feed.next.reached(chain);
        if read_to <= reached {
            // What another chain follows on is not there, though it must be.
            return Err(Error::internal(&ReadError::Corrupt));
        }
        self.read.pass(chain, read_to);
        self.take_in(feed.entries);
        if !self.waiting.contains_key(&chain) {
            self.told.pass(chain, read_to);
        }
        Ok(())
    }

    async fn entries_after(&self, position: &Position) -> Result<Feed, Error> {
        let read = self
            .store
            .entries_after(position, Some(&self.organisation), self.page);
        read.await.map_err(|error| match error {
            FeedError::Unknown => WatchRefusal::BeyondTheEnd.into(),
            FeedError::Read(error) => error.into(),
        })
    }

    fn take_in(&mut self, entries: Vec<Followed>) {
        let wanted = entries
            .into_iter()
            .filter(|entry| self.only.is_none_or(|only| entry.case_id == only));
        for entry in wanted {
            self.waiting
                .entry(entry.place.chain)
                .or_default()
                .push_back(entry);
        }
    }

    /// The next event of what is waiting; none where nothing is.
    async fn tell(&mut self) -> Result<Option<Told>, Error> {
        let mut turns = 0;
        let Some(mut chain) = self.waiting.keys().next().copied() else {
            return Ok(None);
        };
        loop {
            let Some(next) = self.waiting.get(&chain).and_then(VecDeque::front) else {
                return Box::pin(self.tell()).await;
            };
            let (id, version, place) = (next.case_id, next.version, next.place);
            if !self.knows(id, version).await? {
                self.pass(place);
                continue;
            }
            let tale = self.tales.get_mut(&id).ok_or(Error::NoSuchCase(id))?;
            let Some(first) = tale.missing(version, &self.told) else {
                if tale.is_hidden(version) {
                    self.pass(place);
                    continue;
                }
                let case = tale.told_to(version).map_err(|fault| Error::internal(&fault))?;
                let case = own(case, &self.organisation)?.clone();
                self.pass(place);
                let reached = self.told.clone();
                return Ok(Some(Told { case, reached }));
            };
            if !self.waiting.contains_key(&first.chain) {
                self.read_chain(first.chain).await?;
                continue;
            }
            chain = first.chain;
            turns += 1;
            if turns > HEADS_MAX {
                return Err(Error::internal(&ReadError::Corrupt));
            }
        }
    }

    /// Reads the case at least to `version`. Not where it was purged meanwhile: nobody is told of it any more.
    async fn knows(&mut self, id: CaseId, version: u64) -> Result<bool, Error> {
        if self.tales.get(&id).is_some_and(|tale| tale.goes_to(version)) {
            return Ok(true);
        }
        let Some(history) = self.store.history(id).await? else {
            return Ok(false);
        };
        self.tales.insert(id, Tale::of(id, history));
        Ok(true)
    }

    /// What stands at `place`, and is the next of its chain, is done with.
    fn pass(&mut self, place: LedgerPlace) {
        let LedgerPlace { chain, sequence } = place;
        self.told.pass(chain, sequence);
        if let Some(waiting) = self.waiting.get_mut(&chain) {
            waiting.pop_front();
            if waiting.is_empty() {
                self.waiting.remove(&chain);
                self.told.pass(chain, self.read.reached(chain));
            }
        }
    }

    /// Goes on to where nothing is before, so that others' entries need not be read.
    fn skip_to(&mut self, position: &Position) {
        for (chain, sequence) in position.chains() {
            if sequence > self.read.reached(chain) {
                self.read.pass(chain, sequence);
                self.told.pass(chain, sequence);
            }
        }
    }
}

/// The row's organisation is not sealed, the receipt's is: no altered row tells another of a case.
fn own<'case>(case: &'case Case, organisation: &OrganisationId) -> Result<&'case Case, Error> {
    if case.receipt.organisation == *organisation {
        Ok(case)
    } else {
        Err(Error::internal(&ReadError::Corrupt))
    }
}
