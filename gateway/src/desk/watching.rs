//! Following a worklist: first as it stands, then whatever changes it, from the ledger, so that nothing is missed.
//!
//! Nothing is read ahead of a follower: what it does not take yet waits in the store. A question may be told again as it was.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use statuscheck_domain::ids::{DepartmentId, QuestionId};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{sleep, timeout};

use super::place::{Place, Resume};
use super::{Desk, DeskFault, WorkItem};
use crate::error::Error;
use crate::store::{FeedError, Position};

/// Questions told at a time, and read at once: as many as a page of the worklist has where nobody says.
const PAGE: usize = 50;

/// Entries of the ledger looked at at a time, of which few are about a worklist.
const ENTRIES: usize = 1_000;

/// When a follower that found no place may come again: others go when their connections age.
const FULL_RETRY: std::time::Duration = std::time::Duration::from_secs(60);

/// How a question stands, and from where to follow after that.
pub(crate) struct Told {
    pub(crate) standing: Standing,
    pub(crate) resume: Resume,
}

/// How a question stands.
pub(crate) enum Standing {
    /// It needs a reply.
    Open(Box<WorkItem>),
    /// It needs none, or none now.
    Done(QuestionId),
}

/// A follower. It holds one of its department's places until it is dropped.
pub(crate) struct Watching {
    desk: Arc<Desk>,
    department: DepartmentId,
    stage: Stage,
    /// Up to where the ledger is known.
    position: Position,
    waiting: VecDeque<Told>,
    /// How questions stood when they were told of last: due and late; none where they were done.
    known: LruCache<QuestionId, Option<(jiff::Timestamp, bool)>>,
    changed: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

enum Stage {
    /// The worklist is told, from after that place on.
    Listing(Option<Place>),
    Following,
}

impl Desk {
    /// Follows the department's worklist from where `resume` says, or from the beginning of the worklist as it stands.
    ///
    /// # Errors
    /// Too many follow it already; the store cannot be read.
    pub(crate) async fn watch(
        self: &Arc<Self>,
        department: DepartmentId,
        resume: Option<Resume>,
    ) -> Result<Watching, Error> {
        let places = self.followers.get(&department).map(Arc::clone);
        let place = places.and_then(|places| places.try_acquire_owned().ok());
        let full = Error::Busy {
            retry_after: FULL_RETRY,
        };
        let place = place.ok_or(full)?;
        // Before anything is read, so that no change falls between.
        let changed = self.asking.store.changed();
        let (position, stage) = match resume {
            Some(Resume { position, listed }) => (
                position,
                listed.map_or(Stage::Following, |place| Stage::Listing(Some(place))),
            ),
            None => (self.asking.store.position().await?, Stage::Listing(None)),
        };
        Ok(Watching {
            desk: Arc::clone(self),
            department,
            stage,
            position,
            waiting: VecDeque::new(),
            known: LruCache::new(NonZeroUsize::new(self.settings.known_max).unwrap_or(NonZeroUsize::MIN)),
            changed,
            stopping: self.stopping.subscribe(),
            _place: place,
        })
    }
}

impl Watching {
    /// What is to be told next; waits for it.
    ///
    /// # Errors
    /// [`DeskFault::Stopping`]; the token is none of this ledger; the store cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Told, Error> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(told);
            }
            if *self.stopping.borrow() {
                return Err(DeskFault::Stopping.into());
            }
            let more = match self.stage {
                Stage::Listing(after) => self.list(after).await?,
                Stage::Following => self.follow().await?,
            };
            if !more && self.waiting.is_empty() {
                self.rest().await;
            }
        }
    }

    /// The next page of the worklist as it stands.
    async fn list(&mut self, after: Option<Place>) -> Result<bool, Error> {
        let (items, next) = self.desk.page(self.department, after, PAGE).await?;
        for (place, item) in items {
            self.known.put(item.id, Some((item.due_at, item.is_breached)));
            self.waiting.push_back(Told {
                standing: Standing::Open(Box::new(item)),
                resume: self.resume(Some(place)),
            });
        }
        match next {
            Some(place) => self.stage = Stage::Listing(Some(place)),
            None => self.stage = Stage::Following,
        }
        Ok(true)
    }

    /// What the next entries of the ledger change. Of a page, only the last is told with a place behind it.
    async fn follow(&mut self) -> Result<bool, Error> {
        let store = &self.desk.asking.store;
        let feed = store.entries_after(&self.position, None, ENTRIES).await;
        let feed = feed.map_err(|error| match error {
            FeedError::Unknown => Error::field(
                "resume_token",
                "is of another ledger; leave it empty, and be told the worklist anew",
            ),
            FeedError::Read(error) => error.into(),
        })?;
        let cases: BTreeSet<_> = feed.entries.iter().map(|entry| entry.case_id).collect();
        if !cases.is_empty() {
            let cases: Vec<_> = cases.into_iter().collect();
            for row in store.questions_of(self.department, &cases).await? {
                let item = self.desk.item(row).await?.map(|(_, item)| item);
                let standing = item.as_ref().map(|item| (item.due_at, item.is_breached));
                if self.known.put(row.id, standing) != Some(standing) {
                    let done = Standing::Done(row.id);
                    self.waiting.push_back(Told {
                        standing: item.map_or(done, |item| Standing::Open(Box::new(item))),
                        resume: self.resume(None),
                    });
                }
            }
        }
        self.position = feed.next;
        if let Some(last) = self.waiting.back_mut() {
            last.resume.position = self.position.clone();
        }
        Ok(feed.more)
    }

    fn resume(&self, listed: Option<Place>) -> Resume {
        Resume {
            position: self.position.clone(),
            listed,
        }
    }

    /// Waits for a change, or for the gateway to stop.
    async fn rest(&mut self) {
        let settings = &self.desk.settings;
        let (changed, stopping) = (&mut self.changed, &mut self.stopping);
        let changing = async {
            timeout(settings.look_every, changed.changed()).await.ok();
            sleep(settings.rest).await;
        };
        let stopped = async { stopping.wait_for(|stopping| *stopping).await.map(drop) };
        tokio::select! {
            () = changing => {}
            _ = stopped => {}
        }
    }
}
