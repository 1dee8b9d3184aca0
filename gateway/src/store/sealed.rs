//! Between the domain and an engine: changes become sealed rows, rows become cases. Every engine shares it.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lru::LruCache;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::event::{Change, Event, EventKind};
use statuscheck_domain::ids::{CaseId, OrganisationId, RequestId};
use statuscheck_domain::subject::Identity;

use super::rows::{
    HookedRow, ListedRow, LookedUp, Opening, RowState, SealedChange, SealedEntry, StoredCase, nanoseconds,
    number,
};
use super::seal::{
    ContentDigest, ContentKey, DataKey, Kek, OVERHEAD, Place, SealError, StoreSecret, SubjectDigest,
    SubjectKey,
};
use super::standing::StandingRow;
use super::upkeep::Terms;
use super::{CommitError, PlacedEvent, ReadError, record};

/// Seals and opens. It keeps the keys of cases lately used until they are answered, so that they are not unwrapped for each
/// step.
pub(super) struct Sealer {
    kek: Kek,
    content_key: ContentKey,
    subject_key: SubjectKey,
    data_keys: Mutex<LruCache<CaseId, Arc<DataKey>>>,
}

impl Sealer {
    /// `data_keys_max`: how many keys of cases are kept; 0 counts as 1.
    pub(super) fn new(kek: Kek, secret: &StoreSecret, data_keys_max: usize) -> Result<Self, SealError> {
        let data_keys_max = NonZeroUsize::new(data_keys_max).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            kek,
            content_key: secret.content_key()?,
            subject_key: secret.subject_key()?,
            data_keys: Mutex::new(LruCache::new(data_keys_max)),
        })
    }

    /// Seals the first change of a case, under a new key. The key is handed back to be kept once the case is recorded.
    pub(super) fn seal_first(
        &self,
        change: &Change,
        content: &[u8],
    ) -> Result<(SealedChange, Arc<DataKey>), CommitError> {
        let Some(Event {
            kind: EventKind::Received(receipt),
            ..
        }) = change.events.first()
        else {
            return Err(CommitError::Malformed);
        };
        let (key, wrapped_key) = DataKey::create(&self.kek, change.case_id)?;
        let opening = Opening {
            organisation: receipt.organisation.clone(),
            request_id: receipt.request_id,
            content: self.content(&receipt.organisation, receipt.request_id, content),
            terms: Terms {
                agreement: receipt.agreement_id.clone(),
                check: receipt.check.kind(),
            },
            subjects: self.subjects_of(change.events.iter().map(|event| &event.kind)),
            wrapped_key,
        };
        let mut sealed = seal(change, Some(&opening.content), &key)?;
        sealed.opening = Some(opening);
        Ok((sealed, Arc::new(key)))
    }

    /// What stands for the content of a request.
    pub(super) fn content(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> ContentDigest {
        self.content_key.digest(organisation, request_id, content)
    }

    /// Seals a later change under the key of its case. With the answer the key is no longer kept at hand.
    pub(super) fn seal(&self, change: &Change, key: &DataKey) -> Result<SealedChange, CommitError> {
        let opens = |event: &Event| matches!(event.kind, EventKind::Received(_));
        if change.expected_version == 0 || change.events.iter().any(opens) {
            return Err(CommitError::Malformed);
        }
        let mut sealed = seal(change, None, key)?;
        sealed.further_subjects = self.subjects_of(change.events.iter().map(|event| &event.kind));
        sealed.lookup = change.lookup.as_ref().map(|lookup| LookedUp {
            person: self.subjects(&lookup.person),
            open: lookup.open.clone(),
        });
        // Hardly anything comes after the answer. Thousands of keys that nobody needs again push each other, and what is
        // needed, out of the processor's caches.
        if sealed.state == Some(RowState::Told(CaseState::Answered)) {
            self.forget(change.case_id);
        }
        Ok(sealed)
    }

    /// The keys that wrap the keys of cases.
    pub(super) const fn kek(&self) -> &Kek {
        &self.kek
    }

    /// The wrapped key of a case under the newest key.
    pub(super) fn rewrap(&self, case_id: CaseId, wrapped: Vec<u8>) -> Result<Vec<u8>, SealError> {
        DataKey::rewrap(&self.kek, case_id, wrapped)
    }

    /// The store's wrapped secret under the newest key.
    pub(super) fn rewrap_secret(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, SealError> {
        StoreSecret::rewrap(&self.kek, wrapped)
    }

    /// What stands for whoever `identity` means.
    pub(super) fn subject(&self, identity: &Identity) -> SubjectDigest {
        self.subject_key.digest(identity)
    }

    /// The same for each of `identities`.
    pub(super) fn subjects(&self, identities: &[Identity]) -> Vec<SubjectDigest> {
        let digest = |identity| self.subject(identity);
        identities.iter().map(digest).collect()
    }

    /// What stands for the person of the checks in `events`: check by check, each digest once, and those of one check in
    /// order.
    pub(super) fn subjects_of<'a>(&self, events: impl Iterator<Item = &'a EventKind>) -> Vec<SubjectDigest> {
        let mut all: Vec<SubjectDigest> = Vec::new();
        for check in events.filter_map(EventKind::check) {
            let mut digests = self.subjects(&check.identities());
            digests.sort_unstable();
            for digest in digests {
                if !all.contains(&digest) {
                    all.push(digest);
                }
            }
        }
        all
    }

    /// The key of a case, where it is at hand.
    pub(super) fn key(&self, case_id: CaseId) -> Option<Arc<DataKey>> {
        let mut keys = self.data_keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(&case_id).map(Arc::clone)
    }

    /// Keeps the key of a recorded case at hand.
    pub(super) fn keep(&self, case_id: CaseId, key: Arc<DataKey>) {
        let mut keys = self.data_keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.put(case_id, key);
    }

    /// Lets the key of a case go.
    pub(super) fn forget(&self, case_id: CaseId) {
        let mut keys = self.data_keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.pop(&case_id);
    }

    /// Lets every key go.
    pub(super) fn forget_all(&self) {
        let mut keys = self.data_keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.clear();
    }

    /// Unwraps the key of a case and keeps it at hand.
    pub(super) fn unwrap_key(
        &self,
        case_id: CaseId,
        wrapped_key: Vec<u8>,
    ) -> Result<Arc<DataKey>, SealError> {
        let key = Arc::new(DataKey::unwrap_under(&self.kek, case_id, wrapped_key)?);
        self.keep(case_id, Arc::clone(&key));
        Ok(key)
    }

    /// Opens every entry of a case and folds them.
    pub(super) fn open(&self, stored: StoredCase) -> Result<Case, ReadError> {
        let (id, version) = (stored.id, stored.version);
        let history = self.history(stored)?;
        fold(id, version, history.into_iter().map(|recorded| recorded.event))
    }

    /// Opens every entry of a case whose key is not needed again soon.
    pub(super) fn history_once(&self, stored: StoredCase) -> Result<Vec<PlacedEvent>, ReadError> {
        let wrapped_key = stored.wrapped_key.clone().ok_or(ReadError::Corrupt)?;
        let key = DataKey::unwrap_under(&self.kek, stored.id, wrapped_key)?;
        opened(stored, &key)
    }

    /// Opens every entry of a case.
    pub(super) fn history(&self, stored: StoredCase) -> Result<Vec<PlacedEvent>, ReadError> {
        // The wrapped key must be there even where the key is at hand: whoever destroyed it meant it.
        let wrapped_key = stored.wrapped_key.clone().ok_or(ReadError::Corrupt)?;
        let key = match self.key(stored.id) {
            Some(key) => key,
            None => self.unwrap_key(stored.id, wrapped_key)?,
        };
        opened(stored, &key)
    }
}

