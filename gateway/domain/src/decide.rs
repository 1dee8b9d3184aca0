//! What a combination of replies becomes. The table in `docs/decision-table.md` is made from the tests of this file.
//!
//! Precedence over all checks: established > more information > pending > hold > not established. "Not asked" is never
//! "no": a department that failed, was slow or was not asked makes the answer pending.

mod section_95;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::agreement::Agreement;
use crate::answer::{Answer, Entitlement, Facts, Negative, Outcome, PendingReason};
use crate::check::{Check, CheckKind, Terms};
use crate::clock::london_day;
use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::referral::Held;
use crate::reply::{self, ImmigrationStatus};
use crate::route::{self, Replies, Standing};
use crate::subject::Field;
use crate::windrush::Rules;

/// A time-limited right to rent may be checked at most this long before the tenancy (Immigration Act 2014 guidance).
const TENANCY_AHEAD_DAYS_MAX: i32 = 28;

/// The questions whose replies can show that a person was here by 31 December 1988. Employments cannot: they reach back
/// six tax years.
const EVIDENCE_OF_RESIDENCE: [Operation; 2] = [Operation::BenefitHistory, Operation::ContributionHistory];

/// What the replies so far amount to.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    /// What would be said if nothing more came.
    pub verdict: Verdict,
    /// Whether a reply that is still out may change it.
    pub wait: Wait,
}

/// How long replies that are still out are worth waiting for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Nothing that is out changes the verdict.
    No,
    /// The status is established; only a trace that is about to come in could still say that the number is another's.
    Briefly,
    /// As long as the check may take.
    WhileTimeLasts,
}

/// The kinds of verdict.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A status was found.
    Established {
        /// What is known, before the agreement's filter.
        facts: Facts,
        /// Age of the source.
        as_of: Option<Timestamp>,
    },
    /// The caller must add something.
    MoreInformation {
        /// Which fields.
        fields: Vec<Field>,
    },
    /// A department's turn.
    Pending {
        /// Why.
        reason: PendingReason,
        /// Who is still to reply.
        departments: Vec<DepartmentId>,
        /// What was replied does not make sense to us, and somebody should look.
        alarm: bool,
    },
    /// Adverse or empty, about a person who may be of the Windrush generation: not to be released.
    Hold {
        /// What is held back.
        held: Held,
    },
    /// Nothing was established, and no safeguard applies.
    NotEstablished(Negative),
}

/// What `check`'s replies amount to at `now`. `rules` say who has a Windrush profile. DfE's feeds are loaded every
/// `feed_interval`; a record older than two intervals is not relied on.
pub fn decide(
    check: &Check,
    replies: &Replies,
    rules: &Rules,
    feed_interval: SignedDuration,
    now: Timestamp,
) -> Decision {
    let situation = Situation {
        check,
        replies,
        rules,
        feed_interval,
        now,
        today: london_day(now),
    };
    match check.kind() {
        CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas => situation.by_status(),
        CheckKind::Section95 => situation.by_support(),
    }
}

struct Situation<'a> {
    check: &'a Check,
    replies: &'a Replies,
    rules: &'a Rules,
    feed_interval: SignedDuration,
    now: Timestamp,
    today: Date,
}

