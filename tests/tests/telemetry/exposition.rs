//! Prometheus' text format, read.

use std::collections::BTreeMap;

/// One line of figures.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// All lines that are figures.
pub(crate) fn samples(text: &str) -> Vec<Sample> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(sample).collect()
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("a closed brace")),
        None => (series, ""),
    };
    // No value here has a comma or a quote in it; one that had would fail to be known.
    let pairs = labels.split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (label, value) = pair.split_once('=').expect("a label");
        (label.to_owned(), value.trim_matches('"').to_owned())
    };
    Sample {
        name: name.to_owned(),
        labels: pairs.map(pair).collect(),
        value: value.parse().expect("a number"),
    }
}

/// The one value of `name` whose labels have all of `wanted`; 0 where there is none.
pub(crate) fn value(text: &str, name: &str, wanted: &[(&str, &str)]) -> f64 {
    let has = |sample: &Sample| {
        let mut wanted = wanted.iter();
        wanted.all(|(label, value)| sample.labels.get(*label).is_some_and(|known| known == value))
    };
    let mut found = samples(text)
        .into_iter()
        .filter(|sample| sample.name == name && has(sample));
    let first = found.next();
    assert!(found.next().is_none(), "several of {name} {wanted:?}");
    first.map_or(0.0, |sample| sample.value)
}
