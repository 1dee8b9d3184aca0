//! The gateways: each a process with a configuration and checkpoints of its own, all on one database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{interval, timeout};

use super::GATEWAYS;
use crate::asking::{EMPLOYER, by_name, request};
use crate::crash::journal::Journal;
use crate::crash::reckoning::{Client, clients};
use crate::database::store_at;
use crate::house::{GLANCE, PATIENCE};
use crate::postgres::{LocalPostgres, Role};
use crate::program::{Program, Start};
use crate::site::Site;

/// How long a gateway that says nothing keeps its chain, in these tests: short, so that rounds are.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// What a gateway logs when it finds its chain in another's hands.
const FENCED: &str = "another gateway has taken over what this one wrote to; it goes on with a chain anew";

/// The ways into one gateway, for each caller.
pub(super) type Door = [(&'static str, Client); 4];

/// The ways into all gateways that are there now.
#[derive(Clone, Default)]
pub(super) struct Doors(Arc<Mutex<Vec<Door>>>);

impl Doors {
    pub(super) fn now(&self) -> Vec<Door> {
        self.0.lock().expect("nobody panics with it").clone()
    }

    fn set(&self, place: usize, door: Door) {
        let mut doors = self.0.lock().expect("nobody panics with it");
        match doors.get_mut(place) {
            Some(old) => *old = door,
            None => doors.push(door),
        }
    }
}

struct Member {
    config: PathBuf,
    checkpoints: PathBuf,
    /// None between its kill and its next start.
    program: Option<Program>,
    address: SocketAddr,
}

/// All gateways.
pub(super) struct Members {
    start: Start,
    members: Vec<Member>,
    doors: Doors,
}

impl Members {
    pub(super) async fn start(start: Start, site: &Site, postgres: &LocalPostgres) -> Self {
        let doors = Doors::default();
        let url = postgres.first_database().url(Role::Gateway);
        let mut members = Vec::new();
        for number in 0..GATEWAYS {
            let checkpoints = site.folder().join(format!("checkpoints-{number}"));
            let store = store(&url, postgres, &checkpoints);
            let config = site.configure_another(&format!("gateway-{number}"), &store);
            let mut program = start.spawn_on(&config);
            let address = program.address().await;
            doors.set(number, clients(site, address));
            members.push(Member {
                config,
                checkpoints,
                program: Some(program),
                address,
            });
        }
        Self {
            start,
            members,
            doors,
        }
    }

    pub(super) fn doors(&self) -> Doors {
        self.doors.clone()
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.members.iter().map(|member| member.address).collect()
    }

    pub(super) fn kill(&mut self, member: usize) {
        if let Some(program) = self.members[member].program.take() {
            program.kill();
        }
    }

    pub(super) async fn restart(&mut self, member: usize, site: &Site) {
        let place = member;
        let member = &mut self.members[place];
        let mut program = self.start.spawn_on(&member.config);
        member.address = program.address().await;
        member.program = Some(program);
        self.doors.set(place, clients(site, member.address));
    }

    pub(super) fn stop(&self, member: usize) {
        self.program(member).stop();
    }

    pub(super) fn go_on(&self, member: usize) {
        self.program(member).go_on();
    }

    pub(super) fn times_fenced(&self, member: usize) -> usize {
        self.program(member).times_logged(FENCED)
    }

    /// Waits until every gateway records and answers a new check.
    pub(super) async fn all_well(&self, site: &Site, journal: &Journal) {
        for member in &self.members {
            let [(_, mut client), ..] = clients(site, member.address);
            let mut request = request(by_name("Sam", "Nobody", "1990-05-01").work());
            request.caller_reference.clone_from(&request.request_id);
            let place = journal.begin(EMPLOYER, request.clone());
            let well = async {
                let mut glances = interval(GLANCE);
                loop {
                    glances.tick().await;
                    if let Ok(response) = client.check(request.clone()).await {
                        break response.into_inner();
                    }
                }
            };
            let response = timeout(PATIENCE, well).await.expect("it recovers by itself");
            journal.tell(place, None, response);
        }
    }

    /// Ends all in good order. What went wrong.
    pub(super) async fn end(&mut self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        for member in &mut self.members {
            if let Some(mut program) = member.program.take() {
                program.terminate();
                if !program.ended().await.success() {
                    faults.push("a gateway did not end with 0");
                }
            }
        }
        faults
    }

    /// The command that audits the ledger against the checkpoints of all.
    pub(super) fn audit(&self) -> Command {
        let text = |path: &PathBuf| path.to_str().expect("a path in UTF-8").to_owned();
        let mut arguments = vec!["audit".to_owned(), "verify".to_owned(), "--config".to_owned()];
        arguments.push(text(&self.members[0].config));
        for other in &self.members[1..] {
            arguments.extend(["--checkpoints".to_owned(), text(&other.checkpoints)]);
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        self.start.command(&arguments)
    }

    fn program(&self, member: usize) -> &Program {
        self.members[member].program.as_ref().expect("it runs")
    }
}

/// The keys of `[store]` for a gateway on the database at `url` that gives up soon and comes back soon.
pub(super) fn store(url: &str, postgres: &LocalPostgres, checkpoints: &Path) -> String {
    let lease = LEASE.as_millis();
    let more = format!(
        r#"checkpoint_every = "1s", limits = {{ lease = "{lease}ms", renew_every = "300ms", connect_max = "1s", statement_max = "1500ms", answer_max = "2s", patience = "3s", reconnect_max = "300ms" }}"#
    );
    format!("{}, {more}", store_at(url, postgres, checkpoints))
}
