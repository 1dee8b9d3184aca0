//! The person a check is about: every number, code, name and date is parsed once, at the edge, into a type of its own.
//!
//! None of these types has `Debug` or `Display`, so that a person cannot reach a log by accident, and all text in them
//! is wiped when it is dropped. Texts are kept in one normal form; `expose` gives it for the wire and the sealed store.

use jiff::ToSpan as _;
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::names;

/// Why a text was not accepted and how to mend it, without repeating the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FormatError(pub &'static str);

/// A field of a check, by its name in the contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// `given_names`
    GivenNames,
    /// `family_name`
    FamilyName,
    /// `also_known_as`
    AlsoKnownAs,
    /// `date_of_birth`
    DateOfBirth,
    /// `national_insurance_number`
    NationalInsuranceNumber,
    /// `home_office_reference`
    HomeOfficeReference,
    /// `asylum_support_reference`
    AsylumSupportReference,
    /// `postcode`
    Postcode,
    /// `share_code`
    ShareCode,
    /// `tenancy_start`
    TenancyStart,
}

impl Field {
    /// Every field, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::GivenNames,
        Self::FamilyName,
        Self::AlsoKnownAs,
        Self::DateOfBirth,
        Self::NationalInsuranceNumber,
        Self::HomeOfficeReference,
        Self::AsylumSupportReference,
        Self::Postcode,
        Self::ShareCode,
        Self::TenancyStart,
    ];

    /// The field's name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GivenNames => "given_names",
            Self::FamilyName => "family_name",
            Self::AlsoKnownAs => "also_known_as",
            Self::DateOfBirth => "date_of_birth",
            Self::NationalInsuranceNumber => "national_insurance_number",
            Self::HomeOfficeReference => "home_office_reference",
            Self::AsylumSupportReference => "asylum_support_reference",
            Self::Postcode => "postcode",
            Self::ShareCode => "share_code",
            Self::TenancyStart => "tenancy_start",
        }
    }

    /// The field of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The field belongs to the person, so an agreement must name it; the others belong to the check itself.
    pub const fn is_of_person(self) -> bool {
        !matches!(self, Self::ShareCode | Self::TenancyStart)
    }
}

/// The person a check is about, parsed.
#[derive(Clone)]
pub struct Subject {
    /// Absent where a share code stands for the person.
    pub name: Option<Name>,
    /// Other full names, as given but for spacing.
    pub also_known_as: Vec<String>,
    /// The one field that every check has.
    pub date_of_birth: DateOfBirth,
    /// National Insurance number.
    pub nino: Option<Nino>,
    /// Any Home Office reference.
    pub home_office_reference: Option<HomeOfficeReference>,
    /// National Asylum Support Service (NASS) reference.
    pub asylum_support_reference: Option<AsylumSupportReference>,
    /// UK postcode.
    pub postcode: Option<Postcode>,
    /// Code by which the person shares their status.
    pub share_code: Option<ShareCode>,
}

