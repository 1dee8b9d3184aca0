//! Traces: which calls are followed, and what is told of those that are.
//!
//! Whether a call is followed is decided before anything is made for it: one in so many by our own dice, and beside those the ones
//! whose caller follows them, as far as a bound in all. So nobody outside can have every call followed, and none can keep out
//! of the dice. Of a call that is followed the caller's trace goes on, here and out to the departments; of any other nothing
//! goes out. What else a caller may put beside a trace (`tracestate`, baggage) is neither kept nor passed on.
//!
//! A span says which stage or department, how long, and what came of it; nothing about the person or the case.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use jiff::SignedDuration;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanKind, Status as SpanStatus, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span as SdkSpan};
use opentelemetry_semantic_conventions::attribute;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use tonic::Code;
use tracing::Instrument as _;

use super::SCOPE;
use super::catalogue::CODES;
use super::sampling::Sampling;

const TRACEPARENT: &str = "traceparent";

tokio::task_local! {
    /// The trace of the call that a task works on; none where it is not followed.
    static CURRENT: Option<Trace>;
}

/// Follows calls.
pub(crate) struct Tracer {
    to: Option<(SdkTracer, Sampling)>,
    clock: SharedClock,
}

/// A call that is followed.
#[derive(Clone)]
pub(crate) struct Trace(Arc<Followed>);

struct Followed {
    tracer: SdkTracer,
    /// Spans made under it are the call's own.
    context: Context,
    clock: SharedClock,
    /// Lines of the log that are written under it have the trace's id.
    lines: tracing::Span,
}

/// The span of the whole call.
pub(crate) struct Root {
    trace: Trace,
    span: SdkSpan,
}

/// The span of a question to a department.
pub(crate) struct Asking {
    trace: Trace,
    span: SdkSpan,
}

impl Tracer {
    /// Follows what `sampling` lets, and hands it to `provider`; with none, nothing.
    pub(super) fn new(to: Option<(&SdkTracerProvider, Sampling)>, clock: SharedClock) -> Self {
        Self {
            to: to.map(|(provider, sampling)| (provider.tracer(SCOPE), sampling)),
            clock,
        }
    }

    /// Follows a call of `method` that came with `headers`, or does not.
    pub(crate) fn follow(&self, method: &str, headers: &HeaderMap) -> Option<Root> {
        let (tracer, sampling) = self.to.as_ref()?;
        let caller = parent(headers);
        if !sampling.follows(caller.as_ref().is_some_and(SpanContext::is_sampled)) {
            return None;
        }
        let parent = caller.map_or_else(Context::new, |caller| {
            Context::new().with_remote_span_context(caller)
        });
        let span = tracer
            .span_builder(method.to_owned())
            .with_kind(SpanKind::Server)
            .with_start_time(SystemTime::from(self.clock.now()))
            .with_attributes([
                KeyValue::new(attribute::RPC_SYSTEM_NAME, "grpc"),
                KeyValue::new(attribute::RPC_METHOD, method.to_owned()),
            ])
            .start_with_context(tracer, &parent);
        let context = span.span_context().clone();
        let trace = Trace(Arc::new(Followed {
            tracer: tracer.clone(),
            lines: tracing::info_span!("call", trace_id = %context.trace_id()),
            context: Context::new().with_remote_span_context(context),
            clock: self.clock.clone(),
        }));
        Some(Root { trace, span })
    }
}

/// What the caller says that it follows, and nothing else that it may say.
fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    struct Parent<'a>(&'a HeaderMap);
    impl Extractor for Parent<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            let value = self.0.get(key).filter(|_| key == TRACEPARENT)?;
            value.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            vec![TRACEPARENT]
        }
    }
    headers.get(TRACEPARENT)?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(headers));
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

impl Root {
    pub(crate) fn trace(&self) -> Trace {
        self.trace.clone()
    }

    /// The call has ended with `code`.
    pub(crate) fn end(mut self, code: Code) {
        let name = CODES[code as usize];
        self.span
            .set_attribute(KeyValue::new(attribute::RPC_RESPONSE_STATUS_CODE, name));
        if is_ours(code) {
            self.span
                .set_attribute(KeyValue::new(attribute::ERROR_TYPE, name));
            self.span.set_status(SpanStatus::error(""));
        }
        self.span.end_with_timestamp(self.trace.now());
    }
}

/// Codes that count as errors of the server, by the semantic conventions of gRPC.
const fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

impl Trace {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.clock.now())
    }

    fn stage(&self, name: &'static str, took: Duration) {
        let ended = self.0.clock.now();
        let took = SignedDuration::try_from(took).unwrap_or_default();
        let began = ended.saturating_sub(took).unwrap_or(ended);
        let mut span = self
            .0
            .tracer
            .span_builder(name)
            .with_start_time(SystemTime::from(began))
            .start_with_context(&self.0.tracer, &self.0.context);
        span.end_with_timestamp(SystemTime::from(ended));
    }
}

/// A stage of the call that this task works on took so long.
pub(super) fn stage(name: &'static str, took: Duration) {
    // Outside of any call there is nobody who follows it.
    CURRENT
        .try_with(|trace| {
            if let Some(trace) = trace {
                trace.stage(name, took);
            }
        })
        .unwrap_or_default();
}

/// Does what takes no waiting under `trace`.
pub(crate) fn at_once(trace: &Option<Trace>, work: impl FnOnce()) {
    match trace {
        Some(_) => CURRENT.sync_scope(trace.clone(), work),
        None => work(),
    }
}

/// A question goes to a department, for the call that this task works on.
pub(crate) fn asking(department: DepartmentId) -> Option<Asking> {
    let trace = current()?;
    let span = trace
        .0
        .tracer
        .span_builder(format!("ask {department}"))
        .with_kind(SpanKind::Client)
        .with_start_time(trace.now())
        .with_attributes([KeyValue::new("statuscheck.department", department.as_str())])
        .start_with_context(&trace.0.tracer, &trace.0.context);
    Some(Asking { trace, span })
}

impl Asking {
    /// What goes to the department, so that its own spans join the trace.
    pub(crate) fn traceparent(&self) -> String {
        let context = self.span.span_context();
        format!("00-{}-{}-01", context.trace_id(), context.span_id())
    }

    /// The reply is in, or there is none.
    pub(crate) fn end(mut self, result: &'static str, is_error: bool) {
        self.span
            .set_attribute(KeyValue::new("statuscheck.result", result));
        if is_error {
            self.span
                .set_attribute(KeyValue::new(attribute::ERROR_TYPE, result));
            self.span.set_status(SpanStatus::error(""));
        }
        self.span.end_with_timestamp(self.trace.now());
    }
}

/// The trace that this task works under.
pub(crate) fn current() -> Option<Trace> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// `work`, under `trace`: what a task is given that goes on with a call.
pub(crate) fn within<F: Future>(trace: Option<Trace>, work: F) -> impl Future<Output = F::Output> {
    let lines = trace.as_ref().map(|trace| trace.0.lines.clone());
    CURRENT
        .scope(trace, work)
        .instrument(lines.unwrap_or_else(tracing::Span::none))
}
