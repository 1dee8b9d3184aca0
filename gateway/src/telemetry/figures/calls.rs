//! Calls, by the semantic conventions of RPC: by method and status, each bound to its labels when it is first met.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Response};
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use opentelemetry::metrics::{BoundHistogram, Histogram};
use tonic::body::Body;
use tonic::{Code, Status};

use super::{Began, Figures};
use crate::rpc::methods;
use crate::telemetry::catalogue::{CALLS, CODES};
use crate::telemetry::hour::Load;
use crate::telemetry::trace::{Root, Trace, Tracer};

/// What callers ask for that is not in the contract; they choose the name, so it is not told.
const OTHER: &str = "_OTHER";

/// The call that asks one check.
const CHECK: &str = "statuscheck.v1.StatusCheckService/Check";

/// The figures of all methods.
pub(crate) struct Calls {
    known: HashMap<String, Arc<Method>>,
    other: Arc<Method>,
}

struct Method {
    name: String,
    /// It asks one check.
    is_check: bool,
    all: Histogram<f64>,
    by_code: [OnceLock<BoundHistogram<f64>>; CODES.len()],
}

/// A call that is measured. Where it is dropped before it has a status, its caller went.
pub(crate) struct Call {
    figures: Arc<Figures>,
    method: Arc<Method>,
    began: Began,
    told: bool,
    root: Option<Root>,
}

impl Calls {
    pub(super) fn new(all: Histogram<f64>) -> Self {
        let method = |name: String| {
            Arc::new(Method {
                is_check: name == CHECK,
                name,
                all: all.clone(),
                by_code: Default::default(),
            })
        };
        let known = methods::all().map(|name| (format!("/{name}"), method(name)));
        Self {
            known: known.collect(),
            other: method(OTHER.to_owned()),
        }
    }

    pub(super) fn begin(&self, figures: &Arc<Figures>, path: &str, began: Began) -> Call {
        Call {
            figures: Arc::clone(figures),
            method: Arc::clone(self.known.get(path).unwrap_or(&self.other)),
            began,
            told: false,
            root: None,
        }
    }
}

impl Call {
    /// Follows it too, where `tracer` says so; the trace under which it is to be worked on.
    pub(crate) fn follow(&mut self, tracer: &Tracer, headers: &HeaderMap) -> Option<Trace> {
        self.root = tracer.follow(&self.method.name, headers);
        self.root.as_ref().map(Root::trace)
    }

    /// Measures until the status is told: at once where it is in the headers, else with the last of the answer.
    pub(crate) fn of(mut self, response: Response<Body>) -> Response<Body> {
        if let Some(code) = code(response.headers()) {
            self.end(code);
            return response;
        }
        response.map(|body| Body::new(Measured { body, call: self }))
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        if let Some(root) = self.root.take() {
            root.end(code);
        }
        let Some(took) = self.figures.since(self.began) else {
            return;
        };
        if self.method.is_check {
            self.figures.hour.count(Load::Checks, took, is_our_fault(code));
        }
        let (method, code) = (&self.method, code as usize);
        let bind = || {
            let labels = CALLS.with(["grpc".into(), method.name.clone().into(), CODES[code].into()]);
            method.all.bind(&labels)
        };
        method.by_code[code].get_or_init(bind).record(took.as_secs_f64());
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The caller can do nothing about it: the codes that the alerts count, too.
const fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss
    )
}

fn code(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(code.as_bytes()))
}

/// A body whose end tells how the call went.
struct Measured {
    body: Body,
    call: Call,
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.end(code(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => {
                let code = status.code();
                self.call.end(code);
            }
            None => self.call.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
