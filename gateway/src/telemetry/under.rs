//! What is counted by agreement and check. An agreement has its place when it is first met; from then on it is found without a
//! lock. Agreements are those of the register, so they are bounded.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use opentelemetry::metrics::{BoundCounter, Counter, Meter};
use statuscheck_domain::answer::Outcome;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::AgreementId;

use super::catalogue::{CHECKS, OUTCOMES, PROMISES};

const KINDS: usize = CheckKind::ALL.len();

pub(super) struct Agreements {
    checks: Counter<u64>,
    promises: Counter<u64>,
    known: ArcSwap<Known>,
}

/// The place of an agreement among those that were met.
#[derive(Clone, Copy)]
pub(super) struct Under(u32);

#[derive(Clone, Default)]
struct Known {
    places: HashMap<AgreementId, Under>,
    all: Vec<Arc<Counters>>,
}

/// The counters of one agreement, each bound to its labels when it first counts.
struct Counters {
    agreement: AgreementId,
    checks: [[OnceLock<BoundCounter<u64>>; OUTCOMES.len()]; KINDS],
    promises: [[OnceLock<BoundCounter<u64>>; 2]; KINDS],
}

impl Agreements {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            checks: CHECKS.counter(meter),
            promises: PROMISES.counter(meter),
            known: ArcSwap::default(),
        }
    }

    /// Checks were answered; `outcome` is the place of the answer in [`OUTCOMES`].
    pub(super) fn answered(&self, under: Under, kind: CheckKind, outcome: u8, count: u64) {
        let counters = &self.known.load().all[under.0 as usize];
        let outcome = usize::from(outcome);
        let bind = || {
            let labels = [
                kind.as_str().into(),
                counters.agreement.to_string().into(),
                OUTCOMES[outcome].into(),
            ];
            self.checks.bind(&CHECKS.with(labels))
        };
        counters.checks[kind as usize][outcome]
            .get_or_init(bind)
            .add(count);
    }

    /// Promises were kept, or not.
    pub(super) fn promised(&self, under: Under, kind: CheckKind, kept: bool, count: u64) {
        let counters = &self.known.load().all[under.0 as usize];
        let bind = || {
            let kept = if kept { "true" } else { "false" };
            let agreement = counters.agreement.to_string();
            self.promises
                .bind(&PROMISES.with([kind.as_str().into(), agreement.into(), kept.into()]))
        };
        counters.promises[kind as usize][usize::from(kept)]
            .get_or_init(bind)
            .add(count);
    }

    /// The place of an agreement.
    pub(super) fn under(&self, agreement: &AgreementId) -> Under {
        if let Some(under) = self.known.load().places.get(agreement) {
            return *under;
        }
        let new = Arc::new(Counters {
            agreement: agreement.clone(),
            checks: Default::default(),
            promises: Default::default(),
        });
        let mut place = Under(0);
        self.known.rcu(|known| {
            let mut known = Known::clone(known);
            let next = Under(u32::try_from(known.all.len()).unwrap_or(u32::MAX));
            place = *known.places.entry(agreement.clone()).or_insert(next);
            if place.0 == next.0 {
                known.all.push(Arc::clone(&new));
            }
            known
        });
        place
    }
}

/// The place of an answer in [`OUTCOMES`].
pub(super) const fn place(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Established { .. } => 0,
        Outcome::NotEstablished(_) => 1,
        Outcome::Pending { .. } => 2,
        Outcome::MoreInformation { .. } => 3,
        Outcome::Referred { .. } => 4,
    }
}
