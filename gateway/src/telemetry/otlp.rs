//! OTLP, as the environment says: nothing is sent unless it names an endpoint.
//!
//! The variables are those of OpenTelemetry's specification. `OTEL_EXPORTER_OTLP_*`, `OTEL_METRIC_EXPORT_INTERVAL`,
//! `OTEL_BSP_*` and `OTEL_SPAN_*` are read by its libraries, the others here.

use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::PeriodicReader;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use super::TraceSettings;

/// Why nothing can be sent, or shown.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Only gRPC is spoken.
    #[error("OTEL_EXPORTER_OTLP_PROTOCOL must be grpc, which is also the default here")]
    Protocol,
    /// A sampler that is not there.
    #[error(
        "OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, or one of these after parentbased_"
    )]
    Sampler,
    /// Not a part of the whole.
    #[error("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1")]
    SamplerArgument,
    /// The endpoint or what goes with it cannot be used.
    #[error("the OTLP exporter cannot be set up by the variables OTEL_EXPORTER_OTLP_*")]
    Exporter(#[from] ExporterBuildError),
    /// The figures cannot be shown.
    #[error("the page of figures cannot be set up")]
    Page(#[from] OTelSdkError),
}

/// What the environment wants sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exports {
    metrics: bool,
    traces: bool,
    sampler: Option<String>,
    sampler_argument: Option<String>,
    foreign_protocol: bool,
    named: bool,
    /// Where to, whatever the environment says.
    endpoint: Option<String>,
}

impl Exports {
    /// Nothing is sent, whatever the environment says.
    pub fn none() -> Self {
        Self::default()
    }

    /// Figures and traces go to `endpoint`, whatever the environment says; for programs that are set up otherwise.
    pub fn to(endpoint: &str) -> Self {
        Self {
            metrics: true,
            traces: true,
            endpoint: Some(endpoint.to_owned()),
            ..Self::default()
        }
    }

