//! What the caller is told. "Not yet" and "could not ask" are never shaped like "no".

use jiff::Timestamp;
use jiff::civil::Date;

use crate::check::CheckKind;
use crate::ids::{AgreementId, CaseId, DepartmentId, ReferralId};
use crate::sla::SlaClock;
use crate::subject::Field;

/// An answer as it is recorded and released. Facts about a person: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was found.
    pub outcome: Outcome,
    /// The law under which it is given, in full.
    pub legal_basis: String,
    /// The agreement under which it is given.
    pub agreement_id: AgreementId,
    /// Age of the oldest source it rests on; none where it rests on none.
    pub as_of: Option<Timestamp>,
}

/// The kinds of answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A status was found.
    Established {
        /// The facts that the agreement releases.
        facts: Facts,
        /// Names of facts that are known and not released.
        withheld: Vec<String>,
    },
    /// Not yet.
    Pending {
        /// Why.
        reason: PendingReason,
        /// Departments still to reply.
        departments: Vec<DepartmentId>,
    },
    /// The caller's turn.
    MoreInformation {
        /// Fields that would settle it.
        fields: Vec<Field>,
    },
    /// Held for the Windrush taskforce.
    Referred {
        /// To quote when asking about the referral.
        referral_id: ReferralId,
        /// Whom the caller or the person can turn to.
        contact: String,
        /// What the caller can provide to help the taskforce; may be nothing.
        fields: Vec<Field>,
        /// When the taskforce's finding is due.
        due: SlaClock,
    },
    /// Every required department answered, none established a status, and no safeguard applies.
    NotEstablished(Negative),
}

/// Why an answer is not there yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PendingReason {
    /// A department took the question and will reply later.
    DepartmentWorking,
    /// A department could not be reached in time.
    DepartmentUnavailable,
    /// A department's desk is closed.
    DepartmentClosed,
    /// The caller disputed the answer, and it is being looked at again.
    Disputed,
}

/// Why nothing was established: the stable reasons of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Negative {
    /// No record fits; also for a wrong date of birth or an unknown share code, which must not be told apart.
    NoRecord,
    /// The right ended before the day that counts.
    Expired,
    /// The right begins after the day that counts.
    NotYetValid,
    /// The leave does not carry the right.
    NotPermitted,
    /// Supported under section 4, which is not Section 95.
    Section4,
    /// Support is not in force.
    NotSupported,
}

impl Negative {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::NoRecord,
        Self::Expired,
        Self::NotYetValid,
        Self::NotPermitted,
        Self::Section4,
        Self::NotSupported,
    ];

    /// The reason's code in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "NO_RECORD",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::NotPermitted => "NOT_PERMITTED",
            Self::Section4 => "SECTION_4",
            Self::NotSupported => "NOT_SUPPORTED",
        }
    }

    /// The reason in plain words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NoRecord => "No record fits the details given.",
            Self::Expired => "A right was recorded and ended before the day that counts.",
            Self::NotYetValid => "A right is recorded and begins after the day that counts.",
            Self::NotPermitted => "Leave is recorded, and it does not carry this right.",
            Self::Section4 => {
                "Support is recorded under section 4 of the Immigration and Asylum Act 1999, which is not Section 95."
            }
            Self::NotSupported => "Support under Section 95 is recorded and not in force.",
        }
    }
}

/// How far a right reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entitlement {
    /// No end and no conditions.
    Unlimited,
    /// An end and no conditions.
    TimeLimited,
    /// Conditions, with an end or without.
    Restricted,
}

