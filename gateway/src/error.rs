//! Every error that a caller can meet, by what the caller can do about it, and the one map to a gRPC status.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use statuscheck_domain::agreement::{Agreement, Refusal, Standing};
use statuscheck_domain::case::NotNow;
use statuscheck_domain::check::{CheckKind, Violation, path};
use statuscheck_domain::ids::{AgreementId, CaseId, NoticeId};
use statuscheck_domain::quota::QuotaKey;
use statuscheck_domain::referral::ResolveFault;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use self::causes::BUSY_RETRY;
use crate::desk::DeskFault;
use crate::following::WatchRefusal;
use crate::limits::Allowance;
use crate::peer::PeerError;
use crate::register::ChangeRefusal;

mod causes;
mod following;
mod referral;
mod register;

mod desk;

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "statuscheck";

/// Why a call was not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The certificate is trusted and names nobody: get one with an identity.
    #[error("the client certificate carries no usable identity")]
    NoIdentity(#[source] PeerError),
    /// This kind of peer may not call this service.
    #[error("this kind of peer may not call this service")]
    WrongPeer {
        /// Full name of the service.
        service: &'static str,
    },
    /// There is no such service or method here; a later gateway may have it.
    #[error("this method is not served")]
    NotServed,
    /// The request is malformed: mend every field named.
    #[error("the request is malformed; see the field violations")]
    Invalid(Vec<Violation>),
    /// What came is not a message of the contract: look at the client's libraries and its copy of the contract.
    #[error("the request is not a message of this method in the contract")]
    NotAMessage,
    /// The message is larger than the service takes.
    #[error("the message is larger than this service takes")]
    MessageTooLarge,
    /// No agreement covers it: turn to the contact.
    #[error("{refusal}")]
    Refused {
        /// Which check.
        kind: CheckKind,
        /// Why.
        refusal: Refusal,
    },
    /// The request id was used with another content: choose a new one.
    #[error("this request_id was used before with another content; use a new one for a new check")]
    RequestIdTaken,
    /// No such case of this organisation.
    #[error("there is no such case")]
    NoSuchCase(CaseId),
    /// No such notice waits or is parked.
    #[error("there is no such notice that waits or is parked")]
    NoSuchHook(NoticeId),
    /// The case does not take the step as it stands: read it, and do what the reason says.
    #[error(transparent)]
    NotNow(NotNow),
    /// The taskforce cannot do that with the referral as it stands.
    #[error(transparent)]
    Referral(ResolveFault),
    /// Others changed the case again and again meanwhile: repeat.
    #[error("the case changed while this was under way; nothing was done; repeat after the time given")]
    CaseChanged,
    /// Cases are not followed, or no longer: do what the reason says.
    #[error(transparent)]
    Watch(WatchRefusal),
    /// A department's desk cannot do this: do what the reason says.
    #[error(transparent)]
    Desk(DeskFault),
    /// No such agreement in the register.
    #[error("there is no such agreement")]
    NoSuchAgreement(AgreementId),
    /// Only those who are asked under an agreement, and operators, are told how it went.
    #[error("you are no party of the agreement")]
    NotAParty(AgreementId),
    /// The register is not changed: see its variants.
    #[error("{0}")]
    Change(ChangeRefusal),
    /// Over a limit: repeat after the time given.
    #[error("the limit of calls is reached; repeat after the time given")]
    RateLimited {
        /// When to repeat: from then on all the limits let one through.
        retry_after: Duration,
        /// Whose limits, each by organisation, and agreement and check where it is theirs.
        subjects: Vec<String>,
        /// Where the longest of them stands.
        allowance: Allowance,
    },
    /// The quota of a question that the check cannot do without is spent: ask in the next month, or turn to the contact.
    #[error("the agreement's quota of questions to a department is spent for this month")]
    QuotaSpent {
        /// Which.
        key: QuotaKey,
        /// E-mail address of the agreement's working contact.
        contact: String,
        /// Until the next month.
        retry_after: Duration,
    },
    /// This caller has checked one person, or near variations of one, too often: repeat after the time given.
    #[error("one person was checked too often by this caller; repeat after the time given")]
    ProbingLimit {
        /// When to repeat.
        retry_after: Duration,
    },
    /// More is asked than can be answered at once: repeat after the time given.
    #[error("more is asked than can be answered at once; nothing was begun; repeat after the time given")]
    Overloaded {
        /// When to repeat.
        retry_after: Duration,
    },
    /// Too much is waiting: repeat after the time given.
    #[error("the gateway is busy; repeat after the time given")]
    Busy {
        /// When to repeat.
        retry_after: Duration,
    },
    /// The caller's deadline leaves no time to record and answer: give more.
    #[error("the deadline leaves no time for an answer")]
    DeadlineTooShort,
    /// Nothing can be recorded now, so nothing is disclosed: repeat with the same request id.
    #[error("the gateway cannot record anything now, so it answers nothing; repeat with the same request_id")]
    CannotRecord,
    /// Look at the key file and the log: it cannot be changed. No key was lost.
    #[error("the key file cannot be changed; see the log of whoever holds the store")]
    KeyFileFixed,
    /// A fault of ours; the log has it under the id.
    #[error("internal error {0}")]
    Internal(uuid::Uuid),
}

