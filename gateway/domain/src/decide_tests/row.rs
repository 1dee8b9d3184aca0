//! A row of the decision table: a situation, and what it must become.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use super::words;
use crate::agreement::Agreement;
use crate::agreement::tests::sample;
use crate::answer::{Facts, Negative, Outcome, PendingReason};
use crate::check::{Check, CheckKind, Draft, EducationBenefit, path};
use crate::clock::london_day;
use crate::decide::{Verdict, Wait, decide};
use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::referral::Held;
use crate::route::{self, Replies, Standing};
use crate::subject::Field;
use crate::windrush::Rules;

/// The day of every row that names no other; a summer Wednesday.
pub(super) const TODAY: Date = date(2026, 6, 10);
pub(super) const YESTERDAY: Date = date(2026, 6, 9);
pub(super) const TOMORROW: Date = date(2026, 6, 11);
/// Born late enough to have no Windrush profile, and early enough to have one.
pub(super) const BORN_LATER: Date = date(1990, 5, 17);
pub(super) const BORN_IN_TIME: Date = date(1958, 3, 4);
/// DfE's feeds are loaded weekly.
pub(super) const FEED_INTERVAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Noon in London on `TODAY`.
pub(super) fn noon() -> Timestamp {
    "2026-06-10T11:00:00Z".parse().unwrap()
}

/// How the person is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    ShareCode,
    Names,
    NamesAndNino,
    NamesAndNinoWithoutSuffix,
    NamesAndSupportReference,
}

/// What is asked, about whom, when, and what was replied. A question that is not among the replies was not asked.
#[derive(Clone)]
pub(super) struct Situation {
    pub(super) label: String,
    pub(super) kind: CheckKind,
    pub(super) now: Timestamp,
    pub(super) born: Date,
    pub(super) by: By,
    pub(super) tenancy_start: Date,
    pub(super) replies: Vec<(Operation, Standing)>,
}

pub(super) fn work(label: impl Into<String>) -> Situation {
    Situation::of(CheckKind::RightToWork, By::NamesAndNino, label)
}

pub(super) fn rent(label: impl Into<String>) -> Situation {
    Situation::of(CheckKind::RightToRent, By::ShareCode, label)
}

pub(super) fn school(label: impl Into<String>) -> Situation {
    Situation::of(CheckKind::Section95, By::NamesAndSupportReference, label)
}

pub(super) fn trust(label: impl Into<String>) -> Situation {
    Situation::of(CheckKind::Iecas, By::Names, label)
}

impl Situation {
    fn of(kind: CheckKind, by: By, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            kind,
            now: noon(),
            born: BORN_LATER,
            by,
            tenancy_start: TODAY,
            replies: Vec::new(),
        }
    }

    pub(super) fn born(self, born: Date) -> Self {
        Self { born, ..self }
    }

    pub(super) fn by(self, by: By) -> Self {
        Self { by, ..self }
    }

    pub(super) fn at(self, now: &str) -> Self {
        let now = now.parse().unwrap();
        Self { now, ..self }
    }

    pub(super) fn tenancy(self, tenancy_start: Date) -> Self {
        Self {
            tenancy_start,
            ..self
        }
    }

    /// The required question: of leave, or of support.
    pub(super) fn home_office(self, said: impl Into<Standing>) -> Self {
        let required = route::required(self.kind);
        self.said(required, said)
    }

    /// The trace of the National Insurance number.
    pub(super) fn dwp(self, said: impl Into<Standing>) -> Self {
        self.said(Operation::NinoTrace, said)
    }

    /// Employments.
    pub(super) fn hmrc(self, said: impl Into<Standing>) -> Self {
        self.said(Operation::EmploymentHistory, said)
    }

    pub(super) fn dfe(self, said: impl Into<Standing>) -> Self {
        self.said(Operation::EducationEligibility, said)
    }

    pub(super) fn said(mut self, operation: Operation, said: impl Into<Standing>) -> Self {
        self.replies.push((operation, said.into()));
        self
    }

    pub(super) fn then(self, expect: Expect) -> Row {
        Row {
            situation: self,
            expect,
            wait: Wait::No,
        }
    }

    /// The check as it comes in at the door, or the first field at fault.
    pub(super) fn check(&self) -> Result<Check, String> {
        let nino = match self.by {
            By::NamesAndNino => "AB123456C",
            By::NamesAndNinoWithoutSuffix => "AB123456",
            _ => "",
        };
        let by_code = self.by == By::ShareCode;
        let purpose = if self.kind == CheckKind::RightToRent {
            "R12345678"
        } else {
            "W12345678"
        };
        let reference = self.by == By::NamesAndSupportReference;
        let draft = Draft {
            share_code: if by_code { purpose } else { "" },
            given_names: if by_code { "" } else { "Ada" },
            family_name: if by_code { "" } else { "Example" },
            date_of_birth: &self.born.to_string(),
            national_insurance_number: nino,
            asylum_support_reference: if reference { "240112345" } else { "" },
            tenancy_start: &self.tenancy_start.to_string(),
            benefit: (self.kind == CheckKind::Section95).then_some(EducationBenefit::FreeSchoolMeals),
            ..Draft::default()
        };
        draft
            .parse(self.kind, london_day(self.now))
            .map_err(|faults| faults[0].field.clone())
    }

    pub(super) fn replies(&self) -> Replies {
        let mut replies = Replies::default();
        for (operation, standing) in &self.replies {
            match standing {
                Standing::Out => replies.ask(*operation),
                Standing::Replied(reply) => replies.reply(*operation, reply.clone()),
            }
        }
        replies
    }
}

