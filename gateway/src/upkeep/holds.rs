//! Legal holds: a case that must be kept past its time, because a court or an inquiry may want it.

use statuscheck_domain::ids::CaseId;

use super::{Housekeeping, case_value};
use crate::store::{CommitError, HouseKind};

/// Longest reason, in characters: a reference of a claim and a sentence. It is kept for ever.
const REASON_CHARS_MAX: usize = 200;

/// Why a hold is set or released. It lies open in the ledger and is never destroyed, so it must name no person; a
/// reference of the claim is best.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

/// Not a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "must be 1 to 200 characters on one line, such as the reference of the claim; it must name no person"
)]
pub struct ReasonError;

impl Reason {
    /// Takes a text without its outer spaces.
    ///
    /// # Errors
    /// Blank, over 200 characters, or with control characters.
    pub fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        let fits = (1..=REASON_CHARS_MAX).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReasonError)
        }
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a hold was not set or released.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoldError {
    /// There is no such case, or, to be released, none that is held.
    #[error("there is no such case")]
    NoSuchCase(CaseId),
    /// Nothing can be recorded now.
    #[error("the store cannot record")]
    Commit(CommitError),
}

impl Housekeeping {
    /// Holds a case, or releases it.
    ///
    /// # Errors
    /// [`HoldError`]
    pub async fn set_hold(
        &self,
        actor: &str,
        case_id: CaseId,
        held: bool,
        reason: &Reason,
    ) -> Result<(), HoldError> {
        let kind = if held {
            HouseKind::LegalHoldSet
        } else {
            HouseKind::LegalHoldReleased
        };
        let details = [
            ("case_id", case_value(case_id)),
            ("reason", reason.0.clone().into()),
        ];
        let entry = self.entry(kind, actor, details);
        self.store
            .set_hold(case_id, held, entry)
            .await
            .map_err(|error| match error {
                CommitError::Stale => HoldError::NoSuchCase(case_id),
                other => HoldError::Commit(other),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        for text in ["Claim 2026/17", &"é".repeat(200), "  spaces around  "] {
            assert!(Reason::parse(text).is_ok(), "{text}");
        }
        for text in ["", "  ", "two\nlines", &"a".repeat(201)] {
            assert!(Reason::parse(text).is_err(), "{text}");
        }
    }
}
