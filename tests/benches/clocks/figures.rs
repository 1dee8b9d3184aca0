//! Samples, and what is said of them.

use std::time::Duration;

use tokio::time::timeout;

/// Lets so much time go by: what is measured is what happens meanwhile.
pub(crate) async fn pass(length: Duration) {
    timeout(length, std::future::pending::<()>()).await.ok();
}

/// The value that so many in a hundred do not exceed.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

/// Milliseconds, as all tables have them.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Begins a table.
pub(crate) fn head(title: &str) {
    println!("\n{title}");
    println!(
        "  {:<52}{:>8}{:>11}{:>10}{:>10}{:>10}",
        "", "count", "median ms", "p90 ms", "p99 ms", "most ms"
    );
}

/// One line of it.
pub(crate) fn line(what: &str, times: &[Duration]) {
    let [median, p90, p99, most] = [50, 90, 99, 100].map(|percent| milliseconds(percentile(times, percent)));
    println!(
        "  {what:<52}{:>8}{median:>11.2}{p90:>10.2}{p99:>10.2}{most:>10.2}",
        times.len()
    );
}

/// What the rounds' p99 of one kind are to those of the other: the median of the rounds' ratios, where they lie, and that of
/// all calls together.
pub(crate) fn compare(what: &str, beside: &[Vec<Duration>], alone: &[Vec<Duration>], target: &str) {
    let p99 = |times: &[Duration]| percentile(times, 99).as_secs_f64();
    let mut ratios: Vec<f64> = beside
        .iter()
        .zip(alone)
        .map(|(beside, alone)| p99(beside) / p99(alone))
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else {
        return;
    };
    let median = ratios[ratios.len() / 2];
    let all = p99(&beside.concat()) / p99(&alone.concat());
    println!(
        "  {what}: {median:.2} at the median of {} rounds, {least:.2} to {most:.2}; {all:.2} of all calls together (target: {target})",
        ratios.len()
    );
}