impl Subject {
    /// The fields that were given.
    pub fn fields(&self) -> Vec<Field> {
        let given = |present: bool, field: Field| present.then_some(field);
        let name = self.name.as_ref();
        [
            given(
                name.is_some_and(|name| !name.given().is_empty()),
                Field::GivenNames,
            ),
            given(name.is_some(), Field::FamilyName),
            given(!self.also_known_as.is_empty(), Field::AlsoKnownAs),
            Some(Field::DateOfBirth),
            given(self.nino.is_some(), Field::NationalInsuranceNumber),
            given(self.home_office_reference.is_some(), Field::HomeOfficeReference),
            given(
                self.asylum_support_reference.is_some(),
                Field::AsylumSupportReference,
            ),
            given(self.postcode.is_some(), Field::Postcode),
            given(self.share_code.is_some(), Field::ShareCode),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The same person with only those fields; the date of birth always stays, and given names go with a family name
    /// only. For what goes out to one department.
    pub fn only(&self, fields: &[Field]) -> Self {
        let keep = |field| fields.contains(&field);
        Self {
            name: self
                .name
                .as_ref()
                .filter(|_| keep(Field::FamilyName))
                .map(|name| {
                    if keep(Field::GivenNames) {
                        name.clone()
                    } else {
                        name.family_alone()
                    }
                }),
            also_known_as: if keep(Field::AlsoKnownAs) {
                self.also_known_as.clone()
            } else {
                Vec::new()
            },
            date_of_birth: self.date_of_birth,
            nino: self.nino.clone().filter(|_| keep(Field::NationalInsuranceNumber)),
            home_office_reference: self
                .home_office_reference
                .clone()
                .filter(|_| keep(Field::HomeOfficeReference)),
            asylum_support_reference: self
                .asylum_support_reference
                .clone()
                .filter(|_| keep(Field::AsylumSupportReference)),
            postcode: self.postcode.clone().filter(|_| keep(Field::Postcode)),
            share_code: self.share_code.clone().filter(|_| keep(Field::ShareCode)),
        }
    }
}

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// The normal form, for the wire to a department and for the sealed store only.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Longest name part accepted, in characters: passports hold 39, and some names are longer than passports.
const NAME_CHARS_MAX: usize = 120;

/// A person's name. Family name is never blank; given names are empty for a person with one name.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    given: Zeroizing<String>,
    family: Zeroizing<String>,
}

impl Name {
    /// Parses both parts.
    ///
    /// # Errors
    /// Names the part at fault: a blank family name, no letter in a part, symbols that are in no name, or too long.
    pub fn parse(given: &str, family: &str) -> Result<Self, Vec<(Field, FormatError)>> {
        let mut faults = Vec::new();
        let given_names = if given.trim().is_empty() {
            Ok(String::new())
        } else {
            name_part(given)
        };
        let family_name = name_part(family);
        if let Err(fault) = given_names {
            faults.push((Field::GivenNames, fault));
        }
        if let Err(fault) = family_name {
            faults.push((Field::FamilyName, fault));
        }
        match (given_names, family_name) {
            (Ok(given), Ok(family)) => Ok(Self {
                given: Zeroizing::new(given),
                family: Zeroizing::new(family),
            }),
            _ => Err(faults),
        }
    }

    /// Given names, separated by single spaces; empty for a person with one name.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Family name or names.
    pub fn family(&self) -> &str {
        &self.family
    }

    fn family_alone(&self) -> Self {
        Self {
            given: Zeroizing::default(),
            family: self.family.clone(),
        }
    }
}

/// One name or several separated by spaces, in composed form with single spaces.
///
/// # Errors
/// Blank after cleaning, symbols that are in no name, or too long.
pub fn name_part(text: &str) -> Result<String, FormatError> {
    let spaced = Zeroizing::new(text.nfc().collect::<String>());
    let cleaned = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if cleaned.chars().count() > NAME_CHARS_MAX {
        return Err(FormatError("a name has at most 120 characters"));
    }
    let in_names = |symbol: char| {
        symbol.is_alphabetic()
            || matches!(
                symbol,
                ' ' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '.' | '\'' | '`'
            )
            || matches!(
                symbol,
                '\u{2018}' | '\u{2019}' | '\u{02bc}' | '\u{02bb}' | '\u{b4}' | '\u{b7}'
            )
            || unicode_normalization::char::is_combining_mark(symbol)
    };
    if !cleaned.chars().all(in_names) {
        return Err(FormatError(
            "use letters, spaces, hyphens, apostrophes and full stops only",
        ));
    }
    if names::comparison_key(&cleaned).is_empty() {
        return Err(FormatError("is blank; give at least one letter"));
    }
    Ok(cleaned)
}

/// A date of birth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateOfBirth(Date);

impl DateOfBirth {
    /// Parses `YYYY-MM-DD`, not after `today` and not over 130 years before it.
    ///
    /// # Errors
    /// Says which of these does not hold.
    pub fn parse(text: &str, today: Date) -> Result<Self, FormatError> {
        let date = iso_date(text)?;
        if date > today {
            return Err(FormatError("lies in the future"));
        }
        if date < today.saturating_sub(130.years()) {
            return Err(FormatError("lies over 130 years back"));
        }
        Ok(Self(date))
    }

