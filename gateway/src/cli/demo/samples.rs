//! The sample checks of the demo: each check, each outcome, about the sixteen sample people.

use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil::Date;
use statuscheck_domain::subject::{HomeOfficeReference, SharePurpose};
use statuscheck_mocks::person::Person as Synthetic;
use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{
    EducationBenefit, IecasCheck, Person, RightToRentCheck, RightToWorkCheck, Section95Check,
};

/// One sample check.
pub(super) struct Sample {
    /// The identity that asks.
    pub(super) who: &'static str,
    /// Which sample person it is about.
    pub(super) id: &'static str,
    /// The person's situation.
    pub(super) about: &'static str,
    /// What is asked.
    pub(super) check: Check,
    /// The outcome that it should have.
    pub(super) expected: &'static str,
}

impl Sample {
    pub(super) const fn check_name(&self) -> &'static str {
        match self.check {
            Check::RightToWork(_) => "right to work",
            Check::RightToRent(_) => "right to rent",
            Check::Section95(_) => "section 95",
            Check::Iecas(_) => "IECAS",
        }
    }
}

#[derive(Clone, Copy)]
enum By {
    WorkCode,
    WorkNames,
    RentCode,
    RentNames,
    Support,
    Status,
}

const PENDING: &str = "pending";
const MORE: &str = "more information needed";
const NOT: &str = "not established";
const ESTABLISHED: &str = "established";

/// How, about whom, in what situation, with what outcome.
const SAMPLES: [(By, &str, &str, &str); 17] = [
    (
        By::WorkCode,
        "work-settled",
        "settled, by share code",
        ESTABLISHED,
    ),
    (By::WorkNames, "work-deferred", "a caseworker must look", PENDING),
    (By::WorkNames, "work-twin", "two people fit", MORE),
    (By::WorkCode, "work-expired", "leave has ended", NOT),
    (
        By::RentCode,
        "rent-student",
        "student leave, by share code",
        ESTABLISHED,
    ),
    (By::RentNames, "rent-closed", "the desk is closed", PENDING),
    (By::RentNames, "rent-twin", "two people fit", MORE),
    (By::RentCode, "rent-visitor", "leave without renting", NOT),
    (
        By::Support,
        "section95-supported",
        "in the eligibility service",
        ESTABLISHED,
    ),
    (
        By::Support,
        "section95-validated",
        "validated by the Home Office",
        ESTABLISHED,
    ),
    (By::Support, "section95-failing", "the Home Office fails", PENDING),
    (
        By::Support,
        "section95-nino-only",
        "nothing under the number",
        MORE,
    ),
    (By::Support, "section95-section4", "section 4 support", NOT),
    (By::Status, "iecas-ended-leave", "leave has ended", ESTABLISHED),
    (By::Status, "iecas-deferred", "a caseworker must look", PENDING),
    (By::Status, "work-twin", "two people fit", MORE),
    (By::Status, "iecas-no-record", "nothing recorded", NOT),
];

/// Every sample check, as of `today`.
pub(super) fn samples(today: Date) -> anyhow::Result<Vec<Sample>> {
    let people = statuscheck_mocks::samples::samples(today);
    let sample = |(by, id, about, expected): (By, &'static str, &'static str, &'static str)| {
        let person = people
            .iter()
            .find(|person| person.id == id)
            .with_context(|| format!("no sample person {id}"))?;
        let (who, check) = check(by, person, today);
        Ok(Sample {
            who,
            id,
            about,
            check,
            expected,
        })
    };
    SAMPLES.into_iter().map(sample).collect()
}

fn check(by: By, person: &Synthetic, today: Date) -> (&'static str, Check) {
    let tenancy_start = today.saturating_add(14.days()).to_string();
    let born = Person {
        date_of_birth: person.date_of_birth.to_string(),
        ..Person::default()
    };
    let named = Person {
        given_names: person.given_names.clone(),
        family_name: person.family_name.clone(),
        ..born.clone()
    };
    match by {
        By::WorkCode => {
            let share_code = code(person, SharePurpose::Work);
            (
                "organisation/employer",
                Check::RightToWork(RightToWorkCheck {
                    share_code,
                    person: Some(born),
                }),
            )
        }
        By::WorkNames => {
            let check = RightToWorkCheck {
                share_code: String::new(),
                person: Some(named),
            };
            ("organisation/employer", Check::RightToWork(check))
        }
        By::RentCode => {
            let share_code = code(person, SharePurpose::Rent);
            let check = RightToRentCheck {
                share_code,
                person: Some(born),
                tenancy_start,
            };
            ("organisation/landlord", Check::RightToRent(check))
        }
        By::RentNames => {
            let check = RightToRentCheck {
                share_code: String::new(),
                person: Some(named),
                tenancy_start,
            };
            ("organisation/landlord", Check::RightToRent(check))
        }
        By::Support => ("organisation/council", Check::Section95(support(person, born))),
        By::Status => {
            let reference = person
                .home_office_reference
                .as_ref()
                .filter(|_| person.id != "work-twin");
            let reference = reference
                .map(HomeOfficeReference::expose)
                .unwrap_or_default()
                .to_owned();
            let person = Person {
                home_office_reference: reference,
                ..named
            };
            (
                "organisation/trust",
                Check::Iecas(IecasCheck { person: Some(person) }),
            )
        }
    }
}

/// A parent or guardian by reference, or by number where there is no reference.
fn support(person: &Synthetic, born: Person) -> Section95Check {
    let mut asked = Person {
        family_name: person.family_name.clone(),
        ..born
    };
    match (
        &person.asylum_support_reference,
        &person.national_insurance_number,
    ) {
        (Some(reference), _) => asked.asylum_support_reference = reference.expose().to_owned(),
        (None, Some(nino)) => asked.national_insurance_number = nino.expose().to_owned(),
        (None, None) => {}
    }
    Section95Check {
        person: Some(asked),
        benefit: EducationBenefit::FreeSchoolMeals.into(),
    }
}

/// The code that was issued last for `purpose`.
fn code(person: &Synthetic, purpose: SharePurpose) -> String {
    let codes = person
        .share_codes
        .iter()
        .filter(|issued| issued.code.purpose() == purpose);
    codes
        .max_by_key(|issued| issued.issued_on)
        .map(|issued| issued.code.expose().to_owned())
        .unwrap_or_default()
}

/// Commands that ask more of a running demo.
pub(super) fn commands(dir: &str) -> Vec<String> {
    vec![
        format!(
            "statuscheck check right-to-work --demo {dir} --family-name Example --given-names Sam --date-of-birth 1995-04-01"
        ),
        format!("statuscheck case list --demo {dir} --as organisation/employer"),
        format!("statuscheck case list --demo {dir} --as organisation/council --state open"),
    ]
}
