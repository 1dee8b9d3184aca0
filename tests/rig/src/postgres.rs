//! A PostgreSQL of the test's own, started by `deploy/postgres/local` on the settings and roles that are shipped.
//!
//! One for each test binary is enough: keep it in a `LazyLock`, and give each test a [`Database`] of its own. It goes when
//! it is dropped and, as nothing drops a static, when the process ends in whatever way: the command that started it holds
//! on to our end of a pipe, and takes everything down when that closes.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use self::process::Ended;
use crate::processor::spent_by;

mod process;

const LOCAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/postgres/local");

/// The first server.
pub const MAIN: &str = "main";

/// The standby of [`LocalPostgres::up_with_standby`].
pub const SECOND: &str = "second";

/// The database that is there from the start.
const FIRST_DATABASE: &str = "statuscheck";

/// Who connects. `deploy/postgres/roles.sql` says what each may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The gateway itself.
    Gateway,
    /// Owns the schema and migrates it.
    Owner,
    /// Reads the ledger.
    Auditor,
    /// The superuser, over the socket.
    Admin,
}

impl Role {
    /// What `deploy/postgres/local` calls it.
    const fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Owner => "migration",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

/// A running cluster. What it does blocks: a start takes a second or two.
pub struct LocalPostgres {
    holder: Child,
    folder: TempDir,
    facts: Mutex<BTreeMap<String, String>>,
}

impl LocalPostgres {
    /// Starts one server and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not start, with what was said.
    pub fn up() -> Self {
        Self::start_with(&std::env::temp_dir(), &[])
    }

    /// The same, with everything of it in a folder within `parent`: where the disk counts, for the system's own place for
    /// temporary files may be memory. The servers' user has to be able to reach it.
    ///
    /// # Panics
    /// As [`LocalPostgres::up`].
    pub fn up_in(parent: &Path) -> Self {
        Self::start_with(parent, &[])
    }

    /// Starts a server, [`MAIN`], and a synchronous standby, [`SECOND`]: a commit waits for both disks.
    ///
    /// # Panics
    /// As [`LocalPostgres::up`].
    pub fn up_with_standby() -> Self {
        Self::start_with(&std::env::temp_dir(), &["--standby", SECOND])
    }

    fn start_with(parent: &Path, more: &[&str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("statuscheck-pg-")
            .tempdir_in(parent)
            .expect("a folder");
        let mut command = local(folder.path());
        command.args(["up", "--hold"]).args(more);
        let mut holder = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("deploy/postgres/local");
        // Both end once it is ready, or has failed.
        let (mut facts, mut said) = (String::new(), String::new());
        let mut output = holder.stdout.take().expect("its output");
        output.read_to_string(&mut facts).expect("text");
        let mut errors = holder.stderr.take().expect("its errors");
        errors.read_to_string(&mut said).expect("text");
        assert!(
            holder.try_wait().expect("a child of ours").is_none(),
            "PostgreSQL does not start: {said}"
        );
        Self {
            holder,
            folder,
            facts: Mutex::new(parse(&facts)),
        }
    }

    /// The database that is there from the start. Tests that run at the same time take one each with
    /// [`LocalPostgres::database`].
    pub fn first_database(&self) -> Database<'_> {
        Database {
            postgres: self,
            name: FIRST_DATABASE.to_owned(),
        }
    }

    /// A new database with the same schema, empty, and rights. `name` is of `a-z0-9_`, and begins with a letter.
    pub fn database(&self, name: &str) -> Database<'_> {
        self.run(&["database", name]);
        Database {
            postgres: self,
            name: name.to_owned(),
        }
    }

    /// The certificate of the authority that vouches for the servers, PEM. They are `127.0.0.1` and `localhost`.
    pub fn ca_file(&self) -> PathBuf {
        self.fact("ca_file").into()
    }

    /// The file that holds the role's password and nothing else; [`Role::Admin`] has none.
    pub fn password_file(&self, role: Role) -> PathBuf {
        self.fact(&format!("{}_password_file", role.word())).into()
    }

    /// Where the server takes connections over TLS.
    pub fn address(&self, node: &str) -> SocketAddr {
        let port = self.fact(&format!("node.{node}.port"));
        SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")))
    }

    /// The name of the server that takes changes, as far as `deploy/postgres/local` was told.
    pub fn primary(&self) -> String {
        self.fact("primary")
    }

    /// What the server logged so far.
    pub fn log(&self, node: &str) -> String {
        std::fs::read_to_string(self.fact(&format!("node.{node}.log_file"))).expect("a log")
    }

    /// Stops the server in good order.
    pub fn stop(&self, node: &str) {
        self.run(&["down", "--node", node]);
    }

    /// Starts every server that does not run, but for a primary that was replaced. The ports stay.
    pub fn start(&self) {
        self.run(&["up"]);
    }

    /// Stops the server and starts it again.
    pub fn restart(&self, node: &str) {
        self.stop(node);
        self.start();
    }