    /// A date that was parsed before, from the sealed store or a population.
    pub const fn of(date: Date) -> Self {
        Self(date)
    }

    /// The date, for rules, the wire to a department and the sealed store.
    pub const fn date(self) -> Date {
        self.0
    }

    /// Full years of age on `day`: a birthday on 29 February counts from 1 March in other years, as in English law.
    pub fn age_on(self, day: Date) -> i16 {
        let before_birthday = (day.month(), day.day()) < (self.0.month(), self.0.day());
        day.year() - self.0.year() - i16::from(before_birthday)
    }
}

/// A date written `YYYY-MM-DD`, exactly.
///
/// # Errors
/// Any other shape, or no such day.
pub fn iso_date(text: &str) -> Result<Date, FormatError> {
    const SHAPE: FormatError = FormatError("must be a day written YYYY-MM-DD, such as 1990-12-31");
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(SHAPE);
    }
    text.parse()
        .map_err(|_not_a_day| FormatError("there is no such day"))
}

secret_text! {
    /// A National Insurance number: `AB123456C`, or without its suffix `AB123456`.
    Nino
}

impl Nino {
    /// Parses a number in any spacing and case. Rules: HMRC's NIM39110 and the published list of prefixes.
    ///
    /// # Errors
    /// Says what is wrong, also for administrative numbers and temporary reference numbers, which are no NINOs.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let number = compact(text);
        let bytes = number.as_bytes();
        let shape = |places: &[u8]| {
            bytes.len() == places.len()
                && bytes.iter().zip(places).all(|(byte, place)| match place {
                    b'A' => byte.is_ascii_uppercase(),
                    _ => byte.is_ascii_digit(),
                })
        };
        if shape(b"99A99999") {
            return Err(FormatError(
                "this is a temporary reference number (TRN), not a National Insurance number",
            ));
        }
        if !shape(b"AA999999") && !shape(b"AA999999A") {
            return Err(FormatError(
                "must be two letters, six digits and a letter A to D or none, such as AB 12 34 56 C",
            ));
        }
        let prefix = &number[..2];
        if matches!(prefix, "OO" | "CR" | "FY" | "MW" | "NC") {
            return Err(FormatError(
                "this prefix marks an administrative number, not a National Insurance number; leave it out",
            ));
        }
        if prefix.contains(['D', 'F', 'I', 'Q', 'U', 'V']) {
            return Err(FormatError(
                "the letters D, F, I, Q, U and V are never in the first two places",
            ));
        }
        if prefix.ends_with('O') {
            return Err(FormatError("the letter O is never in the second place"));
        }
        if matches!(prefix, "BG" | "GB" | "KN" | "NK" | "NT" | "TN" | "ZZ") {
            return Err(FormatError("this prefix has never been allocated"));
        }
        if bytes.get(8).is_some_and(|suffix| !(b'A'..=b'D').contains(suffix)) {
            return Err(FormatError("the last letter must be A, B, C or D"));
        }
        Ok(Self(number))
    }

    /// The number has its suffix letter.
    pub fn has_suffix(&self) -> bool {
        self.0.len() == 9
    }

    /// The last four digits, without the suffix letter.
    pub fn fragment(&self) -> &str {
        &self.0[4..8]
    }

    /// The same number; a missing suffix agrees with any.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.0[..8] == other.0[..8] && (!self.has_suffix() || !other.has_suffix() || self.0 == other.0)
    }
}

secret_text! {
    /// A National Asylum Support Service reference: year and month, then five or six digits.
    AsylumSupportReference
}

