//! A disk that fails: the handle is not tried again. The store stops, health and the log say so, reads go on, and a new
//! start on a working disk finds everything that was acknowledged.

use std::fs::{self, File};
use std::io::Write as _;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use statuscheck_tests::program::{Program, Start};
use statuscheck_tests::site::Site;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::mounted::Mounted;
use crate::setting::{SERVICE, about, ask, health, next, of, program, read, refusal, settled};

/// The program with the signal ignored that a write past the limit of a file's size would kill it with; the write fails
/// instead.
fn program_that_outlives_its_limits() -> Start {
    let words = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];
    Start::by(
        words
            .into_iter()
            .chain([env!("CARGO_BIN_EXE_statuscheck-under-test")]),
    )
}

/// Lets no file of the program grow past `bytes`.
fn limit_files(program: &Program, bytes: Option<u64>) {
    let pid = i32::try_from(program.id()).ok().and_then(Pid::from_raw);
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(pid, Resource::Fsize, limit).unwrap();
}

/// What holds from the first failure until the program is started anew; `mend` makes the disk work again.
async fn stays_stopped(
    site: &Site,
    program: &Program,
    address: std::net::SocketAddr,
    mut watch: tonic::Streaming<tonic_health::pb::HealthCheckResponse>,
    known: &str,
    mend: impl FnOnce(),
) {
    assert_eq!(next(&mut watch).await, Some(ServingStatus::NotServing));
    mend();
    let before = site.requests_to_all();
    for _check in 0..20 {
        let refused = refusal(ask(site, address, &about("quick")).await);
        assert_eq!(refused, (Code::Unavailable, "CANNOT_RECORD".to_owned()));
    }
    assert_eq!(site.requests_to_all(), before);
    assert_eq!(read(site, address, known).await.unwrap().case_id, known);
    let whole = health(site, address).check(of("")).await.unwrap();
    assert_eq!(whole.into_inner().status(), ServingStatus::NotServing);
    for said in [
        "changes cannot be recorded",
        "the store has stopped recording: no check is taken until it records again",
    ] {
        assert_eq!(program.times_logged(said), 1, "{}", program.log_so_far());
    }
}

async fn serving_watch(
    site: &Site,
    address: std::net::SocketAddr,
) -> tonic::Streaming<tonic_health::pb::HealthCheckResponse> {
    let mut watch = health(site, address)
        .watch(of(SERVICE))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next(&mut watch).await, Some(ServingStatus::Serving));
    watch
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_stops_the_store_until_the_next_start() {
    let site = Site::with([settled("quick")]).await;
    let (program, address) = program_that_outlives_its_limits().serve(&site).await;
    let first = ask(&site, address, &about("quick")).await.unwrap();
    let watch = serving_watch(&site, address).await;
    let log = site.store().with_extension("db-wal");
    // The last page of the next change does not fit.
    limit_files(&program, Some(fs::metadata(log).unwrap().len() + 100));

    let before = site.requests_to_all();
    let asked = about("quick");
    let refused = refusal(ask(&site, address, &asked).await);
    assert_eq!(refused, (Code::Unavailable, "CANNOT_RECORD".to_owned()));
    assert_eq!(site.requests_to_all(), before);
    stays_stopped(&site, &program, address, watch, &first, || {
        limit_files(&program, None)
    })
    .await;

    program.kill();
    let (_program, address) = crate::setting::program().serve(&site).await;
    assert_eq!(read(&site, address, &first).await.unwrap().case_id, first);
    ask(&site, address, &asked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_stops_the_store_until_the_next_start() {
    let site = Site::with([settled("quick")]).await;
    // A disk on a disk without room beneath it: writes are taken, and lost when they are synced.
    let beneath = site.folder().join("beneath");
    fs::create_dir(&beneath).unwrap();
    let Some(_small) = Mounted::small_disk(&beneath, "8m") else {
        return;
    };
    let folder = site.store().parent().unwrap();
    let Some(_disk) = Mounted::image(&beneath.join("image"), 64 << 20, folder) else {
        return;
    };
    let (program, address) = program().serve(&site).await;
    let first = ask(&site, address, &about("quick")).await.unwrap();
    let watch = serving_watch(&site, address).await;
    let filler = beneath.join("filler");
    let mut filling = File::create(&filler).unwrap();
    while filling.write_all(&[0x20; 4_096]).is_ok() {}

    let mut refused = None;
    for _try in 0..1_000 {
        refused = ask(&site, address, &about("quick")).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = refusal::<()>(Err(refused.expect("the disk beneath is full")));
    assert_eq!(refused, (Code::Unavailable, "CANNOT_RECORD".to_owned()));
    let make_room = || fs::remove_file(&filler).unwrap();
    stays_stopped(&site, &program, address, watch, &first, make_room).await;
    assert!(
        program.log_so_far().contains("disk I/O error"),
        "{}",
        program.log_so_far()
    );
}
