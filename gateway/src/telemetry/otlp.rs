//! OTLP, as the environment says: nothing is sent unless it names an endpoint.
//!
//! The variables are those of OpenTelemetry's specification. `OTEL_EXPORTER_OTLP_*`, `OTEL_METRIC_EXPORT_INTERVAL`,
//! `OTEL_BSP_*` and `OTEL_SPAN_*` are read by its libraries, the others here.

use opentelemetry_otlp::{ExporterBuildError, MetricExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::PeriodicReader;

/// Why nothing can be sent, or shown.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Only gRPC is spoken.
    #[error("OTEL_EXPORTER_OTLP_PROTOCOL must be grpc, which is also the default here")]
    Protocol,
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
    foreign_protocol: bool,
    named: bool,
}

impl Exports {
    /// Nothing is sent, whatever the environment says.
    pub fn none() -> Self {
        Self::default()
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
            foreign_protocol: [
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            ]
            .into_iter()
            .any(foreign),
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

    /// Sends figures, every minute unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise.
    pub(super) fn metrics(&self) -> Result<Option<PeriodicReader<MetricExporter>>, ExportError> {
        self.check()?;
        if !self.metrics {
            return Ok(None);
        }
        let exporter = MetricExporter::builder().with_tonic().build()?;
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