impl Error {
    /// A fault of ours: `cause` goes to the log under a new id, and the caller gets the id alone.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let id = uuid::Uuid::new_v4();
        tracing::error!(error_id = %id, cause, "internal error");
        Self::Internal(id)
    }

    /// After which time the same call may go through, where waiting is all it takes.
    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. }
            | Self::Overloaded { retry_after }
            | Self::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// Too much is waiting in the store.
    pub(crate) const fn busy() -> Self {
        Self::Busy {
            retry_after: BUSY_RETRY,
        }
    }

    /// One field at fault.
    pub fn field(field: &str, description: &str) -> Self {
        Self::Invalid(vec![Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        }])
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let allowance = match &error {
            Error::RateLimited { allowance, .. } => Some(*allowance),
            _ => None,
        };
        let (code, details) = parts(error);
        let mut status = Self::with_error_details(code, message, details);
        if let Some(allowance) = allowance {
            allowance.write(status.metadata_mut());
        }
        status
    }
}

fn parts(error: Error) -> (Code, ErrorDetails) {
    match error {
        Error::NoIdentity(_) => (Code::Unauthenticated, info("IDENTITY_UNUSABLE", [])),
        Error::WrongPeer { service } => (
            Code::PermissionDenied,
            info("WRONG_PEER", [("service", service.to_owned())]),
        ),
        Error::NotServed => (Code::Unimplemented, info("NOT_SERVED", [])),
        Error::Invalid(violations) => (Code::InvalidArgument, bad_request("INVALID_FIELDS", violations)),
        Error::NotAMessage => (Code::InvalidArgument, info("NOT_A_MESSAGE", [])),
        // No RetryInfo: the same message stays too large.
        Error::MessageTooLarge => (Code::ResourceExhausted, info("MESSAGE_TOO_LARGE", [])),
        Error::Refused { kind, refusal } => refused(kind, refusal),
        Error::RequestIdTaken => (Code::AlreadyExists, info("REQUEST_ID_TAKEN", [])),
        Error::NoSuchCase(id) => (
            Code::NotFound,
            info("NO_SUCH_CASE", [("case_id", id.to_string())]),
        ),
        Error::NoSuchHook(id) => (
            Code::NotFound,
            info("NO_SUCH_HOOK", [("hook_id", id.to_string())]),
        ),
        Error::NotNow(why) => (Code::FailedPrecondition, info(why.as_str(), [])),
        Error::CaseChanged => {
            let mut details = info("CASE_CHANGED", []);
            details.set_retry_info(Some(BUSY_RETRY));
            (Code::Aborted, details)
        }
        Error::Desk(fault) => desk::parts(fault),
        Error::Referral(fault) => referral::parts(fault),
        Error::NoSuchAgreement(id) => (
            Code::NotFound,
            info("NO_SUCH_AGREEMENT", [("agreement_id", id.to_string())]),
        ),
        Error::NotAParty(id) => (
            Code::PermissionDenied,
            info("NOT_A_PARTY", [("agreement_id", id.to_string())]),
        ),
        Error::Change(refusal) => register::parts(refusal),
        Error::Watch(refusal) => following::parts(refusal),
        Error::RateLimited {
            retry_after,
            subjects,
            ..
        } => {
            let mut details = info("RATE_LIMITED", []);
            details.set_retry_info(Some(retry_after));
            for subject in subjects {
                details.add_quota_failure_violation(subject, "more checks than the rate agreed");
            }
            (Code::ResourceExhausted, details)
        }
        Error::QuotaSpent {
            key,
            contact,
            retry_after,
        } => {
            let (agreement, department, month) = (key.agreement, key.department, key.month);
            let mut details = info(
                "QUOTA_SPENT",
                [
                    ("agreement_id", agreement.to_string()),
                    ("department", department.to_string()),
                    ("month", month.to_string()),
                ],
            );
            details.set_retry_info(Some(retry_after));
            details.add_quota_failure_violation(
                format!("agreement:{agreement} department:{department} month:{month}"),
                "more questions than the quota agreed",
            );
            (Code::ResourceExhausted, contacted(&agreement, &contact, details))
        }
        Error::ProbingLimit { retry_after } => {
            let mut details = info("PROBING_LIMIT", []);
            details.set_retry_info(Some(retry_after));
            (Code::ResourceExhausted, details)
        }
        Error::Overloaded { retry_after } => {
            let mut details = info("OVERLOADED", []);
            details.set_retry_info(Some(retry_after));
            details.add_quota_failure_violation("gateway", "more checks at once than it can answer");
            (Code::ResourceExhausted, details)
        }
        Error::Busy { retry_after } => {
            let mut details = info("BUSY", []);
            details.set_retry_info(Some(retry_after));
            (Code::ResourceExhausted, details)
        }
        Error::DeadlineTooShort => (Code::DeadlineExceeded, info("DEADLINE_TOO_SHORT", [])),
        Error::CannotRecord => (Code::Unavailable, info("CANNOT_RECORD", [])),
        Error::KeyFileFixed => (Code::FailedPrecondition, info("KEY_FILE_FIXED", [])),
        Error::Internal(id) => (Code::Internal, info("INTERNAL", [("error_id", id.to_string())])),
    }
}

