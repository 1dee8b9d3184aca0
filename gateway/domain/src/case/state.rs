//! How a case stands, in a word.

use crate::answer::Outcome;

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CaseState {
    /// A department's.
    Open,
    /// The caller's.
    AwaitingInformation,
    /// The taskforce's.
    Referred,
    /// Nobody's: it is answered.
    Answered,
    /// Nobody's: the caller needs it no longer, or did not provide what was asked for in time.
    Withdrawn,
}

impl CaseState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::AwaitingInformation,
        Self::Referred,
        Self::Answered,
        Self::Withdrawn,
    ];
    /// The states in which somebody has to do something.
    pub const OPEN: [Self; 3] = [Self::Open, Self::AwaitingInformation, Self::Referred];
    /// The states in which the case is over; see [`Self::is_closed`].
    pub const CLOSED: [Self; 2] = [Self::Answered, Self::Withdrawn];

    /// The state of a case whose caller was told `outcome`.
    pub const fn told(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Pending { .. } => Self::Open,
            Outcome::MoreInformation { .. } => Self::AwaitingInformation,
            Outcome::Referred { .. } => Self::Referred,
            Outcome::Established { .. } | Outcome::NotEstablished(_) => Self::Answered,
        }
    }

    /// The name in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::AwaitingInformation => "awaiting_information",
            Self::Referred => "referred",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }
}
