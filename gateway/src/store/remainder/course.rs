//! A course as JSON: `{"agreement":…,"received":…,"marks":[[time,what,…],…]}`, times in nanoseconds since 1970, parts of calls in
//! microseconds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use statuscheck_domain::measures::{Course, Mark, Milestone, Stage};
use statuscheck_domain::timing::Timing;

#[derive(Serialize, Deserialize)]
pub(super) struct CourseRecord {
    agreement: String,
    received: i64,
    marks: Vec<Vec<Value>>,
}

impl CourseRecord {
    /// None where a time is beyond what the ledger can show.
    pub(super) fn of(course: &Course) -> Option<Self> {
        Some(Self {
            agreement: course.agreement.to_string(),
            received: nanoseconds(course.received)?,
            marks: course.marks.iter().map(mark).collect::<Option<_>>()?,
        })
    }

    /// None where it says what no course does.
    pub(super) fn read(self) -> Option<Course> {
        Some(Course {
            agreement: self.agreement.parse().ok()?,
            received: time(self.received)?,
            marks: self.marks.iter().map(|mark| read(mark)).collect::<Option<_>>()?,
        })
    }
}

fn mark(mark: &Mark) -> Option<Vec<Value>> {
    let at = json!(nanoseconds(mark.time)?);
    Some(match mark.change {
        Milestone::Due(due) => vec![at, json!("due"), json!(nanoseconds(due)?)],
        Milestone::Stood(due) => vec![at, json!("stood"), json!(nanoseconds(due)?)],
        Milestone::Stage(stage) => vec![at, json!(stage.as_str())],
        Milestone::Disputed => vec![at, json!("disputed")],
        Milestone::Feedback => vec![at, json!("feedback")],
        Milestone::Charged => vec![at, json!("charged")],
        Milestone::Refunded => vec![at, json!("refunded")],
        Milestone::Called(timing) => {
            let network = timing.network_us.filter(|_| timing.department_us.is_some());
            [at, json!("called"), json!(timing.gateway_us)]
                .into_iter()
                .chain(timing.department_us.map(|us| json!(us)))
                .chain(network.map(|us| json!(us)))
                .collect()
        }
    })
}

fn read(mark: &[Value]) -> Option<Mark> {
    let [at, what, rest @ ..] = mark else { return None };
    let due = || match rest {
        [due] => time(due.as_i64()?),
        _ => None,
    };
    let change = match (what.as_str()?, rest) {
        ("due", _) => Milestone::Due(due()?),
        ("stood", _) => Milestone::Stood(due()?),
        ("disputed", []) => Milestone::Disputed,
        ("feedback", []) => Milestone::Feedback,
        ("charged", []) => Milestone::Charged,
        ("refunded", []) => Milestone::Refunded,
        ("called", [gateway, rest @ ..]) if rest.len() <= 2 => Milestone::Called(Timing {
            gateway_us: part(gateway)?,
            department_us: rest.first().map(part).map_or(Some(None), |us| us.map(Some))?,
            network_us: rest.get(1).map(part).map_or(Some(None), |us| us.map(Some))?,
        }),
        (stage, []) => Milestone::Stage(Stage::ALL.into_iter().find(|known| known.as_str() == stage)?),
        _ => return None,
    };
    Some(Mark {
        time: time(at.as_i64()?)?,
        change,
    })
}

fn part(us: &Value) -> Option<u32> {
    us.as_u64()?.try_into().ok()
}

fn nanoseconds(time: Timestamp) -> Option<i64> {
    time.as_nanosecond().try_into().ok()
}

fn time(nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).ok()
}
