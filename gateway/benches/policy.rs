//! What policy costs a check in CPU time: identity, authorise, limits, admission, probing and quotas, with 10,000 organisations
//! and 1,000 agreements, beside the bare hop.
//!
//! `cargo bench -p statuscheck --bench policy` prints one line a step. The quickest of several turns is told, for a busy machine
//! only ever adds.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::civil::{Date, date};
use rustix::time::{ClockId, clock_gettime};
use statuscheck::admission::{Admission, AdmissionSettings, Class};
use statuscheck::demo::shipped_register;
use statuscheck::limits::{LimitSettings, Limits};
use statuscheck::peer::Peer;
use statuscheck::probing::{Probing, ProbingSettings};
use statuscheck::quota::Quotas;
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::agreement::{Agreement, Permit, Quota, Rate, Register};
use statuscheck_domain::check::{Check, CheckKind, Draft};
use statuscheck_domain::clock::{SharedClock, SystemClock, london_day};
use statuscheck_domain::ids::{CaseId, DepartmentId, OrganisationId};
use statuscheck_domain::route::{self, Replies};
use statuscheck_domain::sla::OrganisationKind;
use tokio::runtime::Runtime;

#[path = "policy/hop.rs"]
mod hop;

const AGREEMENTS: usize = 1_000;
const ORGANISATIONS: usize = 10_000;
/// Enough that a step of a tenth of a microsecond takes some milliseconds.
const CHECKS: usize = 50_000;
const TURNS: usize = 7;
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
            quotas: vec![Quota {
                department: DepartmentId::Hmrc,
                monthly: u64::MAX,
                uplifts: Vec::new(),
            }],
            ..like.clone()
        }
    };
    Register::new((0..AGREEMENTS).map(agreement), []).unwrap()
}

/// A check about somebody else each time, by name and number, which has a question to each of three departments.
fn check(number: usize) -> Check {
    let draft = Draft {
        given_names: "Sam",
        family_name: &format!("Example {}", letters(number)),
        date_of_birth: "1990-05-01",
        national_insurance_number: &format!("AB{number:06}C"),
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, TODAY) else {
        panic!("the check is well formed")
    };
    check
}

fn letters(number: usize) -> String {
    let digits = number.to_string().into_bytes();
    digits
        .into_iter()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

/// CPU time of this process.
fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

/// CPU time of this thread that one `step` takes, in the quickest turn; one turn goes before.
fn each(what: &str, step: &mut dyn FnMut(usize)) -> Duration {
    let turn = |step: &mut dyn FnMut(usize)| {
        let began = cpu(ClockId::ThreadCPUTime);
        (0..CHECKS).for_each(step);
        (cpu(ClockId::ThreadCPUTime) - began) / u32::try_from(CHECKS).unwrap()
    };
    turn(step);
    let quickest = (0..TURNS).map(|_| turn(step)).min().unwrap();
    println!("{what:<52} {quickest:>10.2?}");
    quickest
}

/// A store in a file, in which nothing is recorded here: what is set aside is in memory.
fn store(runtime: &Runtime, folder: &std::path::Path) -> Arc<dyn Store> {
    let key = Kek::create(&folder.join("key")).unwrap();
    let opening = EmbeddedStore::open(Settings::at(folder.join("db")), key);
    Arc::new(runtime.block_on(opening).unwrap())
}

struct Steps {
    register: Register,
    clock: SharedClock,
    organisations: Vec<OrganisationId>,
    checks: Vec<Check>,
}

impl Steps {
    fn check(&self, place: usize) -> &Check {
        &self.checks[place % self.checks.len()]
    }

    fn permit(&self, place: usize) -> Permit {
        let organisation = &self.organisations[place % ORGANISATIONS];
        let permit = self
            .register
            .authorise(organisation, self.check(place), None, TODAY);
        permit.unwrap()
    }
}

fn main() {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let steps = Steps {
        register: register(),
        clock: SystemClock::shared(),
        organisations: (0..ORGANISATIONS).map(organisation).collect(),
        checks: (0..ORGANISATIONS).map(check).collect(),
    };
    let policy = policy(&steps, store(&runtime, folder.path()));
    println!("{:<52} {policy:>10.2?}", "policy of one check");
    let hop = runtime.block_on(hop::cpu());
    println!("{:<52} {hop:>10.2?}", "the bare hop, its caller included");
}

fn policy(steps: &Steps, store: Arc<dyn Store>) -> Duration {
    let plenty = NonZeroU32::new(1_000_000).unwrap();
    let settings = LimitSettings {
        checks_per_second: plenty,
        burst: plenty,
    };
    let limits = Limits::new(&settings, steps.clock.clone());
    let admission = Admission::new(AdmissionSettings::default());
    let probing = Probing::new(ProbingSettings::unlimited(), steps.clock.clone());
    let quotas = Quotas::new(store, steps.clock.clone());
    let peers: Vec<_> = steps
        .organisations
        .iter()
        .cloned()
        .map(Peer::Organisation)
        .collect();

    let identity = each("who calls, and the day in London", &mut |place| {
        let Peer::Organisation(organisation) = &peers[place % ORGANISATIONS] else {
            return;
        };
        black_box(organisation.clone());
        black_box(london_day(steps.clock.now()));
    });
    let authorise = each("authorise", &mut |place| {
        black_box(steps.permit(place));
    });
    let reserve = each("authorise, and take from two rates", &mut |place| {
        let reserved = limits.reserve(steps.permit(place));
        black_box(reserved.map(|reserved| reserved.allowance()).is_ok());
    });
    let admit = each("authorise, and a seat taken and given back", &mut |place| {
        let permit = steps.permit(place);
        let (organisation, weight) = (permit.organisation(), permit.agreement().weight);
        let admitting = admission.admit(organisation, weight, Class::Single, Duration::ZERO);
        black_box(admitting.now_or_never().is_some_and(|seat| seat.is_ok()));
    });
    let attempt = each("the probing counters, before and after", &mut |place| {
        let organisation = &steps.organisations[place % ORGANISATIONS];
        let mut attempt = probing.attempt(organisation, steps.check(place)).unwrap();
        attempt.counts();
        black_box(attempt);
    });
    let case_id = CaseId::at(steps.clock.now(), &[7; 10]);
    let planned = each("authorise, and whom to ask", &mut |place| {
        let permit = steps.permit(place);
        let operations = &permit.agreement().operations;
        black_box(route::next(
            steps.check(place),
            &Replies::default(),
            operations,
            false,
        ));
    });
    let quota = each("the same, and a question set aside of its quota", &mut |place| {
        let permit = steps.permit(place);
        let operations = &permit.agreement().operations;
        let mut first = route::next(steps.check(place), &Replies::default(), operations, false);
        let begun = quotas.begin(case_id, &permit, &mut first).now_or_never();
        black_box(begun.is_some_and(|aside| aside.is_ok()));
    });
    identity + reserve + admit.saturating_sub(authorise) + attempt + quota.saturating_sub(planned)
}
