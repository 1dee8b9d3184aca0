//! What receivers are told, as CloudEvents 1.0 in JSON. It says that something happened to a case and never about whom: whoever
//! is told asks for the case itself, with the certificate that lets it.

use jiff::Timestamp;
use serde::Serialize;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::ids::{AgreementId, CaseId, DepartmentId, NoticeId, ReferralId};
use statuscheck_domain::outbox::{self, Undelivered};

use crate::peer::TrustDomain;

/// One thing to tell a receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its id, at every attempt: receivers know a repeat by it.
    pub id: NoticeId,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A case has another state, or another answer.
    CaseChanged(CaseMark),
    /// A part of the promised time has gone by without an answer.
    CaseAtRisk {
        /// Of which case.
        case: CaseMark,
        /// How much, 1 to 99.
        percent: u8,
        /// When the answer is due.
        due_at: Timestamp,
    },
    /// All of the promised time has gone by.
    CaseBreached {
        /// Of which case.
        case: CaseMark,
        /// When the answer was due.
        due_at: Timestamp,
    },
    /// An answer is due later than it was.
    DueExtended {
        /// Of which case.
        case: CaseMark,
        /// When it is due now.
        due_at: Timestamp,
    },
    /// A person is held back from a refusal, and the taskforce is to look into it.
    ReferralOpened {
        /// Which referral.
        referral_id: ReferralId,
        /// Of which case.
        case: CaseMark,
    },
    /// 80 % of a month's questions to a department have been asked.
    QuotaNearlyUsed(QuotaMark),
}

/// A case at the moment of a notice. It has no reference of the caller's: one can name a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseMark {
    /// Which case.
    pub case_id: CaseId,
    /// Whose turn it is.
    pub state: CaseState,
    /// Version of its last event: a lower one than the receiver has seen is old news.
    pub version: u64,
    /// What it was asked under.
    pub agreement_id: AgreementId,
}

/// A quota at the moment of a notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaMark {
    /// Of which agreement.
    pub agreement_id: AgreementId,
    /// Who is asked.
    pub department: DepartmentId,
    /// Questions asked this month.
    pub used: u64,
    /// Questions granted this month.
    pub limit: u64,
}

/// A notice as it is sent, the same bytes at every attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// The notice's id.
    pub id: NoticeId,
    /// Its JSON.
    pub body: Vec<u8>,
}

impl Happening {
    /// The type of the event; another form of its data would be another type.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::CaseChanged(_) => "uk.gov.statuscheck.case.changed.v1",
            Self::CaseAtRisk { .. } => "uk.gov.statuscheck.case.at_risk.v1",
            Self::CaseBreached { .. } => "uk.gov.statuscheck.case.breached.v1",
            Self::DueExtended { .. } => "uk.gov.statuscheck.case.due_extended.v1",
            Self::ReferralOpened { .. } => "uk.gov.statuscheck.referral.opened.v1",
            Self::QuotaNearlyUsed(_) => "uk.gov.statuscheck.quota.nearly_used.v1",
        }
    }
}

/// The type of the event of a happening of that name.
pub fn event_type(name: &str) -> String {
    format!("uk.gov.statuscheck.{name}.v1")
}

impl Notice {
    /// What is left to tell of `case`.
    pub fn of(case: &Case, left: &Undelivered) -> Self {
        let notice = &left.notice;
        let mark = CaseMark {
            case_id: case.id,
            state: notice.state,
            version: notice.version,
            agreement_id: case.receipt.agreement_id.clone(),
        };
        Self {
            id: notice.id,
            time: left.time,
            happening: match notice.happening {
                outbox::Happening::Changed => Happening::CaseChanged(mark),
                outbox::Happening::AtRisk { percent, due_at } => Happening::CaseAtRisk {
                    case: mark,
                    percent,
                    due_at,
                },
                outbox::Happening::Breached { due_at } => Happening::CaseBreached { case: mark, due_at },
                outbox::Happening::DueExtended { due_at } => Happening::DueExtended { case: mark, due_at },
                outbox::Happening::ReferralOpened { referral_id } => Happening::ReferralOpened {
                    referral_id,
                    case: mark,
                },
            },
        }
    }

    /// The notice of a gateway of `trust_domain`, as it is sent.
    ///
    /// # Panics
    /// Never: texts and numbers are JSON.
    pub fn letter(&self, trust_domain: &TrustDomain) -> Letter {
        let (subject, data) = self.subject_and_data();
        let event = CloudEvent {
            specversion: "1.0",
            id: self.id.to_string(),
            source: trust_domain.uri(),
            kind: self.happening.as_str(),
            time: self.time,
            subject,
            datacontenttype: "application/json",
            data,
        };
        let body = serde_json::to_vec(&event).expect("texts and numbers are JSON");
        Letter { id: self.id, body }
    }

    fn subject_and_data(&self) -> (String, Data<'_>) {
        match &self.happening {
            Happening::CaseChanged(case) => about(case, CaseData::of(case)),
            Happening::CaseAtRisk {
                case,
                percent,
                due_at,
            } => about(
                case,
                CaseData {
                    percent: Some(*percent),
                    due_at: Some(*due_at),
                    ..CaseData::of(case)
                },
            ),
            Happening::CaseBreached { case, due_at } | Happening::DueExtended { case, due_at } => about(
                case,
                CaseData {
                    due_at: Some(*due_at),
                    ..CaseData::of(case)
                },
            ),
            Happening::ReferralOpened { referral_id, case } => {
                let data = CaseData {
                    referral_id: Some(referral_id.to_string()),
                    ..CaseData::of(case)
                };
                (referral_id.to_string(), Data::Case(data))
            }
            Happening::QuotaNearlyUsed(quota) => {
                let data = QuotaData {
                    agreement_id: quota.agreement_id.as_str(),
                    department: quota.department.as_str(),
                    used: quota.used,
                    limit: quota.limit,
                };
                (quota.agreement_id.to_string(), Data::Quota(data))
            }
        }
    }
}

fn about<'a>(case: &CaseMark, data: CaseData<'a>) -> (String, Data<'a>) {
    (case.case_id.to_string(), Data::Case(data))
}

/// An event in JSON (CloudEvents 1.0, JSON format, 3).
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    time: Timestamp,
    subject: String,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Case(CaseData<'a>),
    Quota(QuotaData<'a>),
}

#[derive(Serialize)]
struct CaseData<'a> {
    case_id: String,
    state: &'static str,
    version: u64,
    agreement_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_id: Option<String>,
}

#[derive(Serialize)]
struct QuotaData<'a> {
    agreement_id: &'a str,
    department: &'static str,
    used: u64,
    limit: u64,
}

impl<'a> CaseData<'a> {
    fn of(case: &'a CaseMark) -> Self {
        Self {
            case_id: case.case_id.to_string(),
            state: case.state.as_str(),
            version: case.version,
            agreement_id: case.agreement_id.as_str(),
            percent: None,
            due_at: None,
            referral_id: None,
        }
    }
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;
