//! What departments hold about how long a person has been here, as one line of time (report 5.38: the person need not prove what
//! the state already holds).

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::reply::{Facts, Outcome, Period};
use crate::route::{Replies, Standing};

/// The questions whose replies are evidence.
const SOURCES: [Operation; 3] = [
    Operation::ContributionHistory,
    Operation::EmploymentHistory,
    Operation::BenefitHistory,
];

/// What one question came to.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What was asked.
    pub operation: Operation,
    /// Periods in which the department saw the person.
    pub periods: Vec<Period>,
    /// No reply settles the question yet.
    pub is_awaited: bool,
}

/// A stretch of the line of time.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// Both days included; no end where it goes on.
    pub period: Period,
    /// Who saw the person in all or part of it, each once; nobody in a gap.
    pub departments: Vec<DepartmentId>,
}

impl Evidence {
    /// What the evidence questions among `replies` came to, in a fixed order; nothing of one that was not asked.
    pub fn of(replies: &Replies) -> Vec<Self> {
        let evidence = |operation| {
            let standing = replies.standing(operation)?;
            let (periods, is_awaited) = match standing {
                Standing::Out => (Vec::new(), true),
                Standing::Replied(reply) => match &reply.outcome {
                    Outcome::Found(Facts::Residence(periods)) => (periods.clone(), false),
                    outcome => (Vec::new(), !outcome.settles()),
                },
            };
            Some(Self {
                operation,
                periods,
                is_awaited,
            })
        };
        SOURCES.into_iter().filter_map(evidence).collect()
    }
}

/// The periods of all evidence as one line, oldest first, with the gaps between them. Periods that touch or overlap are one
/// stretch; a period that ends before it begins says nothing.
pub fn timeline(evidence: &[Evidence]) -> Vec<Span> {
    let mut periods: Vec<_> = evidence
        .iter()
        .flat_map(|evidence| {
            let department = evidence.operation.department();
            evidence.periods.iter().map(move |period| (period, department))
        })
        .filter(|(period, _)| period.to.is_none_or(|to| period.from <= to))
        .collect();
    periods.sort_unstable_by_key(|(period, department)| (period.from, end(period), *department));
    let mut line: Vec<Span> = Vec::new();
    for (period, department) in periods {
        match line.last_mut() {
            Some(last) if follows(&last.period, period.from) => {
                if end(period) > end(&last.period) {
                    last.period.to = period.to;
                }
                if !last.departments.contains(&department) {
                    last.departments.push(department);
                }
            }
            last => {
                let gap = last.and_then(|last| gap(&last.period, period.from));
                line.extend(gap);
                line.push(Span {
                    period: period.clone(),
                    departments: vec![department],
                });
            }
        }
    }
    for span in &mut line {
        span.departments.sort_unstable();
    }
    line
}

/// The last day; none is after all.
fn end(period: &Period) -> Date {
    period.to.unwrap_or(Date::MAX)
}

/// `from` is within `period`, or the day after it.
fn follows(period: &Period, from: Date) -> bool {
    from <= end(period).saturating_add(1.day())
}

fn gap(before: &Period, next: Date) -> Option<Span> {
    let period = Period {
        from: before.to?.saturating_add(1.day()),
        to: Some(next.saturating_sub(1.day())),
    };
    Some(Span {
        period,
        departments: Vec::new(),
    })
}
