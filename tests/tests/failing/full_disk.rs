//! A full disk, a real one: nothing is asked or told that cannot be recorded, reads go on, and room is all it takes.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;

use statuscheck_tests::prelude::*;
use statuscheck_tests::site::Site;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::mounted::Mounted;
use crate::setting::{EMPLOYER, SERVICE, about, ask, health, of, program, read, refusal, settled};

/// Requests until the disk is full at the latest: what is left of a page takes a few.
const TRIES: usize = 1_000;

/// Asks until a check is refused before anybody was asked; that check.
async fn until_refused(site: &Site, address: SocketAddr) -> v1::CheckRequest {
    for _try in 0..TRIES {
        let asked = about("quick");
        let before = site.requests_to_all();
        if ask(site, address, &asked).await.is_err() && site.requests_to_all() == before {
            return asked;
        }
    }
    panic!("{TRIES} checks were recorded on a full disk");
}

fn fill(file: &mut File) {
    loop {
        match file.write_all(&[0x20; 4_096]) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_checks_before_anybody_is_asked_and_room_is_all_it_takes() {
    let site = Site::with([settled("quick")]).await;
    let folder = site.store().parent().unwrap();
    let Some(_disk) = Mounted::small_disk(folder, "4m") else {
        return;
    };
    let (program, address) = program().serve(&site).await;
    let first = ask(&site, address, &about("quick")).await.unwrap();

    let filler = folder.join("filler");
    fill(&mut File::create(&filler).unwrap());
    let refused = until_refused(&site, address).await;
    let before = site.requests_to_all();
    for _check in 0..20 {
        let refused = refusal(ask(&site, address, &about("quick")).await);
        assert_eq!(refused, (Code::Unavailable, "CANNOT_RECORD".to_owned()));
    }
    assert_eq!(site.requests_to_all(), before);
    assert_eq!(program.times_logged("changes cannot be recorded"), 1);

    assert_eq!(read(&site, address, &first).await.unwrap().case_id, first);
    let mut client = site.client(address, EMPLOYER);
    let list = client.list_cases(v1::ListCasesRequest::default()).await.unwrap();
    assert!(!list.into_inner().cases.is_empty());
    let told = health(&site, address).check(of(SERVICE)).await.unwrap();
    assert_eq!(told.into_inner().status(), ServingStatus::Serving);

    fs::remove_file(&filler).unwrap();
    ask(&site, address, &refused).await.unwrap();
    assert_eq!(program.times_logged("changes are recorded again"), 1);
}