    /// As the environment says.
    pub fn from_environment() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| {
            variable(name)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let disabled = set("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let wanted = |signal: &str| {
            let endpoint = set("OTEL_EXPORTER_OTLP_ENDPOINT")
                .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));
            let exporter = set(&format!("OTEL_{signal}_EXPORTER"));
            !disabled && endpoint.is_some() && exporter.is_none_or(|exporter| exporter == "otlp")
        };
        let foreign = |name: &str| set(name).is_some_and(|protocol| protocol != "grpc");
        Self {
            metrics: wanted("METRICS"),
            traces: wanted("TRACES"),
            sampler: set("OTEL_TRACES_SAMPLER"),
            sampler_argument: set("OTEL_TRACES_SAMPLER_ARG"),
            foreign_protocol: [
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            ]
            .into_iter()
            .any(foreign),
            endpoint: None,
            named: set("OTEL_SERVICE_NAME").is_some()
                || set("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|text| text.contains("service.name=")),
        }
    }

    fn check(&self) -> Result<(), ExportError> {
        if (self.metrics || self.traces) && self.foreign_protocol {
            return Err(ExportError::Protocol);
        }
        Ok(())
    }

    /// Who it is that tells: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, or the program's own name.
    pub(super) fn resource(&self) -> Resource {
        let resource = Resource::builder();
        let resource = if self.named {
            resource
        } else {
            resource.with_service_name("statuscheck")
        };
        resource
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build()
    }

    /// Sends what is told of calls that are followed.
    pub(super) fn traces(&self) -> Result<Option<SdkTracerProvider>, ExportError> {
        self.check()?;
        if !self.traces {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_tonic();
        let exporter = match &self.endpoint {
            Some(endpoint) => exporter.with_endpoint(endpoint),
            None => exporter,
        }
        .build()?;
        let spans = SdkTracerProvider::builder()
            .with_resource(self.resource())
            // What is followed was decided before there was a span.
            .with_sampler(Sampler::AlwaysOn)
            .with_batch_exporter(exporter);
        Ok(Some(spans.build()))
    }

    /// Which calls are followed: as `OTEL_TRACES_SAMPLER` says, or else by `settings`. Where it names a sampler that looks at the
    /// caller's, the bound on callers stays that of the settings.
    pub(super) fn sampling(&self, settings: TraceSettings) -> Result<TraceSettings, ExportError> {
        let ratio = || {
            let ratio = self.sampler_argument.as_deref().map_or(Ok(1.0), str::parse);
            let ratio = ratio.ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.ok_or(ExportError::SamplerArgument)
        };
        let Some(sampler) = self.sampler.as_deref() else {
            return Ok(settings);
        };
        let (by_callers, name) = match sampler.strip_prefix("parentbased_") {
            Some(name) => (settings.callers_per_second_max, name),
            None => (0, sampler),
        };
        let ratio = match name {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => ratio()?,
            _ => return Err(ExportError::Sampler),
        };
        Ok(TraceSettings {
            ratio,
            callers_per_second_max: by_callers,
        })
    }

    /// Sends figures, every minute unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise.
    pub(super) fn metrics(&self) -> Result<Option<PeriodicReader<MetricExporter>>, ExportError> {
        self.check()?;
        if !self.metrics {
            return Ok(None);
        }
        let exporter = MetricExporter::builder().with_tonic();
        let exporter = match &self.endpoint {
            Some(endpoint) => exporter.with_endpoint(endpoint),
            None => exporter,
        }
        .build()?;
        Ok(Some(PeriodicReader::builder(exporter).build()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &'static [(&'static str, &'static str)]) -> Exports {
        Exports::from(|name| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317");

    #[test]
    fn nothing_is_sent_unless_an_endpoint_is_named() {
        for environment in [
            given(&[]),
            given(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]),
            given(&[("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_SAMPLER", "always_on")]),
            given(&[ENDPOINT, ("OTEL_SDK_DISABLED", "true")]),
        ] {
            assert!(!environment.metrics && !environment.traces);
        }
        let all = given(&[ENDPOINT]);
        assert!(all.metrics && all.traces && !all.named);
    }

    #[test]
    fn each_signal_can_be_sent_alone() {
        let traces = given(&[ENDPOINT, ("OTEL_METRICS_EXPORTER", "none")]);
        assert!(traces.traces && !traces.metrics);
        let metrics = given(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:4317")]);
        assert!(metrics.metrics && !metrics.traces);
    }

    #[test]
    fn the_sampler_of_the_environment_comes_before_the_settings() {
        let settings = TraceSettings::default();
        let of = |environment: Exports| {
            let sampling = environment.sampling(settings.clone());
            sampling
                .map(|sampling| (sampling.ratio, sampling.callers_per_second_max))
                .ok()
        };
        assert_eq!(of(given(&[])), Some((0.01, 10)));
        assert_eq!(of(given(&[("OTEL_TRACES_SAMPLER", "always_on")])), Some((1.0, 0)));
        assert_eq!(
            of(given(&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")])),
            Some((0.0, 10))
        );
        const RATIO: (&str, &str) = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
        assert_eq!(of(given(&[RATIO])), Some((1.0, 10)));
        assert_eq!(
            of(given(&[RATIO, ("OTEL_TRACES_SAMPLER_ARG", "0.25")])),
            Some((0.25, 10))
        );
        assert_eq!(of(given(&[RATIO, ("OTEL_TRACES_SAMPLER_ARG", "25")])), None);
        assert_eq!(of(given(&[("OTEL_TRACES_SAMPLER", "jaeger_remote")])), None);
    }

    #[test]
    fn another_protocol_than_grpc_is_refused_where_something_is_to_be_sent() {
        const HTTP: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        assert!(given(&[HTTP]).check().is_ok());
        assert!(matches!(
            given(&[ENDPOINT, HTTP]).check(),
            Err(ExportError::Protocol)
        ));
        assert!(given(&[ENDPOINT]).check().is_ok());
    }
}
