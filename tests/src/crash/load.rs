//! Callers who ask without pause, each check of every kind, and repeat themselves now and then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_mocks::person::Person;
use statuscheck_proto::v1::check_request::Check;
use tokio::task::JoinSet;
use tonic_types::StatusExt as _;

use super::journal::{Asked, Finding, Journal, Kind};
use crate::asking::{
    COUNCIL, EMPLOYER, LANDLORD, Subject, TRUST, by_code, by_name, by_nass, by_nino, request,
};
use crate::house::GLANCE;
use crate::person::{Resident, person};
use crate::site::Site;

/// Callers at once: enough that every commit has company and several checks are under way at any moment.
pub(super) const CALLERS: usize = 16;

/// People beside the samples: with departments that take their time, so that kills fall into the asking as well.
pub(super) fn people() -> Vec<Resident> {
    [
        ("slow-brisk", "slow:5ms"),
        ("slow-even", "slow:40ms"),
        ("slow-long", "slow:150ms"),
    ]
    .into_iter()
    .map(|(id, how)| {
        let slow = person(id).settled("2021-03-01").arrived("2021-02-01");
        slow.behaves("home-office", how)
    })
    .collect()
}

/// What may be asked, and who asks it.
pub(super) fn checks() -> Vec<(&'static str, Check)> {
    let today = london_day(SystemClock::shared().now());
    let samples = statuscheck_mocks::samples::samples(today);
    let tenancy_start = today.to_string();
    let mut checks = Vec::new();
    for person in &samples {
        let named = named(person);
        match person.id.split('-').next() {
            Some("work") => checks.push((EMPLOYER, by_first_code(person).unwrap_or(named).work())),
            Some("rent") => checks.push((
                LANDLORD,
                by_first_code(person).unwrap_or(named).rent(&tenancy_start),
            )),
            Some("section95") => checks.push((COUNCIL, supported(person).support())),
            _ => checks.push((TRUST, named.status())),
        }
    }
    for slow in people() {
        checks.push((EMPLOYER, slow.by_name().work()));
        checks.push((TRUST, slow.by_name().status()));
        checks.push((EMPLOYER, slow.by_name().and_nino("GX000099A").work()));
    }
    checks
}

fn named(person: &Person) -> Subject {
    by_name(
        &person.given_names,
        &person.family_name,
        &person.date_of_birth.to_string(),
    )
}

fn by_first_code(person: &Person) -> Option<Subject> {
    let issued = person.share_codes.first()?;
    Some(by_code(issued.code.expose(), &person.date_of_birth.to_string()))
}

fn supported(person: &Person) -> Subject {
    let (family, born) = (&person.family_name, person.date_of_birth.to_string());
    match (
        &person.asylum_support_reference,
        &person.national_insurance_number,
    ) {
        (Some(reference), _) => by_nass(reference.expose(), family, &born),
        (None, Some(number)) => by_nino(number.expose(), family, &born),
        (None, None) => named(person),
    }
}

/// Callers at work.
pub(super) struct Load {
    callers: JoinSet<()>,
    faults: Arc<Mutex<Vec<Finding>>>,
}

/// What a caller asks next: its place in the journal, and what is known of it.
type Draw = dyn Fn(&Journal, &mut ChaCha8Rng) -> (usize, Asked) + Send + Sync;

/// Sets callers to work against the program at `address`. Each ends when it no longer gets through.
pub(super) fn press(site: &Site, address: SocketAddr, journal: &Arc<Journal>, dice: &mut ChaCha8Rng) -> Load {
    let checks = checks();
    let drawn = move |journal: &Journal, dice: &mut ChaCha8Rng| draw(&checks, journal, dice);
    press_with(site, address, journal, dice, Arc::new(drawn))
}

/// The same with what `draw` has them ask.
pub(super) fn press_with(
    site: &Site,
    address: SocketAddr,
    journal: &Arc<Journal>,
    dice: &mut ChaCha8Rng,
    draw: Arc<Draw>,
) -> Load {
    let faults = Arc::<Mutex<Vec<Finding>>>::default();
    let clients = [EMPLOYER, LANDLORD, COUNCIL, TRUST].map(|who| (who, site.client(address, who)));
    let mut callers = JoinSet::new();
    for _caller in 0..CALLERS {
        let (draw, journal, faults) = (Arc::clone(&draw), Arc::clone(journal), Arc::clone(&faults));
        let clients = clients.clone();
        let mut dice = ChaCha8Rng::seed_from_u64(dice.random());
        callers.spawn(async move {
            loop {
                let (place, asked) = draw(&journal, &mut dice);
                let Asked { who, request, told } = asked;
                let client = clients.iter().find(|(name, _)| *name == who);
                let mut client = client.expect("every caller has a client").1.clone();
                let fault = match client.check(request.clone()).await {
                    Ok(response) => journal.tell(place, told.as_ref(), response.into_inner()),
                    Err(status) => match status.get_error_details().error_info() {
                        Some(said) => Some(Finding::new(
                            Kind::Fault,
                            &request.request_id,
                            format!("{:?} {}", status.code(), said.reason),
                        )),
                        // Not said by the program, so it is gone, or does not let anybody in any more.
                        None => break,
                    },
                };
                faults.lock().expect("nobody panics with it").extend(fault);
            }
        });
    }
    Load { callers, faults }
}

/// A new request, written down; or, one time in ten, an old one. Its place, and what is known of it.
pub(super) fn draw(
    checks: &[(&'static str, Check)],
    journal: &Journal,
    dice: &mut ChaCha8Rng,
) -> (usize, Asked) {
    let known = journal.len();
    if known > 0 && dice.random_ratio(1, 10) {
        let place = dice.random_range(0..known);
        return (place, journal.entry(place));
    }
    let (who, check) = &checks[dice.random_range(0..checks.len())];
    begin(who, check.clone(), journal)
}

/// A new request, written down: its place, and what is known of it.
pub(super) fn begin(who: &'static str, check: Check, journal: &Journal) -> (usize, Asked) {
    let mut request = request(check);
    // So that a list of cases tells which request each is of.
    request.caller_reference.clone_from(&request.request_id);
    let place = journal.begin(who, request);
    (place, journal.entry(place))
}

impl Load {
    /// Waits until `condition` holds or no caller gets through any more.
    pub(super) async fn until(&mut self, condition: impl Fn() -> bool) {
        let mut glances = tokio::time::interval(GLANCE);
        while !condition() {
            tokio::select! {
                _ = glances.tick() => {}
                ended = self.callers.join_next() => match ended {
                    Some(ended) => ended.expect("no caller panics"),
                    None => return,
                }
            }
        }
    }

    /// Waits until every caller has noticed the end; what they met meanwhile.
    pub(super) async fn end(mut self) -> Vec<Finding> {
        while let Some(ended) = self.callers.join_next().await {
            ended.expect("no caller panics");
        }
        std::mem::take(&mut *self.faults.lock().expect("nobody panics with it"))
    }
}
