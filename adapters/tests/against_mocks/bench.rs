//! Departments to ask: the mocks over a few people, and the adapters in front of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::{Ask, AskError, BoxDepartment, connect};
use statuscheck_domain::check::{Check, CheckKind, Draft, EducationBenefit};
use statuscheck_domain::clock::{ManualClock, SharedClock, london_day};
use statuscheck_domain::ids::{DepartmentId, QuestionId};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, Outcome, Reply};
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::PerDepartment;
use statuscheck_mocks::{Mocks, Settings};
use tower::ServiceExt as _;
use uuid::Uuid;

/// A Monday morning, while every desk is open.
pub(crate) const NOW: &str = "2026-01-05T10:00:00Z";

/// The people that the tests ask about; `{about}` is filled in by each test with keys of its own.
pub(crate) fn person(about: &str) -> String {
    format!(
        r#"{{"id":"ana","given_names":"Ana María","family_name":"de Souza","date_of_birth":"1961-02-28",
        "national_insurance_number":"AB123456C"{about}}}"#
    )
    .replace('\n', " ")
}

pub(crate) struct Bench {
    pub(crate) mocks: Mocks,
    pub(crate) clock: ManualClock,
}

impl Bench {
    /// Mocks that know these people.
    pub(crate) async fn of(people: &[String]) -> Self {
        Self::with(people, |_| {}).await
    }

    /// The same, with mock settings changed.
    pub(crate) async fn with(people: &[String], change: impl FnOnce(&mut Settings)) -> Self {
        let clock = ManualClock::at(NOW.parse::<Timestamp>().unwrap());
        let population = Population::from_lines(people.join("\n").as_bytes()).unwrap();
        let mut settings = Settings::new(population, Arc::new(clock.clone()));
        change(&mut settings);
        let mocks = statuscheck_mocks::start(settings).await.unwrap();
        Self { mocks, clock }
    }

    pub(crate) fn settings(&self, id: DepartmentId) -> DepartmentSettings {
        let known = PerDepartment::all(statuscheck_mocks::settings::Credentials::default());
        let known = known.of(id);
        DepartmentSettings::new(self.mocks.url(id), &known.client_id, known.client_secret.clone())
    }

    pub(crate) fn department(&self, id: DepartmentId) -> BoxDepartment {
        self.department_with(id, &self.settings(id))
    }

    pub(crate) fn department_with(&self, id: DepartmentId, settings: &DepartmentSettings) -> BoxDepartment {
        let clock: SharedClock = Arc::new(self.clock.clone());
        connect(id, settings, clock).unwrap()
    }

    /// Asks the operation's department about Ana, through an adapter of its own.
    pub(crate) async fn ask(&self, operation: Operation) -> Result<Reply, AskError> {
        ask(
            &self.department(operation.department()),
            &question(operation, &ana()),
        )
        .await
    }
}

/// Ana, with her name and number.
pub(crate) fn ana() -> Draft<'static> {
    Draft {
        given_names: "Ana María",
        family_name: "de Souza",
        date_of_birth: "1961-02-28",
        national_insurance_number: "AB123456C",
        ..Draft::default()
    }
}

/// The question about that person; for Section 95 or a right to work check.
pub(crate) fn question(operation: Operation, draft: &Draft<'_>) -> Question {
    let mut draft = draft.clone();
    let kind = match operation {
        Operation::Section95Support | Operation::EducationEligibility => CheckKind::Section95,
        _ => CheckKind::RightToWork,
    };
    draft.benefit = Some(EducationBenefit::FreeSchoolMeals);
    let today = london_day(NOW.parse().unwrap());
    let check: Check = draft
        .parse(kind, today)
        .unwrap_or_else(|faults| panic!("the draft is well formed: {faults:?}"));
    let id = QuestionId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    Question::about(&check, operation, id, Uuid::new_v4())
}

pub(crate) async fn ask(department: &BoxDepartment, question: &Question) -> Result<Reply, AskError> {
    ask_within(department, question, Duration::from_secs(5)).await
}

pub(crate) async fn ask_within(
    department: &BoxDepartment,
    question: &Question,
    within: Duration,
) -> Result<Reply, AskError> {
    let ask = Ask::new(Arc::new(question.clone()), within);
    department.clone().oneshot(ask).await
}

/// What was found; a test whose department found nothing fails here, by the kind of reply.
pub(crate) fn facts(reply: Result<Reply, AskError>) -> Facts {
    match reply.map(|reply| reply.outcome) {
        Ok(Outcome::Found(facts)) => facts,
        Ok(other) => panic!("not found but {}", kind(&other)),
        Err(error) => panic!("not found but {error:?}"),
    }
}

pub(crate) fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Found(_) => "found",
        Outcome::NoRecord => "no record",
        Outcome::Ambiguous { .. } => "ambiguous",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Unavailable(_) => "unavailable",
        Outcome::Closed { .. } => "closed",
    }
}

/// The reply's kind, or the error's.
pub(crate) fn kind_of(reply: &Result<Reply, AskError>) -> &'static str {
    match reply {
        Ok(reply) => kind(&reply.outcome),
        Err(error) => error.kind(),
    }
}
