//! The departments of the year. What they have promised outlives every gateway.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use statuscheck::departments::Departments;
use statuscheck_adapters::{Ask, AskError, BoxDepartment};
use statuscheck_domain::clock::{Clock as _, ManualClock};
use statuscheck_domain::ids::{DepartmentId, QuestionId};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, ImmigrationStatus, Outcome, Reply, Section95Support};
use statuscheck_domain::subject::Field;

use super::people::{CORRECTED, Manner, Person, number_of};

/// A department that nobody can reach, or whose desk is closed, for a time.
struct Gone {
    department: DepartmentId,
    from: Timestamp,
    until: Timestamp,
    is_closed: bool,
}

/// What the departments know.
pub(super) struct World {
    people: Arc<Vec<Person>>,
    gone: Vec<Gone>,
    /// When each question was first asked.
    asked: Mutex<HashMap<QuestionId, Timestamp>>,
}

impl World {
    /// A year in which each department is away for some hours or days, six times.
    pub(super) fn draw(
        people: Arc<Vec<Person>>,
        start: Timestamp,
        length: Duration,
        dice: &mut ChaCha8Rng,
    ) -> Self {
        let mut gone = Vec::new();
        for department in DepartmentId::ALL {
            for _ in 0..6 {
                let from = start + SignedDuration::from_secs(dice.random_range(0..seconds(length)));
                gone.push(Gone {
                    department,
                    from,
                    until: from + SignedDuration::from_mins(dice.random_range(30..60 * 24 * 4)),
                    is_closed: dice.random(),
                });
            }
        }
        Self {
            people,
            gone,
            asked: Mutex::default(),
        }
    }

    /// The departments, as a gateway has them.
    pub(super) fn departments(self: &Arc<Self>, clock: &ManualClock) -> Departments {
        let department = |id| {
            let (world, clock) = (Arc::clone(self), clock.clone());
            let service = tower::service_fn(move |ask: Ask| {
                let replied = world.reply(&ask.question, clock.now());
                async move { replied }
            });
            (id, BoxDepartment::new(service))
        };
        Departments::new(
            DepartmentId::ALL
                .map(department)
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        )
    }

    fn reply(&self, question: &Question, now: Timestamp) -> Result<Reply, AskError> {
        let department = question.operation.department();
        let is_gone = |gone: &&Gone| gone.department == department && gone.from <= now && now < gone.until;
        if let Some(gone) = self.gone.iter().find(is_gone) {
            let closed = Outcome::Closed {
                until: Some(gone.until),
            };
            return gone
                .is_closed
                .then(|| Reply::of(closed))
                .ok_or(AskError::Unavailable);
        }
        let name = question.subject.name.as_ref().ok_or(AskError::Refused)?;
        let number = number_of(name.family()).ok_or(AskError::Refused)?;
        let person = self.people.get(number as usize).ok_or(AskError::Refused)?;
        match question.operation {
            Operation::ImmigrationStatus | Operation::Section95Support => {
                self.required(person, question, now)
            }
            Operation::NinoTrace => {
                let nino = question.subject.nino.as_ref().map_or("", |nino| nino.expose());
                let matches = person.manner != Manner::FindsARefugee || nino.starts_with(CORRECTED);
                Ok(Reply::of(Outcome::Found(Facts::NinoTrace { matches })))
            }
            Operation::BenefitHistory
            | Operation::EmploymentHistory
            | Operation::ContributionHistory
            | Operation::EducationEligibility => Ok(Reply::of(Outcome::NoRecord)),
        }
    }

    /// What the check cannot do without.
    fn required(&self, person: &Person, question: &Question, now: Timestamp) -> Result<Reply, AskError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *asked.entry(question.id).or_insert(now);
        drop(asked);
        let is_later = question.subject.home_office_reference.is_some();
        let manner = if is_later { person.then } else { person.manner };
        let found = || {
            let leave = if manner == Manner::FindsARefugee {
                "Refugee permission to stay"
            } else {
                "Settled status"
            };
            Outcome::Found(facts(question.operation, leave))
        };
        let asks = || Outcome::Ambiguous {
            would_settle: vec![Field::HomeOfficeReference],
        };
        let by = |after: Duration| since + SignedDuration::from_secs(seconds(after));
        let deferred = |by: Timestamp| Outcome::Deferred {
            expected_by: Some(by),
            ticket: person.number.to_string(),
        };
        Ok(Reply::of(match manner {
            Manner::Finds | Manner::FindsARefugee => found(),
            Manner::HasNoRecord => Outcome::NoRecord,
            Manner::Asks => asks(),
            Manner::Fails(length) if now < by(length) => return Err(AskError::Unavailable),
            Manner::Defers(length) | Manner::DefersAndAsks(length) if now < by(length) => {
                deferred(by(length))
            }
            Manner::Defers(_) | Manner::Fails(_) => found(),
            Manner::DefersAndAsks(_) => asks(),
            Manner::NeverSays => deferred(by(Duration::from_hours(24 * 1_000))),
        }))
    }
}

fn seconds(length: Duration) -> i64 {
    i64::try_from(length.as_secs()).unwrap_or(i64::MAX)
}

fn facts(operation: Operation, leave: &str) -> Facts {
    let since = jiff::civil::date(2019, 6, 1);
    match operation {
        Operation::Section95Support => Facts::Section95Support(Section95Support {
            in_force: true,
            since: Some(since),
            legal_basis: Some("Part VI, section 95".to_owned()),
        }),
        _ => Facts::ImmigrationStatus(ImmigrationStatus {
            leave: leave.to_owned(),
            valid_from: since,
            valid_until: None,
            may_work: true,
            may_rent: true,
            conditions: Vec::new(),
            health_surcharge_paid: None,
            arrived_on: None,
            document_valid_until: None,
        }),
    }
}
