//! Who is signed in without a certificate. In memory alone: a restart signs everybody out.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::{constant_time, digest, hmac};
use lru::LruCache;
use statuscheck_domain::clock::SharedClock;

use super::settings::DashboardSettings;
use crate::random;

/// A token that a browser has: only its digest is kept.
type Digest = [u8; 32];

/// Links and sessions. The ones that were made longest ago go where there are too many.
pub(crate) struct Sessions {
    clock: SharedClock,
    link: Duration,
    session: Duration,
    links: Mutex<LruCache<Digest, Entry>>,
    sessions: Mutex<LruCache<Digest, Entry>>,
    /// Drawn with the process. What is made with it proves that a form came from a page of the same session.
    forms: hmac::Key,
}

#[derive(Clone)]
struct Entry {
    actor: String,
    /// On the clock's `elapsed`.
    until: Duration,
}

impl Sessions {
    pub(crate) fn new(settings: &DashboardSettings, clock: SharedClock) -> Self {
        let count = NonZeroUsize::new(settings.sessions).unwrap_or(NonZeroUsize::MIN);
        Self {
            clock,
            link: settings.link,
            session: settings.session,
            links: Mutex::new(LruCache::new(count)),
            sessions: Mutex::new(LruCache::new(count)),
            forms: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()),
        }
    }

    /// A token that signs in as `actor`, once.
    pub(crate) fn link(&self, actor: &str) -> String {
        self.issue(&self.links, actor, self.link)
    }

    /// The token of a new session, where `link` is one that was not used and is not too old.
    pub(crate) fn sign_in(&self, link: &str) -> Option<String> {
        let entry = lock(&self.links).pop(&digest_of(link))?;
        let is_young = self.clock.elapsed() < entry.until;
        is_young.then(|| self.issue(&self.sessions, &entry.actor, self.session))
    }

    /// Who has the session of that token.
    pub(crate) fn actor(&self, token: &str) -> Option<String> {
        let entry = lock(&self.sessions).peek(&digest_of(token)).cloned()?;
        (self.clock.elapsed() < entry.until).then_some(entry.actor)
    }

    /// Ends a session.
    pub(crate) fn sign_out(&self, token: &str) {
        lock(&self.sessions).pop(&digest_of(token));
    }

    /// What a form of the session `name` carries.
    pub(crate) fn proof(&self, name: &str) -> String {
        hex(hmac::sign(&self.forms, name.as_bytes()).as_ref())
    }

    /// A form came from a page of the session `name`.
    pub(crate) fn is_proven(&self, name: &str, proof: &str) -> bool {
        let expected = self.proof(name);
        constant_time::verify_slices_are_equal(expected.as_bytes(), proof.as_bytes()).is_ok()
    }

    fn issue(&self, place: &Mutex<LruCache<Digest, Entry>>, actor: &str, lasts: Duration) -> String {
        let token = hex(&random::bytes::<32>());
        let entry = Entry {
            actor: actor.to_owned(),
            until: self.clock.elapsed().saturating_add(lasts),
        };
        lock(place).put(digest_of(&token), entry);
        token
    }
}

/// A name for the session of a token, which does not lead to the token.
pub(super) fn name_of(token: &str) -> String {
    hex(&digest_of(token)[..8])
}

fn digest_of(token: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").ok();
            text
        })
}

/// Held for a few instructions, never while something is awaited.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use statuscheck_domain::clock::ManualClock;

    use super::*;

    fn sessions() -> (Sessions, ManualClock) {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let settings = DashboardSettings::default();
        (Sessions::new(&settings, Arc::new(clock.clone())), clock)
    }

    #[test]
    fn a_link_signs_in_once_and_within_its_time() {
        let (sessions, clock) = sessions();
        let link = sessions.link("ops/one");
        let token = sessions.sign_in(&link).unwrap();
        assert_eq!(sessions.actor(&token).as_deref(), Some("ops/one"));
        assert_eq!(sessions.sign_in(&link), None, "it was used");
        assert_eq!(sessions.actor(&link), None, "a link is no session");
        let late = sessions.link("ops/one");
        clock.advance(Duration::from_secs(600));
        assert_eq!(sessions.sign_in(&late), None);
        assert_eq!(sessions.sign_in("made up"), None);
    }

    #[test]
    fn a_session_ends_with_its_time_or_when_it_is_signed_out() {
        let (sessions, clock) = sessions();
        let [first, second] = [(), ()].map(|()| sessions.sign_in(&sessions.link("ops/one")).unwrap());
        sessions.sign_out(&first);
        assert_eq!(sessions.actor(&first), None);
        clock.advance(Duration::from_hours(12) - Duration::from_nanos(1));
        assert!(sessions.actor(&second).is_some());
        clock.advance(Duration::from_nanos(1));
        assert_eq!(sessions.actor(&second), None);
    }

    #[test]
    fn a_form_is_proven_for_its_session_alone() {
        let (sessions, _clock) = sessions();
        let proof = sessions.proof("one");
        assert!(sessions.is_proven("one", &proof));
        for (name, proof) in [("two", proof.as_str()), ("one", ""), ("one", &proof[1..])] {
            assert!(!sessions.is_proven(name, proof));
        }
    }
}