fn refused(kind: CheckKind, refusal: Refusal) -> (Code, ErrorDetails) {
    let check = ("check", kind.as_str().to_owned());
    match refusal {
        Refusal::NoAgreement => (Code::PermissionDenied, info("NO_AGREEMENT", [check])),
        Refusal::CheckNotCovered { agreement } => (
            Code::PermissionDenied,
            under(&agreement, info("CHECK_NOT_COVERED", [check, named(&agreement)])),
        ),
        Refusal::PurposeNotCovered { agreement, benefit } => {
            let purpose = ("purpose", benefit.as_str().to_owned());
            let details = info("PURPOSE_NOT_COVERED", [check, named(&agreement), purpose]);
            (Code::PermissionDenied, under(&agreement, details))
        }
        Refusal::NotInForce { agreement, today } => {
            let details = not_in_force(check, &agreement, today);
            (Code::PermissionDenied, under(&agreement, details))
        }
        Refusal::FieldsNotCovered { agreement, fields } => {
            let violations = fields.into_iter().map(|field| Violation {
                field: path(kind, field),
                description: format!(
                    "the agreement {} does not cover this field; leave it out",
                    agreement.id
                ),
            });
            let mut details = bad_request("FIELD_NOT_COVERED", violations.collect());
            details.set_error_info("FIELD_NOT_COVERED", DOMAIN, [check, named(&agreement)].map(owned));
            (Code::PermissionDenied, under(&agreement, details))
        }
        Refusal::SeveralFit(ids) => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            let description = format!(
                "several agreements cover this check; name one of {}",
                ids.join(", ")
            );
            let violation = Violation {
                field: "agreement_id".to_owned(),
                description,
            };
            (
                Code::InvalidArgument,
                bad_request("SEVERAL_AGREEMENTS", vec![violation]),
            )
        }
    }
}

/// Why an agreement is not in force, and since or until when.
fn not_in_force(check: (&'static str, String), agreement: &Arc<Agreement>, today: Date) -> ErrorDetails {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let (reason, on) = match agreement.standing(today) {
        Standing::Suspended(suspension) => ("AGREEMENT_SUSPENDED", ("since", suspension.since.to_string())),
        Standing::Expired => ("AGREEMENT_EXPIRED", ("expired_on", day(agreement.expires_on))),
        Standing::NotSigned => ("AGREEMENT_NOT_SIGNED", ("signed_on", day(agreement.signed_on))),
        // An agreement in force is not refused as one that is not.
        Standing::ListedOnly | Standing::InForce => {
            ("AGREEMENT_NOT_SERVED", ("signed_on", day(agreement.signed_on)))
        }
    };
    info(reason, [check, named(agreement), on])
}

fn named(agreement: &Arc<Agreement>) -> (&'static str, String) {
    ("agreement_id", agreement.id.to_string())
}

/// Adds whom to turn to about the agreement.
fn under(agreement: &Agreement, details: ErrorDetails) -> ErrorDetails {
    contacted(&agreement.id, agreement.contact(), details)
}

fn contacted(agreement: &AgreementId, contact: &str, mut details: ErrorDetails) -> ErrorDetails {
    let description = format!("Working contact of the agreement {agreement}");
    details.add_help_link(description, format!("mailto:{contact}"));
    details
}

fn info<const N: usize>(reason: &str, metadata: [(&'static str, String); N]) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, DOMAIN, metadata.map(owned))
}

fn owned((key, value): (&'static str, String)) -> (String, String) {
    (key.to_owned(), value)
}

fn bad_request(reason: &str, violations: Vec<Violation>) -> ErrorDetails {
    let mut details = info(reason, []);
    let violations = violations
        .into_iter()
        .map(|fault| FieldViolation::new(fault.field, fault.description));
    details.set_bad_request(violations.collect::<Vec<_>>());
    details
}
