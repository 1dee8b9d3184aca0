//! From texts to a check, or every fault at once.

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::{Check, CheckKind, EducationBenefit, Terms, Violation};
use crate::subject::{
    AsylumSupportReference, DateOfBirth, Field, FormatError, HomeOfficeReference, Name, Nino, Postcode,
    ShareCode, SharePurpose, Subject, iso_date, name_part,
};

/// Other names accepted per person: each is a question more to a department.
const ALSO_KNOWN_AS_MAX: usize = 10;

/// A check as texts, before parsing. Empty means not given.
#[derive(Clone, Default)]
pub struct Draft<'a> {
    /// Nine-character code.
    pub share_code: &'a str,
    /// Given names.
    pub given_names: &'a str,
    /// Family name.
    pub family_name: &'a str,
    /// Other full names.
    pub also_known_as: &'a [String],
    /// `YYYY-MM-DD`
    pub date_of_birth: &'a str,
    /// National Insurance number.
    pub national_insurance_number: &'a str,
    /// Home Office reference.
    pub home_office_reference: &'a str,
    /// NASS reference.
    pub asylum_support_reference: &'a str,
    /// Postcode.
    pub postcode: &'a str,
    /// `YYYY-MM-DD`; right to rent only.
    pub tenancy_start: &'a str,
    /// Section 95 only.
    pub benefit: Option<EducationBenefit>,
}

