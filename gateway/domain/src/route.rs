//! Whom a check asks, and when: required and supporting questions of each check.

use jiff::Timestamp;

use crate::check::{Check, CheckKind};
use crate::question::Operation;
use crate::reply::{Facts, Outcome, Reply};

/// What is known of one question.
#[derive(Clone, PartialEq, Eq)]
pub enum Standing {
    /// Asked, and no reply yet.
    Out,
    /// Replied.
    Replied(Reply),
}

/// The questions of a check so far and what was replied.
#[derive(Clone, Default)]
pub struct Replies {
    asked: Vec<(Operation, Standing)>,
}

impl Replies {
    /// Records that a question went out.
    pub fn ask(&mut self, operation: Operation) {
        if self.standing(operation).is_none() {
            self.asked.push((operation, Standing::Out));
        }
    }

    /// Records a reply; a later one replaces an earlier one.
    pub fn reply(&mut self, operation: Operation, reply: Reply) {
        self.asked.retain(|(asked, _)| *asked != operation);
        self.asked.push((operation, Standing::Replied(reply)));
    }

    /// What is known of `operation`; none where it was not asked.
    pub fn standing(&self, operation: Operation) -> Option<&Standing> {
        self.asked
            .iter()
            .find(|(asked, _)| *asked == operation)
            .map(|(_, standing)| standing)
    }

    /// The reply to `operation`, where there is one.
    pub fn of(&self, operation: Operation) -> Option<&Reply> {
        match self.standing(operation)? {
            Standing::Out => None,
            Standing::Replied(reply) => Some(reply),
        }
    }

    /// The oldest age that the replies to `operations` state.
    pub fn oldest(&self, operations: &[Operation]) -> Option<Timestamp> {
        operations
            .iter()
            .filter_map(|operation| self.of(*operation)?.as_of)
            .min()
    }

    /// The question is out and not replied.
    pub fn is_out(&self, operation: Operation) -> bool {
        self.standing(operation) == Some(&Standing::Out)
    }

    /// The facts of every found reply that is about its own question; another is garbage, whatever it says.
    pub fn facts(&self) -> impl Iterator<Item = &Facts> {
        self.asked
            .iter()
            .filter_map(|(operation, standing)| match standing {
                Standing::Replied(Reply {
                    outcome: Outcome::Found(facts),
                    ..
                }) if is_about(facts, *operation) => Some(facts),
                _ => None,
            })
    }
}

const fn is_about(facts: &Facts, operation: Operation) -> bool {
    match facts {
        Facts::ImmigrationStatus(_) => matches!(operation, Operation::ImmigrationStatus),
        Facts::Section95Support(_) => matches!(operation, Operation::Section95Support),
        Facts::NinoTrace { .. } => matches!(operation, Operation::NinoTrace),
        Facts::EducationEligibility(_) => matches!(operation, Operation::EducationEligibility),
        Facts::Residence(_) => matches!(
            operation,
            Operation::BenefitHistory | Operation::EmploymentHistory | Operation::ContributionHistory
        ),
    }
}

/// The question whose reply a check cannot do without.
pub const fn required(kind: CheckKind) -> Operation {
    match kind {
        CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas => Operation::ImmigrationStatus,
        CheckKind::Section95 => Operation::Section95Support,
    }
}

/// The questions without which a check could never end in an answer, so an agreement must cover them. Section 95 needs
/// both sources: without DfE's reply no record at the Home Office is not a "no".
pub const fn indispensable(kind: CheckKind) -> &'static [Operation] {
    match kind {
        CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas => &[Operation::ImmigrationStatus],
        CheckKind::Section95 => &[Operation::Section95Support, Operation::EducationEligibility],
    }
}

/// What to ask next, of what `allowed` (the agreement's operations) covers. `half_spent`: half of the time that the
/// check may take has gone by.
///
/// Right to work asks for the trace and the employments only where there is a number and a name to ask by. Right to
/// rent and IECAS ask DWP and HMRC only for a referral. Section 95 asks DfE first, and the Home Office where DfE did not
/// settle it, or where DfE has eaten half of the time, so that a slow DfE does not cost the answer.
pub fn next(check: &Check, replies: &Replies, allowed: &[Operation], half_spent: bool) -> Vec<Operation> {
    let subject = &check.subject;
    let wanted: Vec<Operation> = match check.kind() {
        CheckKind::RightToWork if subject.nino.is_some() && subject.name.is_some() => {
            vec![
                Operation::ImmigrationStatus,
                Operation::NinoTrace,
                Operation::EmploymentHistory,
            ]
        }
        CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas => {
            vec![Operation::ImmigrationStatus]
        }
        CheckKind::Section95 => section_95(check, replies, allowed, half_spent),
    };
    let open = |operation: &Operation| allowed.contains(operation) && replies.standing(*operation).is_none();
    wanted.into_iter().filter(open).collect()
}

/// The questions whose replies may show how long the person has been here, of those that `allowed` covers and that were not put
/// yet (report 5.38): benefits, years with contributions, employments. All go by names and National Insurance number.
pub fn evidence(check: &Check, replies: &Replies, allowed: &[Operation]) -> Vec<Operation> {
    let named = check
        .subject
        .name
        .as_ref()
        .is_some_and(|name| !name.given().is_empty());
    if !named || check.subject.nino.is_none() {
        return Vec::new();
    }
    let open = |operation: &Operation| allowed.contains(operation) && replies.standing(*operation).is_none();
    EVIDENCE.into_iter().filter(open).collect()
}

/// What is asked as evidence of residence.
const EVIDENCE: [Operation; 3] = [
    Operation::ContributionHistory,
    Operation::EmploymentHistory,
    Operation::BenefitHistory,
];

fn section_95(check: &Check, replies: &Replies, allowed: &[Operation], half_spent: bool) -> Vec<Operation> {
    let eligibility = Operation::EducationEligibility;
    // DfE's engine refuses a number without its suffix, so it is not asked by one.
    let dfe_takes_it = check
        .subject
        .nino
        .as_ref()
        .is_none_or(crate::subject::Nino::has_suffix);
    if !dfe_takes_it || !allowed.contains(&eligibility) {
        return vec![Operation::Section95Support];
    }
    match replies.standing(eligibility) {
        Some(Standing::Out) if !half_spent => vec![eligibility],
        None => vec![eligibility],
        // Where DfE's reply settles it, decide() says so before this is asked.
        Some(_) => vec![eligibility, Operation::Section95Support],
    }
}