impl AsylumSupportReference {
    /// Parses `YYMM` and five or six digits; spaces and slashes are accepted.
    ///
    /// # Errors
    /// Another shape, or a month outside 01 to 12.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let number = Zeroizing::new(compact(text).replace('/', ""));
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(9..=10).contains(&number.len()) {
            return Err(FormatError(
                "must be year and month as YYMM and five or six digits, such as 2401/012345",
            ));
        }
        if !("01"..="12").contains(&&number[2..4]) {
            return Err(FormatError("the third and fourth digits are a month, 01 to 12"));
        }
        Ok(Self(number))
    }
}

secret_text! {
    /// Any reference that the Home Office gave: of a permit, an application or a case.
    HomeOfficeReference
}

impl HomeOfficeReference {
    /// Parses 4 to 32 letters and digits; spaces, slashes, hyphens and full stops between them are dropped.
    ///
    /// # Errors
    /// Other symbols, too short or too long, or no digit at all.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let compacted = compact(text);
        let reference = Zeroizing::new(compacted.replace(['/', '-', '.'], ""));
        if !(4..=32).contains(&reference.len()) || !reference.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(FormatError(
                "must be 4 to 32 letters and digits, as printed on the letter or permit",
            ));
        }
        if !reference.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(FormatError(
                "has no digit; copy the reference as printed on the letter or permit",
            ));
        }
        Ok(Self(reference))
    }
}

/// What a share code may be used for: its first letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SharePurpose {
    /// `W`
    Work,
    /// `R`
    Rent,
    /// `S`
    Other,
}

secret_text! {
    /// A share code: nine letters and digits, the first of which says what it is for. It lives 90 days.
    ShareCode
}

impl ShareCode {
    /// Parses a code in any spacing (shown 3-3-3), hyphens and case.
    ///
    /// # Errors
    /// Another length, other symbols, or a first letter that is not W, R or S.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let code = Zeroizing::new(compact(text).replace('-', ""));
        if code.len() != 9 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(FormatError(
                "must be nine letters and digits, such as W12 345 67X",
            ));
        }
        if !code.starts_with(['W', 'R', 'S']) {
            return Err(FormatError("must begin with W (work), R (rent) or S (other)"));
        }
        Ok(Self(code))
    }

    /// What the code may be used for.
    pub fn purpose(&self) -> SharePurpose {
        match self.0.as_bytes()[0] {
            b'W' => SharePurpose::Work,
            b'R' => SharePurpose::Rent,
            _ => SharePurpose::Other,
        }
    }
}

secret_text! {
    /// A UK postcode, with one space before its last three characters.
    Postcode
}

impl Postcode {
    /// Parses a postcode in any spacing and case. Shapes: `A9 9AA`, `A99`, `AA9`, `AA99`, `A9A`, `AA9A` before the space.
    ///
    /// # Errors
    /// Any other shape.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        const SHAPES: [&str; 6] = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"];
        let code = compact(text);
        let shape: String = code
            .chars()
            .map(|symbol| {
                if symbol.is_ascii_digit() {
                    '9'
                } else if symbol.is_ascii_uppercase() {
                    'A'
                } else {
                    '?'
                }
            })
            .collect();
        let outward = shape.strip_suffix("9AA").unwrap_or_default();
        // GIR 0AA is the one postcode of another shape.
        if !SHAPES.contains(&outward) && *code != "GIR0AA" {
            return Err(FormatError("must be a UK postcode, such as SW1A 1AA"));
        }
        let split = code.len() - 3;
        Ok(Self(Zeroizing::new(format!(
            "{} {}",
            &code[..split],
            &code[split..]
        ))))
    }
}

/// Without white space, in capitals.
fn compact(text: &str) -> Zeroizing<String> {
    Zeroizing::new(
        text.chars()
            .filter(|symbol| !symbol.is_whitespace())
            .map(|symbol| symbol.to_ascii_uppercase())
            .collect(),
    )
}

#[cfg(test)]
#[path = "subject_tests.rs"]
mod tests;