/// Facts of an established status. A fact that the agreement does not release is absent.
#[derive(Clone, PartialEq, Eq)]
pub enum Facts {
    /// Right to work.
    RightToWork {
        /// How far it reaches.
        entitlement: Option<Entitlement>,
        /// Last day, included.
        valid_until: Option<Date>,
        /// In plain words.
        conditions: Vec<String>,
        /// Day by which the employer must check again.
        follow_up_on: Option<Date>,
    },
    /// Right to rent.
    RightToRent {
        /// How far it reaches.
        entitlement: Option<Entitlement>,
        /// Last day, included.
        valid_until: Option<Date>,
        /// Day by which the landlord must check again: the later of 12 months, end of leave, end of document.
        follow_up_on: Option<Date>,
    },
    /// Support under section 95 is in force.
    Section95 {
        /// First day, where known.
        supported_since: Option<Date>,
    },
    /// Immigration status, for the trust to decide on charging.
    Iecas {
        /// Kind of leave in the Home Office's words.
        immigration_status: Option<String>,
        /// First day.
        valid_from: Option<Date>,
        /// Last day; may lie in the past.
        valid_until: Option<Date>,
        /// The immigration health surcharge was paid.
        health_surcharge_paid: Option<bool>,
    },
}

impl Facts {
    /// Takes out what `released` (names of fields of the contract's facts) does not name, and says what was taken out.
    pub fn release(mut self, released: &[String]) -> (Self, Vec<String>) {
        let mut withheld = Vec::new();
        let mut cut = |name: &str, known: bool| {
            let keep = released.iter().any(|field| field == name);
            if !keep && known {
                withheld.push(name.to_owned());
            }
            keep
        };
        match &mut self {
            Self::RightToWork {
                entitlement,
                valid_until,
                conditions,
                follow_up_on,
            } => {
                entitlement.take_if(|_| !cut("entitlement", true));
                let kept = cut("valid_until", valid_until.is_some());
                valid_until.take_if(|_| !kept);
                if !cut("conditions", !conditions.is_empty()) {
                    conditions.clear();
                }
                let kept = cut("follow_up_on", follow_up_on.is_some());
                follow_up_on.take_if(|_| !kept);
            }
            Self::RightToRent {
                entitlement,
                valid_until,
                follow_up_on,
            } => {
                entitlement.take_if(|_| !cut("entitlement", true));
                let kept = cut("valid_until", valid_until.is_some());
                valid_until.take_if(|_| !kept);
                let kept = cut("follow_up_on", follow_up_on.is_some());
                follow_up_on.take_if(|_| !kept);
            }
            Self::Section95 { supported_since } => {
                let kept = cut("supported_since", supported_since.is_some());
                supported_since.take_if(|_| !kept);
            }
            Self::Iecas {
                immigration_status,
                valid_from,
                valid_until,
                health_surcharge_paid,
            } => {
                immigration_status.take_if(|_| !cut("immigration_status", true));
                valid_from.take_if(|_| !cut("valid_from", true));
                let kept = cut("valid_until", valid_until.is_some());
                valid_until.take_if(|_| !kept);
                let kept = cut("health_surcharge_paid", health_surcharge_paid.is_some());
                health_surcharge_paid.take_if(|_| !kept);
            }
        }
        (self, withheld)
    }

    /// The names that an answer to `check` may have, for validating a register.
    pub const fn fields_of(check: CheckKind) -> &'static [&'static str] {
        match check {
            CheckKind::RightToWork => &["entitlement", "valid_until", "conditions", "follow_up_on"],
            CheckKind::RightToRent => &["entitlement", "valid_until", "follow_up_on"],
            CheckKind::Section95 => &["supported_since"],
            CheckKind::Iecas => &[
                "immigration_status",
                "valid_from",
                "valid_until",
                "health_surcharge_paid",
            ],
        }
    }

    /// Every name that an agreement may release, for validating a register.
    pub const FIELDS: [&'static str; 8] = [
        "entitlement",
        "valid_until",
        "conditions",
        "follow_up_on",
        "supported_since",
        "immigration_status",
        "valid_from",
        "health_surcharge_paid",
    ];
}

impl Answer {
    /// The caller may refuse the person on it: only on a final "not established", and never in an IECAS check, where
    /// charging is the trust's decision (report, footnote 69).
    pub fn may_refuse(&self, kind: CheckKind) -> bool {
        matches!(self.outcome, Outcome::NotEstablished(_)) && kind != CheckKind::Iecas
    }