impl Situation<'_> {
    fn by_status(&self) -> Decision {
        let reply = match self.replies.standing(Operation::ImmigrationStatus) {
            None | Some(Standing::Out) => {
                return self
                    .pending(DepartmentId::HomeOffice, PendingReason::DepartmentUnavailable)
                    .waiting();
            }
            Some(Standing::Replied(reply)) => reply,
        };
        match &reply.outcome {
            reply::Outcome::Found(reply::Facts::ImmigrationStatus(status)) => self.judge(status, reply.as_of),
            reply::Outcome::NoRecord => self.negative(Negative::NoRecord),
            other => self.without_record(DepartmentId::HomeOffice, other),
        }
    }

    /// What a reply that neither found nor missed becomes. A found reply about something else is garbage.
    fn without_record(&self, department: DepartmentId, outcome: &reply::Outcome) -> Decision {
        match outcome {
            reply::Outcome::Ambiguous { would_settle } => Verdict::MoreInformation {
                fields: would_settle.clone(),
            }
            .now(),
            reply::Outcome::Deferred { .. } => self.pending(department, PendingReason::DepartmentWorking),
            reply::Outcome::Closed { .. } => self.pending(department, PendingReason::DepartmentClosed),
            reply::Outcome::Unavailable(_) | reply::Outcome::Found(_) | reply::Outcome::NoRecord => {
                self.pending(department, PendingReason::DepartmentUnavailable)
            }
        }
    }

    fn judge(&self, status: &ImmigrationStatus, as_of: Option<Timestamp>) -> Decision {
        let day = self.check.day_that_counts(self.today);
        let (permitted, facts) = match self.check.terms {
            Terms::RightToWork => (status.may_work, self.right_to_work(status)),
            Terms::RightToRent { tenancy_start } => {
                if self.is_too_far_ahead(status, tenancy_start) {
                    return Verdict::MoreInformation {
                        fields: vec![Field::TenancyStart],
                    }
                    .now();
                }
                (status.may_rent, self.right_to_rent(status))
            }
            // decide() sends Section 95 elsewhere.
            Terms::Iecas | Terms::Section95 { .. } => return self.iecas(status, as_of),
        };
        if status.valid_until.is_some_and(|last| last < day) {
            self.negative(Negative::Expired)
        } else if status.valid_from > day {
            self.negative(Negative::NotYetValid)
        } else if !permitted {
            self.negative(Negative::NotPermitted)
        } else if self.nino_is_anothers() {
            Verdict::MoreInformation {
                fields: vec![Field::NationalInsuranceNumber],
            }
            .now()
        } else {
            let wait = if self.trace_is_out() {
                Wait::Briefly
            } else {
                Wait::No
            };
            Decision {
                verdict: Verdict::Established { facts, as_of },
                wait,
            }
        }
    }

    /// Another start of the tenancy would settle it: the right has an end, and the start is too far ahead to check it yet.
    /// A right that has already ended, does not carry renting, or begins later, is no better for another start.
    fn is_too_far_ahead(&self, status: &ImmigrationStatus, tenancy_start: Date) -> bool {
        let latest = self.today.saturating_add(TENANCY_AHEAD_DAYS_MAX.days());
        status.valid_until.is_some_and(|last| last >= self.today)
            && status.may_rent
            && status.valid_from <= tenancy_start
            && tenancy_start > latest
    }

    fn right_to_work(&self, status: &ImmigrationStatus) -> Facts {
        Facts::RightToWork {
            entitlement: Some(entitlement(status)),
            valid_until: status.valid_until,
            conditions: status.conditions.clone(),
            follow_up_on: status.valid_until,
        }
    }

    fn right_to_rent(&self, status: &ImmigrationStatus) -> Facts {
        let follow_up_on = status.valid_until.map(|leave_ends| {
            let in_twelve_months = self.today.saturating_add(12.months());
            [Some(in_twelve_months), status.document_valid_until]
                .into_iter()
                .flatten()
                .fold(leave_ends, Date::max)
        });
        Facts::RightToRent {
            entitlement: Some(entitlement(status)),
            valid_until: status.valid_until,
            follow_up_on,
        }
    }

    /// Facts with dates, also for leave that has ended, which is held for a person with a Windrush profile.
    fn iecas(&self, status: &ImmigrationStatus, as_of: Option<Timestamp>) -> Decision {
        let facts = Facts::Iecas {
            immigration_status: Some(status.leave.clone()),
            valid_from: Some(status.valid_from),
            valid_until: status.valid_until,
            health_surcharge_paid: status.health_surcharge_paid,
        };
        let ended = status.valid_until.is_some_and(|last| last < self.today);
        if ended && self.rules.has_profile(self.check, self.replies) {
            Verdict::Hold {
                held: Held::EndedLeave { facts, as_of },
            }
            .now()
        } else {
            Verdict::Established { facts, as_of }.now()
        }
    }

    /// A "no", unless the number is somebody else's, which must be settled first, or the person must not be refused.
    fn negative(&self, negative: Negative) -> Decision {
        if self.rules.has_profile(self.check, self.replies) {
            let held = Held::Negative(negative);
            return Verdict::Hold { held }.now();
        }
        let verdict = if self.nino_is_anothers() {
            Verdict::MoreInformation {
                fields: vec![Field::NationalInsuranceNumber],
            }
        } else {
            Verdict::NotEstablished(negative)
        };
        let decision = self.unless_a_trace_changes_it(verdict);
        if self.evidence_may_come() {
            decision.waiting()
        } else {
            decision
        }
    }

    /// A sign of residence by the last day may still come in, which would give the person a profile.
    fn evidence_may_come(&self) -> bool {
        EVIDENCE_OF_RESIDENCE
            .into_iter()
            .any(|operation| self.replies.is_out(operation))
    }

    fn pending(&self, department: DepartmentId, reason: PendingReason) -> Decision {
        let verdict = if self.nino_is_anothers() {
            Verdict::MoreInformation {
                fields: vec![Field::NationalInsuranceNumber],
            }
        } else {
            Verdict::Pending {
                reason,
                departments: vec![department],
                alarm: false,
            }
        };
        self.unless_a_trace_changes_it(verdict)
    }

    fn unless_a_trace_changes_it(&self, verdict: Verdict) -> Decision {
        let wait = if self.trace_is_out() {
            Wait::WhileTimeLasts
        } else {
            Wait::No
        };
        Decision { verdict, wait }
    }

    /// Nothing that DWP says changes a right to rent: it is asked there only for a referral.
    fn trace_counts(&self) -> bool {
        self.check.kind() != CheckKind::RightToRent
    }

    fn trace_is_out(&self) -> bool {
        self.trace_counts() && self.replies.is_out(Operation::NinoTrace)
    }

    fn nino_is_anothers(&self) -> bool {
        let is_anothers = |facts| matches!(facts, &reply::Facts::NinoTrace { matches: false });
        self.trace_counts() && self.replies.facts().any(is_anothers)
    }
}

