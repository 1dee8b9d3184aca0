//! `statuscheck.adapter.v1.DeskService`: what departments see of their questions, and what they say to them.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::try_unfold;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_proto::adapter::v1::desk_service_server::DeskService;
use statuscheck_proto::adapter::v1::{
    ListWorkRequest, ListWorkResponse, ReplyRequest, ReplyResponse, RequestInformationRequest,
    RequestInformationResponse, UploadFeedRequest, UploadFeedResponse, WatchWorkRequest, WatchWorkResponse,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::desk::Desk;
use crate::error::Error;
use crate::peer::{Connected, Peer, PeerError};
use crate::rpc::convert::desk as convert;
use crate::rpc::feeds;

/// The service.
pub(crate) struct Desks {
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: SharedClock,
}

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl DeskService for Desks {
    async fn list_work(&self, request: Request<ListWorkRequest>) -> Reply<ListWorkResponse> {
        let department = department(&request)?;
        let page = convert::page(request.get_ref())?;
        let (items, next) = self.desk.page(department, page.after, page.limit).await?;
        Ok(Response::new(convert::listed(items, next)))
    }

    type WatchWorkStream = Pin<Box<dyn Stream<Item = Result<WatchWorkResponse, Status>> + Send>>;

    async fn watch_work(&self, request: Request<WatchWorkRequest>) -> Reply<Self::WatchWorkStream> {
        let department = department(&request)?;
        let resume = convert::resume(request.get_ref())?;
        let watching = self.desk.watch(department, resume).await?;
        let told = try_unfold(watching, async |mut watching| {
            let told = watching.next().await?;
            Ok::<_, Status>(Some((convert::told(told), watching)))
        });
        Ok(Response::new(Box::pin(told)))
    }

    async fn reply(&self, request: Request<ReplyRequest>) -> Reply<ReplyResponse> {
        let department = department(&request)?;
        let id = convert::question_id(&request.get_ref().question_id)?;
        let now = self.clock.now();
        let parse = |operation| convert::reply(request.get_ref(), operation, now);
        self.desk.reply(department, id, parse).await?;
        Ok(Response::new(ReplyResponse {}))
    }

    async fn request_information(
        &self,
        request: Request<RequestInformationRequest>,
    ) -> Reply<RequestInformationResponse> {
        let department = department(&request)?;
        let (id, fields) = convert::information(request.get_ref())?;
        self.desk.request_information(department, id, &fields).await?;
        Ok(Response::new(RequestInformationResponse {}))
    }

    async fn upload_feed(&self, request: Request<Streaming<UploadFeedRequest>>) -> Reply<UploadFeedResponse> {
        let department = department(&request)?;
        let answer = feeds::upload(&self.desk, department, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}

/// The calling department. The guard has let only departments through; this is the proof by type.
fn department<T>(request: &Request<T>) -> Result<DepartmentId, Error> {
    let service = "statuscheck.adapter.v1.DeskService";
    let connected = request.extensions().get::<Arc<Connected>>();
    match connected.map(|connected| &connected.peer) {
        Some(Ok(Peer::Department(id))) => Ok(*id),
        Some(Ok(_)) => Err(Error::WrongPeer { service }),
        Some(Err(error)) => Err(Error::NoIdentity(*error)),
        None => Err(Error::NoIdentity(PeerError::NoUri)),
    }
}
