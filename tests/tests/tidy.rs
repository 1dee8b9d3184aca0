//! Invariants of the tree, held by reading it. Patterns are put together from pieces, so that this file does not match.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A file of the repository: its path from the root, with slashes, and its text.
struct File {
    path: String,
    text: String,
}

/// What is made, fetched or kept beside the sources.
const BESIDE: [&str; 5] = [
    "target",
    ".git",
    "node_modules",
    "__pycache__",
    "statuscheck-demo",
];

/// Every text file of the repository.
static TREE: LazyLock<Vec<File>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    collect(root, root, &mut files);
    files
});

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, kind) = entry
            .map(|entry| (entry.path(), entry.file_type().unwrap()))
            .unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if kind.is_dir() {
            if !BESIDE.contains(&name) {
                collect(root, &path, files);
            }
        } else if kind.is_file() && name != ".git" {
            // What is no text has no lines to judge.
            if let Ok(text) = fs::read_to_string(&path) {
                let path = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                files.push(File { path, text });
            }
        }
    }
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }

    /// A test of a crate, inside it or beside it, or of the whole.
    fn is_test(&self) -> bool {
        let path = &self.path;
        path.starts_with("tests/")
            || path.contains("/tests/")
            || path.contains("_tests/")
            || path.ends_with("_tests.rs")
    }
}

/// The Rust files, and that there are many: a walk that found none would hold every invariant.
fn rust() -> impl Iterator<Item = &'static File> {
    assert!(TREE.iter().filter(|file| file.is_rust()).count() > 100);
    TREE.iter().filter(|file| file.is_rust())
}

/// Fails with every line of `files` that has one of `patterns`.
#[track_caller]
fn assert_none_has(files: impl Iterator<Item = &'static File>, patterns: &[&str], why: &str) {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if patterns.iter().any(|pattern| line.contains(pattern)) {
                found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

#[test]
fn only_the_clock_reads_time() {
    let reads =
        ["Utc", "Local", "SystemTime", "Timestamp", "Zoned", "Instant"].map(|kind| format!("{kind}::now("));
    let reads: Vec<_> = reads.iter().map(String::as_str).collect();
    let clock = "gateway/domain/src/clock.rs";
    assert!(rust().any(|file| file.path == clock && file.text.contains(reads[3])));
    // A test on tokio's paused clock reads that clock.
    let on_paused_clock = |file: &&File| file.is_test() && file.text.contains("tokio::time::");
    let others = || rust().filter(|file| file.path != clock);
    assert_none_has(
        others().filter(|file| !on_paused_clock(file)),
        &reads,
        "ask the clock that you are given",
    );
    assert_none_has(others(), &reads[..5], "ask the clock that you are given");
}

#[test]
fn only_the_store_knows_its_engine() {
    let store = [
        "gateway/src/store",
        "gateway/tests/store",
        // The audit reads the file with statements of its own, so that it shares none with who wrote it.
        "gateway/src/audit",
        "gateway/tests/audit",
        "gateway/tests/upkeep",
        "tests/tests/failing/stranger.rs",
        // What the roles of its server may do.
        "tests/tests/postgres",
        // The plain rows that the engine is measured against.
        "gateway/benches/postgres",
        // What callers are not shown.
        "tests/src/house/recorded.rs",
        // What is in the database behind the backs of the gateways that are counted.
        "tests/src/crash/replicas",
        // In which order things were recorded that callers were told.
        "tests/src/crash/holds/ledger.rs",
    ];
    let patterns = [
        concat!("rus", "qlite"),
        concat!("SEL", "ECT "),
        concat!("INS", "ERT INTO"),
        concat!("CREATE ", "TABLE"),
    ];
    assert!(rust().any(|file| file.is_in(&store) && file.text.contains(patterns[1])));
    assert_none_has(
        rust().filter(|file| !file.is_in(&store)),
        &patterns,
        "ask the store's trait",
    );
}

#[test]
fn wire_types_stay_at_the_edge() {
    let edge = [
        "proto/",
        "gateway/src/rpc",
        "gateway/src/cli/",
        "adapters/src/remote",
        "adapters/src/serve",
        // The mock taskforce resolves referrals as a client of the gateway.
        "mocks/src/taskforce/resolving.rs",
        "mocks/tests/",
        "tests/",
        "gateway/tests/",
        "adapters/tests/",
    ];
    let wire = concat!("statuscheck_", "proto");
    assert_none_has(
        rust().filter(|file| !file.is_in(&edge)),
        &[wire],
        "convert it in rpc/convert",
    );
}

#[test]
fn mock_departments_serve_demos_and_tests_alone() {
    let mocks = concat!("statuscheck_", "mocks");
    let users = ["mocks/", "gateway/src/demo", "gateway/src/cli/demo"];
    let others = rust().filter(|file| !file.is_in(&users) && !file.is_test());
    assert_none_has(others, &[mocks], "a production build has no mocks");
}

/// Names under `[dependencies]` of a crate.
fn dependencies(manifest: &str) -> Vec<&'static str> {
    let file = TREE.iter().find(|file| file.path == manifest).unwrap();
    let (_, section) = file.text.split_once("[dependencies]\n").unwrap();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let name = |line: &'static str| line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty());
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(name)
        .collect()
}