    /// Kills the server with SIGKILL; when this returns all its processes are gone.
    pub fn kill(&self, node: &str) {
        let (server, family) = self.family(node);
        rustix::process::pidfd_send_signal(server.pidfd(), Signal::KILL).expect("a process of ours");
        server.wait();
        // They notice that their parent is gone, and end.
        family.iter().for_each(Ended::wait);
    }

    /// Makes the standby the primary. The old one must have been stopped or killed, and is not started again.
    pub fn promote(&self, node: &str) {
        self.run(&["promote", node]);
    }

    /// How long the server's processes have been on a processor, those that ended included.
    pub fn processor_time(&self, node: &str) -> Duration {
        let server = self.server(node);
        let family = std::iter::once(server).chain(process::children(server));
        family.filter_map(|id| spent_by(id.unsigned_abs())).sum()
    }

    /// The server's process, and those it started.
    fn family(&self, node: &str) -> (Ended, Vec<Ended>) {
        let id = self.server(node);
        let server = Ended::of(id).expect("the server runs");
        let family = process::children(id);
        (server, family.into_iter().filter_map(Ended::of).collect())
    }

    fn server(&self, node: &str) -> i32 {
        let pid_file = self.fact(&format!("node.{node}.pid_file"));
        let text = std::fs::read_to_string(pid_file).expect("the server runs");
        let id = text.lines().next().and_then(|line| line.parse().ok());
        id.expect("a process id")
    }

    fn fact(&self, key: &str) -> String {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let fact = facts.get(key).cloned();
        drop(facts);
        fact.unwrap_or_else(|| panic!("deploy/postgres/local says nothing of {key}"))
    }

    fn run(&self, arguments: &[&str]) {
        let output = local(self.folder.path()).args(arguments).output();
        let output = output.expect("deploy/postgres/local");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        // It ends with 3 where nothing runs, and says the same.
        let status = local(self.folder.path()).arg("status").output();
        let facts = parse(&String::from_utf8_lossy(
            &status.expect("deploy/postgres/local").stdout,
        ));
        *self.facts.lock().unwrap_or_else(PoisonError::into_inner) = facts;
    }
}

impl Drop for LocalPostgres {
    fn drop(&mut self) {
        // The end of its input is the sign to take everything down and delete it.
        drop(self.holder.stdin.take());
        self.holder.wait().ok();
    }
}

/// The command on the cluster in `folder`.
fn local(folder: &Path) -> Command {
    let mut command = Command::new(LOCAL);
    command.arg("--dir").arg(folder);
    command
}

fn parse(facts: &str) -> BTreeMap<String, String> {
    let pairs = facts.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// A database of the cluster.
pub struct Database<'a> {
    postgres: &'a LocalPostgres,
    name: String,
}

impl Database<'_> {
    /// Where the role finds it, without a password: `postgresql://statuscheck_gateway@127.0.0.1:PORT/NAME`. With a standby
    /// both servers are named, the primary first, and `target_session_attrs=read-write` chooses. For [`Role::Admin`] it
    /// names the socket.
    pub fn url(&self, role: Role) -> String {
        let url = self.postgres.fact(&format!("{}_url", role.word()));
        let (user, place) = url.split_once('@').expect("a role");
        let place = place.replacen(&format!("/{FIRST_DATABASE}"), &format!("/{}", self.name), 1);
        format!("{user}@{place}")
    }

    /// What the statements answer, by psql: rows as lines, columns parted by `|`. Everybody but the superuser connects over
    /// TLS, and looks at the server's certificate.
    ///
    /// # Errors
    /// [`Refused`] at the first statement that fails; those before it stay done.
    pub fn sql(&self, role: Role, statements: &str) -> Result<String, Refused> {
        self.sql_by(role, statements, &[])
    }

    /// [`Database::sql`] with variables of libpq's own in psql's environment, such as `PGSSLMODE`.
    ///
    /// # Errors
    /// As there.
    pub fn sql_by(&self, role: Role, statements: &str, libpq: &[(&str, &str)]) -> Result<String, Refused> {
        let mut psql = Command::new("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                "VERBOSITY=verbose",
                "-d",
            ])
            .arg(self.url(role))
            .env("PGPASSFILE", self.postgres.fact("pgpass_file"))
            .env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", self.postgres.ca_file())
            .env("LC_ALL", "C")
            .envs(libpq.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql");
        let mut input = psql.stdin.take().expect("its input");
        // It closes its input where it cannot connect, and says so.
        input.write_all(statements.as_bytes()).ok();
        drop(input);
        let output = psql.wait_with_output().expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(Refused {
                said: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
    }
}

/// A statement or a connection was refused. `Debug` shows all that psql said.
pub struct Refused {
    said: String,
}

impl Refused {
    /// Whether it was for that reason, such as `42501` for a right that is lacking.
    pub fn is(&self, sql_state: &str) -> bool {
        self.mentions(&format!("ERROR:  {sql_state}:"))
    }

    /// Whether psql said that; for a connection that was refused, which has no state.
    pub fn mentions(&self, text: &str) -> bool {
        self.said.contains(text)
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.said)
    }
}
