//! Two gateways on one database, with the times that are shipped, of which the first has work at hand when it is killed or
//! stopped: what falls to the other, and when.

use jiff::SignedDuration;
use statuscheck_domain::ids::DepartmentId;
use tokio::task::block_in_place;

use super::behind::{TAKEN_OVER, count, sql, wait_while};
use super::past::{Past, Waits, waited_for};
use crate::database::{migrate, store_at};
use crate::postgres::{LocalPostgres, Role};
use crate::program::{Program, Start};
use crate::site::Site;

/// Cases whose clocks step: more than a gateway leases at once.
pub const CLOCKS: usize = 300;

/// Cases whose question is due. A gateway asks about no more than 256 at once.
pub const QUESTIONS: usize = 60;

/// A transaction that a gateway was stopped in holds its rows until the server ends it.
const TAKEN_OVER_FROM_STOPPED: &str = "interval '30 seconds'";

/// A question that had gone out is asked again a minute after that, and not before: it takes so long to know that nobody waits
/// for the reply.
const ASKED_AGAIN: &str = "interval '75 seconds'";

/// Cases that are due now, or leased.
const DUE: &str = "SELECT FROM statuscheck.cases
    WHERE wake <= extract(epoch FROM clock_timestamp())::numeric * 1000000000 OR lease_chain IS NOT NULL";

/// Cases about which a question is out.
const OUT: &str = "SELECT FROM statuscheck.entries AS last WHERE kind = 'asked' AND NOT EXISTS (
    SELECT FROM statuscheck.entries WHERE case_id = last.case_id AND version > last.version)";

/// The two.
pub struct Heirs {
    site: Site,
    postgres: LocalPostgres,
    /// None once it is killed.
    first: Option<Program>,
    _second: Program,
    /// The number of the first one's chain.
    chain: String,
}

impl Heirs {
    /// Both gateways, and cases that will all be due at once, soon.
    pub async fn start(start: &Start) -> Self {
        let site = Site::with([waited_for()]).await;
        let postgres = block_in_place(LocalPostgres::up);
        migrate(&postgres, &postgres.first_database()).await;
        let first = gateway(start, &site, &postgres, "first").await;
        let held = "SELECT number FROM statuscheck.chains WHERE lease_until >= clock_timestamp()";
        let chain = sql(&postgres, held);
        let second = gateway(start, &site, &postgres, "second").await;
        let past = Past::open(&site, &postgres).await;
        let cases = [(Waits::ForItsClock, CLOCKS), (Waits::ToAsk, QUESTIONS)];
        let (soon, at_once) = (SignedDuration::from_secs(30), SignedDuration::from_millis(1));
        past.leave(cases, soon, at_once).await;
        past.close().await;
        let heirs = Self {
            site,
            postgres,
            first: Some(first),
            _second: second,
            chain,
        };
        assert_eq!(
            count(&heirs.postgres, DUE),
            0,
            "nothing was due before all was there"
        );
        heirs
    }

    /// Waits until the first gateway has leased work.
    pub fn until_first_is_at_work(&self) {
        let chain = &self.chain;
        let leased = format!("SELECT FROM statuscheck.cases WHERE lease_chain = {chain}");
        wait_while(
            &self.postgres,
            &format!("NOT EXISTS ({leased})"),
            "interval '30 seconds'",
        );
    }

    /// How much the first gateway has leased.
    pub fn leased_by_first(&self) -> usize {
        count(&self.postgres, &format!(
            "SELECT FROM statuscheck.cases JOIN statuscheck.chains ON number = lease_chain AND fence = lease_fence
             WHERE number = {}",
            self.chain
        ))
    }

    /// Kills the first gateway.
    pub fn kill_first(&mut self) {
        self.first.take().expect("it runs").kill();
    }

    /// Stops the first gateway where it is.
    pub fn stop_first(&self) {
        self.first.as_ref().expect("it runs").stop();
    }

    /// Has it go on, and waits until it holds a chain again, as the second one does: its own has another fence by now.
    pub fn wake_first(&self) {
        self.first.as_ref().expect("it runs").go_on();
        let held = "SELECT count(*) FROM statuscheck.chains WHERE lease_until >= clock_timestamp()";
        wait_while(&self.postgres, &format!("({held}) < 2"), TAKEN_OVER_FROM_STOPPED);
    }

    /// Waits until nothing is due or leased any more: for as long as a take-over may take from one that was killed.
    pub fn until_taken_over(&self) {
        wait_while(&self.postgres, &format!("EXISTS ({DUE})"), TAKEN_OVER);
    }

    /// The same, from one that was stopped, perhaps in the middle of a transaction.
    pub fn until_taken_over_from_stopped(&self) {
        wait_while(
            &self.postgres,
            &format!("EXISTS ({DUE})"),
            TAKEN_OVER_FROM_STOPPED,
        );
    }

    /// Waits until no question is out: for as long as it takes to know that nobody waits for it.
    pub fn until_replied(&self) {
        wait_while(&self.postgres, &format!("EXISTS ({OUT})"), ASKED_AGAIN);
    }

    /// How many entries of that kind there are, and how many cases that have one.
    pub fn entries(&self, kind: &str) -> (usize, usize) {
        let entries = format!("SELECT case_id FROM statuscheck.entries WHERE kind = '{kind}'");
        let cases = format!("SELECT DISTINCT case_id FROM ({entries}) AS entries");
        (count(&self.postgres, &entries), count(&self.postgres, &cases))
    }

    /// How often the Home Office was asked.
    pub fn asked(&self) -> usize {
        let asked = self.site.requests(DepartmentId::HomeOffice);
        usize::try_from(asked).expect("a count")
    }
}

async fn gateway(start: &Start, site: &Site, postgres: &LocalPostgres, name: &str) -> Program {
    let url = postgres.first_database().url(Role::Gateway);
    let checkpoints = site.folder().join(format!("checkpoints-{name}"));
    let config = site.configure_another(name, &store_at(&url, postgres, &checkpoints));
    let mut program = start.spawn_on(&config);
    program.address().await;
    program
}
