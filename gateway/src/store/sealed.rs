//! Between the domain and an engine: changes become sealed rows, rows become cases. Every engine shares it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lru::LruCache;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::check::Check;
use statuscheck_domain::event::{Change, Event, EventKind};
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::subject::Identity;

use super::rows::{ListedRow, Opening, RowState, SealedChange, SealedEntry, StoredCase, nanoseconds, number};
use super::seal::{
    ContentDigest, ContentKey, DataKey, Kek, OVERHEAD, Place, SealError, StoreSecret, SubjectDigest,
    SubjectKey,
};
use super::upkeep::Terms;
use super::{CommitError, ReadError, record};

/// Seals and opens. It keeps the keys of cases lately used, so that they are not unwrapped for each step.
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
            content: self
                .content_key
                .digest(&receipt.organisation, receipt.request_id, content),
            terms: Terms {
                agreement: receipt.agreement_id.clone(),
                check: receipt.check.kind(),
            },
            subjects: self.subjects(&receipt.check),
            wrapped_key,
        };
        let mut sealed = seal(change, Some(&opening.content), &key)?;
        sealed.opening = Some(opening);
        Ok((sealed, Arc::new(key)))
    }

    /// Seals a later change under the key of its case.
    pub(super) fn seal(&self, change: &Change, key: &DataKey) -> Result<SealedChange, CommitError> {
        let opens = |event: &Event| matches!(event.kind, EventKind::Received(_));
        if change.expected_version == 0 || change.events.iter().any(opens) {
            return Err(CommitError::Malformed);
        }
        seal(change, None, key)
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

    /// What stands for the person of `check`, in order.
    pub(super) fn subjects(&self, check: &Check) -> Vec<SubjectDigest> {
        let identities = check.identities();
        let mut digests: Vec<_> = identities.iter().map(|identity| self.subject(identity)).collect();
        digests.sort_unstable();
        digests.dedup();
        digests
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
        // The wrapped key must be there even where the key is at hand: whoever destroyed it meant it.
        let wrapped_key = stored.wrapped_key.ok_or(ReadError::Corrupt)?;
        let key = match self.key(stored.id) {
            Some(key) => key,
            None => self.unwrap_key(stored.id, wrapped_key)?,
        };
        self.unseal(stored.id, stored.version, stored.entries, &key)
            .map(|(case, _content)| case)
    }

    /// Opens every entry of a case anew, without a row that says where it stands, and folds them. With the case comes the
    /// digest of its request's content.
    pub(super) fn reopen(
        &self,
        id: CaseId,
        wrapped_key: Vec<u8>,
        entries: Vec<SealedEntry>,
    ) -> Result<(Case, ContentDigest), ReadError> {
        let key = DataKey::unwrap_under(&self.kek, id, wrapped_key)?;
        let version = entries.last().map_or(0, |entry| entry.version);
        let (case, content) = self.unseal(id, version, entries, &key)?;
        Ok((case, content.ok_or(ReadError::Corrupt)?))
    }

    fn unseal(
        &self,
        id: CaseId,
        version: i64,
        entries: Vec<SealedEntry>,
        key: &DataKey,
    ) -> Result<(Case, Option<ContentDigest>), ReadError> {
        let mut content = None;
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            let (event, digest) = open(id, entry, key)?;
            content = content.or(digest);
            events.push(event);
        }
        let case = Case::fold(id, events).map_err(|_history| ReadError::Corrupt)?;
        // A history that lost its last entries folds as well as a whole one.
        if i64::try_from(case.version) == Ok(version) {
            Ok((case, content))
        } else {
            Err(ReadError::Corrupt)
        }
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
        spent: change.spent.clone(),
        listed: change
            .listed
            .iter()
            .map(ListedRow::of)
            .collect::<Result<_, _>>()?,
        entries,
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
        kind: place.kind.to_owned(),
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
        EventKind::Asked { .. }
        | EventKind::Replied { .. }
        | EventKind::InformationRequested { .. }
        | EventKind::Postponed { .. }
        | EventKind::Clock(_) => None,
        EventKind::Decided(answer) => Some(RowState::Told(CaseState::told(&answer.outcome))),
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
