//! Whether size or time tells a caller who is held, where the agreement withholds that a person is referred:
//! `cargo bench -p statuscheck-tests --bench withheld`.
//!
//! As many people are asked about who are held as wait for an ordinary reason, in random order and at an even pace, over TLS to a
//! gateway as it is shipped. A classifier that knew what it cannot would have an area under its curve of 1; one that guesses has 0.5.
//! It ends with 1 where any has more than 0.55. A number after `--` is how many of each kind there are instead of 10,000.

mod people;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck::demo::authority::Authority;
use statuscheck::demo::{Demo, DemoSettings};
use statuscheck::limits::LimitSettings;
use statuscheck::probing::ProbingSettings;
use statuscheck_domain::clock::{SharedClock, SystemClock};
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::{ListReferralsRequest, ReferralState};
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::asking::request;
use statuscheck_tests::house::agreement_like;
use statuscheck_tests::likeness::{area, area_of_all};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use self::people::{Person, population};

/// Of each kind.
const ANSWERS: u32 = 10_000;

/// What no classifier may have more of.
const AREA_MAX: f64 = 0.55;

/// From one call to the next. 5 ms: 400 calls are under way at any moment, each for two seconds, and a small machine is not busy.
const PACE: Duration = Duration::from_millis(5);

/// Over how many connections. 8: one takes a hundred calls at a time and lets the others wait, and that wait would hide what is
/// looked for.
const CONNECTIONS: usize = 8;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, in a debug build: the figures would mean nothing.
    if !words.iter().any(|word| word == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let count = words.iter().find_map(|word| word.parse().ok()).unwrap_or(ANSWERS);
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let told = runtime.block_on(measure(count));
    if told <= AREA_MAX {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a caller sees of one answer: its bytes, and its seconds.
type Seen = [f64; 2];

/// Asks about everybody, and says the largest area that any classifier has.
async fn measure(count: u32) -> f64 {
    let folder = TempDir::new().expect("a folder");
    let clock = SystemClock::shared();
    let channel = house(&folder, count, &clock).await;
    let (held, waiting) = asked(channel, count, &clock).await;
    println!(
        "{} answers about people who are held, {} about people who wait",
        held.len(),
        waiting.len()
    );
    let mut most: f64 = 0.0;
    let mut tell = |what: &str, area: f64| {
        println!("  {what:24} area under the curve {area:.4}");
        most = most.max(area);
    };
    for (place, what) in ["size", "time"].into_iter().enumerate() {
        let of = |all: &[Seen]| -> Vec<f64> { all.iter().map(|seen| seen[place]).collect() };
        let (held, waiting) = (of(&held), of(&waiting));
        println!(
            "  {what:24} medians {:.6} and {:.6}",
            median(&held),
            median(&waiting)
        );
        tell(&format!("by {what} alone"), area(&held, &waiting));
    }
    tell("logistic, of both", area_of_all(&held, &waiting));
    println!("the most is {most:.4} of at most {AREA_MAX}");
    most
}

fn median(all: &[f64]) -> f64 {
    let mut all = all.to_vec();
    all.sort_unstable_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A demo whose agreement withholds referrals, and the connections of its caller and of the taskforce.
async fn house(folder: &TempDir, count: u32, clock: &SharedClock) -> (Vec<Channel>, Channel) {
    let plenty = 1_000_000.try_into().expect("above zero");
    let mut settings = DemoSettings::new(folder.path().to_owned(), population(count), clock.clone());
    settings.probing = ProbingSettings::unlimited();
    settings.limits = LimitSettings {
        checks_per_second: plenty,
        burst: plenty,
    };
    let mut agreement = agreement_like("right-to-work", "discreet", "stranger");
    agreement.withholds_referrals = true;
    settings.agreements = vec![agreement];
    let demo = Demo::start(settings).await.expect("a demo");
    let address = demo.gateway.address();
    let ca = std::fs::read(&demo.ca).expect("the authority");
    let authority = Authority::open(folder.path()).expect("the authority");
    let connect = async |name: &str| {
        let identity = authority.client(name).expect("a certificate");
        let read = |path| std::fs::read(path).expect("a file of the authority");
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&ca))
            .identity(Identity::from_pem(read(&identity.cert), read(&identity.key)));
        let endpoint = Endpoint::from_shared(format!("https://{address}"));
        endpoint
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an address")
    };
    let caller = connect("organisation/stranger").await;
    let channels = (
        (0..CONNECTIONS).map(|_| caller.connect_lazy()).collect(),
        connect("taskforce/windrush").await.connect_lazy(),
    );
    tokio::spawn(async move {
        let _mocks = demo.mocks;
        demo.gateway.serve(std::future::pending()).await;
    });
    channels
}

/// What is seen of those who are held, and of those who wait.
async fn asked(
    (callers, taskforce): (Vec<Channel>, Channel),
    count: u32,
    clock: &SharedClock,
) -> (Vec<Seen>, Vec<Seen>) {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut people: Vec<Person> = (0..count)
        .flat_map(|n| [Person::held(n), Person::waiting(n)])
        .collect();
    people.shuffle(&mut dice);
    let mut clients = callers.into_iter().map(StatusCheckServiceClient::new).cycle();
    let mut calls = JoinSet::new();
    let mut pace = tokio::time::interval(PACE);
    for person in people {
        let tick = pace.tick().await;
        // Calls begin at no step of anything.
        tokio::time::sleep_until(tick + PACE.mul_f64(dice.random())).await;
        let mut client = clients.next().expect("a connection");
        let clock = Arc::clone(clock);
        calls.spawn(async move {
            let asked = request(person.subject().work());
            let began = clock.elapsed();
            let told = client.check(asked).await.expect("an answer").into_inner();
            let took = clock.elapsed().saturating_sub(began);
            let outcome = told.answer.as_ref().and_then(|answer| answer.outcome.as_ref());
            assert!(
                matches!(outcome, Some(Outcome::Pending(_))),
                "it is told as pending"
            );
            let size = u32::try_from(told.encoded_len()).expect("a small answer");
            (person.is_held, [f64::from(size), took.as_secs_f64()])
        });
    }
    let (mut held, mut waiting) = (Vec::new(), Vec::new());
    while let Some(seen) = calls.join_next().await {
        let (is_held, seen) = seen.expect("no call panics");
        if is_held { &mut held } else { &mut waiting }.push(seen);
    }
    let referred = referrals(taskforce).await;
    assert_eq!(
        referred,
        held.len(),
        "each who should be is held, and nobody else"
    );
    (held, waiting)
}

/// How many referrals are open.
async fn referrals(taskforce: Channel) -> usize {
    let mut client = ReferralServiceClient::new(taskforce);
    let (mut count, mut page_token) = (0, String::new());
    loop {
        let request = ListReferralsRequest {
            page_size: 100,
            page_token,
            states: vec![ReferralState::Open.into()],
        };
        let page = client.list_referrals(request).await.expect("a page").into_inner();
        count += page.referrals.len();
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return count;
        }
    }
}
