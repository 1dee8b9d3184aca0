//! A store that is torn, foreign, newer or taken is refused at the start, with what to do, and left as it is.

use std::fs;
use std::os::unix::fs::FileExt as _;

use statuscheck_tests::program::Start;
use statuscheck_tests::site::Site;

use crate::setting::{about, ask, program, serving};
use crate::stranger;

const PAGE: usize = 4_096;

/// A site with a store of some cases that was closed well.
async fn site_with_cases() -> Site {
    let (site, mut program, address) = serving().await;
    for _case in 0..30 {
        ask(&site, address, &about("quick")).await.unwrap();
    }
    program.terminate();
    assert!(program.ended().await.success());
    site
}

/// The program refuses to start, says `what`, and leaves the store as it is.
async fn is_refused(start: &Start, site: &Site, what: &str) {
    let before = fs::read(site.store()).unwrap();
    let (code, said) = start.refused(site).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(what), "{said}");
    assert!(said.contains(site.store().to_str().unwrap()), "{said}");
    assert!(!said.contains("\"serving\""), "{said}");
    assert!(fs::read(site.store()).unwrap() == before, "the store was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_end_is_missing_is_refused() {
    let site = site_with_cases().await;
    let file = fs::OpenOptions::new().write(true).open(site.store()).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - 3 * PAGE as u64).unwrap();
    is_refused(&program(), &site, "put a backup in its place").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_a_zeroed_page_is_refused() {
    let site = site_with_cases().await;
    let pages = fs::metadata(site.store()).unwrap().len() / PAGE as u64;
    assert!(pages > 10, "{pages}");
    let whole = fs::read(site.store()).unwrap();
    for page in 0..pages {
        fs::write(site.store(), &whole).unwrap();
        let place = page * PAGE as u64;
        let file = fs::OpenOptions::new().write(true).open(site.store()).unwrap();
        file.write_all_at(&[0; PAGE], place).unwrap();
        is_refused(&program(), &site, "in its place").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_programs_are_refused() {
    let site = site_with_cases().await;
    fs::write(site.store(), "Dear Sir or Madam,\n".repeat(500)).unwrap();
    is_refused(&program(), &site, "is not a store").await;

    fs::remove_file(site.store()).unwrap();
    stranger::make_foreign(site.store());
    is_refused(&program(), &site, "is not a store").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_version_is_refused() {
    let site = site_with_cases().await;
    stranger::make_newer(site.store());
    is_refused(&program(), &site, "start that version").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_on_the_same_store_is_refused_and_the_first_goes_on() {
    let (site, _first, address) = serving().await;
    let (code, said) = program().refused(&site).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another process holds the store"), "{said}");
    assert!(said.contains("stop the other first"), "{said}");
    ask(&site, address, &about("quick")).await.unwrap();
}
