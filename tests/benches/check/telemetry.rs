//! What it costs to be told of: a gateway with all figures and one call in a hundred followed, beside one that tells nothing.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use statuscheck::telemetry::{Exports, Telemetry, TelemetrySettings};
use statuscheck_tests::receiver::Receiver;
use tokio::task::JoinSet;

use crate::house::{Asked, Client, Commits, House, Kept};
use crate::meter::Meter;

/// Callers that each ask one check after the other, over as many connections as two.
const CALLERS: usize = 16;

/// How long each gateway is asked before the other's turn: some three thousand checks, and short beside what a machine's neighbours do.
const TURN: Duration = Duration::from_millis(750);

/// Pairs of turns; the first is not counted. Who begins alternates. A pair is a tenth off at times: the median of sixty is known
/// to one or two hundredths.
const PAIRS: usize = 61;

/// What telling may cost, of the processor time of a check.
const TARGET_PERCENT: f64 = 3.0;

/// Threads whose time is the gateway's: its runtime, its store's writer, the exporters. As the kernel cuts their names.
const OURS: [&str; 3] = ["gateway", "store-writer", "OpenTelemetry."];

/// Measures both in turns, and prints what each check cost.
pub(crate) async fn measure(house: &Arc<House>) {
    if processor_time().is_none() {
        println!("\nWhat telling costs is measured by /proc/self/task, which is not here");
        return;
    }
    let receiver = Receiver::start().await;
    let telling = {
        let _in_its_runtime = house.enter();
        let settings = TelemetrySettings {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            ..TelemetrySettings::default()
        };
        Telemetry::new(settings, &Exports::to(&receiver.endpoint()), house.clock.clone()).expect("figures")
    };
    let silent = Telemetry::off(house.clock.clone());
    let mut sides = Vec::new();
    for (name, telemetry) in [("silent", silent), ("telling", telling)] {
        let asked = Asked::HomeOffice(Meter::default());
        let kept = Kept::InFile(Commits::Together);
        let address = house.gateway_telling(name, kept, asked, telemetry).await;
        sides.push([house.client(address).await, house.client(address).await]);
    }
    let (mut silent, mut telling) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let mut costs = [0.0; 2];
        for turn in 0..2 {
            let side = (pair + turn) % 2;
            costs[side] = cost(house, &sides[side]).await;
        }
        if pair > 0 {
            silent.push(costs[0]);
            telling.push(costs[1]);
        }
    }
    let added: Vec<_> = silent
        .iter()
        .zip(&telling)
        .map(|(silent, telling)| (telling / silent - 1.0) * 100.0)
        .collect();
    println!(
        "\nProcessor time of the gateway for a check, {} turns each, {CALLERS} callers",
        PAIRS - 1
    );
    println!("  {:<52}{:>10}{:>10}{:>10}", "", "median", "quarter", "three");
    for (what, values, unit) in [
        ("told nothing", &silent, "µs"),
        ("all figures, one call in a hundred followed", &telling, "µs"),
        ("the second more than the first beside it", &added, "%"),
    ] {
        let [quarter, median, three] = [25, 50, 75].map(|percent| percentile(values, percent));
        println!("  {what:<52}{median:>8.1} {unit}{quarter:>8.1} {unit}{three:>8.1} {unit}");
    }
    let (low, high) = median_within(&added);
    println!(
        "  that median is {low:.1} to {high:.1} % with a certainty of 95 %; the target is at most {TARGET_PERCENT} %; {} spans were sent",
        receiver.spans().len()
    );
}

/// Microseconds of processor time for each check of a turn.
async fn cost(house: &Arc<House>, clients: &[Client]) -> f64 {
    let before = processor_time().unwrap_or_default();
    let began = house.clock.elapsed();
    let mut asking = JoinSet::new();
    for client in clients.iter().cycle().take(CALLERS) {
        let (house, mut client) = (house.clone(), client.clone());
        asking.spawn(async move {
            let mut count = 0_u32;
            while house.clock.elapsed().saturating_sub(began) < TURN {
                house.check(&mut client, house.quick.next()).await;
                count += 1;
            }
            count
        });
    }
    let count: u32 = asking.join_all().await.into_iter().sum();
    let spent = processor_time().unwrap_or_default().saturating_sub(before);
    spent.as_secs_f64() * 1e6 / f64::from(count)
}

/// What our threads have had of the processors so far; none where the kernel does not say.
fn processor_time() -> Option<Duration> {
    let mut all = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let task = task.ok()?.path();
        // A thread may have ended meanwhile.
        let (Ok(name), Ok(times)) = (
            fs::read_to_string(task.join("comm")),
            fs::read_to_string(task.join("schedstat")),
        ) else {
            continue;
        };
        if OURS.iter().any(|ours| name.starts_with(ours)) {
            all += Duration::from_nanos(times.split(' ').next()?.parse().ok()?);
        }
    }
    (!all.is_zero()).then_some(all)
}

/// Between which two of the values their median lies, as far as so few of them tell: by the binomial distribution, whatever
/// theirs is.
fn median_within(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let reach = 0.98 * count.sqrt();
    let low = (count / 2.0 - reach).floor().max(0.0) as usize;
    (sorted[low], sorted[sorted.len() - 1 - low])
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}
