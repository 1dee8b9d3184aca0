//! Slow departments: checks do not wait for each other.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::house::{Asked, Client, Commits, House, Kept};
use crate::meter::Meter;
use crate::table::{Samples, head, line};

/// Checks in flight together.
const TOGETHER: usize = 32;

/// Each is some 700 ms.
const ROUNDS: usize = 10;

/// Quick checks in each round, alone and again beside the slow ones. They end well before the slow ones do.
const QUICK: usize = 10;

/// Measures checks in flight together, all on one connection.
pub(crate) async fn measure(house: &House) {
    let kept = Kept::InFile(Commits::Together);
    let gateway = house
        .gateway("in-flight", kept, Asked::HomeOffice(Meter::default()))
        .await;
    let mut client = house.client(gateway).await;
    for _ in 0..QUICK {
        house.check(&mut client, house.quick.next()).await;
    }
    let mut measured = Measured::default();
    for _ in 0..ROUNDS {
        measured.round(house, &mut client).await;
    }
    let Measured {
        one,
        all,
        alone,
        beside,
        slow_still_out,
    } = measured;
    let (one, all) = (Samples::one_by_one(one), Samples::one_by_one(all));
    let (alone, beside) = (Samples::one_by_one(alone), Samples::one_by_one(beside));
    head("Checks in flight on one connection; the department takes 300 ms for a slow one");
    line("one slow check", &one);
    line(&format!("{TOGETHER} slow checks together, until the last"), &all);
    println!(
        "  {TOGETHER} together take {:.2} times as long as one",
        all.median().as_secs_f64() / one.median().as_secs_f64(),
    );
    line("a quick check alone", &alone);
    line(
        &format!("a quick check while {} slow ones are out", TOGETHER - 1),
        &beside,
    );
    println!("  slow ones still out when the quick ones had ended, at the least: {slow_still_out}");
}

struct Measured {
    one: Vec<Duration>,
    all: Vec<Duration>,
    alone: Vec<Duration>,
    beside: Vec<Duration>,
    slow_still_out: usize,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            one: Vec::new(),
            all: Vec::new(),
            alone: Vec::new(),
            beside: Vec::new(),
            slow_still_out: usize::MAX,
        }
    }
}

impl Measured {
    async fn round(&mut self, house: &House, client: &mut Client) {
        self.one.push(slow(house, client, 1).await);
        self.all.push(slow(house, client, TOGETHER).await);
        for _ in 0..QUICK {
            self.alone.push(house.check(client, house.quick.next()).await.0);
        }
        let mut out = begin(house, client, TOGETHER - 1);
        for _ in 0..QUICK {
            self.beside.push(house.check(client, house.quick.next()).await.0);
        }
        while let Some(ended) = out.try_join_next() {
            ended.expect("no panic");
        }
        self.slow_still_out = self.slow_still_out.min(out.len());
        out.join_all().await;
    }
}

/// Makes so many slow checks at once and waits for all.
async fn slow(house: &House, client: &Client, count: usize) -> Duration {
    let began = house.clock.elapsed();
    begin(house, client, count).join_all().await;
    house.clock.elapsed().saturating_sub(began)
}

fn begin(house: &House, client: &Client, count: usize) -> JoinSet<()> {
    let mut out = JoinSet::new();
    for _ in 0..count {
        let (mut client, request) = (client.clone(), house.slow.next().request());
        out.spawn(async move {
            client.check(request).await.expect("an answer");
        });
    }
    out
}
