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

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use serde::Deserialize;
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
use crate::register::ServedRegister;
use crate::store::{Due, ReadError};

mod pace;
mod rounds;

use self::pace::{Pace, scaled};

/// How due work is done.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct TimekeeperSettings {
    /// Cases leased at a time. 256: as many as one commit takes.
    pub batch_max: usize,
    /// Cases that are read and written at once. 64: enough for the store to commit in groups, few beside the checks.
    pub parallel_max: usize,
    /// How long nothing due is looked for anew at the longest, whatever the store says. 500 ms: half of the second by which a
    /// step may be late.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
    /// From one look to the next at the least. 50 ms: a busy gateway records thousands of changes a second, few of them bring a
    /// due time forward, and to a database each look is a query.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub rest: Duration,
    /// How far the wall clock may leave the monotonic one between two looks. 5 s: time servers slew by far less.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub jump: Duration,
    /// How long a wall clock that jumped must keep its new time before it counts. 1 min: a time server that was wrong, or an
    /// operator's slip, is put right by then; a machine that slept is late by no more.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub settle: Duration,
    /// How long a case that could not be taken on is left alone. 30 s: somebody has to mend something.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub stuck: Duration,
}

impl Default for TimekeeperSettings {
    fn default() -> Self {
        Self {
            batch_max: 256,
            parallel_max: 64,
            look_every: Duration::from_millis(500),
            rest: Duration::from_millis(50),
            jump: Duration::from_secs(5),
            settle: Duration::from_mins(1),
            stuck: Duration::from_secs(30),
        }
    }
}

impl TimekeeperSettings {
    /// From one look to the next at the least, however fast the wall clock runs: some hundred looks a second keep one
    /// processor a tenth busy.
    const LOOK_MIN: Duration = Duration::from_millis(5);

    /// The same where the wall clock runs `rate` times as fast, so that a step is late by no more of its time.
    fn at_rate(self, rate: NonZeroU32) -> Self {
        let often = |pause: Duration| pause.min((pause / rate.get()).max(Self::LOOK_MIN));
        Self {
            look_every: often(self.look_every),
            rest: often(self.rest),
            ..self
        }
    }
}

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
                let pause = self.pause(&mut pace).await;
                // A change may bring a due time forward.
                timeout(pause, changed.changed()).await.ok();
                sleep(self.settings.rest).await;
            }
        };
        tokio::select! {
            never = working => match never {},
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        self.tasks.close();
        tokio::join!(self.tasks.wait(), self.delivering.stop());
    }

    /// Does what is due now, and says for how long nothing will be.
    async fn pause(self: &Arc<Self>, pace: &mut Pace) -> Duration {
        self.asking.figures.beat();
        let Some(now) = pace.now() else {
            return self.settings.look_every;
        };
        // To lease is a transaction, and a busy gateway looks often: so it only reads while nothing is due.
        let left = match self.asking.store.next_wake().await {
            Ok(next) => next.map(|next| next.duration_since(now)),
            Err(error) => return self.unread(&error),
        };
        let overdue = left.and_then(|left| Duration::try_from(-left).ok());
        self.asking.figures.looked(overdue.unwrap_or_default());
        if left.is_some_and(|left| !left.is_positive()) {
            return match self.turn(now).await {
                // Others are at it.
                Ok(0) => self.settings.look_every,
                Ok(_more) => Duration::ZERO,
                Err(error) => self.unread(&error),
            };
        }
        let left = left.and_then(|left| Duration::try_from(left).ok());
        let left = left.map(|left| left / self.asking.clock.rate().get());
        left.unwrap_or(self.settings.look_every)
            .min(self.settings.look_every)
    }

    fn unread(&self, error: &ReadError) -> Duration {
        tracing::warn!(%error, "due work cannot be read");
        self.settings.look_every
    }

    /// Takes a batch of due cases one step on each, and says how many went on.
    ///
    /// # Errors
    /// What is due cannot be read.
    pub(crate) async fn turn(self: &Arc<Self>, now: Timestamp) -> Result<usize, ReadError> {
        let due = self.asking.store.lease_due(now, self.settings.batch_max).await?;
        let steps = due.into_iter().map(|due| {
            let timekeeper = Arc::clone(self);
            async move { (due.case_id, timekeeper.take_on(due, now).await) }
        });
        let mut steps = stream::iter(steps).buffer_unordered(self.settings.parallel_max.max(1));
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

    /// Waits until the questions that turns have put are answered and recorded.
    #[cfg(feature = "demo")]
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// The case stays leased for a while, so that it is not due at once again.
    fn leave_alone(&self, case_id: CaseId, pause: Duration) {
        let store = Arc::clone(&self.asking.store);
        self.tasks.spawn(async move {
            sleep(pause).await;
            store.release(&[case_id]).await.ok();
        });
    }

    async fn take_on(self: &Arc<Self>, due: Due, now: Timestamp) -> Result<Taken, Error> {
        let Some(case) = self.asking.store.case(due.case_id).await? else {
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
                self.asking.store.commit(change).await?;
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
            self.asking.store.commit(change).await?;
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
        self.asking.store.commit(change).await?;
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
