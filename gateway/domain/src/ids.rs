//! Identifiers as types of their own, so that no two kinds can be swapped.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A case: UUID version 7, so that keys grow with time.
    CaseId
}

uuid_id! {
    /// What the caller calls its request: any UUID, unique within the organisation.
    RequestId
}

uuid_id! {
    /// One question to one department; stable over repeats of the question.
    QuestionId
}

uuid_id! {
    /// A person held back from a refusal: UUID version 7, so that keys grow with time.
    ReferralId
}

uuid_id! {
    /// Something that a receiver of webhooks is told; the same at every attempt to tell it.
    NoticeId
}

uuid_id! {
    /// An order to give open cases more time: UUID version 7.
    DueOrderId
}

uuid_id! {
    /// A plan to serve another register.
    PlanId
}

impl CaseId {
    /// An id of `now`; `random` makes it unique.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid7(now, random))
    }
}

impl QuestionId {
    /// An id of `now`; `random` makes it unique.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid7(now, random))
    }
}

impl DueOrderId {
    /// An id of `now`; `random` makes it unique.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid7(now, random))
    }
}

impl ReferralId {
    /// An id of `now`; `random` makes it unique.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid7(now, random))
    }
}

impl NoticeId {
    /// An id of `now`; `random` makes it unique.
    pub fn at(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid7(now, random))
    }
}

/// The 12 bits after the milliseconds hold the fraction of the millisecond (RFC 9562, 6.2, method 3), so that ids sort as
/// their times do, to a quarter of a microsecond.
fn uuid7(now: Timestamp, random: &[u8; 10]) -> Uuid {
    let nanos = now.as_nanosecond().max(0);
    let millis = u64::try_from(nanos / 1_000_000).unwrap_or(u64::MAX);
    let fraction = u16::try_from(nanos % 1_000_000 * 4_096 / 1_000_000).unwrap_or(0);
    let mut tail = *random;
    tail[..2].copy_from_slice(&fraction.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

/// Why a text is not an id: it is empty, longer than 64 characters, or has something other than `a-z`, `0-9`, `-`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be 1 to 64 lower-case letters, digits and hyphens")]
pub struct SlugError;

fn slug(text: &str) -> Result<String, SlugError> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(text.to_owned()) } else { Err(SlugError) }
}

macro_rules! slug_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = SlugError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                slug(text).map(Self)
            }
        }
    };
}

slug_id! {
    /// An organisation, as its certificate names it.
    OrganisationId
}

slug_id! {
    /// An agreement of the register.
    AgreementId
}

slug_id! {
    /// An order of the register that pauses proactive sharing.
    OrderId
}

slug_id! {
    /// What a department volunteers regularly.
    FeedId
}

slug_id! {
    /// Somebody who is told of referrals beside the taskforce.
    SubscriberId
}

slug_id! {
    /// A calendar of working days: the list of bank holidays, and the opening hours where they are not the usual ones.
    CalendarVersion
}

slug_id! {
    /// A promise about time as an agreement made it.
    PolicyVersion
}

slug_id! {
    /// The rules by which a person has a Windrush profile.
    RulesVersion
}

impl RulesVersion {
    /// The rules that count where the register has none.
    pub(crate) fn casework_guidance() -> Self {
        Self("casework-guidance".to_owned())
    }
}

/// A department of state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DepartmentId {
    /// The Home Office.
    HomeOffice,
    /// The Department for Work and Pensions.
    Dwp,
    /// HM Revenue and Customs.
    Hmrc,
    /// The Department for Education.
    Dfe,
}

impl DepartmentId {
    /// Every department, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::HomeOffice, Self::Dwp, Self::Hmrc, Self::Dfe];

    /// The stable id: `home-office`, `dwp`, `hmrc` or `dfe`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HomeOffice => "home-office",
            Self::Dwp => "dwp",
            Self::Hmrc => "hmrc",
            Self::Dfe => "dfe",
        }
    }
}

impl fmt::Display for DepartmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Names no department.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of home-office, dwp, hmrc, dfe")]
pub struct UnknownDepartment;

impl FromStr for DepartmentId {
    type Err = UnknownDepartment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Population files and feeds may write home_office.
        match text {
            "home-office" | "home_office" => Ok(Self::HomeOffice),
            "dwp" => Ok(Self::Dwp),
            "hmrc" => Ok(Self::Hmrc),
            "dfe" => Ok(Self::Dfe),
            _ => Err(UnknownDepartment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_their_times_do_within_a_millisecond() {
        let at = |nanos: i128| CaseId::at(Timestamp::from_nanosecond(nanos).unwrap(), &[0xff; 10]);
        let noon = 1_800_000_000_000_000_000;
        let ids = [0, 300, 999_000, 999_999, 1_000_000].map(|nanos| at(noon + nanos));
        assert!(ids.is_sorted());
        assert_eq!(ids[0].0.get_version_num(), 7);
    }
}
