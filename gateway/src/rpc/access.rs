//! Which kind of peer may call which service: denied unless it stands in the table.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;

use crate::error::Error;
use crate::peer::{Connected, PeerKind};
use crate::telemetry::{Answer, Figures, Stage, Tracer, trace};

use PeerKind::{Department, Ops, Organisation, Taskforce};

const EVERYONE: &[PeerKind] = &[Organisation, Department, Taskforce, Ops];

/// Service, methods (none: all others of the service), and who may call them. The first row that fits decides.
const MAY_CALL: &[(&str, &[&str], &[PeerKind])] = &[
    ("statuscheck.v1.StatusCheckService", &[], &[Organisation]),
    ("statuscheck.adapter.v1.DeskService", &[], &[Department]),
    // Departments serve it; nobody calls it here.
    ("statuscheck.adapter.v1.AdapterService", &[], &[]),
    ("statuscheck.referral.v1.ReferralService", &[], &[Taskforce]),
    (
        "statuscheck.register.v1.RegisterService",
        &["PlanRegister", "ApplyRegister", "ListVersions"],
        &[Ops],
    ),
    // Of the departments, those of the agreement.
    (
        "statuscheck.register.v1.RegisterService",
        &["GetMeasures"],
        &[Department, Ops],
    ),
    ("statuscheck.register.v1.RegisterService", &[], EVERYONE),
    ("statuscheck.ops.v1.OpsService", &[], &[Ops]),
    ("grpc.health.v1.Health", &[], EVERYONE),
    ("grpc.reflection.v1.ServerReflection", &[], EVERYONE),
    ("grpc.reflection.v1alpha.ServerReflection", &[], EVERYONE),
];

/// Lets a request through to the services only if its peer may make it.
#[derive(Clone)]
pub(crate) struct Access<S> {
    inner: S,
    figures: Arc<Figures>,
    tracer: Arc<Tracer>,
}

impl<S> Access<S> {
    pub(crate) const fn new(inner: S, figures: Arc<Figures>, tracer: Arc<Tracer>) -> Self {
        Self {
            inner,
            figures,
            tracer,
        }
    }
}

impl<S, B> Service<Request<B>> for Access<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let began = self.figures.begin();
        let mut call = self.figures.call(request.uri().path(), began);
        let followed = call
            .as_mut()
            .and_then(|call| call.follow(&self.tracer, request.headers()));
        let permitted = permit(&request);
        trace::at_once(&followed, || self.figures.stage(Stage::Peer, began));
        match permitted {
            Ok(()) => {
                let answering = self.inner.call(request);
                let answering = answering
                    .map(|response| response.map(|response| Answer::to(call, in_our_words(response))));
                match followed {
                    Some(_) => trace::within(followed, answering).boxed(),
                    // Whoever asks which trace this is outside of any gets none, and pays nothing on the way.
                    None => answering.boxed(),
                }
            }
            Err(error) => {
                let refused = Answer::to(call, Status::from(error).into_http());
                std::future::ready(Ok(refused)).boxed()
            }
        }
    }
}

fn permit<B>(request: &Request<B>) -> Result<(), Error> {
    let Some(connected) = request.extensions().get::<Arc<Connected>>() else {
        return Err(Error::NoIdentity(crate::peer::PeerError::NoUri));
    };
    let peer = connected
        .peer
        .as_ref()
        .map_err(|error| Error::NoIdentity(*error))?;
    let mut path = request.uri().path().trim_start_matches('/').splitn(2, '/');
    let (service, method) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let fits = |row: &&(&'static str, &[&str], &[PeerKind])| {
        row.0 == service && (row.1.is_empty() || row.1.contains(&method))
    };
    match MAY_CALL.iter().find(fits) {
        Some((_, _, kinds)) if kinds.contains(&peer.kind()) => Ok(()),
        Some((service, _, _)) => Err(Error::WrongPeer { service }),
        None => Err(Error::NotServed),
    }
}

/// Three refusals are tonic's, before a handler sees the call, and come without details, which ours never do:
/// OUT_OF_RANGE for a message over the limit; INTERNAL for bytes that are no message, which is the caller's fault and must
/// not look like ours; UNIMPLEMENTED for a method or service that is not there. The last comes with a message where it is
/// about a compression that we do not take; that one says all there is to say.
fn in_our_words(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    let Some(code) = headers.get(Status::GRPC_STATUS) else {
        return response;
    };
    if headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return response;
    }
    let error = match Code::from_bytes(code.as_bytes()) {
        Code::OutOfRange => Error::MessageTooLarge,
        Code::Internal => Error::NotAMessage,
        Code::Unimplemented if !headers.contains_key(Status::GRPC_MESSAGE) => Error::NotServed,
        _ => return response,
    };
    Status::from(error).into_http()
}
