//! What happens by itself: steps of clocks that are due, questions that are asked again, cases that lapse because their callers
//! are silent, referrals that others wait for or that are late, checks that a gateway left behind when it died.
//!
//! The store knows when each case wakes. The timekeeper leases what is due in batches, takes each case one step on, and
//! looks again. A batch is bounded, and so are the cases that are asked about at once, so that a flood of due clocks is a
//! queue in the store and not in memory, and checks go on beside it.
//!
//! The wall clock says what is due, and only as long as it keeps step with the monotonic one. After a jump nothing is done
//! until the clock has kept its new time for a while, and where it went back, nothing is done twice: what was fired is in the
//! ledger.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use statuscheck_domain::case::{Case, Silence};
use statuscheck_domain::case_clock::{CaseClock, ClockEvent, Step};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::questions::OUT_MAX;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::asking::Asking;
use crate::error::Error;
use crate::outbox::Delivering;
use crate::precedence::rest;
use crate::register::ServedRegister;
use crate::store::{Due, ReadError};

mod apart;
mod pace;
mod rounds;
mod settings;

use self::pace::{Pace, scaled};
pub use self::settings::TimekeeperSettings;

/// Does what is due.
pub struct Timekeeper {
    asking: Asking,
    delivering: Arc<Delivering>,
    register: Arc<ServedRegister>,
    settings: TimekeeperSettings,
    /// One for each case that may be asked about again at once.
    askers: Arc<Semaphore>,
    tasks: TaskTracker,
}

/// What comes after a look.
#[derive(Clone, Copy)]
struct Pause {
    /// For how long nothing is due; a change ends it.
    length: Duration,
    /// What is rested after that, whatever changes.
    rest: Duration,
}

/// Cases that are read in one go. 16: a millisecond of a thread that reads, after which its place is free for others.
const READ_TOGETHER: usize = 16;

/// How late the oldest due work may be before it is worked off at full speed. 600 ms, of the second by which a step may be late.
const BEHIND_MAX: Duration = Duration::from_millis(600);

/// Until then only one part in so many is done at once. An eighth: some six thousand cases a second, in commits so small that a check
/// that waits for one waits for less than a millisecond more.
const STEADY_PART: usize = 8;

/// Steps after which the thread rests. 16: a fifth of a millisecond.
const STEPS_TOGETHER: usize = 16;

/// Between two such parts. 2 ms: what waits meanwhile is let in.
const BREATH: Duration = Duration::from_millis(2);

/// How fast due work is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// Beside checks.
    Steady,
    /// As fast as it goes: it is behind.
    Full,
}

/// What became of a due case.
enum Taken {
    /// It went on: its lease has ended with the change.
    On,
    /// Nothing was to be done, or somebody else did it.
    Nothing,
    /// Its questions went out a moment ago.
    Out,
    /// Somebody is being told of it, and nothing else is due for so long.
    Telling(Duration),
    /// It cannot go on by itself now.
    Stuck,
}

/// How long a case is left to whoever has just asked about it, where the wall clock runs so fast that a question seems lost
/// before it can be answered. A second: a reply that is recorded ends it.
const OUT_GLANCE: Duration = Duration::from_secs(1);

/// How long a case is left to whoever tells somebody of it, where nothing else of it is due. Five seconds: what is taken is recorded
/// sooner, which ends it, and a receiver that hangs has its case looked at a few times.
const TELLING_GLANCE: Duration = Duration::from_secs(5);

impl Timekeeper {
    pub(crate) fn new(
        asking: Asking,
        delivering: Arc<Delivering>,
        register: Arc<ServedRegister>,
        settings: TimekeeperSettings,
    ) -> Self {
        Self {
            askers: Arc::new(Semaphore::new(asking.again.cases_max.max(1))),
            register,
            settings: settings.at_rate(asking.clock.rate()),
            asking,
            delivering,
            tasks: TaskTracker::new(),
        }
    }

