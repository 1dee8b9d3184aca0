//! Open cases as a gateway leaves them: received, asked about, and waiting for a department, or for the caller.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::agreement::{Agreement, Register};
use statuscheck_domain::answer::{Answer, Outcome as Told, PendingReason};
use statuscheck_domain::case::Case;
use statuscheck_domain::check::{Check, CheckKind, Draft, EducationBenefit};
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, DepartmentId, OrganisationId, QuestionId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Outcome, Reply};
use statuscheck_domain::sla::Ground;
use statuscheck_domain::subject::Field;
use statuscheck_domain::working_time::Calendars;
use uuid::Uuid;
use zeroize::Zeroizing;

use statuscheck::store::{Received, Store};

/// From the receipt to the first decision.
const DECIDED_AFTER: SignedDuration = SignedDuration::from_secs(2);

/// Within so much of the beginning no case of the fixture becomes due by itself.
const QUIET: SignedDuration = SignedDuration::from_hours(3);

/// What cases are made of.
pub(crate) struct Maker {
    register: Register,
    calendars: Calendars,
}

/// A case in two changes.
pub(crate) struct OpenCase {
    pub(crate) id: CaseId,
    first: Change,
    content: Zeroizing<Vec<u8>>,
    then: Change,
}

/// What is asked, by whom.
struct Asked {
    check: CheckKind,
    agreement: &'static str,
    organisation: &'static str,
}

const RIGHT_TO_WORK: Asked = Asked {
    check: CheckKind::RightToWork,
    agreement: "right-to-work",
    organisation: "employer",
};

/// Of ten cases.
const ASKED: [Asked; 10] = [
    RIGHT_TO_WORK,
    RIGHT_TO_WORK,
    Asked {
        check: CheckKind::RightToRent,
        agreement: "right-to-rent",
        organisation: "landlord",
    },
    RIGHT_TO_WORK,
    Asked {
        check: CheckKind::Section95,
        agreement: "section-95",
        organisation: "council",
    },
    RIGHT_TO_WORK,
    RIGHT_TO_WORK,
    Asked {
        check: CheckKind::Iecas,
        agreement: "iecas",
        organisation: "trust",
    },
    RIGHT_TO_WORK,
    RIGHT_TO_WORK,
];

/// When what happens to a case.
struct Times {
    received_at: Timestamp,
    /// Its clock counts from then.
    started_at: Timestamp,
    /// All that was due by then has been fired.
    now: Timestamp,
    /// When its department is asked again.
    again: Timestamp,
}

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    ForTheDepartment,
    ForTheCaller,
}

