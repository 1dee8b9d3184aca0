//! Probing: one person checked again and again, or with variations until something is found.
//!
//! Counted are checks about one person by one caller, and what such a caller was told was not found, about one person or about
//! variations of one ([`Check::likenesses`]). What all callers do together is counted beside it and only told to operators, so
//! that strangers cannot block anyone. A window begins with the first of what it counts.
//!
//! Persons are counted under a keyed digest. Its keys are made with the process and never leave it, and the counts are in memory:
//! nothing about whom callers tried is kept. So the counts begin anew with the process, and each gateway has its own.

use std::hash::{BuildHasher as _, RandomState};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use serde::Deserialize;
use statuscheck_domain::answer::{Negative, Outcome};
use statuscheck_domain::case::Case;
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::OrganisationId;
use statuscheck_domain::subject::Identity;

use crate::error::Error;

/// How often one person may be checked.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct ProbingSettings {
    /// Checks a day about one person by one caller. 10: a job or a home is checked once, and again when papers come.
    pub checks_a_day: NonZeroU32,
    /// Checks an hour by one caller about one person, or variations of one, of which was told that nothing was found. 3: a typing
    /// mistake, and another.
    pub not_found_an_hour: NonZeroU32,
    /// Checks about one person, or variations of one, by one caller that are not answered yet, beside those. 8: so many people of
    /// one name are in a batch, and no more can be tried at once before the first is known not to be found.
    pub alike_at_once: NonZeroU32,
    /// Checks a day about one person by all callers, above which operators are told. 30: three callers at their limit.
    pub alarm_checks_a_day: NonZeroU32,
    /// Checks an hour about one person, or variations of one, that found nothing, by all callers, above which operators are told.
    /// 10: three callers over their limit.
    pub alarm_not_found_an_hour: NonZeroU32,
    /// Counts that are kept; the one that was not needed for longest goes first. 500,000: those of some 100,000 checks, in at most
    /// 60 MB.
    pub counts_max: NonZeroUsize,
}

impl Default for ProbingSettings {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            checks_a_day: number(10),
            not_found_an_hour: number(3),
            alike_at_once: number(8),
            alarm_checks_a_day: number(30),
            alarm_not_found_an_hour: number(10),
            counts_max: NonZeroUsize::new(500_000).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl ProbingSettings {
    /// Counts and never limits: where a few made-up people are checked all day, as in a demo.
    pub fn unlimited() -> Self {
        Self {
            checks_a_day: NonZeroU32::MAX,
            not_found_an_hour: NonZeroU32::MAX,
            alike_at_once: NonZeroU32::MAX,
            alarm_checks_a_day: NonZeroU32::MAX,
            alarm_not_found_an_hour: NonZeroU32::MAX,
            ..Self::default()
        }
    }
}

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

/// When to repeat where too many are not answered yet: they are within the time that a check may take.
const ANSWERED_SOON: Duration = Duration::from_secs(2);

/// The counts.
pub struct Probing {
    settings: ProbingSettings,
    clock: SharedClock,
    /// Two keys of 128 bits, for the two halves of a digest.
    keys: [RandomState; 2],
    callers: RandomState,
    counts: Mutex<LruCache<Counted, Count>>,
}

/// SipHash under two keys of what identifies a person, or of what variations have in common. It is never outside this process,
/// where its keys are too, so all that it has to do is that nobody outside can tell what falls together; a slower digest would
/// be most of what policy costs.
type Digest = [u64; 2];

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Counted {
    person: Digest,
    /// Stands for one caller; none where all callers are meant.
    caller: Option<u64>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    checks: Window,
    not_found: Window,
    refused: Window,
    unanswered: u32,
}

/// What happened since the first that it counts.
#[derive(Clone, Copy, Default)]
struct Window {
    /// Whole seconds on the clock's `elapsed`: there are many of these.
    since_s: u32,
    count: u32,
}

impl Window {
    /// Those of the last `length`.
    fn within(self, length: Duration, now: Duration) -> u32 {
        if self.until(length, now).is_zero() {
            0
        } else {
            self.count
        }
    }

    /// How long it goes on.
    fn until(self, length: Duration, now: Duration) -> Duration {
        let since = Duration::from_secs(self.since_s.into());
        since.saturating_add(length).saturating_sub(now)
    }

    /// Counts one more, and tells how many they are.
    fn add(&mut self, length: Duration, now: Duration) -> u32 {
        let before = self.within(length, now);
        if before == 0 {
            self.since_s = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        }
        self.count = before.saturating_add(1);
        self.count
    }
}

/// A check that may be counted. Until it is dropped it is one that is not answered yet.
pub struct Attempt {
    probing: Arc<Probing>,
    caller: u64,
    /// The digests of the person, and those of what variations have in common.
    persons: Vec<Digest>,
    likenesses: Vec<Digest>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was no check after all: a repeat of one, or it was refused.
    GivenBack,
    Counts,
    NotFound,
}

impl Attempt {
    /// The check is received.
    pub fn counts(&mut self) {
        self.end = End::Counts;
    }

    /// Takes note of what the caller was told.
    pub(crate) fn told(&mut self, case: &Case) {
        if case.answer.outcome == Outcome::NotEstablished(Negative::NoRecord) {
            self.end = End::NotFound;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.probing.end(self);
    }
}

impl Probing {
    /// Nothing counted yet; time is `clock`'s.
    pub fn new(settings: ProbingSettings, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            counts: Mutex::new(LruCache::new(settings.counts_max)),
            settings,
            clock,
            keys: [RandomState::new(), RandomState::new()],
            callers: RandomState::new(),
        })
    }