fn opened(stored: StoredCase, key: &DataKey) -> Result<Vec<PlacedEvent>, ReadError> {
    let (events, _content) = unseal(stored.id, stored.entries, key)?;
    // A history that lost its last entries folds as well as a whole one.
    let last = events.last().map_or(0, |event| event.version);
    if i64::try_from(last) != Ok(stored.version) {
        return Err(ReadError::Corrupt);
    }
    let recorded = |(place, event)| PlacedEvent { place, event };
    Ok(stored.places.into_iter().zip(events).map(recorded).collect())
}

/// Opens every entry of a case. With the receipt comes the digest of its request's content.
pub(super) fn unseal(
    id: CaseId,
    entries: Vec<SealedEntry>,
    key: &DataKey,
) -> Result<(Vec<Event>, Option<ContentDigest>), ReadError> {
    let mut content = None;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let (event, digest) = open(id, entry, key)?;
        content = content.or(digest);
        events.push(event);
    }
    Ok((events, content))
}

/// The case after `events`, the last of which is known to be at `version`.
pub(super) fn fold(
    id: CaseId,
    version: i64,
    events: impl IntoIterator<Item = Event>,
) -> Result<Case, ReadError> {
    let case = Case::fold(id, events).map_err(|_history| ReadError::Corrupt)?;
    // A history that lost its last entries folds as well as a whole one.
    if i64::try_from(case.version) == Ok(version) {
        Ok(case)
    } else {
        Err(ReadError::Corrupt)
    }
}

