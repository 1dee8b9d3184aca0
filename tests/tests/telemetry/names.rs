//! The names of figures and labels in Prometheus' language.

use std::collections::BTreeSet;

use statuscheck::telemetry::catalogue::ALL;

/// Of an expression, every word that is the name of a series or a label of the gateway's, or looks like one.
pub(crate) fn ours(expression: &str) -> impl Iterator<Item = &str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
    let words = expression.split(move |letter| !is_name(letter));
    words.filter(|word| {
        ["statuscheck", "rpc_"]
            .iter()
            .any(|start| word.starts_with(start))
    })
}

/// What there is: series, labels, and the job under which the sample configuration has us scraped.
pub(crate) fn known() -> BTreeSet<String> {
    let series = ALL.iter().flat_map(|instrument| instrument.series());
    let labels = ALL.iter().flat_map(|instrument| instrument.labels);
    let labels = labels.map(|label| label.prometheus_name());
    // The names of services in values of labels.
    let values = ["statuscheck"].map(str::to_owned);
    series.chain(labels).chain(values).collect()
}
