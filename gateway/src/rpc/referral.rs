//! `statuscheck.referral.v1.ReferralService`: people held back from a refusal, for the Windrush taskforce.

use std::sync::Arc;

use statuscheck_proto::referral::v1::referral_service_server::ReferralService;
use statuscheck_proto::referral::v1::{
    GetReferralRequest, GetReferralResponse, ListReferralsRequest, ListReferralsResponse,
    RequestInformationRequest, RequestInformationResponse, ResolveRequest, ResolveResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::peer::{Connected, Peer, PeerError};
use crate::referrals::Taskforce;
use crate::rpc::convert::referral as convert;
use crate::rpc::operator::to_the_end;

/// The service.
pub(crate) struct Referrals {
    pub(crate) taskforce: Arc<Taskforce>,
}

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ReferralService for Referrals {
    async fn list_referrals(&self, request: Request<ListReferralsRequest>) -> Reply<ListReferralsResponse> {
        member(&request)?;
        let page = convert::page(request.get_ref())?;
        let (found, next) = self.taskforce.page(page.states, page.after, page.limit).await?;
        let now = self.taskforce.now();
        Ok(Response::new(convert::listed(&found, next, now)))
    }

    async fn get_referral(&self, request: Request<GetReferralRequest>) -> Reply<GetReferralResponse> {
        let by = member(&request)?;
        let id = convert::referral_id(&request.get_ref().referral_id)?;
        let referred = self.taskforce.view(id, &by).await?;
        let referral = Some(convert::viewed(&referred, self.taskforce.now()));
        Ok(Response::new(GetReferralResponse { referral }))
    }

    async fn resolve(&self, request: Request<ResolveRequest>) -> Reply<ResolveResponse> {
        let by = member(&request)?;
        let (id, found, note) = convert::found(request.get_ref())?;
        let taskforce = Arc::clone(&self.taskforce);
        to_the_end(async move {
            let referred = taskforce.resolve(id, &found, &note, &by).await?;
            let referral = Some(convert::listed_one(&referred, taskforce.now()));
            Ok(ResolveResponse { referral })
        })
        .await
    }

    async fn request_information(
        &self,
        request: Request<RequestInformationRequest>,
    ) -> Reply<RequestInformationResponse> {
        let by = member(&request)?;
        let (id, fields) = convert::information(request.get_ref())?;
        self.taskforce.request_information(id, &fields, &by).await?;
        Ok(Response::new(RequestInformationResponse {}))
    }
}

/// The calling member of the taskforce, as the certificate names them. The guard has let only the taskforce through; this is
/// the proof by type.
fn member<T>(request: &Request<T>) -> Result<String, Error> {
    let service = "statuscheck.referral.v1.ReferralService";
    let connected = request.extensions().get::<Arc<Connected>>();
    match connected.map(|connected| &connected.peer) {
        Some(Ok(Peer::Taskforce(id))) => Ok(format!("taskforce/{}", id.as_str())),
        Some(Ok(_)) => Err(Error::WrongPeer { service }),
        Some(Err(error)) => Err(Error::NoIdentity(*error)),
        None => Err(Error::NoIdentity(PeerError::NoUri)),
    }
}
