//! A reply of a desk. What is there must be as the contract has it, and what must be there is missed: a reply of a program is
//! garbage then and asked for again, but here somebody can mend it at once.

use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{
    EducationEligibility, Facts, ImmigrationStatus, Outcome, Period, Reply, Section95Support,
};
use statuscheck_domain::subject::iso_date;
use statuscheck_proto::adapter::v1 as wire;
use statuscheck_proto::adapter::v1::ask_response::Reply as WireReply;
use statuscheck_proto::adapter::v1::found::Facts as WireFacts;

use super::{fields, violation};
use crate::error::Error;

/// Longest kind of leave, condition or legal basis, in characters: the caller reads them.
const TEXT_CHARS_MAX: usize = 500;
/// Most conditions.
const CONDITIONS_MAX: usize = 50;

/// What is wrong so far.
struct Reading {
    faults: Vec<Violation>,
}

/// Parses the reply to a question of `operation`, at `now`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn reply(
    request: &wire::ReplyRequest,
    operation: Operation,
    now: Timestamp,
) -> Result<Reply, Error> {
    let mut reading = Reading { faults: Vec::new() };
    let as_of = reading.as_of(request.reply.as_ref().and_then(|reply| reply.as_of.as_ref()), now);
    let reply = request.reply.as_ref().and_then(|reply| reply.reply.as_ref());
    let outcome = match reply {
        None => reading.fault("reply", "is missing; give one of found, no_record, ambiguous"),
        Some(WireReply::Deferred(_)) => reading.fault(
            "reply.deferred",
            "is no reply here: the question is deferred already",
        ),
        Some(WireReply::NoRecord(_)) => Some(Outcome::NoRecord),
        Some(WireReply::Ambiguous(ambiguous)) => {
            let path = "reply.ambiguous.would_settle";
            let would_settle = fields(path, &ambiguous.would_settle, &mut reading.faults);
            Some(Outcome::Ambiguous { would_settle })
        }
        Some(WireReply::Found(found)) => reading.facts(found, operation, as_of).map(Outcome::Found),
    };
    match outcome {
        Some(outcome) if reading.faults.is_empty() => Ok(Reply { outcome, as_of }),
        _ => Err(Error::Invalid(reading.faults)),
    }
}

impl Reading {
    fn fault<T>(&mut self, field: &str, description: &str) -> Option<T> {
        self.faults.push(violation(field, description));
        None
    }

    fn as_of(&mut self, as_of: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let as_of = as_of?;
        match Timestamp::new(as_of.seconds, as_of.nanos) {
            Ok(as_of) if as_of <= now => Some(as_of),
            Ok(_later) => self.fault("reply.as_of", "must not be in the future"),
            Err(_range) => self.fault("reply.as_of", "is no time"),
        }
    }

    fn facts(
        &mut self,
        found: &wire::Found,
        operation: Operation,
        as_of: Option<Timestamp>,
    ) -> Option<Facts> {
        let wanted = match operation {
            Operation::ImmigrationStatus => "immigration_status",
            Operation::Section95Support => "section_95_support",
            Operation::NinoTrace => "nino_trace",
            Operation::EducationEligibility => "education_eligibility",
            Operation::BenefitHistory | Operation::EmploymentHistory | Operation::ContributionHistory => {
                "residence_evidence"
            }
        };
        let (about, facts) = match &found.facts {
            None => {
                let missing = format!("is missing; this question asks for {wanted}");
                return self.fault("reply.found.facts", &missing);
            }
            Some(WireFacts::ImmigrationStatus(status)) => ("immigration_status", self.status(status)),
            Some(WireFacts::Section95Support(support)) => ("section_95_support", self.support(support)),
            Some(WireFacts::NinoTrace(trace)) => ("nino_trace", self.trace(trace)),
            Some(WireFacts::ResidenceEvidence(evidence)) => ("residence_evidence", self.residence(evidence)),
            Some(WireFacts::EducationEligibility(entry)) => {
                ("education_eligibility", self.eligibility(entry, as_of))
            }
        };
        if about != wanted {
            // What else is wrong with it does not matter then.
            self.faults
                .retain(|fault| !fault.field.starts_with("reply.found."));
            let other = format!("does not belong to this question, which asks for {wanted}");
            return self.fault(&format!("reply.found.{about}"), &other);
        }
        facts
    }

