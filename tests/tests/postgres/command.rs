//! `deploy/postgres/local` on its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn up_again_says_the_same_and_down_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("postgres");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).unwrap();
    let dir = dir.to_str().unwrap();
    let first = told(&local(&["up", "--dir", dir]));
    assert_eq!(told(&local(&["up", "--dir", dir])), first);
    assert_eq!(told(&local(&["status", "--dir", dir])), first);

    let json: serde_json::Value =
        serde_json::from_slice(&local(&["status", "--dir", dir, "--json"]).stdout).unwrap();
    for line in first.lines() {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(json[key], value, "{key}");
        if key.ends_with("_file") && !key.starts_with("node") {
            let mode = std::fs::metadata(value).unwrap().permissions().mode();
            let expected = if key == "ca_file" { 0o644 } else { 0o600 };
            assert_eq!(mode & 0o777, expected, "{key}");
        }
    }
    let url = told(&local(&["url", "gateway", "--dir", dir]));
    assert_eq!(json["gateway_url"], url.trim());

    assert!(local(&["down", "--dir", dir]).status.success());
    assert_eq!(local(&["status", "--dir", dir]).status.code(), Some(3));
    assert!(local(&["down", "--delete", "--dir", dir]).status.success());
    assert!(!Path::new(dir).exists());
}

#[test]
fn it_takes_no_directory_that_holds_something_else() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept");
    std::fs::write(&kept, "mine").unwrap();
    let dir = folder.path().to_str().unwrap();
    let refused = local(&["up", "--hold", "--dir", dir]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused).contains("holds something else"));
    let refused = local(&["down", "--delete", "--dir", dir]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "mine");
}

#[test]
fn a_wrong_command_line_is_refused_before_anything_is_done() {
    for arguments in [
        &[][..],
        &["frob"],
        &["up", "down"],
        &["up", "--delete"],
        &["down", "--delete", "--node", "main"],
        &["up", "--port", "0"],
        &["up", "--dir"],
        &["promote"],
        &["database", "'; DROP"],
        &["url", "gateway", "extra"],
    ] {
        assert_eq!(local(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let help = local(&["--help"]);
    assert!(help.status.success() && told(&help).contains("Examples:"));
}

/// `deploy/postgres/local` with these arguments.
fn local(arguments: &[&str]) -> Output {
    let command = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/postgres/local");
    Command::new(command).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    let bytes = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    String::from_utf8(bytes.clone()).unwrap()
}
