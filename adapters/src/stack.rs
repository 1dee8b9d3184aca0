//! What stands around every department: how long, how often and how many at once it is asked.

mod breaker;
mod concurrency;
mod deadline;
mod pulse;
mod rate;
mod retry;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::Reply;
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

pub(crate) use breaker::Circuit;
pub(crate) use concurrency::Places;
pub(crate) use rate::{Rate, requests_at_least};

use crate::settings::{BreakerSettings, ConcurrencySettings, RetrySettings};
use crate::share::Share;
use crate::vitals::{Pulse, Vitals};
use crate::{Ask, AskError, BoxDepartment, Department};

/// A reply under way.
pub(crate) type Replying = std::pin::Pin<Box<dyn Future<Output = Result<Reply, AskError>> + Send>>;

/// What bounds the asking of one department.
pub(crate) struct Bounds {
    pub(crate) breaker: BreakerSettings,
    pub(crate) concurrency: ConcurrencySettings,
    pub(crate) retry: RetrySettings,
    /// Shared with the transport, which pays for every request that a question takes beyond its first ones.
    pub(crate) rate: Arc<Rate>,
    /// This gateway's of the places, and of the rate.
    pub(crate) share: Share,
}

/// The department behind its stack. Every layer can be cloned and shared, and none holds a lock while it waits, so a slow
/// reply delays no other.
///
/// - *pulse* listens from outside: what it hears is what whoever asks gets;
/// - *deadline* is outermost of what acts, so that time spent waiting in any layer counts;
/// - *breaker* next: a department at rest costs neither a place in the queue nor a slice of its rate;
/// - *concurrency* before rate: who waits for the rate already has a place, so the waiting is bounded too;
/// - *rate* before retry takes what the question needs in one go, so that no question starts which cannot end; a repeat and
///   whatever else a question comes to need pay for themselves;
/// - *retry* innermost: a repeat keeps its place, and the breaker hears of a question once, not once a try.
pub(crate) fn stack<D: Department>(
    department: D,
    bounds: Bounds,
    clock: SharedClock,
) -> (BoxDepartment, Vitals) {
    let id = department.id();
    let (rate, share) = (bounds.rate, bounds.share);
    let circuit = Circuit::new(id, bounds.breaker, clock.clone());
    let pulse = Arc::new(Pulse::default());
    let vitals = Vitals::new(Arc::clone(&circuit), Arc::clone(&rate), Arc::clone(&pulse));
    let service = BoxCloneSyncService::new(
        ServiceBuilder::new()
            .layer_fn(|inner| pulse::Listened::new(inner, Arc::clone(&pulse), clock.clone()))
            .layer_fn(|inner| deadline::Deadline::new(inner, id, clock.clone()))
            .layer_fn(|inner| breaker::Breaker::new(inner, Arc::clone(&circuit)))
            .layer_fn(|inner| {
                concurrency::Concurrency::new(inner, bounds.concurrency, share.clone(), clock.clone())
            })
            .layer_fn(|inner| rate::RateLimited::new(inner, rate.clone(), clock.clone()))
            .layer_fn(|inner| retry::Retry::new(inner, bounds.retry, rate.clone(), clock.clone()))
            .service(department),
    );
    (service, vitals)
}

/// A question whose time runs.
#[derive(Clone)]
struct Timed {
    ask: Ask,
    /// When the time is out, on the clock's `elapsed`.
    until: Duration,
    /// The deadline sets it before it drops the question, so that the breaker can tell that from a caller who left.
    out_of_time: Arc<AtomicBool>,
}

impl Timed {
    fn left(&self, clock: &SharedClock) -> Duration {
        self.until.saturating_sub(clock.elapsed())
    }
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
