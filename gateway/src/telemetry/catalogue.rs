//! Every instrument of the gateway, once: its name, unit, meaning and labels. The Prometheus page, OTLP, the alerts' test and
//! the Grafana dashboard are all made from, or held to, this list.
//!
//! Every label is bounded, by what stands here or by the register. None carries a person, a case, or anything that a caller
//! may choose freely.

use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::DepartmentId;

mod list;
mod values;

pub use self::list::{
    ALL, CALLS, CERTIFICATE_EXPIRY, CHECKPOINT_AGE, CHECKS, CLOCK_LATENESS, CLOCK_OVERDUE, CLOCK_SILENCE,
    CONNECTIONS, CONNECTIONS_ENDED, DEPARTMENT_DURATION, FEED_AGE, LEDGER_BATCH, LEDGER_QUEUE, PART_DURATION,
    PROMISES, QUOTA_LIMIT, QUOTA_USED, READY, REFUSED, SEATS, STAGE_DURATION, TIME_LEFT,
};
pub use self::values::{CODES, DEPARTMENT_PARTS, ENDINGS, OUTCOMES, PARTS, REASONS, RESULTS, STAGES};

/// What is measured, and how it is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Instrument {
    /// The name in OpenTelemetry.
    pub name: &'static str,
    /// How it is counted.
    pub kind: Kind,
    /// In the notation of UCUM, as OpenTelemetry wants it: `s` is seconds, `{check}` counts checks, `1` is a plain number.
    pub unit: &'static str,
    /// What it means, in a sentence without the full stop.
    pub help: &'static str,
    /// What it is told by.
    pub labels: &'static [Label],
}

/// How something is counted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    /// Grows with each event.
    Counter,
    /// As it is now.
    Gauge,
    /// A distribution, over buckets up to these bounds.
    Histogram(&'static [f64]),
}

/// What an instrument is told by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Label {
    /// The name in OpenTelemetry.
    pub name: &'static str,
    /// What it may be.
    pub values: Values,
}

/// What a label may be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Values {
    /// One of these.
    Of(&'static [&'static str]),
    /// An agreement of the register.
    Agreements,
    /// A method of the contract, or `_OTHER`.
    Methods,
}

/// The agreement that a check or quota is under.
pub const AGREEMENT: Label = Label {
    name: "agreement",
    values: Values::Agreements,
};

/// The kind of check.
pub const CHECK: Label = Label {
    name: "check",
    values: Values::Of(&[
        CheckKind::RightToWork.as_str(),
        CheckKind::RightToRent.as_str(),
        CheckKind::Section95.as_str(),
        CheckKind::Iecas.as_str(),
    ]),
};

/// The department asked, or whose feed it is.
pub const DEPARTMENT: Label = Label {
    name: "department",
    values: Values::Of(&[
        DepartmentId::HomeOffice.as_str(),
        DepartmentId::Dwp.as_str(),
        DepartmentId::Hmrc.as_str(),
        DepartmentId::Dfe.as_str(),
    ]),
};

impl Instrument {
    /// The name under which Prometheus has it; of a histogram, without `_bucket`, `_sum` and `_count`.
    pub fn prometheus_name(&self) -> String {
        let unit = match (self.unit, self.kind) {
            ("s", _) => "_seconds",
            _ => "",
        };
        let kind = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{kind}", self.name.replace('.', "_"))
    }

    /// The names of all series that Prometheus has of it.
    pub fn series(&self) -> Vec<String> {
        let name = self.prometheus_name();
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![name],
            Kind::Histogram(_) => ["_bucket", "_sum", "_count"]
                .map(|part| format!("{name}{part}"))
                .into(),
        }
    }
}

impl Label {
    /// The name under which Prometheus has it.
    pub fn prometheus_name(&self) -> String {
        self.name.replace('.', "_")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_of_prometheus_letters() {
        let names: HashSet<_> = ALL
            .iter()
            .map(|instrument| instrument.prometheus_name())
            .collect();
        assert_eq!(names.len(), ALL.len());
        for name in names {
            assert!(
                name.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_'),
                "{name}"
            );
        }
    }

    #[test]
    fn every_instrument_says_what_it_means_and_in_what() {
        for instrument in ALL {
            assert!(
                instrument.help.len() > 10 && !instrument.help.ends_with('.'),
                "{}",
                instrument.name
            );
            let unit = instrument.unit;
            assert!(
                unit == "s" || (unit.starts_with('{') && unit.ends_with('}')),
                "{}: {unit}",
                instrument.name
            );
            if let Kind::Histogram(bounds) = instrument.kind {
                assert!(bounds.is_sorted() && bounds.len() > 3, "{}", instrument.name);
            }
        }
    }

    #[test]
    fn every_label_is_bounded_and_none_is_told_twice() {
        for instrument in ALL {
            let names: HashSet<_> = instrument.labels.iter().map(|label| label.name).collect();
            assert_eq!(names.len(), instrument.labels.len(), "{}", instrument.name);
            for label in instrument.labels {
                if let Values::Of(values) = label.values {
                    let different: HashSet<_> = values.iter().collect();
                    assert!(
                        different.len() == values.len() && values.len() <= 40,
                        "{}",
                        label.name
                    );
                }
            }
        }
    }
}
