//! Quotas over kills and restarts of the real program: what HMRC gets is never more than was agreed.

use std::sync::{Arc, Mutex};

use statuscheck_proto::register::v1::GetAgreementRequest;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::prelude::*;
use statuscheck_tests::program::Start;
use statuscheck_tests::site::Site;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tonic::transport::Channel;

const CALLERS: usize = 1_000;
const MONTHLY: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(120);

/// The way in of the moment.
type Door = Arc<Mutex<StatusCheckServiceClient<Channel>>>;

/// Asks until there is an answer, whoever is killed meanwhile.
async fn answered(door: Door, asked: v1::CheckRequest) {
    let mut glances = interval(Duration::from_millis(20));
    loop {
        glances.tick().await;
        let mut client = door.lock().unwrap().clone();
        if let Ok(Ok(_answer)) = timeout(Duration::from_secs(5), client.check(asked.clone())).await {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_and_three_kills_do_not_overshoot_a_quota_by_one() {
    let start = Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")]);
    let site = Site::with([]).await;
    site.set_quota("right-to-work", MONTHLY);
    let config = site.configure_another("metered", &format!("path = \"{}\"", site.store().display()));
    let mut program = start.spawn_on(&config);
    let address = program.address().await;
    let door: Door = Arc::new(Mutex::new(site.client(address, EMPLOYER)));

    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let born = format!("19{:02}-05-01", n % 80 + 10);
        let asked = request(by_name("Sam", "Nobody", &born).and_nino("GX000099A").work());
        callers.spawn(answered(Arc::clone(&door), asked));
    }
    let (mut answered, mut warned) = (0, 0);
    for part in [150, 300, 450] {
        while answered < part {
            timeout(PATIENCE, callers.join_next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            answered += 1;
        }
        warned += times_warned(&program.said());
        program = start.spawn_on(&config);
        let address = program.address().await;
        *door.lock().unwrap() = site.client(address, EMPLOYER);
    }
    while let Some(ended) = timeout(PATIENCE, callers.join_next()).await.unwrap() {
        ended.unwrap();
        answered += 1;
    }
    assert_eq!(answered, CALLERS);
    // One request a question. A question that was charged and not sent before a kill is lost, and no other is put for it.
    let asked = site.requests(DepartmentId::Hmrc);
    assert!(asked <= MONTHLY, "{asked} questions of {MONTHLY}");
    assert!(asked >= MONTHLY - 3 * 64, "{asked} questions of {MONTHLY}");
    let channel = site.channel(program.address().await, EMPLOYER);
    let agreement_id = "right-to-work".to_owned();
    let mut register = RegisterServiceClient::new(channel);
    let told = register.get_agreement(GetAgreementRequest { agreement_id });
    let told = told.await.unwrap().into_inner();
    assert_eq!((told.quotas[0].used, told.quotas[0].limit), (MONTHLY, MONTHLY));
    program.terminate();
    assert!(program.ended().await.success());
    // The warning at four fifths came once, whoever was killed before or after.
    assert_eq!(warned + times_warned(&program.said()), 1);
}

fn times_warned(log: &str) -> usize {
    log.matches("a month's quota is nearly used up").count()
}
