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

use super::series::Of;
use super::{Began, Figures};
use crate::rpc::methods;
use crate::telemetry::catalogue::{CALLS, CODES};
use crate::telemetry::trace::{Root, Trace, Tracer};

/// What callers ask for that is not in the contract; they choose the name, so it is not told.
const OTHER: &str = "_OTHER";

/// The call that asks one check.
const CHECK: &str = "statuscheck.v1.StatusCheckService/Check";

/// The figures of all methods.
pub(super) struct Calls {
    all: Histogram<f64>,
    places: HashMap<String, Method>,
    methods: Vec<Counted>,
}

/// The place of a method among all.
#[derive(Clone, Copy)]
pub(super) struct Method(u16);

struct Counted {
    name: String,
    /// It asks one check.
    is_check: bool,
    by_code: [OnceLock<BoundHistogram<f64>>; CODES.len()],
}

/// A call that is measured. Where it is dropped before it has a status, its caller went.
pub(crate) struct Call {
    figures: Arc<Figures>,
    method: Method,
    began: Began,
    told: bool,
    /// In a place of its own: a call is moved often, and rarely followed.
    root: Option<Box<Root>>,
}

impl Calls {
    pub(super) fn new(all: Histogram<f64>) -> Self {
        let mut calls = Self {
            all,
            places: HashMap::new(),
            methods: Vec::new(),
        };
        for (place, name) in (0..).zip(std::iter::once(OTHER.to_owned()).chain(methods::all())) {
            calls.places.insert(format!("/{name}"), Method(place));
            calls.methods.push(Counted {
                is_check: name == CHECK,
                name,
                by_code: Default::default(),
            });
        }
        calls
    }

    fn method(&self, path: &str) -> Method {
        self.places.get(path).copied().unwrap_or(Method(0))
    }

    fn name(&self, method: Method) -> &str {
        &self.methods[usize::from(method.0)].name
    }

    /// A call has ended after so many seconds; whether it asked one check.
    pub(super) fn record(&self, method: Method, code: Code, seconds: f64) -> bool {
        let method = &self.methods[usize::from(method.0)];
        let code = code as usize;
        let bind = || {
            let labels = CALLS.with(["grpc".into(), method.name.clone().into(), CODES[code].into()]);
            self.all.bind(&labels)
        };
        method.by_code[code].get_or_init(bind).record(seconds);
        method.is_check
    }
}

impl Call {
    /// A call to `path` that began then.
    pub(super) fn new(figures: &Arc<Figures>, path: &str, began: Began) -> Self {
        Self {
            figures: Arc::clone(figures),
            method: figures.series.calls.method(path),
            began,
            told: false,
            root: None,
        }
    }

    /// Follows it too, where `tracer` says so; the trace under which it is to be worked on.
    pub(crate) fn follow(&mut self, tracer: &Tracer, headers: &HeaderMap) -> Option<Trace> {
        let name = self.figures.series.calls.name(self.method);
        let root = Box::new(tracer.follow(name, headers)?);
        let trace = root.trace();
        self.root = Some(root);
        Some(trace)
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        if let Some(root) = self.root.take() {
            root.end(code);
        }
        if let Some(took) = self.figures.since(self.began) {
            self.figures.note([Of::Call(self.method, code).took(took)]);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The caller can do nothing about it: the codes that the alerts count, too.
pub(super) const fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss
    )
}

fn code(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(code.as_bytes()))
}

/// An answer; where its call is measured, the status does not count as told until it is in the headers, or with the last of
/// the body.
pub(crate) struct Answer {
    body: Body,
    call: Option<Call>,
}

impl Answer {
    /// What is answered to `call`, which is measured or not.
    pub(crate) fn to(mut call: Option<Call>, response: Response<Body>) -> Response<Self> {
        if let Some(told) = &mut call
            && let Some(code) = code(response.headers())
        {
            told.end(code);
        }
        response.map(|body| Self { body, call })
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some(call) = &mut self.call else {
            return Poll::Ready(frame);
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    call.end(code(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => call.end(status.code()),
            None => call.end(Code::Unknown),
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