    fn status(&mut self, status: &wire::ImmigrationStatus) -> Option<Facts> {
        let mut at = At(self, "reply.found.immigration_status");
        let leave = at
            .must("leave", status.leave.as_deref())
            .and_then(|leave| at.text("leave", leave));
        let valid_from = at
            .must("valid_from", status.valid_from.as_deref())
            .and_then(|day| at.day("valid_from", day));
        let valid_until = at.day_or_none("valid_until", status.valid_until.as_deref());
        let may_work = at.must("may_work", status.may_work);
        let may_rent = at.must("may_rent", status.may_rent);
        let arrived_on = at.day_or_none("arrived_on", status.arrived_on.as_deref());
        let document_valid_until =
            at.day_or_none("document_valid_until", status.document_valid_until.as_deref());
        if valid_until
            .zip(valid_from)
            .is_some_and(|(until, from)| until < from)
        {
            at.fault::<()>("valid_until", "must not be before valid_from");
        }
        if status.conditions.len() > CONDITIONS_MAX {
            at.fault::<()>("conditions", "must be at most 50");
        }
        let conditions = status.conditions.iter().enumerate();
        let conditions =
            conditions.filter_map(|(place, text)| at.text(&format!("conditions[{place}]"), text));
        let conditions = conditions.collect();
        Some(Facts::ImmigrationStatus(ImmigrationStatus {
            leave: leave?,
            valid_from: valid_from?,
            valid_until,
            may_work: may_work?,
            may_rent: may_rent?,
            conditions,
            health_surcharge_paid: status.health_surcharge_paid,
            arrived_on,
            document_valid_until,
        }))
    }

    fn support(&mut self, support: &wire::Section95Support) -> Option<Facts> {
        let mut at = At(self, "reply.found.section_95_support");
        let in_force = at.must("in_force", support.in_force);
        let since = at.day_or_none("since", support.since.as_deref());
        let legal_basis = at
            .must("legal_basis", support.legal_basis.as_deref())
            .and_then(|basis| at.text("legal_basis", basis));
        Some(Facts::Section95Support(Section95Support {
            in_force: in_force?,
            since,
            legal_basis: Some(legal_basis?),
        }))
    }

    fn trace(&mut self, trace: &wire::NinoTrace) -> Option<Facts> {
        let mut at = At(self, "reply.found.nino_trace");
        let matches = at.must("matches", trace.matches)?;
        Some(Facts::NinoTrace { matches })
    }

    fn residence(&mut self, evidence: &wire::ResidenceEvidence) -> Option<Facts> {
        let mut at = At(self, "reply.found.residence_evidence");
        let mut periods = Vec::with_capacity(evidence.periods.len());
        for (place, period) in evidence.periods.iter().enumerate() {
            let (from, to) = (format!("periods[{place}].from"), format!("periods[{place}].to"));
            let last = at.day_or_none(&to, Some(period.to.as_str()).filter(|day| !day.is_empty()));
            let Some(first) = at.day(&from, &period.from) else {
                continue;
            };
            if last.is_some_and(|last| last < first) {
                at.fault::<()>(&to, "must not be before from");
            }
            periods.push(Period {
                from: first,
                to: last,
            });
        }
        Some(Facts::Residence(periods))
    }

    fn eligibility(&mut self, entry: &wire::EducationEligibility, as_of: Option<Timestamp>) -> Option<Facts> {
        let mut at = At(self, "reply.found.education_eligibility");
        let eligible = at.must("eligible", entry.eligible);
        let source = entry
            .source
            .as_deref()
            .and_then(|source| match source.parse::<DepartmentId>() {
                Ok(source) => Some(source),
                Err(_other) => at.fault("source", "must be the id of a department, such as home-office"),
            });
        Some(Facts::EducationEligibility(EducationEligibility {
            eligible: eligible?,
            source,
            // The age of the source is that of the feed.
            loaded_at: as_of,
        }))
    }
}

/// Reads fields of one message.
struct At<'a>(&'a mut Reading, &'static str);

impl At<'_> {
    fn fault<T>(&mut self, field: &str, description: &str) -> Option<T> {
        let Self(reading, path) = self;
        reading.fault(&format!("{path}.{field}"), description)
    }

    fn must<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        value.or_else(|| self.fault(field, "must be there"))
    }

    fn text(&mut self, field: &str, text: &str) -> Option<String> {
        let fits = !text.trim().is_empty()
            && text.chars().count() <= TEXT_CHARS_MAX
            && !text.chars().any(char::is_control);
        if fits {
            Some(text.to_owned())
        } else {
            self.fault(field, "must be 1 to 500 characters, without control characters")
        }
    }

    fn day(&mut self, field: &str, text: &str) -> Option<Date> {
        iso_date(text).map_or_else(|fault| self.fault(field, fault.0), Some)
    }

    fn day_or_none(&mut self, field: &str, text: Option<&str>) -> Option<Date> {
        text.and_then(|text| self.day(field, text))
    }
}
