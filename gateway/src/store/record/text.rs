//! Domain types that are kept as their one normal text.

use statuscheck_domain::answer::{Entitlement, Negative, PendingReason};
use statuscheck_domain::calendar::Division;
use statuscheck_domain::case::{CaseState, Use};
use statuscheck_domain::case_clock::Cause;
use statuscheck_domain::ids::{
    AgreementId, CalendarVersion, DepartmentId, OrganisationId, PolicyVersion, RulesVersion,
};
use statuscheck_domain::question::Operation;
use statuscheck_domain::sla::Ground;
use statuscheck_domain::subject::{
    AsylumSupportReference, Field, HomeOfficeReference, Nino, Postcode, ShareCode,
};
use statuscheck_domain::windrush;

/// A type with a normal text from which it can be parsed again.
pub(super) trait Text: Sized {
    fn text(&self) -> &str;
    fn parsed(text: &str) -> Option<Self>;
}

macro_rules! kept_as_text {
    ($($kept:ty: $text:ident, $parse:expr;)*) => {
        $(impl Text for $kept {
            fn text(&self) -> &str {
                self.$text()
            }

            fn parsed(text: &str) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(text)
            }
        })*
    };
}

kept_as_text! {
    AgreementId: as_str, |text| text.parse().ok();
    OrganisationId: as_str, |text| text.parse().ok();
    DepartmentId: as_str, |text| text.parse().ok();
    Operation: as_str, Operation::named;
    Field: as_str, Field::named;
    Negative: as_str, |text| Negative::ALL.into_iter().find(|reason| reason.as_str() == text);
    CalendarVersion: as_str, |text| text.parse().ok();
    PolicyVersion: as_str, |text| text.parse().ok();
    RulesVersion: as_str, |text| text.parse().ok();
    windrush::Ground: as_str, windrush::Ground::named;
    Division: as_str, |text| text.parse().ok();
    Ground: as_str, |text| Ground::ALL.into_iter().find(|ground| ground.as_str() == text);
    Cause: as_str, |text| Cause::ALL.into_iter().find(|cause| cause.as_str() == text);
    Use: as_str, |text| Use::ALL.into_iter().find(|usage| usage.as_str() == text);
    CaseState: as_str, |text| CaseState::ALL.into_iter().find(|state| state.as_str() == text);
    Nino: expose, |text| Nino::parse(text).ok();
    HomeOfficeReference: expose, |text| HomeOfficeReference::parse(text).ok();
    AsylumSupportReference: expose, |text| AsylumSupportReference::parse(text).ok();
    Postcode: expose, |text| Postcode::parse(text).ok();
    ShareCode: expose, |text| ShareCode::parse(text).ok();
}

impl Text for Entitlement {
    fn text(&self) -> &str {
        match self {
            Self::Unlimited => "unlimited",
            Self::TimeLimited => "time_limited",
            Self::Restricted => "restricted",
        }
    }

    fn parsed(text: &str) -> Option<Self> {
        [Self::Unlimited, Self::TimeLimited, Self::Restricted]
            .into_iter()
            .find(|entitlement| entitlement.text() == text)
    }
}

impl Text for PendingReason {
    fn text(&self) -> &str {
        match self {
            Self::DepartmentWorking => "department_working",
            Self::DepartmentUnavailable => "department_unavailable",
            Self::DepartmentClosed => "department_closed",
            Self::Disputed => "disputed",
        }
    }

    fn parsed(text: &str) -> Option<Self> {
        [
            Self::DepartmentWorking,
            Self::DepartmentUnavailable,
            Self::DepartmentClosed,
            Self::Disputed,
        ]
        .into_iter()
        .find(|reason| reason.text() == text)
    }
}

/// One value.
pub(super) mod one {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Text;

    pub(in super::super) fn serialize<T: Text, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.text())
    }

    pub(in super::super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        T::parsed(text).ok_or_else(|| D::Error::custom("a text is not what it should be"))
    }
}

/// One value or none.
pub(super) mod maybe {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Text;

    pub(in super::super) fn serialize<T: Text, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(T::text).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let parse = |text| T::parsed(text).ok_or_else(|| D::Error::custom("a text is not what it should be"));
        Option::<&str>::deserialize(deserializer)?.map(parse).transpose()
    }
}

/// Any number of values.
pub(super) mod many {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Text;

    pub(in super::super) fn serialize<T: Text, S: Serializer>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(T::text))
    }

    pub(in super::super) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let parse = |text| T::parsed(text).ok_or_else(|| D::Error::custom("a text is not what it should be"));
        Vec::<&str>::deserialize(deserializer)?
            .into_iter()
            .map(parse)
            .collect()
    }
}