    /// Counts a check by `organisation`, for good where it is received. A refused one is not counted.
    ///
    /// # Errors
    /// [`Error::ProbingLimit`]: this caller has checked the person, or variations of one, too often.
    pub fn attempt(self: &Arc<Self>, organisation: &OrganisationId, check: &Check) -> Result<Attempt, Error> {
        let caller = self.callers.hash_one(organisation);
        let digests = |identities: Vec<Identity>| -> Vec<_> {
            identities.iter().map(|identity| self.digest(identity)).collect()
        };
        let identified = check.counted();
        let (persons, likenesses) = (digests(identified.persons), digests(identified.likenesses));
        let now = self.clock.elapsed();
        let mut counts = self.counts();
        if let Some((retry_after, is_first)) = self.refused(&mut counts, caller, (&persons, &likenesses), now)
        {
            drop(counts);
            if is_first {
                tracing::warn!(%organisation, check = check.kind().as_str(), "a caller is over its probing limit");
            }
            return Err(Error::ProbingLimit { retry_after });
        }
        let mut by_all = 0;
        for person in &persons {
            let count = counts.get_or_insert_mut(Counted::by(caller, person), Count::default);
            count.checks.add(DAY, now);
            count.unanswered += 1;
            let all = counts.get_or_insert_mut(Counted::by_all(person), Count::default);
            by_all = by_all.max(all.checks.add(DAY, now));
        }
        for likeness in &likenesses {
            let count = counts.get_or_insert_mut(Counted::by(caller, likeness), Count::default);
            count.unanswered += 1;
        }
        drop(counts);
        if by_all == self.settings.alarm_checks_a_day.get().saturating_add(1) {
            tracing::warn!(
                checks = by_all,
                "all callers together check one person unusually often"
            );
        }
        Ok(Attempt {
            probing: Arc::clone(self),
            caller,
            persons,
            likenesses,
            end: End::GivenBack,
        })
    }

    /// When to repeat, where it is refused, and whether that is the first refusal of the hour.
    fn refused(
        &self,
        counts: &mut LruCache<Counted, Count>,
        caller: u64,
        (persons, likenesses): (&[Digest], &[Digest]),
        now: Duration,
    ) -> Option<(Duration, bool)> {
        let mut refused: Option<(Duration, bool)> = None;
        let persons = persons.iter().map(|person| (person, true));
        let likenesses = likenesses.iter().map(|likeness| (likeness, false));
        for (digest, is_person) in persons.chain(likenesses) {
            let Some(count) = counts.get_mut(&Counted::by(caller, digest)) else {
                continue;
            };
            let mut wait = self.over(count, now);
            if is_person {
                wait = wait.max(self.day_over(count, now));
            }
            if !wait.is_zero() {
                let is_first = count.refused.add(HOUR, now) == 1;
                let before = refused.unwrap_or((Duration::ZERO, true));
                refused = Some((before.0.max(wait), before.1 && is_first));
            }
        }
        refused
    }

    fn end(&self, attempt: &Attempt) {
        let now = self.clock.elapsed();
        let mut by_all = 0;
        let mut counts = self.counts();
        let persons = attempt.persons.iter().map(|person| (person, true));
        let likenesses = attempt.likenesses.iter().map(|likeness| (likeness, false));
        for (digest, is_person) in persons.chain(likenesses) {
            // Gone already means that much else was counted since.
            if let Some(count) = counts.get_mut(&Counted::by(attempt.caller, digest)) {
                count.unanswered = count.unanswered.saturating_sub(1);
                match attempt.end {
                    End::NotFound => {
                        count.not_found.add(HOUR, now);
                    }
                    End::GivenBack if is_person => count.checks.count = count.checks.count.saturating_sub(1),
                    End::GivenBack | End::Counts => {}
                }
            }
            match attempt.end {
                End::NotFound => {
                    let all = counts.get_or_insert_mut(Counted::by_all(digest), Count::default);
                    by_all = by_all.max(all.not_found.add(HOUR, now));
                }
                End::GivenBack if is_person => {
                    if let Some(all) = counts.get_mut(&Counted::by_all(digest)) {
                        all.checks.count = all.checks.count.saturating_sub(1);
                    }
                }
                End::GivenBack | End::Counts => {}
            }
        }
        drop(counts);
        if by_all == self.settings.alarm_not_found_an_hour.get().saturating_add(1) {
            tracing::warn!(
                not_found = by_all,
                "all callers together look in vain for one person, or variations of one, unusually often"
            );
        }
    }

    /// How long until another check about a person may be asked, by those of the day.
    fn day_over(&self, count: &Count, now: Duration) -> Duration {
        if count.checks.within(DAY, now) < self.settings.checks_a_day.get() {
            return Duration::ZERO;
        }
        count.checks.until(DAY, now)
    }

    /// How long until another check may be asked, by those that found nothing and those that may yet.
    fn over(&self, count: &Count, now: Duration) -> Duration {
        let not_found = count.not_found.within(HOUR, now);
        let limit = self.settings.not_found_an_hour.get();
        if not_found >= limit {
            count.not_found.until(HOUR, now)
        } else if not_found.saturating_add(count.unanswered)
            >= limit.saturating_add(self.settings.alike_at_once.get())
        {
            ANSWERED_SOON
        } else {
            Duration::ZERO
        }
    }

    fn digest(&self, identity: &Identity) -> Digest {
        self.keys.each_ref().map(|key| key.hash_one(identity.expose()))
    }

    /// Held for a few instructions, never while something is awaited.
    fn counts(&self) -> MutexGuard<'_, LruCache<Counted, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn by(caller: u64, person: &Digest) -> Self {
        Self {
            person: *person,
            caller: Some(caller),
        }
    }

    fn by_all(person: &Digest) -> Self {
        Self {
            person: *person,
            caller: None,
        }
    }
}

#[cfg(test)]
#[path = "probing_tests.rs"]
mod tests;
