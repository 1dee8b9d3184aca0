//! The real program in a process of its own.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::house::{GLANCE, PATIENCE};
use crate::site::Site;

/// How the program is started.
#[derive(Clone)]
pub struct Start {
    words: Vec<OsString>,
    logged: String,
    variables: Vec<(String, String)>,
    user: Option<u32>,
}

impl Start {
    /// By these words, to which the program's own arguments are added.
    pub fn by(words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            logged: "info".to_owned(),
            variables: Vec::new(),
            user: None,
        }
    }

    /// With that `RUST_LOG`.
    #[must_use]
    pub fn logging(mut self, directives: &str) -> Self {
        directives.clone_into(&mut self.logged);
        self
    }

    /// With that variable in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As another user; only root can.
    #[must_use]
    pub fn as_user(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// A command of the program, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let (first, rest) = self.words.split_first().expect("a program");
        let mut command = Command::new(first);
        command.args(rest).args(arguments);
        command.env("RUST_LOG", &self.logged);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Starts `serve` on the site, without waiting for it.
    pub fn spawn(&self, site: &Site) -> Program {
        self.spawn_on(&site.config())
    }

    /// Starts `serve` on that configuration, without waiting for it.
    pub fn spawn_on(&self, config: &Path) -> Program {
        let config = config.to_str().expect("a path in UTF-8");
        let mut command = self.command(&["--log-format", "json", "serve", "--config", config]);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let log = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            keep(child.stdout.take().expect("its output"), &log),
            keep(child.stderr.take().expect("its log"), &log),
        ];
        Program { child, log, readers }
    }

    /// Starts `serve` on the site and waits until it serves.
    pub async fn serve(&self, site: &Site) -> (Program, SocketAddr) {
        let mut program = self.spawn(site);
        let address = program.address().await;
        (program, address)
    }

    /// Starts `serve` on the site, expects it to end by itself, and returns its exit code and all that it said.
    pub async fn refused(&self, site: &Site) -> (Option<i32>, String) {
        let mut program = self.spawn(site);
        let status = program.ended().await;
        (status.code(), program.said())
    }
}

/// Keeps what comes, line by line, as it comes.
fn keep(from: impl Read + Send + 'static, log: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let mut log = log.lock().expect("no reader panics");
            log.push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// A started program. Dropping it kills it.
pub struct Program {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Waits until it serves; the address it serves at.
    pub async fn address(&mut self) -> SocketAddr {
        let waiting = async {
            let mut glances = tokio::time::interval(GLANCE);
            loop {
                glances.tick().await;
                if let Some(address) = self.lines().iter().find_map(serving_at) {
                    return Some(address);
                }
                if self.child.try_wait().expect("a child of ours").is_some() {
                    return None;
                }
            }
        };
        let address = tokio::time::timeout(PATIENCE, waiting).await.ok().flatten();
        address.unwrap_or_else(|| panic!("the program does not serve; it said:\n{}", self.log_so_far()))
    }

    /// A page of its telemetry listener, such as `/metrics`: its text.
    pub async fn page(&self, path: &str) -> String {
        let told = |line: &Value| {
            let fields = &line["fields"];
            let tells = fields["message"] == "figures and health are told";
            fields["address"].as_str().filter(|_| tells).map(str::to_owned)
        };
        let address = self.lines().iter().find_map(told).expect("a telemetry listener");
        let page = reqwest::get(format!("http://{address}{path}")).await;
        page.expect("a page").text().await.expect("a text")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGSTOP: it is there and does nothing, as a machine that hangs.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: it goes on where it was stopped.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// SIGKILL; when this returns the process is gone.
    pub fn kill(mut self) {
        self.end();
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let waiting = async {
            let mut glances = tokio::time::interval(GLANCE);
            loop {
                glances.tick().await;
                if let Some(status) = self.child.try_wait().expect("a child of ours") {
                    return status;
                }
            }
        };
        let status = tokio::time::timeout(PATIENCE, waiting).await;
        status.unwrap_or_else(|_elapsed| panic!("the program does not end; it said:\n{}", self.log_so_far()))
    }

    /// It still runs, or ended within that time.
    pub async fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        tokio::time::timeout(time, self.ended()).await.ok()
    }

    /// All that it said, once it has ended or been killed.
    pub fn said(mut self) -> String {
        self.end();
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panics");
        }
        self.log_so_far()
    }

    /// What it said so far.
    pub fn log_so_far(&self) -> String {
        self.log.lock().expect("no reader panics").clone()
    }

    /// How many lines so far have that message.
    pub fn times_logged(&self, message: &str) -> usize {
        let says = |line: &&Value| line["fields"]["message"] == message || line["fields"]["what"] == message;
        self.lines().iter().filter(says).count()
    }

    fn lines(&self) -> Vec<Value> {
        let log = self.log.lock().expect("no reader panics");
        log.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        // Gone already is as well.
        kill_process(pid.expect("a process id"), signal).ok();
    }

    fn end(&mut self) {
        // Both fail only where it is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn serving_at(line: &Value) -> Option<SocketAddr> {
    let fields = &line["fields"];
    let serves = fields["message"] == "serving";
    fields["address"].as_str().filter(|_| serves)?.parse().ok()
}