fn seal(
    change: &Change,
    content: Option<&ContentDigest>,
    key: &DataKey,
) -> Result<SealedChange, CommitError> {
    let expected_version = number(change.expected_version)?;
    let numbered = change
        .events
        .iter()
        .zip(change.expected_version + 1..)
        .all(|(event, version)| event.version == version);
    let Some(last) = change.events.last().filter(|_| numbered) else {
        return Err(CommitError::Malformed);
    };
    let entries = change
        .events
        .iter()
        .map(|event| seal_entry(change.case_id, event, content, key))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(SealedChange {
        case_id: change.case_id,
        expected_version,
        version: number(last.version)?,
        state: change
            .events
            .iter()
            .rev()
            .find_map(|event| state_after(&event.kind)),
        wake: change.wake.map(nanoseconds).transpose()?,
        standing: change.standing.as_ref().map(StandingRow::of).transpose()?,
        spent: change.spent.clone(),
        listed: change
            .listed
            .iter()
            .map(ListedRow::of)
            .collect::<Result<_, _>>()?,
        hooked: change
            .posted
            .iter()
            .map(HookedRow::of)
            .collect::<Result<_, _>>()?,
        referred: change.referred.clone(),
        lookup: None,
        entries,
        further_subjects: Vec::new(),
        opening: None,
    })
}

fn seal_entry(
    case_id: CaseId,
    event: &Event,
    content: Option<&ContentDigest>,
    key: &DataKey,
) -> Result<SealedEntry, CommitError> {
    let content = content.filter(|_| matches!(event.kind, EventKind::Received(_)));
    let place = Place {
        case_id,
        version: number(event.version)?,
        time: nanoseconds(event.time)?,
        kind: event.kind.as_str(),
    };
    let payload = record::write(&event.kind, content, OVERHEAD).map_err(|_record| CommitError::Malformed)?;
    Ok(SealedEntry {
        version: place.version,
        time: place.time,
        kind: Cow::Borrowed(event.kind.as_str()),
        payload: key.seal(place, payload)?,
    })
}

fn open(
    case_id: CaseId,
    entry: SealedEntry,
    key: &DataKey,
) -> Result<(Event, Option<ContentDigest>), ReadError> {
    let place = Place {
        case_id,
        version: entry.version,
        time: entry.time,
        kind: &entry.kind,
    };
    let payload = key.open(place, entry.payload)?;
    let (kind, content) = record::read(&payload).map_err(|_record| ReadError::Corrupt)?;
    let event = Event {
        version: u64::try_from(entry.version).map_err(|_negative| ReadError::Corrupt)?,
        time: Timestamp::from_nanosecond(i128::from(entry.time)).map_err(|_range| ReadError::Corrupt)?,
        kind,
    };
    Ok((event, content))
}

/// The state that an event leaves its case's row in, where it changes it: as [`RowState::of`] has it.
fn state_after(kind: &EventKind) -> Option<RowState> {
    match kind {
        EventKind::Received(_) => Some(RowState::Received),
        kind => kind.state().map(RowState::Told),
    }
}

impl From<SealError> for CommitError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Seal => Self::Unavailable,
            SealError::Open => Self::Corrupt,
        }
    }
}

impl From<SealError> for ReadError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Seal => Self::Unavailable,
            SealError::Open => Self::Corrupt,
        }
    }
}
