//! What waits for the writer, in two lanes: what a call waits for, and what the gateway does by itself.
//!
//! What a call waits for goes first. A batch of the other lane is short while calls come, and what comes for a call while it is
//! being applied joins it and ends it, so that a check never waits for more than one step of somebody else's and one commit. The
//! other lane has its share of every commit all the same, so that no flood of calls keeps it from going on.

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::settings::Settings;
use crate::store::CommitError;

/// Whom a step is recorded for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Lane {
    /// Somebody waits on the line.
    Calls,
    /// Nobody does: it became due, or goes on after the call.
    Behind,
}

/// What is asked of the writer.
pub(super) enum Request<T> {
    /// To record it.
    Record(T),
    /// To record what waits already, take no more, and end.
    Close,
}

/// How many batches without a call go by before batches of the other lane are long. 64: some thirty milliseconds of short ones, and
/// from one check to the next it is five in a busy hour.
const LATELY: u32 = 64;

/// Where what is to be recorded is handed in.
pub(super) struct Queue<T> {
    calls: mpsc::Sender<Request<T>>,
    behind: mpsc::Sender<Request<T>>,
}

/// Where the writer takes it from.
pub(super) struct Lanes<T> {
    calls: mpsc::Receiver<Request<T>>,
    behind: mpsc::Receiver<Request<T>>,
    /// To wait on both.
    runtime: Handle,
    limits: Limits,
    /// Batches since the last that had a call.
    quiet: u32,
}

struct Limits {
    /// Of calls in one batch, and of both where none came lately.
    batch: usize,
    /// Of the other lane in a batch, while calls come.
    beside: usize,
    /// Of the other lane in a batch with calls.
    share: usize,
}

/// What a batch has so far.
#[derive(Default)]
pub(super) struct Taken {
    calls: usize,
    behind: usize,
    /// Calls that waited when they were counted last, and are still to be taken.
    drawn: usize,
    /// They were counted.
    is_drawn: bool,
}

/// The two ends of a queue, within the limits of `settings`.
pub(super) fn queue<T>(settings: &Settings, runtime: Handle) -> (Queue<T>, Lanes<T>) {
    let (to_calls, calls) = mpsc::channel(settings.queue_max.max(1));
    let (to_behind, behind) = mpsc::channel(settings.behind_max.max(1));
    let queue = Queue {
        calls: to_calls,
        behind: to_behind,
    };
    let limits = Limits {
        batch: settings.batch_max.max(1),
        beside: settings.beside_max.max(1),
        share: settings.share.max(1),
    };
    let lanes = Lanes {
        calls,
        behind,
        runtime,
        limits,
        quiet: LATELY,
    };
    (queue, lanes)
}

impl<T: Send + 'static> Queue<T> {
    /// A place for a new case; none is waited for.
    ///
    /// # Errors
    /// [`CommitError::Full`], and [`CommitError::Unavailable`] where it is closed.
    pub(super) fn place_now(&self) -> Result<mpsc::Permit<'_, Request<T>>, CommitError> {
        self.calls.try_reserve().map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(()) => CommitError::Full,
            mpsc::error::TrySendError::Closed(()) => CommitError::Unavailable,
        })
    }

    /// The next place in `lane`.
    ///
    /// # Errors
    /// [`CommitError::Unavailable`] where it is closed.
    pub(super) async fn place(&self, lane: Lane) -> Result<mpsc::Permit<'_, Request<T>>, CommitError> {
        let place = self.lane(lane).reserve().await;
        place.map_err(|_closed| CommitError::Unavailable)
    }

    /// Has the writer record what waits, and end.
    pub(super) async fn close(&self) {
        // Gone already means that there is nothing left to drain.
        self.calls.send(Request::Close).await.ok();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.calls.is_closed()
    }

    /// Both lanes, to be looked at from outside.
    pub(super) const fn lanes(&self) -> [&mpsc::Sender<Request<T>>; 2] {
        [&self.calls, &self.behind]
    }

    const fn lane(&self, lane: Lane) -> &mpsc::Sender<Request<T>> {
        match lane {
            Lane::Calls => &self.calls,
            Lane::Behind => &self.behind,
        }
    }
}

impl<T> Lanes<T> {
    /// Waits for the first of a batch; none where the queue is closed and nothing waits any more.
    pub(super) fn first(&mut self, taken: &mut Taken) -> Option<T> {
        loop {
            let (calls, behind) = (&mut self.calls, &mut self.behind);
            let (lane, request) = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    Some(request) = calls.recv() => Some((Lane::Calls, request)),
                    Some(request) = behind.recv() => Some((Lane::Behind, request)),
                    else => None,
                }
            })?;
            if let Some(work) = self.opened(request) {
                taken.count(lane);
                return Some(work);
            }
        }
    }

    /// What else belongs to a batch that has `taken` so much; none where it is to be committed.
    pub(super) fn next(&mut self, taken: &mut Taken) -> Option<T> {
        loop {
            if taken.drawn == 0 && self.draw(taken) == 0 {
                return self.next_behind(taken);
            }
            taken.drawn = taken.drawn.saturating_sub(1);
            let request = self.calls.try_recv().ok();
            if let Some(work) = request.and_then(|request| self.opened(request)) {
                taken.count(Lane::Calls);
                return Some(work);
            }
        }
    }

    /// The batch is at its end, and had `taken` so much.
    pub(super) fn end(&mut self, taken: &Taken) {
        self.quiet = if taken.calls > 0 {
            0
        } else {
            self.quiet.saturating_add(1)
        };
    }

    /// Counts the calls that wait: at the beginning of a batch, and before each step of the other lane. What comes later does not hold
    /// up those that are in it.
    fn draw(&self, taken: &mut Taken) -> usize {
        if !taken.is_drawn || (self.takes_behind(taken) && !self.behind.is_empty()) {
            taken.is_drawn = true;
            taken.drawn = self
                .calls
                .len()
                .min(self.limits.batch.saturating_sub(taken.calls));
        }
        taken.drawn
    }

    fn next_behind(&mut self, taken: &mut Taken) -> Option<T> {
        while self.takes_behind(taken) {
            let request = self.behind.try_recv().ok()?;
            if let Some(work) = self.opened(request) {
                taken.count(Lane::Behind);
                return Some(work);
            }
        }
        None
    }

    const fn takes_behind(&self, taken: &Taken) -> bool {
        let limits = &self.limits;
        let most = if taken.calls > 0 {
            limits.share
        } else if self.quiet < LATELY {
            limits.beside
        } else {
            limits.batch
        };
        taken.behind < most
    }

    fn opened(&mut self, request: Request<T>) -> Option<T> {
        match request {
            Request::Record(work) => Some(work),
            Request::Close => {
                self.calls.close();
                self.behind.close();
                None
            }
        }
    }
}

impl Taken {
    const fn count(&mut self, lane: Lane) {
        match lane {
            Lane::Calls => self.calls += 1,
            Lane::Behind => self.behind += 1,
        }
    }
}

#[cfg(test)]
mod tests;
