//! A receiver of OTLP that keeps all that is sent to it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// Listens until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    kept: Kept,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Clone, Default)]
struct Kept {
    spans: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    figures: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
}

impl Receiver {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let kept = Kept::default();
        let server = Server::builder()
            .add_service(TraceServiceServer::new(kept.clone()))
            .add_service(MetricsServiceServer::new(kept.clone()));
        let serving = server.serve_with_incoming(TcpListenerStream::new(socket));
        let serving = tokio::spawn(async move { serving.await.expect("a receiver") });
        Self {
            address,
            kept,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span that was sent.
    pub fn spans(&self) -> Vec<Span> {
        let kept = self.kept.spans.lock().expect("no receiver panics");
        let of_resources = kept.iter().flat_map(|request| &request.resource_spans);
        let of_scopes = of_resources.flat_map(|resource| &resource.scope_spans);
        of_scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The names of all figures that were sent.
    pub fn figures(&self) -> Vec<String> {
        let kept = self.kept.figures.lock().expect("no receiver panics");
        let of_resources = kept.iter().flat_map(|request| &request.resource_metrics);
        let of_scopes = of_resources.flat_map(|resource| &resource.scope_metrics);
        let metrics = of_scopes.flat_map(|scope| &scope.metrics);
        metrics.map(|metric| metric.name.clone()).collect()
    }

    /// All that was sent, byte by byte.
    pub fn bytes(&self) -> Vec<u8> {
        let spans = self.kept.spans.lock().expect("no receiver panics");
        let figures = self.kept.figures.lock().expect("no receiver panics");
        let spans = spans.iter().flat_map(|request| request.encode_to_vec());
        spans
            .chain(figures.iter().flat_map(|request| request.encode_to_vec()))
            .collect()
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = self.spans.lock().expect("no receiver panics");
        spans.push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Kept {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut figures = self.figures.lock().expect("no receiver panics");
        figures.push(request.into_inner());
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}