    /// Does what is due until `stopped` says so, and then waits for the rounds of questions that are under way.
    pub(crate) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut changed = self.asking.store.changed();
        let mut pace = Pace::new(&self.settings, &self.asking.clock);
        let working = async {
            loop {
                let Pause { length, rest } = self.pause(&mut pace).await;
                // A change may bring a due time forward.
                timeout(length, changed.changed()).await.ok();
                sleep(rest).await;
            }
        };
        tokio::select! {
            // First: where the whole runtime ends, nothing else is to be tried.
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => {}
            never = working => match never {},
        }
        self.tasks.close();
        tokio::join!(self.tasks.wait(), self.delivering.stop());
    }

    /// Does what is due now, and says for how long nothing will be.
    async fn pause(self: &Arc<Self>, pace: &mut Pace) -> Pause {
        self.asking.figures.beat();
        let until = |length| Pause {
            length,
            rest: self.settings.rest,
        };
        let Some(now) = pace.now() else {
            return until(self.settings.look_every);
        };
        // To lease is a transaction, and a busy gateway looks often: so it only reads while nothing is due.
        let left = match self.asking.store.next_wake().await {
            Ok(next) => next.map(|next| next.duration_since(now)),
            Err(error) => return until(self.unread(&error)),
        };
        let overdue = left.and_then(|left| Duration::try_from(-left).ok());
        self.asking.figures.looked(overdue.unwrap_or_default());
        if left.is_some_and(|left| !left.is_positive()) {
            let behind = overdue.unwrap_or_default() / self.asking.clock.rate().get();
            let (speed, rest) = if behind > BEHIND_MAX {
                (Speed::Full, Duration::ZERO)
            } else {
                (Speed::Steady, BREATH)
            };
            return match self.turn(now, speed).await {
                // Others are at it.
                Ok(0) => until(self.settings.look_every),
                Ok(_more) => Pause {
                    length: Duration::ZERO,
                    rest,
                },
                Err(error) => until(self.unread(&error)),
            };
        }
        let left = left.and_then(|left| Duration::try_from(left).ok());
        let left = left.map(|left| left / self.asking.clock.rate().get());
        let length = left.unwrap_or(self.settings.look_every);
        until(length.min(self.settings.look_every))
    }

    fn unread(&self, error: &ReadError) -> Duration {
        tracing::warn!(%error, "due work cannot be read");
        self.settings.look_every
    }

    /// Takes a batch of due cases one step on each, and says how many went on.
    ///
    /// # Errors
    /// What is due cannot be read.
    pub(crate) async fn turn(self: &Arc<Self>, now: Timestamp, speed: Speed) -> Result<usize, ReadError> {
        let part = match speed {
            Speed::Steady => STEADY_PART,
            Speed::Full => 1,
        };
        let (batch, parallel) = (self.settings.batch_max / part, self.settings.parallel_max / part);
        let due = self.asking.store.lease_due(now, batch.max(1)).await?;
        let chunks: Vec<_> = due.chunks(READ_TOGETHER).map(<[Due]>::to_vec).collect();
        let read = stream::iter(chunks).map(|due| {
            let timekeeper = Arc::clone(self);
            async move { timekeeper.read(due).await }
        });
        let readings = parallel.div_ceil(READ_TOGETHER).max(1);
        let read = read.buffer_unordered(readings);
        let steps = read.flat_map(stream::iter).enumerate();
        let steps = steps.map(|(number, (due, case))| {
            let timekeeper = Arc::clone(self);
            async move {
                if number % STEPS_TOGETHER == 0 {
                    rest();
                }
                (due.case_id, timekeeper.take_on(due, case, now).await)
            }
        });
        let mut steps = steps.buffer_unordered(parallel.max(1));
        let (mut on, mut let_go) = (0, Vec::new());
        while let Some((case_id, taken)) = steps.next().await {
            match taken {
                Ok(Taken::On) => on += 1,
                Ok(Taken::Nothing) | Err(Error::CaseChanged) => let_go.push(case_id),
                Ok(Taken::Out) => self.leave_alone(case_id, OUT_GLANCE),
                Ok(Taken::Telling(pause)) => self.leave_alone(case_id, pause),
                Ok(Taken::Stuck) => self.leave_alone(case_id, self.settings.stuck),
                Err(error) => {
                    tracing::error!(case = %case_id, %error, "a due case cannot go on");
                    self.leave_alone(case_id, self.settings.stuck);
                }
            }
        }
        if !let_go.is_empty() {
            self.asking.store.release(&let_go).await.ok();
        }
        Ok(on)
    }

    /// Waits until the questions that turns have put are answered and recorded, and the notices that they took up.
    #[cfg(feature = "demo")]
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
        self.delivering.settled().await;
    }

    /// The case stays leased for a while, so that it is not due at once again. Nobody waits for that: a lease ends with the gateway.
    fn leave_alone(&self, case_id: CaseId, pause: Duration) {
        let store = Arc::clone(&self.asking.store);
        tokio::spawn(async move {
            sleep(pause).await;
            store.release(&[case_id]).await.ok();
        });
    }

    /// The cases that are due, as they stand.
    async fn read(&self, due: Vec<Due>) -> Vec<(Due, Result<Option<Case>, ReadError>)> {
        let ids: Vec<_> = due.iter().map(|due| due.case_id).collect();
        let cases = self.asking.store.several(&ids).await;
        due.into_iter().zip(cases).collect()
    }

    async fn take_on(
        self: &Arc<Self>,
        due: Due,
        case: Result<Option<Case>, ReadError>,
        now: Timestamp,
    ) -> Result<Taken, Error> {
        let Some(case) = case? else {
            return Ok(Taken::Nothing);
        };
        if case.version != due.version {
            return Ok(Taken::Nothing);
        }
        let steps = case
            .clock
            .as_ref()
            .map(|clock| clock.step(now))
            .unwrap_or_default();
        if !steps.is_empty() {
            // Whoever has to ask again does so when it is leased next, at once.
            return self.fire(&case, steps, due.wake, now).await;
        }
        if case.referrals.is_due(now) {
            self.asking.look_after(&case, now).await?;
            return Ok(Taken::On);
        }
        match case.silenced(now, &self.asking.safeguard(&case).rules) {
            Some(Silence::Lapses) => {
                let lapsed = vec![EventKind::Lapsed];
                let (change, _) = self.asking.step_told(&case, None, now, lapsed)?;
                self.asking.store.commit_behind(change).await?;
                return Ok(Taken::On);
            }
            Some(Silence::Refers(hold)) => return Ok(self.refer(case, hold)),
            None => {}
        }
        // Receivers hold up nothing else: what is told is told beside.
        let told = self.delivering.take_up(&case, now);
        if !told.events.is_empty() {
            let change = case.change(now, told.events);
            let (change, _) = change.map_err(|fault| Error::internal(&fault))?;
            self.asking.store.commit_behind(change).await?;
            return Ok(Taken::On);
        }
        let lately = scaled(OUT_MAX, &self.asking.clock);
        if case.questions.is_lost_early(now, lately) {
            return Ok(Taken::Out);
        }
        let is_left_behind = !case.is_over() && !case.is_decided();
        if is_left_behind || (case.is_asked_on() && !case.questions.due(now).is_empty()) {
            return self.ask_again(case, now).await;
        }
        if told.under_way {
            return Ok(Taken::Telling(self.telling_glance(&case, now)));
        }
        Ok(Taken::Nothing)
    }

    /// How long a case may be left alone of which somebody is being told.
    fn telling_glance(&self, case: &Case, now: Timestamp) -> Duration {
        let next = case.wake_beside_notices(now);
        let left = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        let left = left.map(|left| left / self.asking.clock.rate().get());
        left.unwrap_or(TELLING_GLANCE).min(TELLING_GLANCE)
    }

    /// Records steps of the clock, and tells whom the thresholds name. Each is fired once: a step that was recorded before is no next step any more, and two that
    /// record at once find that the case has gone on.
    async fn fire(
        &self,
        case: &Case,
        steps: Vec<ClockEvent>,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<Taken, Error> {
        let last = steps.last().cloned();
        let kinds = steps.into_iter().map(EventKind::Clock);
        let internal = |fault| Error::internal(&fault);
        let (change, after) = case.change(now, kinds).map_err(internal)?;
        let (change, after) = self
            .asking
            .outbox
            .telling(case, change, after)
            .map_err(internal)?;
        self.asking.store.commit_behind(change).await?;
        let breached = matches!(last, Some(ClockEvent::Stepped(Step::Breached)));
        self.asking.figures.fired(case, due, now, breached);
        if breached {
            let due_at = after.clock.as_ref().map(CaseClock::due_at);
            tracing::warn!(
                case = %case.id,
                agreement = %case.receipt.agreement_id,
                due_at = due_at.map(tracing::field::display),
                "the answer is late"
            );
        }
        Ok(Taken::On)
    }
}
