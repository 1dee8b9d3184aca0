//! By how much a gateway divides the figures of departments, so that the shares of all are never more than the whole.
//!
//! Every gateway has a row, which lives as long as it is renewed, with the divisor that the others may count on. One that
//! is new has a row without a divisor, and no share. The rules, where the *count* is the number of rows that live:
//!
//! - A gateway holds itself to its row's divisor or to a greater one: it takes less before the row says so, and more only
//!   after.
//! - A row may say a greater divisor at any time.
//! - A row may get its first divisor, or a smaller one, only where that is at least the count and no other row has one that
//!   is less. The database makes sure of it, one renewal at a time. As none of them is less than the count, the shares add
//!   up to one at the most.
//! - A gateway counts its share as lost when its row may have ended, by its own clock from before it asked for the renewal.
//!
//! So all come to the count: those with too much give way at their next renewal, and one renewal later the others can take.

use std::num::NonZeroU32;

/// What one gateway knows.
#[derive(Clone, Copy, Default)]
pub(super) struct Divisor {
    /// What the row says, as far as was told.
    row: Option<NonZeroU32>,
    /// What the row should say.
    wanted: Option<NonZeroU32>,
}

/// What a renewal told.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// What the gateway's row says now.
    pub(super) row: Option<NonZeroU32>,
    /// How many rows live, with this one.
    pub(super) count: NonZeroU32,
}

impl Divisor {
    /// What the gateway holds itself to; none where it has no share.
    pub(super) fn own(self) -> Option<NonZeroU32> {
        self.row.max(self.wanted).filter(|_| self.row.is_some())
    }

    /// What the next renewal asks to have in the row. A greater divisor is told only once it `is_kept`: while questions are
    /// open beyond the smaller share, nobody else may count on it. Nor is a share asked for anew, after one that ran out, while
    /// questions are open that it let in.
    pub(super) fn wish(self, is_kept: bool) -> Option<NonZeroU32> {
        if !is_kept && (self.gives_way() || self.row.is_none()) {
            self.row
        } else {
            self.wanted
        }
    }

    /// The row is to say a greater divisor than it does.
    pub(super) fn gives_way(self) -> bool {
        self.row.is_some() && self.wanted > self.row
    }

    /// The row says what it should.
    pub(super) fn is_settled(self) -> bool {
        self.row.is_some() && self.row == self.wanted
    }

    pub(super) fn learn(&mut self, seen: Seen) {
        self.row = seen.row;
        self.wanted = Some(seen.count);
    }
}

#[cfg(test)]
#[path = "divisor_tests.rs"]
mod tests;
