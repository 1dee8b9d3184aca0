//! What the gateway adds to a check, measured: `cargo bench -p statuscheck-tests --bench check`.
//!
//! Callers, gateway and mock departments run on runtimes of their own, as they would as programs of their own, and speak
//! over the loopback address. Whatever is compared is measured in turns within one run, so that a busy machine slows all
//! sides alike. The whole takes about a minute; a word after `--` runs the one part of that name.

mod house;
mod in_flight;
mod listing;
mod meter;
mod one_connection;
mod people;
mod store_alone;
mod table;
mod telemetry;
mod throughput;

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use self::house::House;

/// Where each side runs.
pub(crate) struct Sides {
    callers: Runtime,
    gateway: Runtime,
    departments: Runtime,
}

fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .thread_name(name)
        .enable_all()
        .build()
        .expect("threads")
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, in a debug build: the figures would mean nothing.
    if !words.iter().any(|word| word == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return;
    }
    let wanted = words.into_iter().find(|word| !word.starts_with('-'));
    let sides = Sides {
        callers: runtime("callers"),
        gateway: runtime("gateway"),
        departments: runtime("departments"),
    };
    let (gateway, departments) = (sides.gateway.handle().clone(), sides.departments.handle().clone());
    // On a worker, as a client's tasks are: the main thread would add a hand-off to every call.
    let measuring = sides.callers.spawn(measure(gateway, departments, wanted));
    sides.callers.block_on(measuring).expect("the measuring ends");
}

async fn measure(gateway: Handle, departments: Handle, wanted: Option<String>) {
    let is_wanted = |part: &str| wanted.as_deref().is_none_or(|wanted| wanted == part);
    let house = Arc::new(House::open(gateway, departments).await);
    println!(
        "{} {}, {} cores",
        std::env::consts::OS,
        std::env::consts::ARCH,
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    if is_wanted("one-connection") {
        one_connection::measure(&house).await;
    }
    if is_wanted("in-flight") {
        in_flight::measure(&house).await;
    }
    if is_wanted("throughput") {
        throughput::measure(&house).await;
    }
    if is_wanted("store") {
        store_alone::measure(&house).await;
    }
    if is_wanted("telemetry") {
        telemetry::measure(&house).await;
    }
}
