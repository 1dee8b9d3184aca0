//! Places in a worklist, and in what happened to it, as tokens.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use statuscheck_domain::ids::QuestionId;
use uuid::Uuid;

use crate::store::{Position, WorkRow};

/// The text is none of our tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is none of our tokens")]
pub(crate) struct TokenError;

/// A place in a worklist: behind that question. As text, URL-safe base64 of the due time and the id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) due: Timestamp,
    pub(crate) id: QuestionId,
}

/// From where to follow a worklist: what is known up to a position of the ledger; while the worklist itself is being told, up to
/// where that was told. As text, the position, and with a dot between, the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Resume {
    pub(crate) position: Position,
    pub(crate) listed: Option<Place>,
}

impl Place {
    /// The place of a row that needs a reply.
    pub(super) fn of(row: &WorkRow) -> Option<Self> {
        let (due, id) = (row.due?, row.id);
        Some(Self { due, id })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.due.as_nanosecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.0.as_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Place {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_digits| TokenError)?;
        let (due, id) = bytes.split_first_chunk::<16>().ok_or(TokenError)?;
        let due = Timestamp::from_nanosecond(i128::from_be_bytes(*due));
        Ok(Self {
            due: due.map_err(|_range| TokenError)?,
            id: QuestionId(Uuid::from_slice(id).map_err(|_length| TokenError)?),
        })
    }
}

impl fmt::Display for Resume {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.listed {
            Some(place) => write!(formatter, "{}.{place}", self.position),
            None => write!(formatter, "{}", self.position),
        }
    }
}

impl FromStr for Resume {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (position, listed) = match text.split_once('.') {
            Some((position, place)) => (position, Some(place.parse()?)),
            None => (text, None),
        };
        let position = position.parse().map_err(|_position| TokenError)?;
        Ok(Self { position, listed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let place = Place {
            due: "2026-03-13T10:00:00.123456789Z".parse().unwrap(),
            id: QuestionId(Uuid::from_u128(7)),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        let mut position = Position::default();
        position.pass(0, 1_000);
        for listed in [None, Some(place)] {
            let resume = Resume {
                position: position.clone(),
                listed,
            };
            assert_eq!(resume.to_string().parse(), Ok(resume));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "?", "AQ.", "AQ.AQ", ".AQ", "AQ.AQ.AQ"] {
            assert_eq!(text.parse::<Place>(), Err(TokenError), "{text}");
            assert_eq!(text.parse::<Resume>(), Err(TokenError), "{text}");
        }
    }
}
