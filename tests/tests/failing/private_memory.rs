//! The program's memory, which holds keys and people's data, is nobody else's.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use statuscheck_tests::site::Site;

use crate::setting::{NOBODY, is_root, program, settled};

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_the_serving_program_is_root_s_whoever_runs_it() {
    let site = Site::with([settled("quick")]).await;
    // Root owns its processes anyway, so as root the program runs as somebody else.
    let mut start = program();
    if is_root() {
        site.give_to(NOBODY);
        start = start.as_user(NOBODY);
    }
    let (program, _address) = start.serve(&site).await;
    let process = format!("/proc/{}", program.id());
    let status = fs::read_to_string(format!("{process}/status")).unwrap();
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    let user: u32 = users.split_whitespace().next().unwrap().parse().unwrap();
    assert_ne!(user, 0);
    // What a process may not dump belongs to root in /proc: its own user can neither read it nor attach to it.
    for file in ["mem", "maps", "environ"] {
        assert_eq!(
            fs::metadata(format!("{process}/{file}")).unwrap().uid(),
            0,
            "{file}"
        );
    }
}
