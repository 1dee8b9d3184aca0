//! One of everything that can be recorded, about invented people.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use statuscheck_domain::answer::{self, Answer, Entitlement, Negative, PendingReason};
use statuscheck_domain::check::{CheckKind, Draft, EducationBenefit};
use statuscheck_domain::event::Receipt;
use statuscheck_domain::ids::{DepartmentId, RequestId};
use statuscheck_domain::reply::{
    EducationEligibility, Facts, ImmigrationStatus, Outcome, Period, Reply, Section95Support, Unavailable,
};
use statuscheck_domain::sla::Target;
use statuscheck_domain::subject::Field;
use uuid::Uuid;

pub(crate) fn start() -> Timestamp {
    "2026-03-02T09:00:00.123456789Z".parse().unwrap()
}

/// A receipt of each check, with every field there is and with as few as there can be.
pub(crate) fn receipts() -> Vec<Receipt> {
    let aliases = ["Ottoline Quackenbush".to_owned()];
    let full = Draft {
        given_names: "Zébédée Ann",
        family_name: "O’Quackenbush-Li",
        also_known_as: &aliases,
        date_of_birth: "1961-07-23",
        home_office_reference: "HO/1234-5678",
        postcode: "ls1 4ap",
        ..Draft::default()
    };
    let by_code = Draft {
        date_of_birth: "1961-07-23",
        share_code: "W12 345 67X",
        ..Draft::default()
    };
    let to_rent = Draft {
        tenancy_start: "2026-04-01",
        ..full.clone()
    };
    let worker = Draft {
        national_insurance_number: "AB123456C",
        ..full.clone()
    };
    let benefits = [
        EducationBenefit::FreeSchoolMeals,
        EducationBenefit::TwoYearOldEarlyEducation,
        EducationBenefit::EarlyYearsPupilPremium,
    ];
    let families = benefits.map(|benefit| Draft {
        family_name: "Quackenbush",
        date_of_birth: "1961-07-23",
        asylum_support_reference: "2401/12345",
        benefit: Some(benefit),
        ..Draft::default()
    });
    let checks = [
        (CheckKind::RightToWork, by_code),
        (CheckKind::RightToWork, worker),
        (CheckKind::RightToRent, to_rent),
        (CheckKind::Iecas, full),
    ];
    let families = families.into_iter().map(|family| (CheckKind::Section95, family));
    checks
        .into_iter()
        .chain(families)
        .map(|(kind, draft)| receipt(kind, &draft))
        .collect()
}

fn receipt(kind: CheckKind, draft: &Draft<'_>) -> Receipt {
    let Ok(check) = draft.parse(kind, date(2026, 3, 2)) else {
        panic!("the sample is well formed")
    };
    Receipt {
        organisation: "north-letting".parse().unwrap(),
        request_id: RequestId(Uuid::from_u128(7)),
        check,
        caller_reference: "flat 9, \"the annexe\"\n".to_owned().into(),
        agreement_id: "letting-2026".parse().unwrap(),
        legal_basis: "Immigration Act 2014, section 20".to_owned(),
        clock: Target::DEFAULT.start(start()),
        is_discreet: kind == CheckKind::RightToRent,
    }
}

/// The receipts say the same.
pub(crate) fn is_same(one: &Receipt, other: &Receipt) -> bool {
    one.organisation == other.organisation
        && one.request_id == other.request_id
        && one.check.canonical() == other.check.canonical()
        && one.caller_reference == other.caller_reference
        && one.agreement_id == other.agreement_id
        && one.legal_basis == other.legal_basis
        && one.clock == other.clock
        && one.is_discreet == other.is_discreet
}

fn facts() -> Vec<Facts> {
    let leave = ImmigrationStatus {
        leave: "Skilled Worker".to_owned(),
        valid_from: date(2024, 1, 1),
        valid_until: Some(date(2027, 1, 1)),
        may_work: true,
        may_rent: false,
        conditions: vec!["20 hours a week".to_owned(), "no \"sport\"".to_owned()],
        health_surcharge_paid: Some(false),
        arrived_on: Some(date(2023, 12, 30)),
        document_valid_until: Some(date(2026, 12, 31)),
    };
    let settled = ImmigrationStatus {
        valid_until: None,
        conditions: Vec::new(),
        health_surcharge_paid: None,
        arrived_on: None,
        document_valid_until: None,
        ..leave.clone()
    };
    let period = |to| Period {
        from: date(1970, 4, 6),
        to,
    };
    let support = |since: Option<Date>, legal_basis: Option<&str>| Section95Support {
        in_force: since.is_some(),
        since,
        legal_basis: legal_basis.map(str::to_owned),
    };
    vec![
        Facts::ImmigrationStatus(leave),
        Facts::ImmigrationStatus(settled),
        Facts::Section95Support(support(Some(date(2025, 5, 1)), Some("Part VI, section 95"))),
        Facts::Section95Support(support(None, None)),
        Facts::NinoTrace { matches: true },
        Facts::NinoTrace { matches: false },
        Facts::Residence(Vec::new()),
        Facts::Residence(vec![period(Some(date(1975, 4, 5))), period(None)]),
        eligibility(None),
    ]
}