impl Decision {
    fn waiting(self) -> Self {
        Self {
            wait: Wait::WhileTimeLasts,
            ..self
        }
    }
}

impl Verdict {
    fn now(self) -> Decision {
        Decision {
            verdict: self,
            wait: Wait::No,
        }
    }

    /// The answer that the caller gets under `agreement`.
    ///
    /// # Errors
    /// What is held back has no answer: only a referral says what the caller is told meanwhile.
    pub fn answer(self, check: &Check, replies: &Replies, agreement: &Agreement) -> Result<Answer, Held> {
        let mut as_of_source = None;
        let outcome = match self {
            Self::Established { facts, as_of } => {
                as_of_source = as_of;
                let (facts, withheld) = facts.release(&agreement.released_fields);
                Outcome::Established { facts, withheld }
            }
            Self::MoreInformation { fields } => Outcome::MoreInformation {
                fields: askable(fields, agreement),
            },
            Self::Pending {
                reason, departments, ..
            } => Outcome::Pending { reason, departments },
            Self::Hold { held } => return Err(held),
            Self::NotEstablished(negative) => {
                as_of_source = replies.oldest(route::indispensable(check.kind()));
                Outcome::NotEstablished(negative)
            }
        };
        Ok(Answer {
            outcome,
            legal_basis: agreement.legal_basis.clone(),
            agreement_id: agreement.id.clone(),
            as_of: as_of_source,
        })
    }
}

/// Of the fields that would settle a case, those that the agreement lets the caller send; all where it lets none.
fn askable(fields: Vec<Field>, agreement: &Agreement) -> Vec<Field> {
    let covered = |field: &Field| !field.is_of_person() || agreement.request_fields.contains(field);
    let askable: Vec<_> = fields.iter().copied().filter(covered).collect();
    if askable.is_empty() { fields } else { askable }
}

fn entitlement(status: &ImmigrationStatus) -> Entitlement {
    match (status.conditions.is_empty(), status.valid_until) {
        (false, _) => Entitlement::Restricted,
        (true, Some(_)) => Entitlement::TimeLimited,
        (true, None) => Entitlement::Unlimited,
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
