//! The owners of the agreements, who are told of what is late and at risk, and what has to come of that.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use statuscheck::webhook::WebhookSettings;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::case_clock::{ClockEvent, Step};
use statuscheck_domain::event::{Event, EventKind};
use statuscheck_domain::ids::NoticeId;
use statuscheck_domain::outbox::{Happening, NoticeEvent, Receiver};
use tokio::runtime::Runtime;

use super::laws::Judge;
use super::people::Person;
use crate::hooks::{Answer, Post, Receiver as Letters};

/// One receiver for all owners. It outlives every gateway.
pub(super) struct Owner {
    letters: Letters,
    post: Post,
    /// When it takes nothing.
    away: Vec<(Timestamp, Timestamp)>,
    /// Where it listens.
    _runtime: Runtime,
}

impl Owner {
    /// One that is away for some hours, many times, and for longer than anybody tries, four times.
    pub(super) fn draw(start: Timestamp, length: Duration, dice: &mut ChaCha8Rng) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let letters = runtime.block_on(Letters::start());
        let seconds = i64::try_from(length.as_secs())?;
        let mut away = Vec::new();
        for number in 0..24 {
            let from = start + SignedDuration::from_secs(dice.random_range(0..seconds));
            let hours = if number < 4 {
                dice.random_range(80..120)
            } else {
                dice.random_range(1..30)
            };
            away.push((from, from + SignedDuration::from_hours(hours)));
        }
        Ok(Self {
            letters,
            post: Post::default(),
            away,
            _runtime: runtime,
        })
    }

    /// The shipped register, with a webhook for the owner of each agreement.
    pub(super) fn register(&self) -> anyhow::Result<Register> {
        let shipped = statuscheck::demo::shipped_register()?;
        let agreements = shipped.agreements().cloned().map(|mut agreement| {
            agreement.owner_webhook = Some(self.letters.webhook(&["new"]));
            agreement
        });
        let register = Register::new(agreements, shipped.orders().iter().cloned());
        let register = register.and_then(|register| register.with_safeguards(shipped.safeguards().cloned()));
        register.map_err(|faults| anyhow::anyhow!("the register has {} faults", faults.len()))
    }

    pub(super) fn settings(&self) -> WebhookSettings {
        self.post.settings()
    }

    /// Takes what comes at `now`, or does not.
    pub(super) fn answer(&self, now: Timestamp) {
        let is_away = self.away.iter().any(|(from, until)| *from <= now && now < *until);
        self.letters
            .answers(Answer::Status(if is_away { 503 } else { 204 }));
    }

    /// Ids of the notices that it took, each as often as it did.
    pub(super) fn came(&self) -> HashMap<String, u64> {
        let mut came = HashMap::new();
        for letter in self.letters.letters().iter().filter(|letter| letter.was_taken) {
            *came.entry(letter.id.clone()).or_default() += 1;
        }
        came
    }
}

/// What became of a notice.
#[derive(Default)]
struct Fate {
    delivered: u32,
    parked: u32,
}

impl Judge<'_> {
    /// Each broken promise is escalated to the owner once, in the change that says that it is broken; and each notice is taken in the
    /// end, or given up.
    pub(super) fn notices(&mut self, person: &Person, history: &[Event]) {
        let mut fates: HashMap<NoticeId, Fate> = HashMap::new();
        let (mut broken, mut escalated) = (Vec::new(), Vec::new());
        for event in history {
            match &event.kind {
                EventKind::Clock(ClockEvent::Stepped(Step::Breached)) => broken.push(event.time),
                EventKind::Outbox(NoticeEvent::Queued(notice)) => {
                    if fates.insert(notice.id, Fate::default()).is_some() {
                        self.finding(person, "has a notice that was queued twice");
                    }
                    let is_to_owner = matches!(notice.receiver, Receiver::Owner(_));
                    if is_to_owner && matches!(notice.happening, Happening::Breached { .. }) {
                        escalated.push(event.time);
                    }
                }
                EventKind::Outbox(NoticeEvent::Delivered { id }) => {
                    fates.entry(*id).or_default().delivered += 1;
                }
                EventKind::Outbox(NoticeEvent::Parked { id, .. }) => {
                    fates.entry(*id).or_default().parked += 1;
                }
                _ => {}
            }
        }
        if broken != escalated {
            self.finding(
                person,
                format_args!("broke its promise at {broken:?}, and that was escalated at {escalated:?}"),
            );
        }
        for (id, Fate { delivered, parked }) in fates {
            if delivered + parked != 1 {
                self.finding(
                    person,
                    format_args!("has a notice that was taken {delivered} times and given up {parked} times"),
                );
            }
            let came = self.came.remove(&id.to_string()).unwrap_or_default();
            if delivered > 0 && came == 0 {
                self.finding(person, "has a notice that is said to be taken, and nobody got it");
            }
            self.reckoned.taken += u64::from(delivered);
            self.reckoned.parked += u64::from(parked);
            self.reckoned.repeated += came.saturating_sub(1);
        }
    }

    /// Nothing came that no case has queued.
    pub(super) fn strays(&mut self) {
        if !self.came.is_empty() {
            let strays = self.came.len();
            self.found(format!("{strays} notices came that no case has queued"));
        }
    }
}
