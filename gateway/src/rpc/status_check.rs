//! `statuscheck.v1.StatusCheckService`: the way of a check, read top to bottom.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::OrganisationId;
use statuscheck_proto::v1::status_check_service_server::StatusCheckService;
use statuscheck_proto::v1::{
    CheckBatchRequest, CheckBatchResponse, CheckRequest, CheckResponse, DisputeAnswerRequest,
    DisputeAnswerResponse, GetCaseRequest, GetCaseResponse, GiveFeedbackRequest, GiveFeedbackResponse,
    ListCasesRequest, ListCasesResponse, ProvideInformationRequest, ProvideInformationResponse,
    WatchCasesRequest, WatchCasesResponse, WithdrawCaseRequest, WithdrawCaseResponse,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::admission::{Admission, Admitted, Class};
use crate::authorise::authorise;
use crate::cases::Cases;
use crate::error::Error;
use crate::limits::{Limits, Reserved};
use crate::peer::{Connected, Peer};
use crate::register::ServedRegister;
use crate::rpc::{convert, deadline};

/// The service, with what a check passes through.
pub(crate) struct StatusChecks {
    pub(crate) register: Arc<ServedRegister>,
    pub(crate) limits: Limits,
    pub(crate) admission: Admission,
    pub(crate) cases: Arc<Cases>,
    pub(crate) clock: SharedClock,
    /// How long a check may take when the caller gives more.
    pub(crate) budget: Duration,
}

type Reply<T> = Result<Response<T>, Status>;
type ReplyStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl StatusCheckService for StatusChecks {
    async fn check(&self, request: Request<CheckRequest>) -> Reply<CheckResponse> {
        let organisation = organisation(&request)?;
        let budget = deadline::budget(request.metadata(), self.budget)?;
        let today = london_day(self.clock.now());
        let asked = convert::check_request(&request.into_inner(), today)?;
        let version = self.register.to_ask_under().ok_or(Error::CannotRecord)?;
        self.limits.keep_up(version.number, &version.register);
        let permit = authorise(&version.register, &organisation, &asked, today)?;
        let reserved = self.limits.reserve(permit)?;
        let allowance = reserved.allowance();
        let arrived = self.clock.elapsed();
        let admitted = admit(&self.admission, reserved, Class::Single, budget).await?;
        let budget = budget.saturating_sub(self.clock.elapsed().saturating_sub(arrived));
        let case = self.cases.check(admitted, asked, budget).await?;
        let mut answer = Response::new(convert::check_response(&case, self.clock.now()));
        allowance.write(answer.metadata_mut());
        Ok(answer)
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Reply<GetCaseResponse> {
        let organisation = organisation(&request)?;
        let id = convert::case_id(&request.get_ref().case_id)?;
        let case = self.cases.case(&organisation, id).await?;
        Ok(Response::new(GetCaseResponse {
            case: Some(convert::case(&case, self.clock.now())),
        }))
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Reply<ListCasesResponse> {
        let organisation = organisation(&request)?;
        let page = convert::list_request(request.get_ref())?;
        let cases = self
            .cases
            .list(&organisation, page.states, page.after, page.limit)
            .await?;
        Ok(Response::new(convert::list_response(&cases, self.clock.now())))
    }

    // In the contract, and served once cases have clocks and late replies.

    type CheckBatchStream = ReplyStream<CheckBatchResponse>;

    async fn check_batch(&self, _: Request<Streaming<CheckBatchRequest>>) -> Reply<Self::CheckBatchStream> {
        Err(Error::NotServed.into())
    }

    type WatchCasesStream = ReplyStream<WatchCasesResponse>;

    async fn watch_cases(&self, _: Request<WatchCasesRequest>) -> Reply<Self::WatchCasesStream> {
        Err(Error::NotServed.into())
    }

    async fn provide_information(
        &self,
        _: Request<ProvideInformationRequest>,
    ) -> Reply<ProvideInformationResponse> {
        Err(Error::NotServed.into())
    }

    async fn withdraw_case(&self, _: Request<WithdrawCaseRequest>) -> Reply<WithdrawCaseResponse> {
        Err(Error::NotServed.into())
    }

    async fn dispute_answer(&self, _: Request<DisputeAnswerRequest>) -> Reply<DisputeAnswerResponse> {
        Err(Error::NotServed.into())
    }

    async fn give_feedback(&self, _: Request<GiveFeedbackRequest>) -> Reply<GiveFeedbackResponse> {
        Err(Error::NotServed.into())
    }
}

/// Waits for a seat, for half of `budget` at the longest: the other half is for the departments. Who gets none has spent
/// nothing.
async fn admit(
    admission: &Admission,
    reserved: Reserved,
    class: Class,
    budget: Duration,
) -> Result<Admitted, Error> {
    let permit = reserved.permit();
    let (organisation, weight) = (permit.organisation().clone(), permit.agreement().weight);
    match admission.admit(&organisation, weight, class, budget / 2).await {
        Ok(seat) => Ok(Admitted {
            permit: reserved.spend(),
            seat,
        }),
        Err(overloaded) => {
            reserved.refund();
            Err(overloaded.into())
        }
    }
}

/// The calling organisation. The guard has let only organisations through; this is the proof by type.
fn organisation<T>(request: &Request<T>) -> Result<OrganisationId, Error> {
    let service = "statuscheck.v1.StatusCheckService";
    match request
        .extensions()
        .get::<Arc<Connected>>()
        .map(|connected| &connected.peer)
    {
        Some(Ok(Peer::Organisation(id))) => Ok(id.clone()),
        Some(Ok(_)) => Err(Error::WrongPeer { service }),
        Some(Err(error)) => Err(Error::NoIdentity(*error)),
        None => Err(Error::NoIdentity(crate::peer::PeerError::NoUri)),
    }
}
