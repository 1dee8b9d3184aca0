//! Numbers, references and codes.

use zeroize::Zeroizing;

use super::FormatError;

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
