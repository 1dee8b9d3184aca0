//! Who is told.

use std::fmt;
use std::str::FromStr;

use crate::ids::{AgreementId, OrganisationId};

/// Somebody who can be told by a webhook. As text it is a word, with an id behind a colon where there are several:
/// `organisation:acme-works`, `owner:right-to-work`, `ops`, `taskforce`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Receiver {
    /// An organisation that asked, at its webhook under the case's agreement.
    Organisation(OrganisationId),
    /// The senior owner of an agreement.
    Owner(AgreementId),
    /// Operators of the gateway.
    Ops,
    /// The taskforce that looks into possible Windrush cases.
    Taskforce,
}

/// Names nobody who can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("names no receiver")]
pub struct UnknownReceiver;

impl fmt::Display for Receiver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(id) => write!(formatter, "organisation:{id}"),
            Self::Owner(agreement) => write!(formatter, "owner:{agreement}"),
            Self::Ops => formatter.write_str("ops"),
            Self::Taskforce => formatter.write_str("taskforce"),
        }
    }
}

impl FromStr for Receiver {
    type Err = UnknownReceiver;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = |_no_id| UnknownReceiver;
        match text.split_once(':') {
            Some(("organisation", id)) => id.parse().map(Self::Organisation).map_err(unknown),
            Some(("owner", id)) => id.parse().map(Self::Owner).map_err(unknown),
            None if text == "ops" => Ok(Self::Ops),
            None if text == "taskforce" => Ok(Self::Taskforce),
            _ => Err(UnknownReceiver),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_read_as_it_is_written_and_an_organisation_called_ops_is_another() {
        let receivers = [
            Receiver::Organisation("ops".parse().unwrap()),
            Receiver::Organisation("taskforce".parse().unwrap()),
            Receiver::Owner("right-to-work".parse().unwrap()),
            Receiver::Ops,
            Receiver::Taskforce,
        ];
        for receiver in receivers {
            assert_eq!(receiver.to_string().parse(), Ok(receiver));
        }
        for text in [
            "",
            "acme-works",
            "organisation:",
            "organisation:A",
            "ops:one",
            "owner",
        ] {
            assert_eq!(text.parse::<Receiver>(), Err(UnknownReceiver), "{text}");
        }
    }
}
