//! A CSV file of checks: each row is a request.

use std::io::Read;

use anyhow::{Context as _, bail};
use aws_lc_rs::digest;
use csv::ByteRecord;
use jiff::civil::Date;
use statuscheck_domain::check::{self, CheckKind, Draft, path};
use statuscheck_domain::subject::Field;
use statuscheck_proto::v1::check_request::Check as WireCheck;
use statuscheck_proto::v1::{
    CheckRequest, EducationBenefit, IecasCheck, Person, RightToRentCheck, RightToWorkCheck, Section95Check,
};
use uuid::Uuid;

/// What a file may have, by the names in its first line.
pub(super) const COLUMNS: [&str; 16] = [
    "row",
    "check",
    "request_id",
    "agreement_id",
    "caller_reference",
    "share_code",
    "given_names",
    "family_name",
    "also_known_as",
    "date_of_birth",
    "national_insurance_number",
    "home_office_reference",
    "asylum_support_reference",
    "postcode",
    "tenancy_start",
    "benefit",
];

/// Longest name of a row, in characters: as of a caller's reference.
const ROW_CHARS_MAX: usize = 64;

/// What the rows of a file have in common.
pub(super) struct Common {
    /// The check of rows that name none.
    pub(super) kind: Option<CheckKind>,
    /// What the batch is called.
    pub(super) batch: String,
    /// The day in London.
    pub(super) today: Date,
}

/// A field at fault and what is wrong with it; never what was in it.
pub(super) struct Fault {
    pub(super) field: String,
    pub(super) description: String,
}

/// One row.
pub(super) struct Row {
    /// What the file calls it, or its number, 1 for the first below the header.
    pub(super) id: String,
    pub(super) request: CheckRequest,
    /// Faults for which it is not asked: those that only a file can have, and with them all others.
    pub(super) faults: Vec<Fault>,
}

/// The rows of a file, one after the other.
pub(super) struct Rows<R> {
    reader: csv::Reader<R>,
    /// Of each column of the file its place in [`COLUMNS`].
    columns: Vec<usize>,
    common: Common,
    number: u64,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none. The message does not quote what is there, which may be about people.
    pub(super) fn open(input: R, common: Common) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(input);
        let mut columns = Vec::new();
        for (at, name) in reader
            .byte_headers()
            .context("cannot be read")?
            .iter()
            .enumerate()
        {
            let place = COLUMNS.iter().position(|known| known.as_bytes() == name);
            let Some(place) = place.filter(|place| !columns.contains(place)) else {
                bail!(
                    "column {} of the first line is none of, or repeats one of: {}",
                    at + 1,
                    COLUMNS.join(", ")
                );
            };
            columns.push(place);
        }
        if !columns.iter().any(|place| COLUMNS[*place] == "date_of_birth") {
            bail!("the first line has no column date_of_birth, which every check needs");
        }
        Ok(Self {
            reader,
            columns,
            common,
            number: 0,
        })
    }

    /// The next row; none behind the last.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Row>> {
        let mut record = ByteRecord::new();
        if !self
            .reader
            .read_byte_record(&mut record)
            .context("cannot be read")?
        {
            return Ok(None);
        }
        self.number += 1;
        let mut faults = Vec::new();
        let values = self.values(&record, &mut faults);
        Ok(Some(self.row(&values, faults)))
    }

    /// The values in the order of [`COLUMNS`], empty where there is none.
    fn values<'a>(&self, record: &'a ByteRecord, faults: &mut Vec<Fault>) -> [&'a str; COLUMNS.len()] {
        let mut values = [""; COLUMNS.len()];
        if record.len() != self.columns.len() {
            let (found, expected) = (record.len(), self.columns.len());
            let description = format!("has {found} columns where the first line has {expected}");
            faults.push(fault("row", &description));
        }
        for (value, place) in record.iter().zip(&self.columns) {
            match std::str::from_utf8(value) {
                Ok(text) => values[*place] = text,
                Err(_not_text) => faults.push(fault(COLUMNS[*place], "is not UTF-8")),
            }
        }
        values
    }

    fn row(&self, values: &[&str; COLUMNS.len()], mut faults: Vec<Fault>) -> Row {
        let [
            row,
            check,
            request_id,
            agreement_id,
            caller_reference,
            share_code,
            given_names,
            family_name,
            also_known_as,
            date_of_birth,
            national_insurance_number,
            home_office_reference,
            asylum_support_reference,
            postcode,
            tenancy_start,
            benefit,
        ] = *values;
        let names = also_known_as.split(';').map(str::trim);
        let also_known_as: Vec<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let draft = Draft {
            share_code,
            given_names,
            family_name,
            also_known_as: &also_known_as,
            date_of_birth,
            national_insurance_number,
            home_office_reference,
            asylum_support_reference,
            postcode,
            tenancy_start,
            benefit: check::EducationBenefit::named(benefit),
        };
        let id = self.id(row, &mut faults);
        let kind = match check {
            "" => self.common.kind,
            name => CheckKind::named(name),
        };
        match kind {
            Some(kind) => strays(kind, &draft, benefit, &mut faults),
            None => faults.push(fault(
                "check",
                "must be right-to-work, right-to-rent, section-95 or iecas, here or with --check",
            )),
        }
        if let Some(kind) = kind.filter(|_| !faults.is_empty()) {
            all(kind, &draft, self.common.today, &mut faults);
        }
        let request_id = match request_id {
            "" => derived(&self.common.batch, &id).to_string(),
            given => given.to_owned(),
        };
        let request = CheckRequest {
            request_id,
            check: kind.map(|kind| wire(kind, &draft)),
            agreement_id: agreement_id.to_owned(),
            caller_reference: caller_reference.to_owned(),
        };
        Row { id, request, faults }
    }

    fn id(&self, row: &str, faults: &mut Vec<Fault>) -> String {
        if row.chars().count() > ROW_CHARS_MAX || row.chars().any(char::is_control) {
            faults.push(fault(
                "row",
                "must be at most 64 characters, without control characters",
            ));
        } else if !row.is_empty() {
            return row.to_owned();
        }
        self.number.to_string()
    }
}

