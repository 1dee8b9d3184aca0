//! From the catalogue to OpenTelemetry's instruments.

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, StringValue};

use super::catalogue::{Instrument, Kind};

impl Instrument {
    pub(super) fn counter(&self, meter: &Meter) -> Counter<u64> {
        debug_assert_eq!(self.kind, Kind::Counter, "{}", self.name);
        let counter = meter.u64_counter(self.name);
        counter.with_unit(self.unit).with_description(self.help).build()
    }

    pub(super) fn gauge(&self, meter: &Meter) -> Gauge<u64> {
        debug_assert_eq!(self.kind, Kind::Gauge, "{}", self.name);
        let gauge = meter.u64_gauge(self.name);
        gauge.with_unit(self.unit).with_description(self.help).build()
    }

    pub(super) fn histogram(&self, meter: &Meter) -> Histogram<f64> {
        let Kind::Histogram(bounds) = self.kind else {
            unreachable!("{} is no histogram", self.name)
        };
        let histogram = meter.f64_histogram(self.name).with_boundaries(bounds.to_vec());
        histogram.with_unit(self.unit).with_description(self.help).build()
    }

    /// A gauge, or a counter that somebody else counts, that is looked at whenever it is told: `look` gives each value with
    /// those of its labels, in their order.
    pub(super) fn watched(
        &self,
        meter: &Meter,
        look: impl Fn(&mut dyn FnMut(f64, &[&'static str])) + Send + Sync + 'static,
    ) {
        let labels = self.labels;
        let with_labels = move |values: &[&'static str]| -> Vec<KeyValue> {
            let pairs = labels.iter().zip(values);
            pairs
                .map(|(label, value)| KeyValue::new(label.name, *value))
                .collect()
        };
        match self.kind {
            Kind::Gauge => {
                let gauge = meter.f64_observable_gauge(self.name).with_unit(self.unit);
                gauge
                    .with_description(self.help)
                    .with_callback(move |observer| {
                        look(&mut |value, values| observer.observe(value, &with_labels(values)));
                    })
                    .build();
            }
            Kind::Counter => {
                let counter = meter.f64_observable_counter(self.name).with_unit(self.unit);
                counter
                    .with_description(self.help)
                    .with_callback(move |observer| {
                        look(&mut |value, values| observer.observe(value, &with_labels(values)));
                    })
                    .build();
            }
            Kind::Histogram(_) => unreachable!("{} is a histogram, which nobody else counts", self.name),
        }
    }

    /// Its labels with these values, in their order.
    pub(super) fn with<const N: usize>(&self, values: [StringValue; N]) -> [KeyValue; N] {
        debug_assert_eq!(self.labels.len(), N, "{}", self.name);
        let mut names = self.labels.iter();
        values.map(|value| KeyValue::new(names.next().map_or("", |label| label.name), value))
    }
}
