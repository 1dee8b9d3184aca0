//! `statuscheck.ops.v1.OpsService`: what operators do to a gateway.

use std::sync::Arc;

use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_proto::ops::v1::ops_service_server::OpsService;
use statuscheck_proto::ops::v1::{
    ExportSubjectRequest, ExportSubjectResponse, ExtendDueRequest, ExtendDueResponse, GetSlaSummaryRequest,
    GetSlaSummaryResponse, ListCasesRequest, ListCasesResponse, ListDepartmentsRequest,
    ListDepartmentsResponse, ListHooksRequest, ListHooksResponse, RecountDueRequest, RecountDueResponse,
    RetryHookRequest, RetryHookResponse, RotateKeysRequest, RotateKeysResponse, RunRetentionRequest,
    RunRetentionResponse, SetDepartmentRequest, SetDepartmentResponse, SetLegalHoldRequest,
    SetLegalHoldResponse, VerifyLedgerRequest, VerifyLedgerResponse,
};
use tonic::{Request, Response, Status};

use crate::audit::Subject;
use crate::error::Error;
use crate::ops::Live;
use crate::rpc::convert::{due, hooks, upkeep};
use crate::rpc::operator::{operator, to_the_end};
use crate::upkeep::Housekeeping;

mod standing;

/// The acts of operators, for whoever is known to be one: the service's callers, and the command line on a store that no
/// gateway holds.
#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) housekeeping: Arc<Housekeeping>,
    /// What is looked at when the ledger is verified.
    pub(crate) audited: Arc<Subject>,
    pub(crate) clock: SharedClock,
    /// None where no gateway is running.
    pub(crate) live: Option<Live>,
}

impl Operations {
    pub(crate) async fn run_retention(
        self,
        actor: String,
        request: RunRetentionRequest,
    ) -> Result<RunRetentionResponse, Error> {
        let run = self.housekeeping.run_retention(&actor, request.dry_run).await?;
        Ok(upkeep::retention(&run))
    }

    pub(crate) async fn set_legal_hold(
        self,
        actor: String,
        request: SetLegalHoldRequest,
    ) -> Result<SetLegalHoldResponse, Error> {
        let (case_id, reason) = upkeep::hold(&request)?;
        self.housekeeping
            .set_hold(&actor, case_id, request.held, &reason)
            .await?;
        Ok(SetLegalHoldResponse {})
    }

    pub(crate) async fn export_subject(
        self,
        actor: String,
        request: ExportSubjectRequest,
    ) -> Result<ExportSubjectResponse, Error> {
        let now = self.clock.now();
        let sought = upkeep::sought(&request, london_day(now))?;
        let found = self.housekeeping.find(&actor, &sought).await?;
        Ok(upkeep::found(&found, now))
    }

    pub(crate) async fn rotate_keys(
        self,
        actor: String,
        _request: RotateKeysRequest,
    ) -> Result<RotateKeysResponse, Error> {
        Ok(upkeep::rotated(self.housekeeping.rotate_keys(&actor).await?))
    }

    async fn extend_due(self, actor: String, request: ExtendDueRequest) -> Result<ExtendDueResponse, Error> {
        let content = due::order(&request)?;
        let extended = if request.preview {
            self.housekeeping.preview_extension(&content).await?
        } else {
            self.housekeeping.extend_due(&actor, content).await?
        };
        Ok(due::extended(&extended))
    }

    async fn recount_due(
        self,
        actor: String,
        request: RecountDueRequest,
    ) -> Result<RecountDueResponse, Error> {
        let content = due::recount_order(&request)?;
        let recounted = if request.preview {
            self.housekeeping.preview_recount(&content).await?
        } else {
            self.housekeeping.recount_due(&actor, content).await?
        };
        Ok(due::recounted(&recounted))
    }

    pub(crate) async fn verify_ledger(
        self,
        actor: String,
        request: VerifyLedgerRequest,
    ) -> Result<VerifyLedgerResponse, Error> {
        let subject = upkeep::part((*self.audited).clone(), &request)?;
        let report = self.housekeeping.verify_ledger(&actor, subject).await?;
        Ok(upkeep::verified(&report))
    }
}

/// For refusals.
const SERVICE: &str = "statuscheck.ops.v1.OpsService";

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl OpsService for Operations {
    async fn run_retention(&self, request: Request<RunRetentionRequest>) -> Reply<RunRetentionResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::run_retention(self.clone(), actor, request.into_inner())).await
    }

    async fn set_legal_hold(&self, request: Request<SetLegalHoldRequest>) -> Reply<SetLegalHoldResponse> {
        let actor = operator(SERVICE, &request)?;
        let done = Self::set_legal_hold(self.clone(), actor, request.into_inner()).await?;
        Ok(Response::new(done))
    }

    async fn export_subject(&self, request: Request<ExportSubjectRequest>) -> Reply<ExportSubjectResponse> {
        let actor = operator(SERVICE, &request)?;
        let found = Self::export_subject(self.clone(), actor, request.into_inner()).await?;
        Ok(Response::new(found))
    }

    async fn rotate_keys(&self, request: Request<RotateKeysRequest>) -> Reply<RotateKeysResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::rotate_keys(self.clone(), actor, request.into_inner())).await
    }

    async fn verify_ledger(&self, request: Request<VerifyLedgerRequest>) -> Reply<VerifyLedgerResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::verify_ledger(self.clone(), actor, request.into_inner())).await
    }

    async fn extend_due(&self, request: Request<ExtendDueRequest>) -> Reply<ExtendDueResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::extend_due(self.clone(), actor, request.into_inner())).await
    }

    async fn recount_due(&self, request: Request<RecountDueRequest>) -> Reply<RecountDueResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::recount_due(self.clone(), actor, request.into_inner())).await
    }

    async fn get_sla_summary(&self, request: Request<GetSlaSummaryRequest>) -> Reply<GetSlaSummaryResponse> {
        let actor = operator(SERVICE, &request)?;
        Ok(Response::new(self.sla_summary(&actor).await?))
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Reply<ListCasesResponse> {
        let actor = operator(SERVICE, &request)?;
        Ok(Response::new(self.open_cases(&actor, request.get_ref()).await?))
    }

    async fn list_departments(
        &self,
        request: Request<ListDepartmentsRequest>,
    ) -> Reply<ListDepartmentsResponse> {
        let actor = operator(SERVICE, &request)?;
        Ok(Response::new(self.departments(&actor).await?))
    }

    async fn set_department(&self, request: Request<SetDepartmentRequest>) -> Reply<SetDepartmentResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::set_department(self.clone(), actor, request.into_inner())).await
    }

    async fn list_hooks(&self, request: Request<ListHooksRequest>) -> Reply<ListHooksResponse> {
        let query = hooks::query(request.get_ref())?;
        let rows = self.housekeeping.hooks(query).await.map_err(Error::from)?;
        Ok(Response::new(hooks::page(&rows, &query)))
    }

    async fn retry_hook(&self, request: Request<RetryHookRequest>) -> Reply<RetryHookResponse> {
        let actor = operator(SERVICE, &request)?;
        to_the_end(Self::retry_hook(self.clone(), actor, request.into_inner())).await
    }
}
