//! One check after the other on one connection: what of its time is the gateway's.

use std::time::Duration;

use reqwest::Client as Http;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use statuscheck_domain::clock::SharedClock;
use statuscheck_mocks::settings::Credentials;

use crate::house::{Asked, House, Kept};
use crate::meter::Meter;
use crate::people::Holder;
use crate::table::{Samples, head, line, milliseconds, part};

/// Each a few milliseconds; enough for a p99 of ten samples above it.
const ROUNDS: usize = 1_000;

/// Not counted: connections, tokens and caches become warm.
const WARM_UP: usize = 100;

/// Where a disk is so slow that the rounds would take longer, they end here.
const AT_MOST: Duration = Duration::from_secs(25);

/// What the gateway may add to a check, at the median.
const TARGET: Duration = Duration::from_millis(5);

/// The durations of one kind of call.
#[derive(Default)]
struct Rounds {
    hop: Vec<Duration>,
    direct: Vec<Duration>,
    whole: Vec<Duration>,
    own: Vec<Duration>,
    added: Vec<Duration>,
    busy: Vec<Duration>,
    recording: Vec<Duration>,
    rest: Vec<Duration>,
    forgetful: Vec<Duration>,
}

/// Measures the hop, the lookup without the gateway, and the check, in turns.
pub(crate) async fn measure(house: &House) {
    let (busy, recording) = (Meter::default(), Meter::default());
    let gateway = house
        .gateway(
            "metered",
            Kept::Metered(recording.clone()),
            Asked::HomeOffice(busy.clone()),
        )
        .await;
    let forgetful = house
        .gateway("forgetful", Kept::Nowhere, Asked::HomeOffice(Meter::default()))
        .await;
    let mut client = house.client(gateway).await;
    let mut forgetful = house.client(forgetful).await;
    let (_, answer) = house.check(&mut client, house.quick.next()).await;
    let mut bare = house.client(house.bare(answer).await).await;
    let directly = Directly::open(house).await;

    let mut rounds = Rounds::default();
    let began = house.clock.elapsed();
    for round in 0..WARM_UP + ROUNDS {
        if house.clock.elapsed().saturating_sub(began) > AT_MOST {
            break;
        }
        let (hop, _) = house.check(&mut bare, house.quick.next()).await;
        let direct = directly.look_up(house.quick.next()).await;
        busy.read();
        recording.read();
        let (whole, _) = house.check(&mut client, house.quick.next()).await;
        let ((busy, questions), (recording, changes)) = (busy.read(), recording.read());
        // Overlapping questions would be counted twice.
        assert_eq!(
            (questions, changes),
            (1, 2),
            "one question, recorded before and after"
        );
        let (unrecorded, _) = house.check(&mut forgetful, house.quick.next()).await;
        if round < WARM_UP {
            continue;
        }
        let own = whole.saturating_sub(busy);
        rounds.hop.push(hop);
        rounds.direct.push(direct);
        rounds.whole.push(whole);
        rounds.own.push(own);
        rounds.added.push(whole.saturating_sub(direct));
        rounds.busy.push(busy);
        rounds.recording.push(recording);
        rounds.rest.push(own.saturating_sub(recording));
        rounds.forgetful.push(unrecorded);
    }
    print(rounds);
}

fn print(rounds: Rounds) {
    let own = Samples::one_by_one(rounds.own);
    let added = Samples::one_by_one(rounds.added);
    head("One connection, one call after the other");
    line(
        "bare tonic server behind the same door",
        &Samples::one_by_one(rounds.hop),
    );
    line(
        "the department asked directly over HTTP",
        &Samples::one_by_one(rounds.direct),
    );
    line("right to work check", &Samples::one_by_one(rounds.whole));
    line(
        "the same, nothing recorded",
        &Samples::one_by_one(rounds.forgetful),
    );
    println!("  of each check:");
    part(
        "department busy, its adapter included",
        &Samples::one_by_one(rounds.busy),
    );
    part("gateway's own: all but the department", &own);
    part("  recording, twice", &Samples::one_by_one(rounds.recording));
    part("  the rest, the hop included", &Samples::one_by_one(rounds.rest));
    part("more than the direct lookup just before it", &added);
    println!(
        "  own cost at the median {:.3} ms, counting the adapter {:.3} ms; the target is under {:.0} ms",
        milliseconds(own.median()),
        milliseconds(added.median()),
        milliseconds(TARGET),
    );
}

/// The Home Office, asked as a caller without a gateway would have to.
struct Directly {
    http: Http,
    address: String,
    token: String,
    clock: SharedClock,
}

impl Directly {
    async fn open(house: &House) -> Self {
        let http = Http::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .expect("a client");
        let Credentials {
            client_id,
            client_secret,
        } = Credentials::default();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client_id),
            ("client_secret", &client_secret),
            ("scope", "status section-95"),
        ];
        let asking = http
            .post(format!("{}/oauth2/token", house.home_office()))
            .form(&form);
        let granted: Value = asking
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("a token");
        Self {
            address: format!("{}/v1/status/share-code", house.home_office()),
            token: format!("Bearer {}", granted["access_token"].as_str().expect("a token")),
            clock: house.clock.clone(),
            http,
        }
    }

    async fn look_up(&self, holder: &Holder) -> Duration {
        let asked = json!({
            "shareCode": holder.code,
            "dateOfBirth": holder.date_of_birth,
            "purpose": "WORK",
        });
        let correlation_id = uuid::Uuid::new_v4().to_string();
        let began = self.clock.elapsed();
        let request = self
            .http
            .post(&self.address)
            .header(AUTHORIZATION, &self.token)
            .header("correlation-id", correlation_id)
            .header(CONTENT_TYPE, "application/json")
            .body(asked.to_string());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "the code is good");
        let status: Value = answer.json().await.expect("a status");
        let took = self.clock.elapsed().saturating_sub(began);
        assert_eq!(status["mayWork"], true, "the person may work");
        took
    }
}
