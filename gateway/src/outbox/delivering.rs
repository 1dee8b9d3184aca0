//! Takes notices to their receivers, beside everything else that is due of a case.
//!
//! The timekeeper hands over a case with notices that are due. What can be tried is tried in a task of its own, and what comes
//! of it is recorded behind whatever happened to the case meanwhile. A gateway that dies between an attempt and its record
//! leaves the notice due: it is sent again, with the same id.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::case::Case;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{AgreementId, CaseId, NoticeId};
use statuscheck_domain::outbox::{Fault, NoticeEvent, Receiver, Undelivered};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Outbox;
use super::places::{Entered, Place, Places};
use crate::peer::TrustDomain;
use crate::random;
use crate::store::{CommitError, ReadError, Store};
use crate::webhook::{
    Courier, DeliveryError, DeliverySettings, Destination, Letter, Next, Notice, RetrySchedule, Tried,
    WebhookSettings,
};

/// How often what came of an attempt is recorded behind what others recorded meanwhile. 16: a case has few notices under way at
/// once, and each of them is recorded once.
const ATTEMPTS_MAX: usize = 16;

/// How long an attempt that is under way when the gateway stops may still take. 1 s: what most receivers need; what is broken
/// off is sent again.
const GRACE: Duration = Duration::from_secs(1);

/// How long a notice stays under way after what came of it could not be recorded. 1 s: it is then tried again, and its receiver
/// has it twice, so not at once.
const UNRECORDED_PAUSE: Duration = Duration::from_secs(1);

/// Delivers.
pub(crate) struct Delivering {
    store: Arc<dyn Store>,
    outbox: Outbox,
    /// None where its certificates cannot be used.
    courier: Option<Courier>,
    trust_domain: TrustDomain,
    retry: RetrySchedule,
    settings: DeliverySettings,
    clock: SharedClock,
    places: Arc<Places>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// What became of the notices of a case that are due.
#[derive(Default)]
pub(crate) struct TakenUp {
    /// To be recorded now.
    pub(crate) events: Vec<EventKind>,
    /// Some are under way: what comes of them is recorded when it is known.
    pub(crate) under_way: bool,
}

/// What was tried of a notice that is kept nowhere else.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attempt {
    attempts: u32,
    first_failed: Option<Timestamp>,
    /// Not before then; never again where it is parked.
    next: Option<Timestamp>,
    parked: bool,
}

/// Why an attempt came to nothing.
enum Failed {
    /// The receiver was tried.
    Tried(DeliveryError),
    /// It has just failed with another notice.
    Resting(Fault),
}

