//! Samples and how they are printed.

use std::time::Duration;

/// Durations of one kind of call, and the time in which they were made.
#[derive(Default)]
pub(crate) struct Samples {
    each: Vec<Duration>,
    took: Duration,
}

impl Samples {
    /// Calls made one after the other: the time of all is the sum.
    pub(crate) fn one_by_one(each: Vec<Duration>) -> Self {
        let took = each.iter().sum();
        Self { each, took }
    }

    /// Calls of several callers within `took`.
    pub(crate) fn within(took: Duration, each: Vec<Duration>) -> Self {
        Self { each, took }
    }

    /// Takes in another round of the same.
    pub(crate) fn add(&mut self, other: Self) {
        self.each.extend(other.each);
        self.took += other.took;
    }

    /// Calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.each.len() as f64 / self.took.as_secs_f64()
    }

    /// The value that so many in a hundred do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.each.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Milliseconds, as all tables have them.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Begins a table.
pub(crate) fn head(title: &str) {
    println!("\n{title}");
    println!(
        "  {:<52}{:>8}{:>10}{:>10}{:>10}{:>12}",
        "", "count", "median ms", "p90 ms", "p99 ms", "a second"
    );
}

/// One line of it.
pub(crate) fn line(what: &str, samples: &Samples) {
    println!(
        "  {what:<52}{:>8}{:>10.3}{:>10.3}{:>10.3}{:>12.0}",
        samples.each.len(),
        milliseconds(samples.median()),
        milliseconds(samples.percentile(90)),
        milliseconds(samples.percentile(99)),
        samples.rate(),
    );
}

/// A line of parts, whose number a second means nothing.
pub(crate) fn part(what: &str, samples: &Samples) {
    println!(
        "    {what:<50}{:>8}{:>10.3}{:>10.3}{:>10.3}",
        samples.each.len(),
        milliseconds(samples.median()),
        milliseconds(samples.percentile(90)),
        milliseconds(samples.percentile(99)),
    );
}
