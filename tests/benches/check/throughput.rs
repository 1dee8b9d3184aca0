//! Many callers: how many checks a second, and what the store and the department have of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::house::{Asked, Client, Commits, House, Kept};
use crate::meter::Meter;
use crate::table::{Samples, head, line};

/// Callers that each ask one check after the other.
const CALLERS: usize = 64;

/// Connections that they share.
const CONNECTIONS: usize = 8;

/// How long each gateway is asked before the next one's turn.
const TURN: Duration = Duration::from_millis(1_500);

/// Turns of each gateway; the first is not counted.
const TURNS: usize = 4;

struct Measured {
    what: &'static str,
    clients: Vec<Client>,
    samples: Samples,
}

impl Measured {
    async fn of(what: &'static str, house: &House, address: SocketAddr) -> Self {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(house.client(address).await);
        }
        Self {
            what,
            clients,
            samples: Samples::default(),
        }
    }
}

/// Measures gateways that differ in one thing, in turns.
pub(crate) async fn measure(house: &Arc<House>) {
    let home_office = || Asked::HomeOffice(Meter::default());
    let plans = [
        (
            "changes recorded together (as shipped)",
            Kept::InFile(Commits::Together),
            home_office(),
        ),
        (
            "changes recorded one by one",
            Kept::InFile(Commits::OneByOne),
            home_office(),
        ),
        ("nothing recorded", Kept::Nowhere, home_office()),
        (
            "department at hand, changes recorded together",
            Kept::InFile(Commits::Together),
            Asked::AtHand,
        ),
        (
            "department at hand, nothing recorded",
            Kept::Nowhere,
            Asked::AtHand,
        ),
    ];
    let mut all = Vec::new();
    for (number, (what, kept, asked)) in plans.into_iter().enumerate() {
        let address = house.gateway(&format!("throughput-{number}"), kept, asked).await;
        all.push(Measured::of(what, house, address).await);
    }
    let (_, answer) = house.check(&mut all[0].clients[0], house.quick.next()).await;
    let bare = house.bare(answer).await;
    all.push(Measured::of("bare tonic server behind the same door", house, bare).await);
    for turn in 0..TURNS {
        for one in &mut all {
            let samples = ask(house, &one.clients).await;
            if turn > 0 {
                one.samples.add(samples);
            }
        }
    }
    head(&format!(
        "{CALLERS} callers over {CONNECTIONS} connections; callers, gateway and departments share the machine"
    ));
    for one in &all {
        line(one.what, &one.samples);
    }
}

async fn ask(house: &Arc<House>, clients: &[Client]) -> Samples {
    let began = house.clock.elapsed();
    let mut asking = JoinSet::new();
    for client in clients.iter().cycle().take(CALLERS) {
        let (house, mut client) = (house.clone(), client.clone());
        asking.spawn(async move {
            let mut each = Vec::new();
            while house.clock.elapsed().saturating_sub(began) < TURN {
                each.push(house.check(&mut client, house.quick.next()).await.0);
            }
            each
        });
    }
    let each = asking.join_all().await.concat();
    Samples::within(house.clock.elapsed().saturating_sub(began), each)
}
