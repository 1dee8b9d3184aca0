//! What policy costs a check: authorise, limits, admission, with 10,000 organisations and 1,000 agreements.
//!
//! `cargo bench -p statuscheck --bench policy` prints one line a step. The bare hop is in `cargo bench -p statuscheck-tests`.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::civil::{Date, date};
use statuscheck::admission::{Admission, AdmissionSettings, Class};
use statuscheck::demo::shipped_register;
use statuscheck::limits::{LimitSettings, Limits};
use statuscheck_domain::agreement::{Agreement, Permit, Rate, Register};
use statuscheck_domain::check::{Check, CheckKind, Draft};
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_domain::ids::OrganisationId;
use statuscheck_domain::sla::OrganisationKind;

const AGREEMENTS: usize = 1_000;
const ORGANISATIONS: usize = 10_000;
/// Enough that a step of a tenth of a microsecond takes some milliseconds.
const CHECKS: usize = 100_000;
const TODAY: Date = date(2026, 3, 11);

fn organisation(number: usize) -> OrganisationId {
    format!("organisation-{number}").parse().unwrap()
}

fn register() -> Register {
    let shipped = shipped_register().unwrap();
    let like = shipped.agreement(&"right-to-work".parse().unwrap()).unwrap();
    let plenty = NonZeroU32::new(1_000_000).unwrap();
    let agreement = |number: usize| {
        let theirs = (number..ORGANISATIONS).step_by(AGREEMENTS);
        Agreement {
            id: format!("agreement-{number}").parse().unwrap(),
            organisations: theirs
                .map(|number| (organisation(number), OrganisationKind::Employer))
                .collect(),
            rate: Some(Rate {
                per_minute: plenty,
                burst: plenty,
            }),
            ..like.clone()
        }
    };
    Register::new((0..AGREEMENTS).map(agreement), []).unwrap()
}

fn check() -> Check {
    let draft = Draft {
        given_names: "Sam",
        family_name: "Example",
        date_of_birth: "1990-05-01",
        national_insurance_number: "AB123456C",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, TODAY) else {
        panic!("the check is well formed")
    };
    check
}

fn main() {
    let (register, check, clock) = (register(), check(), SystemClock::shared());
    let organisations: Vec<_> = (0..ORGANISATIONS).map(organisation).collect();
    let plenty = NonZeroU32::new(1_000_000).unwrap();
    let settings = LimitSettings {
        checks_per_second: plenty,
        burst: plenty,
    };
    let limits = Limits::new(&settings, clock.clone());
    let admission = Admission::new(AdmissionSettings::default());
    let permit = |place: usize| -> Permit {
        let organisation = &organisations[place % ORGANISATIONS];
        register.authorise(organisation, &check, None, TODAY).unwrap()
    };
    let each = |what: &str, step: &mut dyn FnMut(usize)| -> Duration {
        (0..ORGANISATIONS).for_each(&mut *step);
        let started = clock.elapsed();
        (0..CHECKS).for_each(&mut *step);
        let spent = (clock.elapsed() - started) / u32::try_from(CHECKS).unwrap();
        println!("{what:<44} {spent:>10.2?}");
        spent
    };
    let day = each("the day in London", &mut |_| {
        black_box(london_day(clock.now()));
    });
    let authorise = each("authorise", &mut |place| {
        black_box(permit(place));
    });
    let reserve = each("authorise, and take from two rates", &mut |place| {
        black_box(
            limits
                .reserve(permit(place))
                .map(|reserved| reserved.allowance())
                .is_ok(),
        );
    });
    let admit = each("a seat, taken and given back", &mut |place| {
        let permit = permit(place);
        let (organisation, weight) = (permit.organisation(), permit.agreement().weight);
        let admitting = admission.admit(organisation, weight, Class::Single, Duration::ZERO);
        black_box(admitting.now_or_never().is_some_and(|seat| seat.is_ok()));
    });
    let all = day + reserve + admit.saturating_sub(authorise);
    println!("{:<44} {all:>10.2?}", "policy of one check");
}