    /// What the caller should do now.
    pub fn next_step(&self, kind: CheckKind) -> &'static str {
        match (&self.outcome, kind) {
            (Outcome::Established { .. }, CheckKind::RightToWork) => {
                "Keep the reference as proof of the check; check again by the follow-up date where one is given."
            }
            (Outcome::Established { .. }, CheckKind::RightToRent) => {
                "Keep the reference as proof of the check; check again by the follow-up date where one is given."
            }
            (Outcome::Established { .. }, CheckKind::Section95) => {
                "Support under Section 95 is confirmed; decide on the claim by your own rules."
            }
            (Outcome::Established { .. }, CheckKind::Iecas) => {
                "These are facts about status; whether the patient is charged is the trust's decision."
            }
            (Outcome::Pending { .. }, CheckKind::Iecas) => {
                "Not yet: do not treat this as a no. The charging decision stays the trust's. Follow the case; the answer \
                 is due at the time given."
            }
            (Outcome::Pending { .. }, _) => {
                "Not yet: do not refuse the person on this. Follow the case; the answer is due at the time given."
            }
            (Outcome::MoreInformation { .. }, CheckKind::Iecas) => {
                "Add the fields named; until then do not treat this as a no. The charging decision stays the trust's."
            }
            (Outcome::MoreInformation { .. }, _) => {
                "Add the fields named; until then do not refuse the person on this."
            }
            (Outcome::Referred { .. }, CheckKind::Iecas) => {
                "Held for the Windrush taskforce: do not treat this as a no. The charging decision stays the trust's. Tell the \
                 person what the advice says, and follow the case."
            }
            (Outcome::Referred { .. }, _) => {
                "Held for the Windrush taskforce: do not refuse the person anything. Tell the person what the advice says, and \
                 follow the case."
            }
            (Outcome::NotEstablished(_), CheckKind::Iecas) => {
                "No status was found, which decides nothing about charging: that is the trust's decision."
            }
            (Outcome::NotEstablished(_), _) => {
                "Nothing was established. Tell the person the reason and that they may have the record looked at again."
            }
        }
    }
}

/// What to tell a person who is held back from a refusal, in plain words; `fields` are what would help the taskforce.
pub fn advice(fields: &[Field]) -> &'static str {
    if fields.is_empty() {
        "Your status could not be confirmed from the records that were asked, and you may be of the Windrush generation. You \
         are not refused anything because of that. The Windrush taskforce is looking at your records, including those of HMRC \
         and DWP; you need not prove what the state already holds. You will hear by the date given, and you can call the \
         taskforce in the meantime."
    } else {
        "Your status could not be confirmed from the records that were asked, and you may be of the Windrush generation. You \
         are not refused anything because of that. The Windrush taskforce is looking at your records; the details named would \
         help it to find them. You will hear by the date given, and you can call the taskforce in the meantime."
    }
}

/// In plain words, what adding `fields` is for.
pub fn explain_fields(fields: &[Field]) -> &'static str {
    match fields {
        [Field::ShareCode] => "The share code has passed its 90 days; ask the person for a new one.",
        [Field::NationalInsuranceNumber] => {
            "The National Insurance number does not belong to the person named; check it with the person."
        }
        [Field::TenancyStart] => {
            "The right has an end, so it may be checked at most 28 days before the tenancy starts; ask again with a start \
             within 28 days."
        }
        [Field::AsylumSupportReference] => {
            "Nothing was found under the National Insurance number; the asylum support reference would settle it."
        }
        _ => "More than one record fits, or one only in part; the fields named would settle it.",
    }
}

/// The reference that an employer or landlord keeps as proof of the check: made from the case, so that it can be found again.
pub fn statutory_excuse_reference(kind: CheckKind, case_id: CaseId) -> String {
    let prefix = if kind == CheckKind::RightToRent {
        "RTR"
    } else {
        "RTW"
    };
    let hex = case_id.0.simple().to_string().to_ascii_uppercase();
    // The whole id, so that no two cases share a reference.
    format!(
        "{prefix}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..16],
        &hex[16..24],
        &hex[24..]
    )
}
