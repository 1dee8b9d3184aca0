//! One synthetic person, as a line of a population file tells of them.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use statuscheck_domain::names::comparison_key;
use statuscheck_domain::subject::{
    AsylumSupportReference, FormatError, HomeOfficeReference, Nino, Postcode, ShareCode, name_part,
};

use crate::behaviour::Behaviours;
use crate::text;
use crate::variants::same_family;

/// One person and what every department holds about them. Only the id, the names and the date of birth must be there;
/// null equals absent, and a key of another name is refused. No `Debug`: it is a person.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person's id in the population, for finding the line: 1 to 64 characters.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Given names; empty for a person with one name.
    #[serde(deserialize_with = "given_names")]
    pub given_names: String,
    /// Family name, or the one name.
    #[serde(deserialize_with = "family_name")]
    pub family_name: String,
    /// Other full names.
    #[serde(default, deserialize_with = "aliases", skip_serializing_if = "Vec::is_empty")]
    pub also_known_as: Vec<String>,
    /// `YYYY-MM-DD`, as all days here.
    #[serde(with = "text::day")]
    pub date_of_birth: Date,
    /// National Insurance number.
    #[serde(default, with = "text::nino", skip_serializing_if = "Option::is_none")]
    pub national_insurance_number: Option<Nino>,
    /// Reference of a permit, an application or a case.
    #[serde(
        default,
        with = "text::home_office_reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub home_office_reference: Option<HomeOfficeReference>,
    /// National Asylum Support Service (NASS) reference.
    #[serde(
        default,
        with = "text::asylum_support_reference",
        skip_serializing_if = "Option::is_none"
    )]
    pub asylum_support_reference: Option<AsylumSupportReference>,
    /// UK postcode.
    #[serde(default, with = "text::postcode", skip_serializing_if = "Option::is_none")]
    pub postcode: Option<Postcode>,
    /// Share codes that the person asked for.
    #[serde(
        default,
        deserialize_with = "text::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub share_codes: Vec<IssuedCode>,
    /// Home Office: leave to enter or remain. Without it the Home Office has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave: Option<Leave>,
    /// Home Office: first day in the United Kingdom.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<Date>,
    /// Home Office: asylum support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_95: Option<Section95>,
    /// HMRC: employments.
    #[serde(
        default,
        deserialize_with = "text::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub employments: Vec<Employment>,
    /// DWP: benefits.
    #[serde(
        default,
        deserialize_with = "text::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub benefits: Vec<Benefit>,
    /// DfE: what the eligibility engine holds. Without it the engine has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub education: Option<Education>,
    /// How each department behaves about this person.
    #[serde(
        default,
        deserialize_with = "text::null_is_default",
        skip_serializing_if = "Behaviours::is_empty"
    )]
    pub behaviour: Behaviours,
}

impl Person {
    /// The person goes by that name: the parts are the same to [`comparison_key`], or the whole is that of an alias.
    pub fn is_called(&self, given: &str, family: &str) -> bool {
        let as_registered = comparison_key(&self.family_name) == comparison_key(family)
            && comparison_key(&self.given_names) == comparison_key(given);
        as_registered || {
            let whole = whole_key(given, family);
            self.also_known_as
                .iter()
                .any(|alias| comparison_key(alias) == whole)
        }
    }

    /// The person goes by that full name, which nobody has cut into given names and family name.
    pub fn is_known_as(&self, full_name: &str) -> bool {
        let whole = comparison_key(full_name);
        self.whole_keys().any(|key| key == whole)
    }

    /// The family name is one of the person's, as registered or the last word of an alias; or the one is one of several
    /// surnames of the other.
    pub fn has_family_name(&self, family: &str) -> bool {
        self.family_names().any(|held| same_family(family, held))
    }

    pub(crate) fn family_keys(&self) -> impl Iterator<Item = String> {
        self.family_names().map(comparison_key)
    }

    fn family_names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.also_known_as.iter();
        std::iter::once(self.family_name.as_str())
            .chain(aliases.filter_map(|alias| alias.split_whitespace().next_back()))
    }

    pub(crate) fn whole_keys(&self) -> impl Iterator<Item = String> {
        std::iter::once(whole_key(&self.given_names, &self.family_name))
            .chain(self.also_known_as.iter().map(|alias| comparison_key(alias)))
    }
}

/// The letters of a full name, whatever its parts.
pub(crate) fn whole_key(given: &str, family: &str) -> String {
    comparison_key(given) + &comparison_key(family)
}

/// A share code and the day it was issued; it lives 90 days.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedCode {
    /// Nine letters and digits.
    #[serde(with = "text::share_code")]
    pub code: ShareCode,
    /// In London.
    #[serde(with = "text::day")]
    pub issued_on: Date,
}

/// Leave to enter or remain. What a line leaves out, the Home Office's answer leaves out too.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// In the Home Office's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// First day.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last day, included; absent where the leave has no end.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// The person may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_work: Option<bool>,
    /// The person may rent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_rent: Option<bool>,
    /// In plain words.
    #[serde(
        default,
        deserialize_with = "text::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<String>,
    /// The immigration health surcharge was paid for this leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_surcharge_paid: Option<bool>,
}

/// Support of an asylum seeker.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section95 {
    /// The support is in force; absent where the Home Office left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<bool>,
    /// First day of the support.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// Part and section, such as "Part VI, section 95"; absent where the Home Office left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
}

/// One employment.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Employment {
    /// Name of the employer.
    pub employer: String,
    /// First day.
    #[serde(with = "text::day")]
    pub from: Date,
    /// Last day, included; absent where it goes on.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// One benefit.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// DWP's name of it, such as `universal_credit`.
    pub kind: String,
    /// First day.
    #[serde(with = "text::day")]
    pub from: Date,
    /// Last day, included; absent where it goes on.
    #[serde(default, with = "text::optional_day", skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// A record of DfE's eligibility engine.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Education {
    /// The family qualifies; absent where the engine leaves the status out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<bool>,
    /// The feed that the record came from; absent where DfE does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Feed>,
}

/// A department whose weekly feed the eligibility engine loads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// `home_office`
    #[serde(alias = "home-office")]
    HomeOffice,
    /// `hmrc`
    Hmrc,
    /// `dwp`
    Dwp,
}

impl Feed {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HomeOffice => "home_office",
            Self::Hmrc => "hmrc",
            Self::Dwp => "dwp",
        }
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text::parsed(deserializer, |id| {
        if (1..=64).contains(&id.chars().count()) {
            Ok(id.to_owned())
        } else {
            Err(FormatError("must be 1 to 64 characters"))
        }
    })
}

fn given_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text::parsed(deserializer, |given| {
        if given.trim().is_empty() {
            Ok(String::new())
        } else {
            name_part(given)
        }
    })
}

fn family_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text::parsed(deserializer, name_part)
}

fn aliases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    use serde::de::Error as _;

    let aliases: Vec<String> = text::null_is_default(deserializer)?;
    aliases
        .iter()
        .map(|alias| name_part(alias))
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)
}