impl Maker {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            register: statuscheck::demo::shipped_register()?,
            calendars: Calendars::default(),
        })
    }

    /// The case of that number among `all`, of which the first were received eight days before `start` and the last just before
    /// it: most of them in time, some at risk, some late, one in ten waiting for its caller.
    pub(crate) fn of_fixture(&self, number: u32, all: u32, start: Timestamp) -> anyhow::Result<OpenCase> {
        let age = SignedDuration::from_hours(8 * 24) * i32::try_from(all - number)? / i32::try_from(all)?;
        let mut received_at = start - age;
        let waits = if number % 10 == 3 {
            Waits::ForTheCaller
        } else {
            Waits::ForTheDepartment
        };
        let again =
            start + SignedDuration::from_hours(6) + SignedDuration::from_secs(i64::from(number % 300_000));
        let asked = ASKED.get(number as usize / 10 % 10).context("one of ten")?;
        // What would be due at once is made so much older that it was due before; over a weekend that takes a while.
        for _ in 0..40 {
            let times = Times {
                received_at,
                started_at: received_at,
                now: start,
                again,
            };
            let (case, wake) = self.case(number, asked, waits, times)?;
            if wake.is_none_or(|wake| wake > start + QUIET) {
                return Ok(case);
            }
            received_at -= QUIET;
        }
        Err(anyhow!("case {number} is due within {QUIET:?}"))
    }

    /// A right to work case whose answer is due at `due`, as it stands at `now`: all that comes before has been fired.
    pub(crate) fn due_at(&self, number: u32, due: Timestamp, now: Timestamp) -> anyhow::Result<OpenCase> {
        let times = Times {
            // One that was received long ago and is not decided about would be taken for left behind at once.
            received_at: now,
            started_at: due - SignedDuration::from_hours(5 * 24),
            now: now + DECIDED_AFTER,
            again: due + SignedDuration::from_hours(24 * 24),
        };
        let (case, wake) = self.case(number, &RIGHT_TO_WORK, Waits::ForTheDepartment, times)?;
        let late_from = due + SignedDuration::from_nanos(1);
        ensure!(wake == Some(late_from), "the answer is due after five days");
        Ok(case)
    }

    /// The case, and when it wakes.
    fn case(
        &self,
        number: u32,
        asked: &Asked,
        waits: Waits,
        times: Times,
    ) -> anyhow::Result<(OpenCase, Option<Timestamp>)> {
        let Times {
            received_at,
            started_at,
            now,
            again,
        } = times;
        let agreement = self.agreement(asked)?;
        let mut random = [7; 10];
        // Behind the bytes in which version and variant of the id stand.
        random[4..8].copy_from_slice(&number.to_be_bytes());
        let id = CaseId::at(received_at, &random);
        let check = check(number, asked.check)?;
        let content = check.canonical();
        let ground = Ground::of(asked.check, None);
        let calendar = self.calendars.current().version();
        let terms = agreement.sla.terms(started_at, ground, calendar);
        let question_id = QuestionId::at(received_at, &random);
        let operation = match asked.check {
            CheckKind::Section95 => Operation::Section95Support,
            CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas => {
                Operation::ImmigrationStatus
            }
        };
        let started = statuscheck_domain::case_clock::CaseClock::start(terms.clone(), &self.calendars)?;
        let promise = statuscheck_domain::case_clock::CaseClock::open(received_at, started)?.promise();
        let organisation: OrganisationId = asked.organisation.parse()?;
        let receipt = Receipt {
            organisation,
            request_id: RequestId(Uuid::from_u128(id.0.as_u128().wrapping_add(1))),
            check,
            caller_reference: format!("applicant {number}").into(),
            agreement_id: agreement.id.clone(),
            legal_basis: agreement.legal_basis.clone(),
            clock: promise,
        };
        let asked = EventKind::Asked {
            question_id,
            operation,
            charged: None,
        };
        let first = Change::new(id, received_at, [EventKind::Received(Box::new(receipt)), asked]);
        let case = Case::fold(id, first.events.clone())?;
        let (reply, again, told) = said(waits, number, again);
        let replied = EventKind::Replied {
            question_id,
            operation,
            reply: Reply::of(reply),
            refunded: None,
            again,
            timing: None,
        };
        let decided = EventKind::Decided(Answer {
            outcome: told,
            legal_basis: agreement.legal_basis.clone(),
            agreement_id: agreement.id.clone(),
            as_of: None,
        });
        let decided_at = received_at + DECIDED_AFTER;
        let (mut then, mut after) = case.change(decided_at, [replied, decided])?;
        let clock = after.clock_events(decided_at, || Some(terms.clone()), &self.calendars)?;
        let steps = |case: &Case| {
            case.clock
                .as_ref()
                .map(|clock| clock.step(now))
                .unwrap_or_default()
        };
        let (follows, started) = after.change(decided_at, clock.into_iter().map(EventKind::Clock))?;
        (then, after) = (then.followed_by(follows), started);
        let fired = steps(&after);
        if !fired.is_empty() {
            let (follows, stepped) = after.change(now, fired.into_iter().map(EventKind::Clock))?;
            (then, after) = (then.followed_by(follows), stepped);
        }
        let made = OpenCase {
            id,
            first,
            content,
            then,
        };
        Ok((made, after.wake()))
    }

    fn agreement(&self, asked: &Asked) -> anyhow::Result<&Agreement> {
        let id = asked.agreement.parse()?;
        self.register.agreement(&id).context("a shipped agreement")
    }
}

impl OpenCase {
    /// Records it.
    pub(crate) async fn record(self, store: Arc<dyn Store>) -> anyhow::Result<CaseId> {
        let received = store.receive(self.first, self.content).await?;
        ensure!(received == Received::New, "the case is new");
        store.commit(self.then).await?;
        Ok(self.id)
    }
}

/// What the department said, when it is asked again, and what the caller was told.
fn said(waits: Waits, number: u32, again: Timestamp) -> (Outcome, Option<Timestamp>, Told) {
    match waits {
        Waits::ForTheDepartment => (
            Outcome::Deferred {
                expected_by: Some(again),
                ticket: number.to_string(),
            },
            Some(again),
            Told::Pending {
                reason: PendingReason::DepartmentWorking,
                departments: vec![DepartmentId::HomeOffice],
            },
        ),
        Waits::ForTheCaller => (
            Outcome::Ambiguous {
                would_settle: vec![Field::HomeOfficeReference],
            },
            None,
            Told::MoreInformation {
                fields: vec![Field::HomeOfficeReference],
            },
        ),
    }
}

fn check(number: u32, kind: CheckKind) -> anyhow::Result<Check> {
    let family_name = format!("Quackenbush{}", letters(number));
    let reference = format!("2401{:06}", number % 1_000_000);
    let mut draft = Draft {
        family_name: &family_name,
        date_of_birth: "1991-07-23",
        ..Draft::default()
    };
    match kind {
        CheckKind::Section95 => {
            draft.asylum_support_reference = &reference;
            draft.benefit = Some(EducationBenefit::FreeSchoolMeals);
        }
        CheckKind::RightToRent => {
            draft.given_names = "Ottoline Ann";
            draft.tenancy_start = "2026-03-20";
        }
        CheckKind::RightToWork | CheckKind::Iecas => draft.given_names = "Ottoline Ann",
    }
    let today: Date = date(2026, 3, 11);
    let parsed = draft.parse(kind, today);
    parsed.map_err(|faults| anyhow!("the draft has {} faults", faults.len()))
}

/// `number` in letters, for a name has no digits.
fn letters(number: u32) -> String {
    let digits = number.to_string();
    digits
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}