/// The request id of a row, the same each time: a UUID of version 8 out of the batch's name and the row's. Nothing about the
/// person goes into it, for request ids are kept in the open.
fn derived(batch: &str, row: &str) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"statuscheck.batch.v1");
    for part in [batch, row] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What a request could not even carry: it would be left out in silence.
fn strays(kind: CheckKind, draft: &Draft<'_>, benefit: &str, faults: &mut Vec<Fault>) {
    let leave_out = "does not belong to this check; leave it empty";
    let by_code = matches!(kind, CheckKind::RightToWork | CheckKind::RightToRent);
    if !by_code && !draft.share_code.is_empty() {
        faults.push(fault(&path(kind, Field::ShareCode), leave_out));
    }
    if kind != CheckKind::RightToRent && !draft.tenancy_start.is_empty() {
        faults.push(fault(&path(kind, Field::TenancyStart), leave_out));
    }
    let benefit_path = format!("{}.benefit", kind.request_field());
    match (kind, benefit) {
        (_, "") => {}
        (CheckKind::Section95, _) if draft.benefit.is_some() => {}
        (CheckKind::Section95, _) => {
            let names = check::EducationBenefit::ALL.map(|benefit| benefit.as_str());
            faults.push(fault(
                &benefit_path,
                &format!("must be one of {}", names.join(", ")),
            ));
        }
        _ => faults.push(fault(&benefit_path, leave_out)),
    }
}

/// Adds what the gateway would have found.
fn all(kind: CheckKind, draft: &Draft<'_>, today: Date, faults: &mut Vec<Fault>) {
    let Err(violations) = draft.parse(kind, today) else {
        return;
    };
    for violation in violations {
        if faults.iter().all(|known| known.field != violation.field) {
            faults.push(fault(&violation.field, &violation.description));
        }
    }
}

fn fault(field: &str, description: &str) -> Fault {
    Fault {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

fn wire(kind: CheckKind, draft: &Draft<'_>) -> WireCheck {
    let person = Some(Person {
        given_names: draft.given_names.to_owned(),
        family_name: draft.family_name.to_owned(),
        also_known_as: draft.also_known_as.to_vec(),
        date_of_birth: draft.date_of_birth.to_owned(),
        national_insurance_number: draft.national_insurance_number.to_owned(),
        home_office_reference: draft.home_office_reference.to_owned(),
        asylum_support_reference: draft.asylum_support_reference.to_owned(),
        postcode: draft.postcode.to_owned(),
    });
    let share_code = draft.share_code.to_owned();
    match kind {
        CheckKind::RightToWork => WireCheck::RightToWork(RightToWorkCheck { share_code, person }),
        CheckKind::RightToRent => WireCheck::RightToRent(RightToRentCheck {
            share_code,
            person,
            tenancy_start: draft.tenancy_start.to_owned(),
        }),
        CheckKind::Section95 => WireCheck::Section95(Section95Check {
            person,
            benefit: match draft.benefit {
                None => EducationBenefit::Unspecified,
                Some(check::EducationBenefit::FreeSchoolMeals) => EducationBenefit::FreeSchoolMeals,
                Some(check::EducationBenefit::TwoYearOldEarlyEducation) => {
                    EducationBenefit::TwoYearOldEarlyEducation
                }
                Some(check::EducationBenefit::EarlyYearsPupilPremium) => {
                    EducationBenefit::EarlyYearsPupilPremium
                }
            }
            .into(),
        }),
        CheckKind::Iecas => WireCheck::Iecas(IecasCheck { person }),
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