fn eligibility(source: Option<DepartmentId>) -> Facts {
    Facts::EducationEligibility(EducationEligibility {
        eligible: source.is_some(),
        source,
        loaded_at: source.map(|_| start()),
    })
}

/// A reply of each kind, with every kind of facts, and with its optional parts there and not there.
pub(crate) fn replies() -> Vec<Reply> {
    let sources = DepartmentId::ALL.map(|source| eligibility(Some(source)));
    let failures = [
        Unavailable::Failed,
        Unavailable::Slow,
        Unavailable::Garbage,
        Unavailable::Throttled,
        Unavailable::Refused,
        Unavailable::BreakerOpen,
    ];
    let others = [
        Outcome::NoRecord,
        Outcome::Ambiguous {
            would_settle: Field::ALL.to_vec(),
        },
        Outcome::Deferred {
            expected_by: Some(start()),
            ticket: "T-1".to_owned(),
        },
        Outcome::Deferred {
            expected_by: None,
            ticket: String::new(),
        },
        Outcome::Closed { until: Some(start()) },
        Outcome::Closed { until: None },
    ];
    let outcomes = facts().into_iter().chain(sources).map(Outcome::Found);
    let outcomes = outcomes.chain(failures.map(Outcome::Unavailable)).chain(others);
    let ages = [None, Some(start())].into_iter().cycle();
    outcomes
        .zip(ages)
        .map(|(outcome, as_of)| Reply { outcome, as_of })
        .collect()
}

/// An answer of each kind, with every kind of facts, and with its optional parts there and not there.
pub(crate) fn answers() -> Vec<Answer> {
    let entitlements = [
        Some(Entitlement::Unlimited),
        Some(Entitlement::TimeLimited),
        Some(Entitlement::Restricted),
        None,
    ];
    let day = |entitlement: Option<Entitlement>| entitlement.map(|_| date(2027, 1, 1));
    let work = entitlements.map(|entitlement| answer::Facts::RightToWork {
        entitlement,
        valid_until: day(entitlement),
        conditions: entitlement.map(|_| "20 hours".to_owned()).into_iter().collect(),
        follow_up_on: day(entitlement),
    });
    let rent = entitlements.map(|entitlement| answer::Facts::RightToRent {
        entitlement,
        valid_until: day(entitlement),
        follow_up_on: day(entitlement),
    });
    let status = |known: bool| answer::Facts::Iecas {
        immigration_status: known.then(|| "Visitor".to_owned()),
        valid_from: known.then(|| date(2026, 1, 1)),
        valid_until: known.then(|| date(2026, 2, 1)),
        health_surcharge_paid: known.then_some(true),
    };
    let support = |supported_since| answer::Facts::Section95 { supported_since };
    let facts = work.into_iter().chain(rent).chain([
        support(Some(date(2025, 5, 1))),
        support(None),
        status(true),
        status(false),
    ]);
    let established = facts.map(|facts| answer::Outcome::Established {
        facts,
        withheld: vec!["conditions".to_owned()],
    });
    let reasons = [
        PendingReason::DepartmentWorking,
        PendingReason::DepartmentUnavailable,
        PendingReason::DepartmentClosed,
        PendingReason::Disputed,
    ];
    let pending = reasons.map(|reason| answer::Outcome::Pending {
        reason,
        departments: DepartmentId::ALL.to_vec(),
    });
    let asking = answer::Outcome::MoreInformation {
        fields: Field::ALL.to_vec(),
    };
    let negative = Negative::ALL.map(answer::Outcome::NotEstablished);
    let outcomes = established.chain(pending).chain([asking]).chain(negative);
    let ages = [None, Some(start())].into_iter().cycle();
    outcomes
        .zip(ages)
        .map(|(outcome, as_of)| Answer {
            outcome,
            legal_basis: "Immigration Act 2014, section 20".to_owned(),
            agreement_id: "letting-2026".parse().unwrap(),
            as_of,
        })
        .collect()
}
