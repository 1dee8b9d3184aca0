//! Typed texts of a population line, for serde. What goes wrong is said without repeating the text.

use std::fmt::Display;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A text, parsed; the fault of a text is said in the parser's words.
pub(crate) fn parsed<'de, D, T, E>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// As [`parsed`]; null is nothing.
pub(crate) fn parsed_option<'de, D, T, E>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    Option::<String>::deserialize(deserializer)?
        .map(|text| parse(&text).map_err(D::Error::custom))
        .transpose()
}

/// Null is the type's empty value.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A module for `#[serde(with = …)]`: one typed text.
macro_rules! required_text {
    ($module:ident, $type:ty, $parse:expr, $show:expr) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                parsed(deserializer, $parse)
            }

            pub(crate) fn serialize<S: serde::Serializer>(
                value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&$show(value))
            }
        }
    };
}

/// A module for `#[serde(with = …)]`: one typed text or nothing.
macro_rules! optional_text {
    ($module:ident, $type:ty, $parse:expr, $show:expr) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$type>, D::Error> {
                parsed_option(deserializer, $parse)
            }

            pub(crate) fn serialize<S: serde::Serializer>(
                value: &Option<$type>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => serializer.collect_str(&$show(value)),
                    None => serializer.serialize_none(),
                }
            }
        }
    };
}

use jiff::civil::Date;
use statuscheck_domain::subject::{
    AsylumSupportReference, HomeOfficeReference, Nino, Postcode, ShareCode, iso_date,
};

required_text!(day, Date, iso_date, Date::to_string);
required_text!(share_code, ShareCode, ShareCode::parse, ShareCode::expose);
optional_text!(optional_day, Date, iso_date, Date::to_string);
optional_text!(nino, Nino, Nino::parse, Nino::expose);
optional_text!(postcode, Postcode, Postcode::parse, Postcode::expose);
optional_text!(
    home_office_reference,
    HomeOfficeReference,
    HomeOfficeReference::parse,
    HomeOfficeReference::expose
);
optional_text!(
    asylum_support_reference,
    AsylumSupportReference,
    AsylumSupportReference::parse,
    AsylumSupportReference::expose
);