impl Delivering {
    /// Delivers notices of `outbox`. Without a courier, which is logged, attempts fail until the gateway is started anew.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        outbox: Outbox,
        settings: &WebhookSettings,
        trust_domain: TrustDomain,
        clock: SharedClock,
    ) -> Arc<Self> {
        let courier = Courier::new(settings, clock.clone());
        let courier = courier.inspect_err(|error| {
            tracing::warn!(error = error as &dyn std::error::Error, "no webhooks can be sent")
        });
        // Shorter than any pause, so that a notice that has failed is itself tried when its time comes.
        let rest = settings.retry.shortest_pause() / 2;
        Arc::new(Self {
            store,
            outbox,
            courier: courier.ok(),
            trust_domain,
            retry: settings.retry,
            settings: settings.delivery,
            places: Places::new(
                settings.delivery,
                SignedDuration::try_from(rest).unwrap_or(SignedDuration::ZERO),
            ),
            clock,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }

    /// Takes up every notice of `case` that is due at `now`.
    pub(crate) fn take_up(self: &Arc<Self>, case: &Case, now: Timestamp) -> TakenUp {
        let mut taken = TakenUp::default();
        for left in case.outbox.due(now) {
            match self.begin(case, left, now) {
                Some(event) => taken.events.push(EventKind::Outbox(event)),
                None => taken.under_way = true,
            }
        }
        taken
    }

    /// What is to be recorded of a notice now; none where it is under way.
    fn begin(self: &Arc<Self>, case: &Case, left: &Undelivered, now: Timestamp) -> Option<NoticeEvent> {
        let (id, receiver) = (left.notice.id, &left.notice.receiver);
        let parked = |fault| Some(NoticeEvent::Parked { id, fault });
        let Some(webhook) = self.outbox.webhook(receiver, &case.receipt.agreement_id) else {
            tracing::error!(case = %case.id, notice = %id, %receiver, "a notice is parked: its receiver has no webhook");
            return parked(Fault::NoWebhook);
        };
        let destination = self.courier.as_ref().map(|courier| courier.destination(&webhook));
        let destination = match destination {
            Some(Ok(destination)) => destination,
            Some(Err(error)) => {
                tracing::error!(case = %case.id, notice = %id, %receiver, %error, "a notice is parked: its address is not allowed");
                return parked(Fault::NotAllowed);
            }
            None => return Some(self.after_fault(left, Fault::NoTls, now)),
        };
        let address = (receiver.clone(), webhook.host().to_owned());
        match self.places.enter(id, address, now) {
            Entered::UnderWay => None,
            Entered::Full => Some(self.put_off(id, now)),
            Entered::Resting(fault) => Some(self.after_fault(left, fault, now)),
            Entered::Begun(place) => {
                let letter = Notice::of(case, left).letter(&self.trust_domain);
                let delivering = Arc::clone(self);
                let case_id = case.id;
                self.tasks.spawn(async move {
                    delivering.deliver(case_id, &place, &destination, &letter).await;
                });
                None
            }
        }
    }

    /// Takes a notice to its receiver once it is its turn, and records what came of it.
    async fn deliver(&self, case_id: CaseId, place: &Place, to: &Destination, letter: &Letter) {
        let attempt = async {
            let _turn = place.turn().await;
            let resting = place.rests(self.clock.now());
            match (resting, &self.courier) {
                (Some(fault), _) => Some(Err(Failed::Resting(fault))),
                (None, Some(courier)) => Some(courier.deliver(to, letter).await.map_err(Failed::Tried)),
                (None, None) => None,
            }
        };
        let stopped = async {
            self.stopping.cancelled().await;
            sleep(GRACE).await;
        };
        let outcome = tokio::select! {
            outcome = attempt => outcome,
            () = stopped => None,
        };
        let Some(outcome) = outcome else { return };
        if let Err(Failed::Tried(error)) = &outcome
            && error.is_the_receivers()
        {
            place.failed(self.clock.now(), error.fault());
        }
        if let Err(error) = self.record(case_id, letter.id, &outcome).await {
            tracing::warn!(case = %case_id, notice = %letter.id, %error, "what came of a notice could not be recorded");
            sleep(UNRECORDED_PAUSE).await;
        }
    }

    /// Records what came of an attempt, behind what others recorded meanwhile. A notice that another gateway has delivered, or
    /// whose case is gone, is left as it is.
    async fn record(
        &self,
        case_id: CaseId,
        id: NoticeId,
        outcome: &Result<(), Failed>,
    ) -> Result<(), CommitError> {
        for _ in 0..ATTEMPTS_MAX {
            let case = match self.store.case(case_id).await {
                Ok(Some(case)) => case,
                Ok(None) => return Ok(()),
                Err(ReadError::Full) => {
                    sleep(UNRECORDED_PAUSE / 10).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let left = case.outbox.notice(id).filter(|left| !left.is_parked());
            let Some(left) = left else { return Ok(()) };
            let now = self.clock.now();
            let event = match outcome {
                Ok(()) => NoticeEvent::Delivered { id },
                Err(Failed::Resting(fault)) => self.after_fault(left, *fault, now),
                Err(Failed::Tried(error)) => self.after(left, error, now),
            };
            let change = case.change(now, [EventKind::Outbox(event)]);
            let (change, _) = change.map_err(|_no_history| CommitError::Malformed)?;
            match self.store.commit_behind(change).await {
                Err(CommitError::Stale) => {}
                done => return done,
            }
        }
        Err(CommitError::Stale)
    }

    /// Takes a notice of no case to `receiver`, where that is due after what was tried `before`: whether it was taken, or what was
    /// tried now. None where nothing is due, or there is nobody to tell.
    pub(crate) async fn attempt(
        &self,
        receiver: &Receiver,
        agreement: &AgreementId,
        notice: &Notice,
        before: Attempt,
        now: Timestamp,
    ) -> Option<Result<(), Attempt>> {
        let webhook = self.outbox.webhook(receiver, agreement)?;
        if before.parked || before.next.is_some_and(|next| now < next) {
            return None;
        }
        let courier = self.courier.as_ref()?;
        let delivered = match courier.destination(&webhook) {
            Ok(to) => courier.deliver(&to, &notice.letter(&self.trust_domain)).await,
            Err(error) => Err(error.into()),
        };
        let Err(error) = delivered else {
            return Some(Ok(()));
        };
        let first_failed = before.first_failed.unwrap_or(now);
        let tried = Tried {
            attempts: before.attempts.saturating_add(1),
            since_first: Duration::try_from(now.duration_since(first_failed)).unwrap_or_default(),
        };
        let next = self.retry.after(&error, tried, drawn());
        let (id, kind) = (notice.id, notice.happening.as_str());
        tracing::warn!(notice = %id, %receiver, kind, %error, parked = next == Next::Park, "a notice was not taken");
        Some(Err(Attempt {
            attempts: tried.attempts,
            first_failed: Some(first_failed),
            next: match next {
                Next::Again(pause) => Some(later(now, pause)),
                Next::Park => None,
            },
            parked: next == Next::Park,
        }))
    }

    fn put_off(&self, id: NoticeId, now: Timestamp) -> NoticeEvent {
        // Between a half and the whole of it, so that they do not come back together.
        let share = u32::from(random::bytes::<1>()[0]) + 256;
        let pause = self.settings.put_off * share / 512;
        NoticeEvent::PutOff {
            id,
            until: later(now, pause),
        }
    }

    /// What follows from an attempt that failed.
    fn after(&self, left: &Undelivered, error: &DeliveryError, now: Timestamp) -> NoticeEvent {
        let next = self.retry.after(error, tried(left, now), drawn());
        self.event(left, next, error.fault(), now)
    }

    /// What follows from an attempt that was not made, because it would have failed.
    fn after_fault(&self, left: &Undelivered, fault: Fault, now: Timestamp) -> NoticeEvent {
        let next = self.retry.next(tried(left, now), None, drawn());
        self.event(left, next, fault, now)
    }

    fn event(&self, left: &Undelivered, next: Next, fault: Fault, now: Timestamp) -> NoticeEvent {
        let id = left.notice.id;
        match next {
            Next::Again(pause) => NoticeEvent::Failed {
                id,
                fault,
                again: later(now, pause),
            },
            Next::Park => {
                tracing::error!(
                    notice = %id,
                    receiver = %left.notice.receiver,
                    happening = left.notice.happening.as_str(),
                    %fault,
                    "a notice is parked: its receiver is told no more of it until an operator has it tried anew"
                );
                NoticeEvent::Parked { id, fault }
            }
        }
    }

    /// Waits until what is under way has come to its end.
    #[cfg(feature = "demo")]
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Begins nothing more, and waits for what is under way, which is broken off after a moment.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What has been tried, with the attempt that ends at `now`.
fn tried(left: &Undelivered, now: Timestamp) -> Tried {
    let since = left.first_failed.map(|first| now.duration_since(first));
    Tried {
        attempts: left.attempts.saturating_add(1),
        since_first: since
            .and_then(|since| Duration::try_from(since).ok())
            .unwrap_or_default(),
    }
}

fn drawn() -> u64 {
    u64::from_ne_bytes(random::bytes())
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
