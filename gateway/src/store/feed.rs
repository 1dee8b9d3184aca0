//! What happened since: entries of the ledger for those who follow it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use statuscheck_domain::event::Event;
use statuscheck_domain::ids::{CaseId, OrganisationId};

use super::ReadError;
use super::notary::HEADS_MAX;

/// Up to where somebody has read the ledger: of each chain the last entry read. The default is the beginning.
///
/// As text it is a token without padding (URL-safe base64) of a few characters for each chain. It has no MAC: whoever makes
/// one up learns how many entries there are, and nothing of what they say.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Position(BTreeMap<u32, u64>);

/// What the bytes of a token begin with. Another form takes another number.
const VERSION: u8 = 1;

impl Position {
    /// The sequence of the last entry read of the chain of that number; 0 where none was.
    pub fn reached(&self, chain: u32) -> u64 {
        self.0.get(&chain).copied().unwrap_or(0)
    }

    /// The entry at `place` was read.
    pub fn covers(&self, place: LedgerPlace) -> bool {
        place.sequence <= self.reached(place.chain)
    }

    /// Goes on to the entry `sequence` of a chain.
    pub fn pass(&mut self, chain: u32, sequence: u64) {
        if sequence > 0 {
            self.0.insert(chain, sequence);
        }
    }

    /// Number, and sequence of the last entry read, of each chain of which one was.
    pub fn chains(&self) -> impl Iterator<Item = (u32, u64)> {
        self.0.iter().map(|(chain, sequence)| (*chain, *sequence))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        for (chain, sequence) in self.chains() {
            write_number(&mut bytes, chain.into());
            write_number(&mut bytes, sequence);
        }
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Is no token of a position: ask for the cases themselves, and follow from there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is none of our tokens")]
pub struct PositionError;

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_digits| PositionError)?;
        let (version, mut rest) = bytes.split_first().ok_or(PositionError)?;
        if *version != VERSION {
            return Err(PositionError);
        }
        let mut position = Self::default();
        while !rest.is_empty() {
            let chain = read_number(&mut rest)
                .and_then(|chain| u32::try_from(chain).ok())
                .ok_or(PositionError)?;
            position.pass(chain, read_number(&mut rest).ok_or(PositionError)?);
        }
        // Two texts are never the same position, so that one may be compared without being read.
        if position.0.len() <= HEADS_MAX && position.to_string() == text {
            Ok(position)
        } else {
            Err(PositionError)
        }
    }
}

/// Seven bits in a byte, the lowest first; all but the last byte have the eighth set.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Some entries of cases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// Chain by chain, in order within each. Of one case the entries may be in several chains; their versions say which
    /// came first.
    pub entries: Vec<Followed>,
    /// Where to go on.
    pub next: Position,
    /// There may be more after that now; otherwise wait for the next change.
    pub more: bool,
}

/// Where in the ledger an entry stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerPlace {
    /// Number of its chain.
    pub chain: u32,
    /// Its number in the chain; the first is 1.
    pub sequence: u64,
}

/// An event of a case, as it was recorded. It may be about a person: no `Debug`.
#[derive(Clone)]
pub struct PlacedEvent {
    /// Where.
    pub place: LedgerPlace,
    /// The event.
    pub event: Event,
}

/// An entry of a case, as whoever follows the ledger sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// Where it stands.
    pub place: LedgerPlace,
    /// The case.
    pub case_id: CaseId,
    /// Whose it is; none of a case that is purged by now.
    pub organisation: Option<OrganisationId>,
    /// Version of the case after it.
    pub version: u64,
    /// Stable name of what happened.
    pub kind: String,
    /// When.
    pub time: Timestamp,
}

/// Why nothing could be read after a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FeedError {
    /// Read the cases themselves, and follow from [`Store::position`]: the ledger does not go so far. It was put back to
    /// an earlier state, or the position is another store's.
    ///
    /// [`Store::position`]: super::Store::position
    #[error("the position is none of this ledger")]
    Unknown,
    /// Nothing can be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(chains: &[(u32, u64)]) -> Position {
        Position(chains.iter().copied().collect())
    }

    #[test]
    fn a_token_is_short_and_is_read_as_it_was_written() {
        for (chains, text) in [
            (&[][..], "AQ"),
            (&[(0, 1)], "AQAB"),
            (&[(0, 1_000_000)], "AQDAhD0"),
            (&[(1, 127), (2, 128)], "AQF_AoAB"),
        ] {
            assert_eq!(position(chains).to_string(), text);
            assert_eq!(text.parse(), Ok(position(chains)));
        }
        let last = position(&[(0, u64::MAX), (u32::MAX, u64::MAX)]);
        assert_eq!(last.to_string().parse(), Ok(last));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let too_many: Vec<_> = (0..=256).map(|chain| (chain, 1)).collect();
        for text in [
            String::new(),
            "AQ==".to_owned(),
            "a letter".to_owned(),
            // Another version; half a chain; a number that does not end; too large; with zeros at its end; of no entry.
            encoded(&[2]),
            encoded(&[1, 0]),
            encoded(&[1, 0, 0x80]),
            encoded(&[[1, 0].as_slice(), &[0xff; 9], &[0x7f]].concat()),
            encoded(&[1, 0, 0x81, 0]),
            encoded(&[1, 0, 0]),
            // A chain twice; out of order; of a number that is none; more chains than there can be.
            encoded(&[1, 0, 1, 0, 2]),
            encoded(&[1, 1, 1, 0, 1]),
            encoded(&[1, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]),
            position(&too_many).to_string(),
        ] {
            assert_eq!(text.parse::<Position>(), Err(PositionError), "{text}");
        }
    }
}
