//! The changes of one check, about invented people.

use jiff::Timestamp;
use jiff::civil::date;
use statuscheck_domain::answer::{self, Answer, Entitlement};
use statuscheck_domain::case::Case;
use statuscheck_domain::check::{Check, CheckKind, Draft};
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, QuestionId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Facts, ImmigrationStatus, Outcome, Reply};
use statuscheck_domain::sla::Target;
use statuscheck_domain::timing::Timing;
use uuid::Uuid;
use zeroize::Zeroizing;

/// How many entries the two changes of a check bring.
#[derive(Clone, Copy)]
pub(crate) enum Course {
    /// `received` and `answered`, and nothing else.
    Bare,
    /// `received` with the first question; its reply with the decision.
    Usual,
}

/// One check at `now`. Checks of different `number` below a hundred million are about different people.
pub(crate) struct OneCheck {
    pub(crate) id: CaseId,
    pub(crate) content: Zeroizing<Vec<u8>>,
    pub(crate) receipt: Change,
    pub(crate) answer: Change,
}

impl OneCheck {
    pub(crate) fn new(number: u32, now: Timestamp, course: Course) -> anyhow::Result<Self> {
        let mut random = [7; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        let id = CaseId::at(now, &random);
        let question_id = QuestionId::at(now, &random);
        let check = check(number)?;
        let content = check.canonical();
        let receipt = EventKind::Received(Box::new(Receipt {
            organisation: "north-letting".parse()?,
            request_id: RequestId(Uuid::now_v7()),
            check,
            caller_reference: format!("applicant {number}").into(),
            agreement_id: "letting-2026".parse()?,
            legal_basis: LEGAL_BASIS.to_owned(),
            clock: Target::DEFAULT.start(now),
            is_discreet: false,
        }));
        let asked = EventKind::Asked {
            question_id,
            operation: Operation::ImmigrationStatus,
            charged: None,
        };
        let replied = EventKind::Replied {
            question_id,
            operation: Operation::ImmigrationStatus,
            reply: reply(),
            refunded: None,
            again: None,
            timing: Some(Timing {
                gateway_us: 120,
                department_us: Some(48_000),
                network_us: Some(1_700),
            }),
        };
        let decided = EventKind::Decided(decision()?);
        let (receipt, answer) = match course {
            Course::Bare => (vec![receipt], vec![decided]),
            Course::Usual => (vec![receipt, asked], vec![replied, decided]),
        };
        let receipt = Change::new(id, now, receipt);
        let (answer, _) = Case::fold(id, receipt.events.clone())?.change(now, answer)?;
        Ok(Self {
            id,
            content,
            receipt,
            answer,
        })
    }
}

const LEGAL_BASIS: &str = "Immigration Act 2014, section 20";

fn check(number: u32) -> anyhow::Result<Check> {
    let family_name = format!("Quackenbush{}", letters(number));
    let number = format!("AB{:06}C", number % 1_000_000);
    let draft = Draft {
        given_names: "Ottoline Ann",
        family_name: &family_name,
        date_of_birth: "1961-07-23",
        national_insurance_number: &number,
        postcode: "LS1 4AP",
        ..Draft::default()
    };
    draft
        .parse(CheckKind::RightToWork, date(2026, 3, 2))
        .map_err(|faults| anyhow::anyhow!("the draft has {} faults", faults.len()))
}

/// `number` in letters, for a name has no digits.
fn letters(number: u32) -> String {
    let digits = number.to_string();
    digits
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

fn reply() -> Reply {
    Reply::of(Outcome::Found(Facts::ImmigrationStatus(ImmigrationStatus {
        leave: "Skilled Worker".to_owned(),
        valid_from: date(2024, 1, 1),
        valid_until: Some(date(2027, 1, 1)),
        may_work: true,
        may_rent: true,
        conditions: vec!["20 hours a week".to_owned()],
        health_surcharge_paid: Some(true),
        arrived_on: Some(date(2023, 12, 30)),
        document_valid_until: Some(date(2026, 12, 31)),
    })))
}

fn decision() -> anyhow::Result<Answer> {
    Ok(Answer {
        outcome: answer::Outcome::Established {
            facts: answer::Facts::RightToWork {
                entitlement: Some(Entitlement::TimeLimited),
                valid_until: Some(date(2027, 1, 1)),
                conditions: vec!["20 hours a week".to_owned()],
                follow_up_on: Some(date(2027, 1, 1)),
            },
            withheld: vec!["conditions".to_owned()],
        },
        legal_basis: LEGAL_BASIS.to_owned(),
        agreement_id: "letting-2026".parse()?,
        as_of: None,
    })
}