impl Draft<'_> {
    /// The fields that were given, in the order of the contract.
    pub fn fields(&self) -> Vec<Field> {
        let given = |field: &Field| match field {
            Field::GivenNames => is_given(self.given_names),
            Field::FamilyName => is_given(self.family_name),
            Field::AlsoKnownAs => !self.also_known_as.is_empty(),
            Field::DateOfBirth => is_given(self.date_of_birth),
            Field::NationalInsuranceNumber => is_given(self.national_insurance_number),
            Field::HomeOfficeReference => is_given(self.home_office_reference),
            Field::AsylumSupportReference => is_given(self.asylum_support_reference),
            Field::Postcode => is_given(self.postcode),
            Field::ShareCode => is_given(self.share_code),
            Field::TenancyStart => is_given(self.tenancy_start),
        };
        Field::ALL.into_iter().filter(given).collect()
    }

    /// Parses the check, judging dates on `today` (in London).
    ///
    /// # Errors
    /// Every field at fault, none repeated, in the order of the contract.
    pub fn parse(&self, kind: CheckKind, today: Date) -> Result<Check, Vec<Violation>> {
        let mut faults = Faults {
            kind,
            violations: Vec::new(),
        };
        let share_code = self.share_code(kind, &mut faults);
        let name = self.name(kind, &mut faults);
        let also_known_as = self.also_known_as(&mut faults);
        let date_of_birth = self.date_of_birth(kind, today, &mut faults);
        let nino = self.nino(kind, &mut faults);
        let home_office_reference = parsed(
            self.home_office_reference,
            Field::HomeOfficeReference,
            HomeOfficeReference::parse,
            &mut faults,
        );
        let asylum_support_reference = self.asylum_support_reference(kind, &mut faults);
        let postcode = parsed(self.postcode, Field::Postcode, Postcode::parse, &mut faults);
        let tenancy_start = self.tenancy_start(kind, &mut faults);
        let terms = self.terms(kind, tenancy_start, &mut faults);
        match (terms, date_of_birth) {
            (Some(terms), Some(date_of_birth)) if faults.violations.is_empty() => Ok(Check {
                terms,
                subject: Subject {
                    name,
                    also_known_as,
                    date_of_birth,
                    nino,
                    home_office_reference,
                    asylum_support_reference,
                    postcode,
                    share_code,
                },
            }),
            _ => Err(faults.violations),
        }
    }

    fn share_code(&self, kind: CheckKind, faults: &mut Faults) -> Option<ShareCode> {
        let code = parsed(self.share_code, Field::ShareCode, ShareCode::parse, faults)?;
        let wrong = match (kind, code.purpose()) {
            (CheckKind::RightToWork, SharePurpose::Work) | (CheckKind::RightToRent, SharePurpose::Rent) => {
                None
            }
            (CheckKind::RightToRent, SharePurpose::Work) => Some(
                "is a right to work code (W); ask the person for a right to rent code, which begins with R",
            ),
            (CheckKind::RightToRent, _) => {
                Some("does not begin with R; ask the person for a right to rent code")
            }
            (CheckKind::RightToWork, SharePurpose::Rent) => Some(
                "is a right to rent code (R); ask the person for a right to work code, which begins with W",
            ),
            (CheckKind::RightToWork, _) => {
                Some("does not begin with W; ask the person for a right to work code")
            }
            (CheckKind::Section95 | CheckKind::Iecas, _) => {
                Some("does not belong to this check; leave it out")
            }
        };
        if let Some(description) = wrong {
            faults.add(Field::ShareCode, description);
        }
        Some(code)
    }

    fn tenancy_start(&self, kind: CheckKind, faults: &mut Faults) -> Option<Date> {
        if kind != CheckKind::RightToRent {
            return None;
        }
        if self.tenancy_start.trim().is_empty() {
            faults.add(
                Field::TenancyStart,
                "is missing; give the first day of the tenancy as YYYY-MM-DD",
            );
            return None;
        }
        parsed(self.tenancy_start, Field::TenancyStart, iso_date, faults)
    }

    fn name(&self, kind: CheckKind, faults: &mut Faults) -> Option<Name> {
        let nothing_given = self.given_names.trim().is_empty() && self.family_name.trim().is_empty();
        let by_code = matches!(kind, CheckKind::RightToWork | CheckKind::RightToRent)
            && !self.share_code.trim().is_empty();
        if nothing_given && by_code {
            return None;
        }
        if self.family_name.trim().is_empty() {
            parsed(self.given_names, Field::GivenNames, name_part, faults);
            let description = match kind {
                CheckKind::RightToWork | CheckKind::RightToRent if nothing_given => {
                    "is missing; give the person's names, or a share code"
                }
                _ => "is missing; for a person with one name, give that name here",
            };
            faults.add(Field::FamilyName, description);
            return None;
        }
        match Name::parse(self.given_names, self.family_name) {
            Ok(name) => Some(name),
            Err(parts) => {
                parts
                    .into_iter()
                    .for_each(|(field, fault)| faults.add(field, fault.0));
                None
            }
        }
    }

    fn also_known_as(&self, faults: &mut Faults) -> Vec<Zeroizing<String>> {
        if self.also_known_as.len() > ALSO_KNOWN_AS_MAX {
            faults.add(
                Field::AlsoKnownAs,
                "has more than 10 names; give the 10 most likely",
            );
            return Vec::new();
        }
        let parse = |(place, alias): (usize, &String)| {
            name_part(alias)
                .map(Zeroizing::new)
                .map_err(|fault| faults.add_at(&format!("person.also_known_as[{place}]"), fault.0))
                .ok()
        };
        self.also_known_as.iter().enumerate().filter_map(parse).collect()
    }

    /// Right to rent is for adults: 18 by the start of the tenancy, where that is a day.
    fn date_of_birth(&self, kind: CheckKind, today: Date, faults: &mut Faults) -> Option<DateOfBirth> {
        if self.date_of_birth.trim().is_empty() {
            faults.add(Field::DateOfBirth, "is missing; give it as YYYY-MM-DD");
            return None;
        }
        let born = parsed(
            self.date_of_birth,
            Field::DateOfBirth,
            |text| DateOfBirth::parse(text, today),
            faults,
        )?;
        let under_18 = |start| born.age_on(start) < 18;
        if kind == CheckKind::RightToRent && iso_date(self.tenancy_start.trim()).is_ok_and(under_18) {
            faults.add(
                Field::DateOfBirth,
                "is under 18 at the start of the tenancy; right to rent checks are for adults only",
            );
        }
        Some(born)
    }

    fn nino(&self, kind: CheckKind, faults: &mut Faults) -> Option<Nino> {
        let field = Field::NationalInsuranceNumber;
        let nino = parsed(self.national_insurance_number, field, Nino::parse, faults);
        if kind == CheckKind::Section95 && self.numbers_given() == 2 {
            faults.add(field, "give either this or asylum_support_reference, not both");
        }
        nino
    }

    fn asylum_support_reference(
        &self,
        kind: CheckKind,
        faults: &mut Faults,
    ) -> Option<AsylumSupportReference> {
        let field = Field::AsylumSupportReference;
        let reference = parsed(
            self.asylum_support_reference,
            field,
            AsylumSupportReference::parse,
            faults,
        );
        match self.numbers_given() {
            0 if kind == CheckKind::Section95 => {
                faults.add(field, "is missing; give it, or a national_insurance_number");
            }
            2 if kind == CheckKind::Section95 => {
                faults.add(field, "give either this or national_insurance_number, not both");
            }
            _ => {}
        }
        reference
    }

    /// How many of the two numbers of Section 95 were given: the Eligibility Checking System takes exactly one.
    fn numbers_given(&self) -> usize {
        [self.asylum_support_reference, self.national_insurance_number]
            .into_iter()
            .filter(|number| is_given(number))
            .count()
    }

    fn terms(&self, kind: CheckKind, tenancy_start: Option<Date>, faults: &mut Faults) -> Option<Terms> {
        match kind {
            CheckKind::RightToWork => Some(Terms::RightToWork),
            CheckKind::RightToRent => tenancy_start.map(|tenancy_start| Terms::RightToRent { tenancy_start }),
            CheckKind::Section95 if self.benefit.is_none() => {
                faults.add_at("benefit", "is missing; say what the support is asked for");
                None
            }
            CheckKind::Section95 => self.benefit.map(|benefit| Terms::Section95 { benefit }),
            CheckKind::Iecas => Some(Terms::Iecas),
        }
    }
}

fn is_given(text: &str) -> bool {
    !text.trim().is_empty()
}

fn parsed<T>(
    text: &str,
    field: Field,
    parse: impl FnOnce(&str) -> Result<T, FormatError>,
    faults: &mut Faults,
) -> Option<T> {
    if text.trim().is_empty() {
        return None;
    }
    parse(text.trim())
        .map_err(|fault| faults.add(field, fault.0))
        .ok()
}

/// The path of a field from the request.
pub fn path(kind: CheckKind, field: Field) -> String {
    format!("{}.{}", kind.request_field(), field.place())
}

struct Faults {
    kind: CheckKind,
    violations: Vec<Violation>,
}

impl Faults {
    fn add(&mut self, field: Field, description: &str) {
        let field = path(self.kind, field);
        if self.violations.iter().all(|violation| violation.field != field) {
            self.violations.push(Violation {
                field,
                description: description.to_owned(),
            });
        }
    }

    fn add_at(&mut self, place: &str, description: &str) {
        let field = format!("{}.{place}", self.kind.request_field());
        self.violations.push(Violation {
            field,
            description: description.to_owned(),
        });
    }
}