/// What a situation must become.
#[derive(Clone)]
pub(super) enum Expect {
    Is(Verdict),
    /// The request is refused at the door, because of this field.
    BadInput(Field),
}

pub(super) fn established(facts: Facts) -> Expect {
    let as_of = Some(super::said::stated_age());
    Expect::Is(Verdict::Established { facts, as_of })
}

pub(super) fn more(fields: &[Field]) -> Expect {
    let fields = fields.to_vec();
    Expect::Is(Verdict::MoreInformation { fields })
}

pub(super) fn pending(reason: PendingReason, department: DepartmentId) -> Expect {
    Expect::Is(Verdict::Pending {
        reason,
        departments: vec![department],
        alarm: false,
    })
}

pub(super) fn held(negative: Negative) -> Expect {
    let held = Held::Negative(negative);
    Expect::Is(Verdict::Hold { held })
}

pub(super) fn no(negative: Negative) -> Expect {
    Expect::Is(Verdict::NotEstablished(negative))
}

/// A situation and what it must become.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) situation: Situation,
    pub(super) expect: Expect,
    pub(super) wait: Wait,
}

impl Row {
    /// Replies that are out are waited for while the check's time lasts.
    pub(super) fn waiting(self) -> Self {
        let wait = Wait::WhileTimeLasts;
        Self { wait, ..self }
    }

    /// A trace that is about to come in may still be taken in.
    pub(super) fn briefly(self) -> Self {
        let wait = Wait::Briefly;
        Self { wait, ..self }
    }

    /// What the caller is told, or what is held back until a referral says what the caller is told, and whether the caller may
    /// refuse the person on it: stated here on its own, not by the code under test. None where the request is refused at the
    /// door.
    pub(super) fn told(&self) -> Option<(Result<Outcome, Held>, bool)> {
        let Expect::Is(verdict) = self.expect.clone() else {
            return None;
        };
        let may_refuse =
            matches!(verdict, Verdict::NotEstablished(_)) && self.situation.kind != CheckKind::Iecas;
        let outcome = match verdict {
            Verdict::Established { facts, .. } => Outcome::Established {
                facts,
                withheld: Vec::new(),
            },
            Verdict::MoreInformation { fields } => Outcome::MoreInformation { fields },
            Verdict::Pending {
                reason, departments, ..
            } => Outcome::Pending { reason, departments },
            Verdict::Hold { held } => return Some((Err(held), false)),
            Verdict::NotEstablished(negative) => Outcome::NotEstablished(negative),
        };
        Some((Ok(outcome), may_refuse))
    }

    /// In words, where the code does something else than the row says.
    pub(super) fn fault(&self) -> Option<String> {
        let label = &self.situation.label;
        let check = match (self.situation.check(), &self.expect) {
            (Ok(check), Expect::Is(_)) => check,
            (Ok(_), Expect::BadInput(field)) => {
                return Some(format!("{label}: {} was accepted", field.as_str()));
            }
            (Err(fault), Expect::BadInput(field)) => {
                let expected = path(self.situation.kind, *field);
                return (fault != expected).then(|| format!("{label}: {fault}, not {expected}"));
            }
            (Err(fault), Expect::Is(_)) => return Some(format!("{label}: {fault} was refused")),
        };
        let decision = decide(
            &check,
            &self.situation.replies(),
            &Rules::default(),
            FEED_INTERVAL,
            self.situation.now,
        );
        let said = words::answer(&decision.verdict, decision.wait);
        let answer = decision
            .verdict
            .clone()
            .answer(&check, &self.situation.replies(), &everything());
        let may_refuse = answer
            .as_ref()
            .is_ok_and(|answer| answer.may_refuse(check.kind()));
        let outcome = answer.map(|answer| answer.outcome);
        let told = self.told().is_some_and(|told| told == (outcome, may_refuse));
        let Expect::Is(expected) = &self.expect else {
            return None;
        };
        if decision.verdict != *expected || decision.wait != self.wait {
            Some(format!(
                "{label}: {said}\n    not {}",
                words::answer(expected, self.wait)
            ))
        } else if !told {
            Some(format!("{label}: decided as it should be, and told otherwise"))
        } else {
            None
        }
    }
}

/// An agreement that covers and releases everything.
pub(super) fn everything() -> Agreement {
    Agreement {
        legal_basis: "Immigration and Asylum Act 1999, Part VI, section 95".to_owned(),
        ..sample("everything")
    }
}

/// Rows, each written `situation => answer;`, with `waiting` or `briefly` after it. A macro, so that a row stays on a
/// line or two and can be held against the rule at a glance.
macro_rules! rows {
    ($($situation:expr $(=> $expect:expr $(, $wait:ident)?)?;)*) => {
        vec![$($situation $(.then($expect) $(.$wait())?)?),*]
    };
}
pub(super) use rows;

/// Rows that belong to one rule.
pub(super) struct Group {
    pub(super) rule: &'static str,
    pub(super) rows: Vec<Row>,
}

pub(super) fn group(rule: &'static str, rows: impl IntoIterator<Item = Row>) -> Group {
    let rows = rows.into_iter().collect();
    Group { rule, rows }
}
