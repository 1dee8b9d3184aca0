//! References of departments for work that they have taken on: a repeated question carries the one of its last reply, so that
//! it asks after that work instead of opening it again.

use statuscheck_domain::question::Question;
use statuscheck_domain::reply::{Outcome, Reply};

use crate::AskError;

/// Longest ticket that is taken: a UUID has 36 characters.
const TICKET_CHARS_MAX: usize = 128;

/// A department's reference for work it has taken on; safe in a path. It names no person.
pub(crate) struct Ticket<'a>(&'a str);

impl<'a> Ticket<'a> {
    /// The ticket that `question` asks after, where it does.
    ///
    /// # Errors
    /// [`AskError::Garbage`] for what no reply would have been taken with.
    pub(crate) fn of(question: &'a Question) -> Result<Option<Self>, AskError> {
        question.ticket.as_deref().map(Self::parse).transpose()
    }

    /// A reply that defers has a ticket that can be asked after.
    ///
    /// # Errors
    /// [`AskError::Garbage`] for any other.
    pub(crate) fn check(reply: &Reply) -> Result<(), AskError> {
        match &reply.outcome {
            Outcome::Deferred { ticket, .. } => Ticket::parse(ticket).map(drop),
            _ => Ok(()),
        }
    }

    /// A ticket as the department wrote it: letters, digits, hyphens and underscores.
    fn parse(text: &'a str) -> Result<Self, AskError> {
        let fits = (1..=TICKET_CHARS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if fits {
            Ok(Self(text))
        } else {
            Err(AskError::Garbage)
        }
    }

    pub(crate) const fn as_str(&self) -> &str {
        self.0
    }
}
