//! A PostgreSQL server of a test's own: in a folder of its own, on a socket and a loopback port of its own, gone with it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// The password of everyone who comes over TCP.
pub(crate) const PASSWORD: &str = "a pass:word";

pub(crate) struct Server {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Server {
    /// Makes a database cluster and starts its server.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Self {
            folder,
            port: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .and_then(|free| free.local_addr())
                .unwrap()
                .port(),
        };
        let root = server.folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        server.issue_certificate();
        fs::write(root.join("initial"), PASSWORD).unwrap();
        // PostgreSQL does not run as root.
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(root));
        }
        run(server
            .program("initdb")
            .args([
                "--no-sync",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile"])
            .arg(root.join("initial"))
            .arg("--pgdata")
            .arg(server.data()));
        let options = format!(
            "-k {root} -h 127.0.0.1 -p {port} -c fsync=off -c ssl=on -c ssl_cert_file={root}/server.pem \
             -c ssl_key_file={root}/server.key",
            root = root.display(),
            port = server.port
        );
        run(server
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "--pgdata"])
            .arg(server.data())
            .args([
                "--log",
                &root.join("log").display().to_string(),
                "--options",
                &options,
            ]));
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The authority of the server's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A file beside the server's.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of its socket.
    pub(crate) fn socket_url(&self) -> String {
        format!(
            "postgres:///postgres?user=postgres&host={}&port={}",
            self.folder.path().display(),
            self.port
        )
    }

    /// A connection of a stranger's own.
    pub(crate) async fn connect(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.socket_url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    fn issue_certificate(&self) {
        let (key, own_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        fs::write(self.authority(), authority.pem()).unwrap();
        let issuer = Issuer::from_params(&params, &key);
        let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let own = own.signed_by(&own_key, &issuer).unwrap();
        fs::write(self.file("server.pem"), own.pem()).unwrap();
        let key_file = self.file("server.key");
        fs::write(&key_file, own_key.serialize_pem()).unwrap();
        fs::set_permissions(key_file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// One of PostgreSQL's programs, as a user that it runs as.
    fn program(&self, name: &str) -> Command {
        let path = programs().join(name);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(path)
            .current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        run(self
            .program("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(self.data()));
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where PostgreSQL's programs are: the newest of Debian's folders, or the search path.
fn programs() -> PathBuf {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    versions.sort_unstable();
    versions.pop().unwrap_or_else(|| Path::new("").to_owned())
}

fn run(command: &mut Command) {
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(done.unwrap().success(), "{command:?}");
}
