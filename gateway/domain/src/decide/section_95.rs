//! Section 95: DfE's record and the Home Office's, together.

use jiff::Timestamp;

use super::{Decision, Situation, Verdict};
use crate::answer::{Facts, Negative, PendingReason};
use crate::ids::DepartmentId;
use crate::question::Operation;
use crate::reply::{self, Section95Support};
use crate::route::Standing;
use crate::subject::Field;

impl Situation<'_> {
    pub(super) fn by_support(&self) -> Decision {
        if let Some(established) = self.established_by_dfe() {
            return established;
        }
        let dfe_is_out = self.replies.is_out(Operation::EducationEligibility);
        let decision = match self.replies.standing(Operation::Section95Support) {
            None => {
                let first = if dfe_is_out {
                    DepartmentId::Dfe
                } else {
                    DepartmentId::HomeOffice
                };
                self.pending(first, PendingReason::DepartmentUnavailable)
                    .waiting()
            }
            Some(Standing::Out) => self
                .pending(DepartmentId::HomeOffice, PendingReason::DepartmentUnavailable)
                .waiting(),
            Some(Standing::Replied(reply)) => match &reply.outcome {
                reply::Outcome::Found(reply::Facts::Section95Support(support)) => {
                    self.judge_support(support, reply.as_of)
                }
                reply::Outcome::NoRecord => self.unknown_to_home_office(),
                other => self.without_record(DepartmentId::HomeOffice, other),
            },
        };
        // DfE may still establish it, whatever the Home Office said.
        let established = matches!(decision.verdict, Verdict::Established { .. });
        if dfe_is_out && !established {
            decision.waiting()
        } else {
            decision
        }
    }

    fn established_by_dfe(&self) -> Option<Decision> {
        let record = self.dfe_record()?;
        let fresh = record.loaded_at.is_some_and(|loaded_at| {
            self.now.duration_since(loaded_at) < self.feed_interval.saturating_mul(2)
        });
        let ours = record.source == Some(DepartmentId::HomeOffice);
        let established = Verdict::Established {
            facts: Facts::Section95 {
                supported_since: None,
            },
            as_of: record.loaded_at,
        };
        (record.eligible && ours && fresh).then(|| established.now())
    }

    fn dfe_record(&self) -> Option<&reply::EducationEligibility> {
        match &self.replies.of(Operation::EducationEligibility)?.outcome {
            reply::Outcome::Found(reply::Facts::EducationEligibility(record)) => Some(record),
            _ => None,
        }
    }

    fn judge_support(&self, support: &Section95Support, as_of: Option<Timestamp>) -> Decision {
        match basis(support.legal_basis.as_deref().unwrap_or_default()) {
            Basis::Section4 => self.negative(Negative::Section4),
            Basis::Section95 if !support.in_force => self.negative(Negative::NotSupported),
            Basis::Section95 if support.since.is_some_and(|first| first > self.today) => {
                self.negative(Negative::NotYetValid)
            }
            Basis::Section95 => {
                let facts = Facts::Section95 {
                    supported_since: support.since,
                };
                Verdict::Established { facts, as_of }.now()
            }
            Basis::Unclear => Verdict::Pending {
                reason: PendingReason::DepartmentUnavailable,
                departments: vec![DepartmentId::HomeOffice],
                alarm: true,
            }
            .now(),
        }
    }

    /// The Home Office has no record of support: what DfE said decides whether that is an answer.
    fn unknown_to_home_office(&self) -> Decision {
        let by_nino_only =
            self.check.subject.nino.is_some() && self.check.subject.asylum_support_reference.is_none();
        let no_record_anywhere = || {
            if by_nino_only {
                Verdict::MoreInformation {
                    fields: vec![Field::AsylumSupportReference],
                }
                .now()
            } else {
                self.negative(Negative::NoRecord)
            }
        };
        match self.replies.standing(Operation::EducationEligibility) {
            // It would have refused a number without its suffix, and another number settles nothing either.
            None if by_nino_only => no_record_anywhere(),
            // Not asked is never "no", whatever kept it from being asked.
            None | Some(Standing::Out) => {
                self.pending(DepartmentId::Dfe, PendingReason::DepartmentUnavailable)
            }
            Some(Standing::Replied(reply)) => match &reply.outcome {
                reply::Outcome::NoRecord => no_record_anywhere(),
                reply::Outcome::Found(reply::Facts::EducationEligibility(record)) if !record.eligible => {
                    self.negative(Negative::NoRecord)
                }
                // DfE holds the family eligible, by another feed or an old one: that is no ground for a "no".
                reply::Outcome::Found(reply::Facts::EducationEligibility(_)) => {
                    self.pending(DepartmentId::HomeOffice, PendingReason::DepartmentWorking)
                }
                other => self.without_record(DepartmentId::Dfe, other),
            },
        }
    }
}

enum Basis {
    Section95,
    Section4,
    Unclear,
}

/// Reads a legal basis. Leaving the part out was what made DfE resubmit every reply (report 6.134), so "section 95" without
/// "Part VI" is unclear; section 4 is section 4 in whatever part a letter puts it.
fn basis(text: &str) -> Basis {
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = text
        .split(|symbol: char| !symbol.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let after = |word: &str| words.windows(2).find(|pair| pair[0] == word).map(|pair| pair[1]);
    match (after("part"), after("section")) {
        (Some("vi"), Some("95")) => Basis::Section95,
        (_, Some("4")) => Basis::Section4,
        _ => Basis::Unclear,
    }
}
