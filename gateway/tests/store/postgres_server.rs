//! A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket there and a loopback port,
//! gone with the tests.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Where Debian's packages put the programs of a server.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Not durable, for nothing is to be kept. Every commit that asks to be on a standby as well waits for ever, for there is
/// none: that is how a test holds a commit back after it is made. By default none asks.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
ssl = on
fsync = off
max_connections = 300
shared_buffers = 32MB
synchronous_commit = local
synchronous_standby_names = 'nobody'
";

/// The server.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    /// Stops the server once this process has ended, however it ended: then its input does.
    _guard: Child,
}

/// A database on it.
pub(crate) struct Database {
    name: String,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let initdb = as_server(&format!("{PROGRAMS}/initdb"))
            .args([
                "--auth=trust",
                "--auth-host=scram-sha-256",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(initdb.unwrap().success());
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let socket = folder.path().display();
        let settings = format!("{SETTINGS}port = {port}\nunix_socket_directories = '{socket}'\n");
        certify(&data);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .unwrap();
        file.write_all(settings.as_bytes()).unwrap();
        assert!(control(&data, "start").status().unwrap().success());
        let guard = Command::new("sh")
            .arg("-c")
            .arg(format!(
                "cat; {:?} && rm -rf {:?}",
                control(&data, "stop"),
                folder.path()
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self {
            folder,
            port,
            _guard: guard.unwrap(),
        }
    }
}

/// Gives the server a certificate for `localhost` that it signed itself.
fn certify(data: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let owner = std::fs::metadata(data).unwrap();
    let files = [
        ("server.crt", made.cert.pem()),
        ("server.key", made.signing_key.serialize_pem()),
    ];
    for (name, pem) in files {
        let path = data.join(name);
        std::fs::write(&path, pem).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// A server refuses to run as root.
fn as_server(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}

fn control(data: &Path, what: &str) -> Command {
    let mut command = as_server(&format!("{PROGRAMS}/pg_ctl"));
    command
        .args([what, "--wait", "--silent", "--mode=immediate", "-D"])
        .arg(data);
    if what == "start" {
        command
            .args(["-o", "-c logging_collector=off", "-l"])
            .arg(data.join("log"));
        command.stdout(Stdio::null());
    }
    command
}

impl Database {
    /// An empty one.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("store_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        create(&name);
        Self { name }
    }

    /// Where a store finds it.
    pub(crate) fn url(&self) -> String {
        url(&self.name)
    }

    /// Where a store finds it over TCP, as a role that needs a password.
    pub(crate) fn tcp_url(&self, role: &str, host: &str, mode: &str) -> String {
        format!(
            "postgres://{role}@{host}:{}/{}?sslmode={mode}",
            server().port,
            self.name
        )
    }

    /// The certificate that the server shows, PEM.
    pub(crate) fn certificate(&self) -> String {
        std::fs::read_to_string(server().folder.path().join("data/server.crt")).unwrap()
    }

    /// A connection past the store, as a stranger might have.
    pub(crate) async fn stranger(&self) -> Client {
        connect(&self.url()).await
    }

    /// A connection to another database of the same server.
    pub(crate) async fn elsewhere(&self) -> Client {
        connect(&url("postgres")).await
    }

    /// Runs statements past the store, and is the first column of the last row that they find.
    pub(crate) async fn sql(&self, statements: &str) -> String {
        let found = self.stranger().await.simple_query(statements).await.unwrap();
        let rows = found.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        rows.last().unwrap_or_default().to_owned()
    }
}

fn url(database: &str) -> String {
    let folder = server().folder.path().display().to_string().replace('/', "%2F");
    format!("postgres://postgres@{folder}:{}/{database}", server().port)
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // It ends with the client; what it ends with is told to that.
    tokio::spawn(async { connection.await.ok() });
    client
}

/// For what happens before there is a runtime.
fn create(database: &str) {
    let ran = Command::new(PathBuf::from(PROGRAMS).join("psql"))
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-h",
        ])
        .arg(server().folder.path())
        .args([
            "-p",
            &server().port.to_string(),
            "-d",
            "postgres",
            "-c",
            &format!("CREATE DATABASE {database}"),
        ])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
