//! Whom the checks are about: people of the synthetic population who have a share code for work that lives.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::ToSpan as _;
use jiff::civil::Date;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::subject::SharePurpose;
use statuscheck_mocks::generator::generate;
use statuscheck_mocks::person::Person;
use statuscheck_mocks::population::Population;
use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{CheckRequest, Person as Named, RightToWorkCheck};

/// Drawn for the mocks: some thousands of them have a code that can be used.
const DRAWN: usize = 20_000;

/// How many of them the Home Office is slow about.
const SLOW: usize = 64;

/// One person, by share code and date of birth.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) code: String,
    pub(crate) date_of_birth: String,
}

/// Holders, handed out in turn so that two checks in a row are about two people.
pub(crate) struct Holders {
    all: Vec<Holder>,
    next: AtomicUsize,
}

impl Holders {
    fn new(all: Vec<Holder>) -> Self {
        assert!(!all.is_empty(), "somebody has a share code");
        Self {
            all,
            next: AtomicUsize::new(0),
        }
    }

    pub(crate) fn next(&self) -> &Holder {
        &self.all[self.next.fetch_add(1, Ordering::Relaxed) % self.all.len()]
    }
}

/// The population, and its holders whom the Home Office answers about at once and after 300 ms.
pub(crate) fn people(today: Date) -> (Population, Holders, Holders) {
    let mut people: Vec<Person> = generate(1, DRAWN, today).collect();
    let mut holders: Vec<(usize, Holder)> = Vec::new();
    for (place, person) in people.iter().enumerate() {
        holders.extend(holder(person, today).map(|holder| (place, holder)));
    }
    let (slow, quick) = holders.split_at(SLOW);
    for (place, _) in slow {
        let behaviour = "slow:300ms".parse().expect("a behaviour");
        people[*place]
            .behaviour
            .tell(DepartmentId::HomeOffice, behaviour)
            .expect("the Home Office can be slow");
    }
    let alone = |holders: &[(usize, Holder)]| {
        Holders::new(holders.iter().map(|(_, holder)| holder.clone()).collect())
    };
    let (slow, quick) = (alone(slow), alone(quick));
    let mut population = Population::default();
    population
        .extend(people)
        .expect("generated people have ids of their own");
    (population, quick, slow)
}

/// The person may work today and has a code for showing it.
fn holder(person: &Person, today: Date) -> Option<Holder> {
    let leave = person.leave.as_ref()?;
    let in_force = leave.valid_from.is_some_and(|from| from <= today)
        && leave.valid_until.is_none_or(|until| until >= today);
    if !in_force || leave.may_work != Some(true) {
        return None;
    }
    // A week less than the 90 days of a code, so that midnight changes nothing.
    let issued_after = today.saturating_sub(83.days());
    let code = person
        .share_codes
        .iter()
        .find(|issued| issued.code.purpose() == SharePurpose::Work && issued.issued_on > issued_after)?;
    Some(Holder {
        code: code.code.expose().to_owned(),
        date_of_birth: person.date_of_birth.to_string(),
    })
}

impl Holder {
    /// A right to work check under a new request id.
    pub(crate) fn request(&self) -> CheckRequest {
        CheckRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            check: Some(Check::RightToWork(RightToWorkCheck {
                share_code: self.code.clone(),
                person: Some(Named {
                    date_of_birth: self.date_of_birth.clone(),
                    ..Named::default()
                }),
            })),
            agreement_id: String::new(),
            caller_reference: String::new(),
        }
    }
}
