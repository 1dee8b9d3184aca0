//! Questions that a department has taken on, by the ticket it gave, so that a repeat asks after the ticket instead of
//! opening the same work again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Question;

use crate::AskError;

/// Tickets remembered; a forgotten one costs a repeated question, nothing more. 10,000 are a month of HMRC's volume.
const TICKETS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("is not zero");
/// Longest ticket that is taken: a UUID has 36 characters.
const TICKET_CHARS_MAX: usize = 128;

/// A department's reference for work it has taken on; safe in a path. It names no person.
#[derive(Clone)]
pub(crate) struct Ticket(String);

impl Ticket {
    /// A ticket as the department wrote it: letters, digits, hyphens and underscores.
    ///
    /// # Errors
    /// [`AskError::Garbage`] for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, AskError> {
        let fits = (1..=TICKET_CHARS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(AskError::Garbage)
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tickets of one department.
pub(crate) struct Tickets(Mutex<LruCache<QuestionId, Ticket>>);

impl Tickets {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(TICKETS_MAX)))
    }

    pub(crate) fn of(&self, question: &Question) -> Option<Ticket> {
        self.held().get(&question.id).cloned()
    }

    pub(crate) fn remember(&self, question: &Question, ticket: Ticket) {
        self.held().put(question.id, ticket);
    }

    pub(crate) fn forget(&self, question: &Question) {
        self.held().pop(&question.id);
    }

    /// Held for a few instructions, never while something is awaited.
    fn held(&self) -> MutexGuard<'_, LruCache<QuestionId, Ticket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
