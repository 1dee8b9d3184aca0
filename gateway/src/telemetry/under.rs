//! What is counted by agreement and check. An agreement's counters are bound when it is first met; from then on they are found
//! without a lock. Agreements are those of the register, so they are bounded.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use opentelemetry::metrics::{BoundCounter, Counter, Meter};
use statuscheck_domain::answer::Outcome;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::AgreementId;

use super::catalogue::{CHECKS, OUTCOMES, PROMISES};

const KINDS: usize = CheckKind::ALL.len();

pub(super) struct Agreements {
    checks: Counter<u64>,
    promises: Counter<u64>,
    known: ArcSwap<HashMap<AgreementId, Arc<Under>>>,
}

/// The counters of one agreement.
#[derive(Default)]
struct Under {
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

    pub(super) fn answered(&self, case: &Case) {
        let (kind, outcome) = (case.receipt.check.kind(), outcome(&case.answer.outcome));
        let agreement = &case.receipt.agreement_id;
        self.under(agreement, |under| {
            let bind = || {
                let labels = [
                    kind.as_str().into(),
                    agreement.to_string().into(),
                    OUTCOMES[outcome].into(),
                ];
                self.checks.bind(&CHECKS.with(labels))
            };
            under.checks[kind as usize][outcome].get_or_init(bind).add(1);
        });
    }

    pub(super) fn promised(&self, case: &Case, kept: bool) {
        let (kind, agreement) = (case.receipt.check.kind(), &case.receipt.agreement_id);
        self.under(agreement, |under| {
            let bind = || {
                let kept = if kept { "true" } else { "false" };
                let labels = [kind.as_str().into(), agreement.to_string().into(), kept.into()];
                self.promises.bind(&PROMISES.with(labels))
            };
            under.promises[kind as usize][usize::from(kept)]
                .get_or_init(bind)
                .add(1);
        });
    }

    fn under(&self, agreement: &AgreementId, count: impl FnOnce(&Under)) {
        if let Some(under) = self.known.load().get(agreement) {
            return count(under);
        }
        let new = Arc::new(Under::default());
        self.known.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.entry(agreement.clone()).or_insert_with(|| Arc::clone(&new));
            known
        });
        if let Some(under) = self.known.load().get(agreement) {
            count(under);
        }
    }
}

/// The place of an answer in [`OUTCOMES`].
const fn outcome(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Established { .. } => 0,
        Outcome::NotEstablished(_) => 1,
        Outcome::Pending { .. } => 2,
        Outcome::MoreInformation { .. } => 3,
        Outcome::Referred { .. } => 4,
    }
}
