//! Who is let in when more is asked than can be answered at once.
//!
//! A check takes a seat until it is answered. While seats are free nobody waits. Else organisations take turns, by weight,
//! whatever each has waiting: a burst lengthens the way of whoever sends it. Checks of a batch wait behind single ones.
//! Who waits is bounded in number and time, and whoever has most waiting is turned away first.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU8;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::ids::OrganisationId;
use tokio::sync::oneshot;

/// How much is asked at once, and who waits.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionSettings {
    /// Checks that are being asked at once. 1024: at half a second each, more than the departments take.
    pub in_flight_max: usize,
    /// Of these, one organisation's. 512: half, so that one whose departments are slow leaves as many to the others.
    pub in_flight_per_organisation_max: usize,
    /// Checks that wait for a seat. 2048: two rounds of the seats.
    pub waiting_max: usize,
    /// Longest wait. 500 ms: a quarter of the two seconds that a check has.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub wait_max: Duration,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self {
            in_flight_max: 1024,
            in_flight_per_organisation_max: 512,
            waiting_max: 2048,
            wait_max: Duration::from_millis(500),
        }
    }
}

/// What waits behind what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// One check, with somebody waiting for it.
    Single,
    /// A row of a batch.
    Batch,
}

/// Too much is waiting, or it was waited for too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more is asked than can be answered at once; repeat after {retry_after:?}")]
pub struct Overloaded {
    /// When to repeat.
    pub retry_after: Duration,
}

/// A check that is let in: what permits it, and its seat until it is answered.
pub struct Admitted {
    /// What permits it.
    pub permit: Permit,
    /// Its seat.
    pub seat: Seat,
}

/// The seats and who waits for them.
#[derive(Clone)]
pub struct Admission {
    settings: AdmissionSettings,
    queue: Arc<Mutex<Queue>>,
}

/// One check that is being asked; dropping it lets the next one in.
pub struct Seat {
    admission: Admission,
    organisation: OrganisationId,
}

#[derive(Default)]
struct Queue {
    in_flight: usize,
    waiting: usize,
    /// Where the turns are: what the organisation that was let in last had been served.
    turn: u64,
    next_ticket: u64,
    /// Organisations with a check in flight or waiting, and no other.
    lines: HashMap<OrganisationId, Line>,
}

/// One organisation's part.
struct Line {
    weight: NonZeroU8,
    in_flight: usize,
    /// How much it was served, by weight: who was served least is next.
    served: u64,
    waiting: [VecDeque<Waiter>; 2],
}

struct Waiter {
    ticket: u64,
    tell: oneshot::Sender<Result<Seat, Overloaded>>,
}

/// What one check of weight 1 is served; other weights divide it without a rest worth mention.
const TURN: u64 = 1 << 20;

impl Line {
    fn count(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    fn first(&self) -> Option<Class> {
        [Class::Single, Class::Batch]
            .into_iter()
            .find(|class| !self.waiting[*class as usize].is_empty())
    }
}

impl Admission {
    /// Seats as `settings` say.
    pub fn new(settings: AdmissionSettings) -> Self {
        Self {
            settings,
            queue: Arc::default(),
        }
    }

    /// A seat for a check of `organisation`, at once or after a wait of at most `patience` and the settings' own limit.
    ///
    /// # Errors
    /// [`Overloaded`]: nothing was done.
    pub async fn admit(
        &self,
        organisation: &OrganisationId,
        weight: NonZeroU8,
        class: Class,
        patience: Duration,
    ) -> Result<Seat, Overloaded> {
        let (ticket, told) = match self.enter(organisation, weight, class) {
            Entry::Seated(seat) => return Ok(seat),
            Entry::TurnedAway => return Err(self.overloaded()),
            Entry::Waits { ticket, told, shed } => {
                if let Some(shed) = shed {
                    // Who has gone already needs no telling.
                    shed.tell
                        .send(Err(self.overloaded()))
                        .map_err(drop)
                        .unwrap_or_default();
                }
                (ticket, told)
            }
        };
        let _leaves = Leaving {
            admission: self,
            organisation,
            class,
            ticket,
        };
        match tokio::time::timeout(patience.min(self.settings.wait_max), told).await {
            Ok(Ok(outcome)) => outcome,
            // The other end is dropped with the admission alone.
            Ok(Err(_)) | Err(_) => Err(self.overloaded()),
        }
    }

    /// Checks that are being asked, and those that wait to be.
    pub fn seats(&self) -> (usize, usize) {
        let queue = self.queue();
        (queue.in_flight, queue.waiting)
    }

    fn overloaded(&self) -> Overloaded {
        Overloaded {
            retry_after: self.settings.wait_max,
        }
    }

