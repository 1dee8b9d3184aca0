//! What happens to a referral. All of it is the house's own business: callers are told by the answer alone.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Hold;
use crate::answer::Facts;
use crate::ids::{CaseId, ReferralId, RulesVersion};
use crate::sla::SlaClock;
use crate::subject::Field;

/// One step of a referral. It follows, in the same change, the decision that tells the caller of it, where there is one.
#[derive(Clone)]
pub enum ReferralEvent {
    /// The person is held back, and the taskforce is to look into it, or does so already because of another case.
    Opened(Box<Opening>),
    /// What is held back is as this has it, after departments were asked anew or said more.
    Held(Box<Hold>),
    /// The taskforce needs something from the caller.
    InformationAsked {
        /// Which fields.
        fields: Vec<Field>,
        /// Who asks.
        by: String,
    },
    /// Somebody of the taskforce read it, with the person and the evidence.
    Viewed {
        /// Who.
        by: String,
    },
    /// The taskforce said what it found, or that it needs longer; in a case that joined, what it found for the one that was
    /// joined.
    Said(Box<Resolution>),
    /// It is needed no longer: a status was established, or another referral takes its place.
    Superseded,
    /// It is closed, and so are the referrals of the cases that joined it.
    Released {
        /// Which.
        id: ReferralId,
    },
    /// The finding is late.
    Late,
    /// A case that joined looked after it, and it was open.
    Looked,
    /// The case is answered by what was found for another.
    Recalled {
        /// By which referral.
        id: ReferralId,
        /// Of which case.
        case_id: CaseId,
        /// The status was confirmed; otherwise it was not, for the same facts.
        is_confirmed: bool,
    },
}

/// A referral as it is opened.
#[derive(Clone)]
pub struct Opening {
    /// Its id.
    pub id: ReferralId,
    /// The case that opened it, where that is another.
    pub joined: Option<CaseId>,
    /// What is held back, and why.
    pub hold: Hold,
    /// The rules that say why.
    pub rules: RulesVersion,
    /// When the finding is due.
    pub due: SlaClock,
    /// The agreement withholds the reason.
    pub is_withheld: bool,
    /// Whom the caller or the person can turn to.
    pub contact: String,
    /// What the caller is asked for from the beginning.
    pub asked: Vec<Field>,
}

/// What the taskforce said.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What it found.
    pub finding: Finding,
    /// Why, in its own words, which are about a person.
    pub note: Zeroizing<String>,
    /// Who wrote it, as the certificate names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The caller is told in the same change, because the case was held.
    pub tells: bool,
}

/// The kinds of finding.
#[derive(Clone, PartialEq, Eq)]
pub enum Finding {
    /// A status is established: these facts, before the agreement's filter.
    Confirmed(Facts),
    /// No Windrush case.
    NotConfirmed,
    /// The finding takes longer.
    NeedsLonger {
        /// When it is due now.
        due: SlaClock,
    },
}

impl Finding {
    /// It ends the referral.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Confirmed(_) | Self::NotConfirmed => true,
            Self::NeedsLonger { .. } => false,
        }
    }
}

impl ReferralEvent {
    /// The stable name in records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Opened(opening) if opening.joined.is_some() => "referral_joined",
            Self::Opened(_) => "referral_opened",
            Self::Held(_) => "referral_held",
            Self::InformationAsked { .. } => "referral_information_asked",
            Self::Viewed { .. } => "referral_viewed",
            Self::Said(said) if said.finding.is_final() => "referral_resolved",
            Self::Said(_) => "referral_extended",
            Self::Superseded => "referral_superseded",
            Self::Released { .. } => "referral_released",
            Self::Late => "referral_late",
            Self::Looked => "referral_looked",
            Self::Recalled { .. } => "referral_recalled",
        }
    }
}
