//! What the gateway tells of itself to those who run it: figures, whether it is ready, and traces. All of it is bounded, and
//! none of it is about a person.
//!
//! Every instrument stands in [`catalogue`]; [`Figures`] is where the rest of the gateway counts. There are two ways out of the
//! one measuring: a page in Prometheus' format on a listener of its own, and OTLP where the environment names an endpoint.

pub mod catalogue;
mod figures;
mod hour;
mod meters;
mod otlp;
mod page;
mod readiness;
mod rounds;
mod sampling;
pub(crate) mod trace;
mod under;
mod watched;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use serde::Deserialize;
use statuscheck_domain::clock::SharedClock;

pub(crate) use self::figures::calls::Answer;
pub(crate) use self::figures::{Figures, Stage, result_name};
pub(crate) use self::hour::{Load, MINUTES, Minute};
pub use self::otlp::{ExportError, Exports};
pub(crate) use self::page::Page;
use self::page::Pages;
pub(crate) use self::readiness::{Parts, Readiness};
pub(crate) use self::rounds::Rounds;
use self::sampling::Sampling;
pub use self::sampling::TraceSettings;
pub(crate) use self::trace::Tracer;
pub(crate) use self::watched::Watched;
use crate::ops::Live;
use crate::tls::Tls;

/// Who measures, as OpenTelemetry calls it.
const SCOPE: &str = "statuscheck";

/// What the gateway tells, and where.
#[derive(Clone, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// Where `/metrics`, `/livez` and `/readyz` are served; port 0 takes a free one. None by default: nobody is told anything.
    /// On a loopback address that is plain HTTP; on any other the gateway's own TLS, and for operators' certificates alone.
    pub listen: Option<SocketAddr>,
    /// TLS on a loopback address too, where others share the machine.
    pub tls: bool,
    /// How often open cases and notices are counted for the figures. 15 s: as often as figures are usually read.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
    /// Which calls are followed.
    pub traces: TraceSettings,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            listen: None,
            tls: false,
            look_every: Duration::from_secs(15),
            traces: TraceSettings::default(),
        }
    }
}

/// The measuring, set up.
pub struct Telemetry {
    settings: TelemetrySettings,
    meters: SdkMeterProvider,
    registry: Registry,
    figures: Arc<Figures>,
    spans: Option<SdkTracerProvider>,
    tracer: Arc<Tracer>,
}

impl Telemetry {
    /// Measures for what `settings` and `exports` want; where that is nothing, nothing is measured. To be called in a tokio
    /// runtime, which has to last as long as it.
    ///
    /// # Errors
    /// [`ExportError`]
    pub fn new(
        settings: TelemetrySettings,
        exports: &Exports,
        clock: SharedClock,
    ) -> Result<Self, ExportError> {
        let registry = Registry::new();
        let mut meters = SdkMeterProvider::builder().with_resource(exports.resource());
        let mut is_read = false;
        if settings.listen.is_some() {
            let page = opentelemetry_prometheus::exporter()
                .with_registry(registry.clone())
                .scope_info_enabled(false);
            meters = meters.with_reader(page.build()?);
            is_read = true;
        }
        if let Some(reader) = exports.metrics()? {
            meters = meters.with_reader(reader);
            is_read = true;
        }
        let meters = meters.build();
        let spans = exports.traces()?;
        let sampling = Sampling::new(&exports.sampling(settings.traces.clone())?, &clock);
        let tracer = Tracer::new(spans.as_ref().map(|spans| (spans, sampling)), clock.clone());
        let is_measured = is_read || spans.is_some();
        let figures = Figures::new(&meters.meter(SCOPE), clock, is_measured);
        Ok(Self {
            settings,
            meters,
            registry,
            figures: Arc::new(figures),
            spans,
            tracer: Arc::new(tracer),
        })
    }

    /// Nothing is measured and nobody is told.
    pub fn off(clock: SharedClock) -> Self {
        let meters = SdkMeterProvider::builder().build();
        let tracer = Tracer::new(None, clock.clone());
        let figures = Figures::new(&meters.meter(SCOPE), clock, false);
        Self {
            settings: TelemetrySettings::default(),
            meters,
            registry: Registry::new(),
            figures: Arc::new(figures),
            spans: None,
            tracer: Arc::new(tracer),
        }
    }

    pub(crate) fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures)
    }

    pub(crate) fn tracer(&self) -> Arc<Tracer> {
        Arc::clone(&self.tracer)
    }

    /// The pages, where anybody is to be told; the address with what keeps it from being listened on.
    pub(crate) async fn page(
        &self,
        readiness: &Arc<Readiness>,
        tls: &Tls,
    ) -> Result<Option<Page>, (SocketAddr, io::Error)> {
        let Some(address) = self.settings.listen else {
            return Ok(None);
        };
        let pages = Pages {
            registry: self.registry.clone(),
            figures: self.figures(),
            readiness: Arc::clone(readiness),
        };
        let is_plain = address.ip().to_canonical().is_loopback() && !self.settings.tls;
        let bound = Page::bind(address, (!is_plain).then(|| tls.clone()), pages).await;
        bound.map(Some).map_err(|error| (address, error))
    }

    /// Has what `live` can tell read in rounds; run what is returned.
    pub(crate) fn rounds(&self, live: &Live) -> Rounds {
        let meter = self.meters.meter(SCOPE);
        Rounds::new(&meter, live, self.figures(), self.settings.look_every)
    }

    /// Has the rest looked at whenever the figures are told.
    pub(crate) fn watch(&self, watched: Watched) {
        watched::watch(&self.meters.meter(SCOPE), watched);
    }

    /// Sends what is left, within the exporter's own limit.
    pub(crate) async fn close(self) {
        // It waits for the receiver, on the thread that it is called on.
        let closing = tokio::task::spawn_blocking(move || {
            let spans = self.spans.map_or(Ok(()), |spans| spans.shutdown());
            self.meters.shutdown().and(spans)
        });
        if !matches!(closing.await, Ok(Ok(()))) {
            tracing::warn!("the last figures or traces were not sent");
        }
    }
}