    fn enter(&self, organisation: &OrganisationId, weight: NonZeroU8, class: Class) -> Entry {
        let mut queue = self.queue();
        let turn = queue.turn;
        let new = || Line {
            weight,
            in_flight: 0,
            served: turn,
            waiting: Default::default(),
        };
        let line = queue.lines.entry(organisation.clone()).or_insert_with(new);
        line.weight = weight;
        let (is_first, theirs) = (line.count() == 0, line.in_flight);
        if is_first {
            // Nobody saves up turns while nothing of theirs waits.
            line.served = line.served.max(turn);
        }
        let has_room = theirs < self.settings.in_flight_per_organisation_max.max(1);
        // Whoever waits is waiting for a seat, or for one of its own organisation's.
        if is_first && has_room && queue.in_flight < self.settings.in_flight_max.max(1) {
            queue.seat(organisation);
            return Entry::Seated(self.seat(organisation));
        }
        let shed = if queue.waiting < self.settings.waiting_max {
            None
        } else if let Some(shed) = queue.shed_for(organisation) {
            Some(shed)
        } else {
            queue.forget(organisation);
            return Entry::TurnedAway;
        };
        let (tell, told) = oneshot::channel();
        let ticket = queue.wait(organisation, class, tell);
        Entry::Waits { ticket, told, shed }
    }

    fn seat(&self, organisation: &OrganisationId) -> Seat {
        Seat {
            admission: self.clone(),
            organisation: organisation.clone(),
        }
    }

    /// Gives free seats to those whose turn it is.
    fn let_in(&self) {
        loop {
            let mut queue = self.queue();
            let Some((organisation, waiter)) = queue.next(&self.settings) else {
                return;
            };
            drop(queue);
            // A waiter that has gone gives the seat back by dropping it, which lets the next one in.
            waiter
                .tell
                .send(Ok(self.seat(&organisation)))
                .map_err(drop)
                .unwrap_or_default();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entry {
    Seated(Seat),
    TurnedAway,
    Waits {
        ticket: u64,
        told: oneshot::Receiver<Result<Seat, Overloaded>>,
        /// Who had to go for it.
        shed: Option<Waiter>,
    },
}

impl Queue {
    /// Takes a seat for `organisation`, which has a line.
    fn seat(&mut self, organisation: &OrganisationId) {
        if let Some(line) = self.lines.get_mut(organisation) {
            self.turn = self.turn.max(line.served);
            line.served += TURN / u64::from(line.weight.get());
            line.in_flight += 1;
            self.in_flight += 1;
        }
    }

    fn wait(
        &mut self,
        organisation: &OrganisationId,
        class: Class,
        tell: oneshot::Sender<Result<Seat, Overloaded>>,
    ) -> u64 {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        if let Some(line) = self.lines.get_mut(organisation) {
            line.waiting[class as usize].push_back(Waiter { ticket, tell });
            self.waiting += 1;
        }
        ticket
    }

    /// The next one to be let in, whose seat is taken: single checks first, then who was served least.
    fn next(&mut self, settings: &AdmissionSettings) -> Option<(OrganisationId, Waiter)> {
        if self.in_flight >= settings.in_flight_max.max(1) {
            return None;
        }
        let own_max = settings.in_flight_per_organisation_max.max(1);
        let waits = |(organisation, line): (&OrganisationId, &Line)| {
            let class = line.first().filter(|_| line.in_flight < own_max)?;
            Some((class, line.served, organisation.clone()))
        };
        let (class, _, organisation) = self.lines.iter().filter_map(waits).min()?;
        let line = self.lines.get_mut(&organisation)?;
        let waiter = line.waiting[class as usize].pop_front()?;
        self.waiting -= 1;
        self.seat(&organisation);
        Some((organisation, waiter))
    }

    /// Takes out the last waiter of the organisation that has most waiting for its weight; none where that would be
    /// `organisation` itself.
    fn shed_for(&mut self, organisation: &OrganisationId) -> Option<Waiter> {
        let load =
            |line: &Line, more: usize| (line.count() + more) as u64 * TURN / u64::from(line.weight.get());
        let own = self.lines.get(organisation).map_or(0, |line| load(line, 1));
        let (most, longest) = self
            .lines
            .iter()
            .map(|(organisation, line)| (load(line, 0), organisation.clone()))
            .max()?;
        if most <= own {
            return None;
        }
        let line = self.lines.get_mut(&longest)?;
        let [single, batch] = &mut line.waiting;
        let shed = batch.pop_back().or_else(|| single.pop_back())?;
        self.waiting -= 1;
        self.forget(&longest);
        Some(shed)
    }

    /// Drops the line of an organisation that has nothing here.
    fn forget(&mut self, organisation: &OrganisationId) {
        let is_idle = |line: &Line| line.in_flight == 0 && line.count() == 0;
        if self.lines.get(organisation).is_some_and(is_idle) {
            self.lines.remove(organisation);
        }
    }
}

/// Takes a waiter out of its line when it waits no longer, whatever the reason.
struct Leaving<'a> {
    admission: &'a Admission,
    organisation: &'a OrganisationId,
    class: Class,
    ticket: u64,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut queue = self.admission.queue();
        let Some(line) = queue.lines.get_mut(self.organisation) else {
            return;
        };
        let waiting = &mut line.waiting[self.class as usize];
        if let Some(place) = waiting.iter().position(|waiter| waiter.ticket == self.ticket) {
            waiting.remove(place);
            queue.waiting -= 1;
            queue.forget(self.organisation);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut queue = self.admission.queue();
        queue.in_flight -= 1;
        if let Some(line) = queue.lines.get_mut(&self.organisation) {
            line.in_flight -= 1;
        }
        queue.forget(&self.organisation);
        drop(queue);
        self.admission.let_in();
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
