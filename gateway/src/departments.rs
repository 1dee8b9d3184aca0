//! Asking departments: a question goes to its department's stack, and every failure comes back as a reply that is not "no".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use statuscheck_adapters::vitals::{Condition, Vitals};
use statuscheck_adapters::{Ask, BoxDepartment};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Question;
use statuscheck_domain::reply::{Outcome, Reply, Unavailable};
use statuscheck_domain::timing::Timing;
use tower::ServiceExt as _;

use crate::ops::Closures;

use crate::telemetry::{result_name, trace};

/// The departments that this gateway can ask.
#[derive(Clone, Default)]
pub struct Departments {
    known: Arc<BTreeMap<DepartmentId, BoxDepartment>>,
    vitals: Arc<BTreeMap<DepartmentId, Vitals>>,
    /// Those that operators closed are not asked.
    closures: Option<Arc<Closures>>,
}

impl Departments {
    /// Departments by id.
    pub fn new(known: BTreeMap<DepartmentId, BoxDepartment>) -> Self {
        Self {
            known: Arc::new(known),
            ..Self::default()
        }
    }

    /// Departments by id, each with how it is doing.
    pub fn watched(known: BTreeMap<DepartmentId, (BoxDepartment, Vitals)>) -> Self {
        let vitals = known.iter().map(|(id, (_, vitals))| (*id, vitals.clone()));
        Self {
            vitals: Arc::new(vitals.collect()),
            ..Self::new(
                known
                    .into_iter()
                    .map(|(id, (department, _))| (id, department))
                    .collect(),
            )
        }
    }

    /// The same, asked only while operators have not closed them.
    pub(crate) fn respecting(self, closures: Arc<Closures>) -> Self {
        Self {
            closures: Some(closures),
            ..self
        }
    }

    /// How a department is doing; none where that is not watched.
    pub(crate) fn condition(&self, department: DepartmentId, clock: &SharedClock) -> Option<Condition> {
        self.vitals.get(&department).map(|vitals| vitals.now(clock))
    }

    /// Asks one question and waits for the reply, `within` at the longest.
    pub async fn ask(self, question: Arc<Question>, within: Duration) -> Asked {
        let department = question.operation.department();
        if let Some(closure) = self
            .closures
            .as_ref()
            .and_then(|closures| closures.of(department))
        {
            return Asked::not_sent(Outcome::Closed { until: closure.until });
        }
        let Some(service) = self.known.get(&department).cloned() else {
            tracing::warn!(
                department = department.as_str(),
                "the department is not configured"
            );
            return Asked::not_sent(Outcome::Unavailable(Unavailable::Failed));
        };
        let asking = trace::asking(department);
        let mut ask = Ask::new(question, within);
        ask.traceparent = asking.as_ref().map(trace::Asking::traceparent);
        let sent = ask.sent.clone();
        let reply = service.oneshot(ask).await.unwrap_or_else(|error| {
            tracing::warn!(department = department.as_str(), %error, "no reply");
            Reply::of(Outcome::Unavailable(error.into()))
        });
        if let Some(asking) = asking {
            let is_error = matches!(reply.outcome, Outcome::Unavailable(_));
            asking.end(result_name(&reply.outcome), is_error);
        }
        Asked {
            reply,
            is_sent: sent.is_sent(),
            timing: Some(sent.timing()),
        }
    }
}

/// What came of a question.
pub struct Asked {
    /// The reply.
    pub reply: Reply,
    /// The question went out, or may have; false where the department certainly never saw it: it rests, or is closed by hand, or
    /// its limit is reached, or it cannot be reached, or is not configured.
    pub is_sent: bool,
    /// Where the time went; none where no department was called, or it replied by itself.
    pub timing: Option<Timing>,
}

impl Asked {
    fn not_sent(outcome: Outcome) -> Self {
        Self {
            reply: Reply::of(outcome),
            is_sent: false,
            timing: None,
        }
    }
}