#[test]
fn dependencies_run_downhill() {
    let domain = dependencies("gateway/domain/Cargo.toml");
    assert!(domain.contains(&"jiff"), "{domain:?}");
    let impure = [
        "tokio",
        "tonic",
        "prost",
        "serde",
        concat!("rus", "qlite"),
        "futures",
        "tracing",
        "async",
        "reqwest",
        "statuscheck",
    ];
    let stray = domain
        .iter()
        .find(|name| impure.iter().any(|impure| name.starts_with(impure)));
    assert_eq!(stray, None, "the domain decides, and does nothing else");

    let ours = |manifest| -> Vec<_> {
        let all = dependencies(manifest).into_iter();
        all.filter(|name| name.starts_with("statuscheck")).collect()
    };
    assert_eq!(ours("proto/Cargo.toml"), [""; 0]);
    let adapters = ours("adapters/Cargo.toml");
    let known = ["statuscheck-domain", "statuscheck-proto"];
    assert_eq!(ours("mocks/Cargo.toml"), known);
    assert!(adapters.iter().all(|name| known.contains(name)), "{adapters:?}");
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    let patterns = [
        concat!("#[ign", "ore"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("d", "bg!("),
        concat!("allow(dead", "_code"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    assert_none_has(rust(), &patterns, "finish it or take it out");
}

/// A thread that gives way rests; no other may stand still.
#[test]
fn only_a_thread_that_gives_way_sleeps() {
    let others = rust().filter(|file| file.path != "gateway/src/precedence.rs");
    assert_none_has(
        others,
        &[concat!("thread::sl", "eep")],
        "a thread that sleeps holds up others",
    );
}

#[test]
fn tests_never_sleep() {
    let sleeps = [concat!("time::sl", "eep("), concat!(" sl", "eep(")];
    assert_none_has(
        rust().filter(|file| file.is_test()),
        &sleeps,
        "wait for what is to happen",
    );
}

#[test]
fn an_allowance_says_why() {
    for file in rust() {
        for (at, _) in file.text.match_indices(concat!("[all", "ow(")) {
            let end = file.text[at..].find(")]").map_or(file.text.len(), |end| at + end);
            assert!(
                file.text[at..end].contains("reason ="),
                "{}: {}",
                file.path,
                &file.text[at..end]
            );
        }
    }
}

const LINES_MAX: usize = 400;

#[test]
fn a_file_is_a_room_and_not_a_hall() {
    for file in rust() {
        let lines = file.text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.path);
    }
}

#[test]
fn nothing_names_a_machine_or_a_package_host() {
    let patterns = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("registry.", "npmjs"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
        concat!("py", "pi.org"),
        concat!("pythonhosted", ".org"),
        concat!("proxy.gol", "ang"),
    ];
    assert!(
        TREE.iter().any(|file| file.path == ".gitignore"),
        "the walk begins at the root"
    );
    assert_none_has(TREE.iter(), &patterns, "it holds on one machine alone");
}

/// Whether a type has `Debug` or `Display`: the constant of the type itself is taken before the trait's, and is there
/// only where the bound holds.
mod shows {
    use std::fmt::{Debug, Display};
    use std::marker::PhantomData;

    pub(crate) struct Debugged<T: ?Sized>(PhantomData<T>);
    pub(crate) struct Displayed<T: ?Sized>(PhantomData<T>);

    pub(crate) trait Not {
        const SHOWN: bool = false;
    }

    impl<T: ?Sized> Not for Debugged<T> {}
    impl<T: ?Sized> Not for Displayed<T> {}

    impl<T: ?Sized + Debug> Debugged<T> {
        pub(crate) const SHOWN: bool = true;
    }

    impl<T: ?Sized + Display> Displayed<T> {
        pub(crate) const SHOWN: bool = true;
    }
}

macro_rules! assert_never_shown {
    ($($kind:ty),+ $(,)?) => {{
        use shows::Not as _;
        $(
            assert!(!shows::Debugged::<$kind>::SHOWN, "{} has Debug", stringify!($kind));
            assert!(!shows::Displayed::<$kind>::SHOWN, "{} has Display", stringify!($kind));
        )+
    }};
}

#[test]
fn types_that_hold_a_person_or_a_secret_cannot_be_printed() {
    use statuscheck_domain::{case, check, event, question, reply, subject};
    use statuscheck_proto::v1;

    // The trick itself works.
    const { assert!(shows::Debugged::<String>::SHOWN && shows::Displayed::<String>::SHOWN) };

    assert_never_shown!(
        subject::Subject,
        subject::Name,
        subject::DateOfBirth,
        subject::Nino,
        subject::Postcode,
        subject::ShareCode,
        subject::HomeOfficeReference,
        subject::AsylumSupportReference,
        check::Draft<'static>,
        check::Terms,
        check::Check,
        question::Question,
        reply::Reply,
        reply::Outcome,
        reply::Facts,
        event::Receipt,
        event::EventKind,
        event::Event,
        event::Change,
        case::Case,
        case::Dispute,
    );
    assert_never_shown!(
        v1::Person,
        v1::CheckRequest,
        v1::RightToWorkCheck,
        v1::RightToRentCheck,
        v1::Section95Check,
        v1::IecasCheck,
        v1::CheckResponse,
        v1::Answer,
        v1::Case,
        v1::ProvideInformationRequest,
        v1::DisputeAnswerRequest,
    );
    assert_never_shown!(
        statuscheck_adapters::Ask,
        statuscheck_adapters::settings::DepartmentSettings,
        statuscheck_adapters::settings::ClientSecret,
        statuscheck_mocks::person::Person,
        statuscheck_mocks::population::Population,
        statuscheck_mocks::settings::Credentials,
        statuscheck_mocks::taskforce::Secret,
        statuscheck::cases::CheckRequest,
        statuscheck::store::seal::Kek,
        statuscheck::webhook::Secret,
        statuscheck::webhook::Destination,
    );
}
