//! Two gateways on one database, of which one reaches it through a proxy that fails when it is told to.

use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{DepartmentStatus, ListDepartmentsRequest, SetDepartmentRequest};
use statuscheck_proto::v1::{CheckRequest, CheckResponse};
use tokio::task::block_in_place;
use tokio::time::{interval, timeout};
use tonic::Status;
use tonic::transport::Channel;

use super::behind::{count, sql};
use super::members::store;
use crate::crash::reckoning::{Client, clients};
use crate::database::migrate;
use crate::house::{GLANCE, PATIENCE};
use crate::person::Resident;
use crate::postgres::{LocalPostgres, MAIN, Role};
use crate::program::{Program, Start};
use crate::proxy::FaultProxy;
use crate::site::Site;

/// Runs when a transaction is committed, before it is.
const HOLD_BACK: &str = "
    CREATE SEQUENCE public.commits;
    GRANT USAGE ON SEQUENCE public.commits TO statuscheck_gateway;
    CREATE FUNCTION public.hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('public.commits') = 1 THEN PERFORM pg_sleep(0.5); END IF;
        RETURN NULL;
    END $$;
    GRANT EXECUTE ON FUNCTION public.hold_back() TO statuscheck_gateway;
    GRANT USAGE ON SCHEMA public TO statuscheck_gateway;
    CREATE CONSTRAINT TRIGGER hold_back AFTER INSERT ON statuscheck.entries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.hold_back()";

/// Whatever opens a referral takes its time from what it wrote to its commit, and nobody sees it meanwhile.
const SLOW_REFERRALS: &str = "
    CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_sleep(0.02);
        RETURN NULL;
    END $$;
    GRANT EXECUTE ON FUNCTION public.linger() TO statuscheck_gateway;
    GRANT USAGE ON SCHEMA public TO statuscheck_gateway;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON statuscheck.referrals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NOT NEW.joined) EXECUTE FUNCTION public.linger()";

/// Ends when a commit is at it.
const UNTIL_HELD_BACK: &str = "
    DO $$
    BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query = 'COMMIT') LOOP
            PERFORM pg_stat_clear_snapshot();
        END LOOP;
    END $$";

/// The two.
pub struct Pair {
    /// The gateway behind the proxy.
    pub far: Gateway,
    /// The gateway that reaches the database directly.
    pub near: Gateway,
    /// Between the far one and the database.
    pub proxy: FaultProxy,
    /// Their departments.
    pub site: Site,
    postgres: LocalPostgres,
}

/// A gateway, an employer who asks it, and an operator.
pub struct Gateway {
    client: Client,
    operator: OpsServiceClient<Channel>,
    _program: Program,
}

impl Gateway {
    async fn start(start: &Start, site: &Site, postgres: &LocalPostgres, name: &str, url: &str) -> Self {
        let checkpoints = site.folder().join(format!("checkpoints-{name}"));
        let config = site.configure_another(name, &store(url, postgres, &checkpoints));
        let mut program = start.spawn_on(&config);
        let address = program.address().await;
        let [(_, client), ..] = clients(site, address);
        Self {
            client,
            operator: OpsServiceClient::new(site.channel(address, "ops/duty-1")),
            _program: program,
        }
    }

    /// Asks once.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn check(&self, request: CheckRequest) -> Result<CheckResponse, Status> {
        Ok(self.client.clone().check(request).await?.into_inner())
    }

    /// Closes a department by hand, or opens it.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn set(&self, department: &str, closed: bool) -> Result<(), Status> {
        let request = SetDepartmentRequest {
            department: department.to_owned(),
            closed,
            until: None,
            reason: "The machines are moved".to_owned(),
        };
        self.operator.clone().set_department(request).await.map(drop)
    }

    /// How a department is doing; none while the gateway cannot say.
    pub async fn department(&self, name: &str) -> Option<DepartmentStatus> {
        let listed = self
            .operator
            .clone()
            .list_departments(ListDepartmentsRequest {})
            .await;
        let mut all = listed.ok()?.into_inner().departments.into_iter();
        all.find(|department| department.department == name)
    }

    /// Asks until there is an answer.
    pub async fn answered(&self, request: &CheckRequest) -> CheckResponse {
        let asking = async {
            let mut glances = interval(GLANCE);
            loop {
                glances.tick().await;
                if let Ok(response) = self.check(request.clone()).await {
                    return response;
                }
            }
        };
        timeout(PATIENCE, asking).await.expect("it recovers by itself")
    }
}

impl Pair {
    /// A site where these people live, a database, and both gateways.
    pub async fn start(start: Start, people: impl IntoIterator<Item = Resident>) -> Self {
        let site = Site::with(people).await;
        let postgres = block_in_place(LocalPostgres::up);
        migrate(&postgres, &postgres.first_database()).await;
        let proxy = FaultProxy::to(postgres.address(MAIN)).await.expect("a port");
        let url = postgres.first_database().url(Role::Gateway);
        let address = postgres.address(MAIN).to_string();
        let through = url.replace(&address, &proxy.address().to_string());
        Self {
            far: Gateway::start(&start, &site, &postgres, "far", &through).await,
            near: Gateway::start(&start, &site, &postgres, "near", &url).await,
            proxy,
            site,
            postgres,
        }
    }

    /// How many cases the request has.
    pub fn cases_of(&self, request: &CheckRequest) -> usize {
        let id = &request.request_id;
        let cases = format!("SELECT FROM statuscheck.cases WHERE request_id = '{id}'");
        count(&self.postgres, &cases)
    }

    /// How many cases were received or answered more than once.
    pub fn asked_twice(&self) -> usize {
        count(
            &self.postgres,
            "SELECT FROM statuscheck.entries WHERE kind IN ('received', 'answered')
             GROUP BY case_id, kind HAVING count(*) > 1",
        )
    }

    /// How many referrals are open, and how often one of them was joined.
    pub fn referrals(&self) -> (usize, usize) {
        let open = |joined| {
            let open = format!("SELECT FROM statuscheck.referrals WHERE {joined} AND state = 'open'");
            count(&self.postgres, &open)
        };
        (open("NOT joined"), open("joined"))
    }

    /// Has every commit that opens a referral take twenty milliseconds.
    pub fn slow_referrals_down(&self) {
        sql(&self.postgres, SLOW_REFERRALS);
    }

    /// Has the next commit take half a second before it is made.
    pub fn hold_commits_back(&self) {
        sql(&self.postgres, HOLD_BACK);
    }

    /// Waits until a commit is held back; the next is not.
    pub async fn until_held_back(&self) {
        sql(&self.postgres, UNTIL_HELD_BACK);
    }
}
