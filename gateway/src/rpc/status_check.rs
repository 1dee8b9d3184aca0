//! `statuscheck.v1.StatusCheckService`: thin handlers; the way of a check is in `way`.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use statuscheck_domain::case::{Case, Use};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::event::EventKind;
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

use crate::cases::Step;
use crate::error::Error;
use crate::following::Following;
use crate::limits::Allowance;
use crate::listener::Farewell;
use crate::peer::{Connected, Peer};
use crate::rpc::way::Way;
use crate::rpc::{batch, convert, deadline, watching};

/// The service.
pub(crate) struct StatusChecks {
    pub(crate) way: Arc<Way>,
    pub(crate) following: Arc<Following>,
}

type Reply<T> = Result<Response<T>, Status>;
type ReplyStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl StatusCheckService for StatusChecks {
    async fn check(&self, request: Request<CheckRequest>) -> Reply<CheckResponse> {
        let organisation = organisation(&request)?;
        let budget = deadline::budget(request.metadata(), self.way.budget)?;
        let (case, allowance) = self.way.check(&organisation, request.get_ref(), budget).await?;
        let response = convert::check_response(&case, self.way.clock.now());
        Ok(told(response, Some(allowance)))
    }

    type CheckBatchStream = ReplyStream<CheckBatchResponse>;

    async fn check_batch(
        &self,
        request: Request<Streaming<CheckBatchRequest>>,
    ) -> Reply<Self::CheckBatchStream> {
        let organisation = organisation(&request)?;
        let time = deadline::budget(request.metadata(), Duration::MAX)?;
        let answers = batch::answers(Arc::clone(&self.way), organisation, time, request.into_inner());
        Ok(Response::new(answers.boxed()))
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Reply<GetCaseResponse> {
        let organisation = organisation(&request)?;
        let id = convert::case_id(&request.get_ref().case_id)?;
        let case = self.way.cases.case(&organisation, id).await?;
        Ok(Response::new(GetCaseResponse {
            case: Some(convert::case(&case, self.way.clock.now())),
        }))
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Reply<ListCasesResponse> {
        let organisation = organisation(&request)?;
        let page = convert::list_request(request.get_ref())?;
        let cases = self
            .way
            .cases
            .list(&organisation, page.states, page.after, page.limit)
            .await?;
        Ok(Response::new(convert::list_response(
            &cases,
            self.way.clock.now(),
        )))
    }

    async fn provide_information(
        &self,
        request: Request<ProvideInformationRequest>,
    ) -> Reply<ProvideInformationResponse> {
        let organisation = organisation(&request)?;
        let budget = deadline::budget(request.metadata(), self.way.budget)?;
        let provided = request.into_inner();
        let id = convert::case_id(&provided.case_id)?;
        let today = london_day(self.way.clock.now());
        let step =
            since_seen(move |case, seen| Ok(case.provided(&convert::information(&provided), today, seen)?));
        let (case, allowance) = self.way.reopen(&organisation, id, step, budget).await?;
        let case = Some(convert::case(&case, self.way.clock.now()));
        Ok(told(ProvideInformationResponse { case }, allowance))
    }

    async fn dispute_answer(&self, request: Request<DisputeAnswerRequest>) -> Reply<DisputeAnswerResponse> {
        let organisation = organisation(&request)?;
        let budget = deadline::budget(request.metadata(), self.way.budget)?;
        let (id, reason) = convert::dispute(request.into_inner())?;
        let step = since_seen(move |case, seen| Ok(case.disputed(&reason, seen)?));
        let (case, allowance) = self.way.reopen(&organisation, id, step, budget).await?;
        let case = Some(convert::case(&case, self.way.clock.now()));
        Ok(told(DisputeAnswerResponse { case }, allowance))
    }

    async fn withdraw_case(&self, request: Request<WithdrawCaseRequest>) -> Reply<WithdrawCaseResponse> {
        let organisation = organisation(&request)?;
        let id = convert::case_id(&request.get_ref().case_id)?;
        let step: Step = Box::new(|case| Ok(case.withdrawn()?));
        let case = self.way.cases.step(&organisation, id, step).await?;
        Ok(Response::new(WithdrawCaseResponse {
            case: Some(convert::case(&case, self.way.clock.now())),
        }))
    }

    async fn give_feedback(&self, request: Request<GiveFeedbackRequest>) -> Reply<GiveFeedbackResponse> {
        let organisation = organisation(&request)?;
        let (id, usage) = convert::feedback(request.get_ref())?;
        let step: Step = Box::new(move |case| Ok(case.used(usage)?));
        let told = self.way.cases.step(&organisation, id, step).await;
        if usage == Use::Refused && matches!(told, Err(Error::NotNow(_))) {
            tracing::warn!(case = %id, %organisation, "a caller says that it refused a person whom it may not refuse");
        }
        told?;
        Ok(Response::new(GiveFeedbackResponse {}))
    }

    type WatchCasesStream = ReplyStream<WatchCasesResponse>;

    async fn watch_cases(&self, request: Request<WatchCasesRequest>) -> Reply<Self::WatchCasesStream> {
        let organisation = organisation(&request)?;
        let farewell = request.extensions().get::<Farewell>().cloned();
        let wanted = convert::watch_request(request.get_ref(), organisation)?;
        if let Some(id) = wanted.only {
            self.way.cases.case(&wanted.organisation, id).await?;
        }
        let follower = self.following.follow(wanted).await?;
        let began = follower.reached().to_string();
        let events = watching::events(follower, farewell.unwrap_or_default());
        let mut response = Response::new(events.boxed() as Self::WatchCasesStream);
        // A token is base64, which is always a value.
        if let Ok(began) = began.parse() {
            response.metadata_mut().insert(watching::RESUME_TOKEN, began);
        }
        Ok(response)
    }
}

/// A step on the case as it was seen first: with it comes the version that its caller could see then.
fn since_seen(step: impl Fn(&Case, u64) -> Result<Option<EventKind>, Error> + Send + Sync + 'static) -> Step {
    let seen = OnceLock::new();
    Box::new(move |case| step(case, *seen.get_or_init(|| case.told_version)))
}

/// A response, with what is left of the rates in its headers.
fn told<T>(response: T, allowance: Option<Allowance>) -> Response<T> {
    let mut response = Response::new(response);
    if let Some(allowance) = allowance {
        allowance.write(response.metadata_mut());
    }
    response
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
