//! How much of each department's figures is this gateway's.
//!
//! What a department allows it allows us as a whole. Gateways that share a store share the figures too: each divides them
//! by its divisor, and the shares of all add up to one at the most. A share is lent for a time; a gateway that heard
//! nothing about it for longer has none, and asks nobody.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;

use crate::stack::Places;

/// The share, as departments' stacks look at it: anew at every question.
#[derive(Clone)]
pub struct Share(Arc<State>);

/// The share, as whoever divides it sets it. There is one for each [`Share`].
pub struct ShareKeeper(Arc<State>);

struct State {
    clock: SharedClock,
    lent: Mutex<Lent>,
    /// Where questions may be open beyond a share that has become smaller.
    places: Mutex<Vec<Weak<Places>>>,
}

struct Lent {
    /// None where there is no share.
    divisor: Option<NonZeroU32>,
    /// On the clock's `elapsed`.
    until: Duration,
    /// How often a share was had after there was none.
    tenure: u64,
    /// Since when it has been just this, on the clock's `elapsed`.
    since: Duration,
}

/// A share at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// What the figures are divided by.
    pub(crate) divisor: NonZeroU32,
    /// Between two tenures others may have used the figures: nothing is carried from one to the next. The whole is 0, which
    /// nobody used before.
    pub(crate) tenure: u64,
    /// Since when it has been just this, on the clock's `elapsed`.
    pub(crate) since: Duration,
}

impl Share {
    /// No share yet, and who may set one. Departments that are to be held to it take the same clock.
    pub fn unset(clock: SharedClock) -> (Self, ShareKeeper) {
        let state = Arc::new(State {
            clock,
            lent: Mutex::new(Lent {
                divisor: None,
                until: Duration::ZERO,
                tenure: 0,
                since: Duration::ZERO,
            }),
            places: Mutex::default(),
        });
        (Self(Arc::clone(&state)), ShareKeeper(state))
    }

    /// The whole, for good: there is no other gateway.
    pub fn whole(clock: SharedClock) -> Self {
        let (share, keeper) = Self::unset(clock);
        keeper.set_whole();
        share
    }

    /// What the figures are divided by at this moment; none where there is no share.
    pub fn divisor(&self) -> Option<NonZeroU32> {
        self.part().map(|part| part.divisor)
    }

    pub(crate) fn part(&self) -> Option<Part> {
        self.0.part(&self.0.lent())
    }

    /// From now on [`ShareKeeper::is_kept`] asks there too.
    pub(crate) fn watch(&self, places: &Arc<Places>) {
        let mut all = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::downgrade(places));
    }
}

impl ShareKeeper {
    /// The clock by which shares run out.
    pub fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// The whole, for good.
    pub fn set_whole(&self) {
        let mut lent = self.0.lent();
        lent.divisor = Some(NonZeroU32::MIN);
        lent.until = Duration::MAX;
    }

    /// One part of `divisor` until then, on the clock's `elapsed`.
    pub fn set(&self, divisor: NonZeroU32, until: Duration) {
        let mut lent = self.0.lent();
        let before = self.0.part(&lent);
        if before.is_none() {
            lent.tenure += 1;
        }
        if before.is_none_or(|before| before.divisor != divisor) {
            lent.since = self.0.clock.elapsed();
        }
        lent.divisor = Some(divisor);
        lent.until = until;
    }

    /// None from now on.
    pub fn end(&self) {
        self.0.lent().divisor = None;
    }

    /// No more questions are open than the share allows: those that began under a larger one have ended.
    pub fn is_kept(&self) -> bool {
        let all = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter_map(Weak::upgrade)
            .all(|places| places.is_kept())
    }
}

impl State {
    fn part(&self, lent: &Lent) -> Option<Part> {
        let divisor = lent.divisor.filter(|_| self.clock.elapsed() < lent.until)?;
        Some(Part {
            divisor,
            tenure: lent.tenure,
            since: lent.since,
        })
    }

    /// Held for a few instructions, never while something is awaited.
    fn lent(&self) -> MutexGuard<'_, Lent> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
