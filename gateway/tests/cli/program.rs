//! Starting the program, reading what it prints, and sending it signals.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A bound for what takes a second: reached only where the program hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANGS_AFTER, what)
        .await
        .expect("the program hangs")
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Ended with that code; else shows what it said.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }
}

/// The program, with nothing of the tester's own environment that it would read.
pub(crate) fn program<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_statuscheck"));
    for variable in ["DEMO", "SERVER", "CA", "CERT", "KEY", "CONFIG", "LOG_FORMAT"] {
        command.env_remove(format!("STATUSCHECK_{variable}"));
    }
    command
        .env_remove("RUST_LOG")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    finish(program(args)).await
}

pub(crate) async fn finish(mut command: Command) -> Ran {
    ran(soon(command.output()).await.unwrap())
}

/// Runs the program with `input` on its standard input.
pub(crate) async fn run_with_input<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, input: &str) -> Ran {
    let mut child = program(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    ran(soon(child.wait_with_output()).await.unwrap())
}

fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The program while it runs. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            stderr: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
        }
    }

    /// Reads standard output up to the line with `text`.
    pub(crate) async fn says(&mut self, text: &str) {
        let said = soon(async {
            while let Some(line) = self.stdout.next_line().await.unwrap() {
                if line.contains(text) {
                    return true;
                }
            }
            false
        });
        assert!(said.await, "it ended without saying: {text}");
    }

    /// The next line on standard output.
    pub(crate) async fn line(&mut self) -> String {
        let line = soon(self.stdout.next_line()).await.unwrap();
        line.expect("it ended without another line")
    }

    /// Reads the log, JSON lines, up to the entry with this message, and gives the entry's fields.
    pub(crate) async fn logs(&mut self, message: &str) -> Value {
        soon(async {
            while let Some(line) = self.stderr.next_line().await.unwrap() {
                let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said: {line}"));
                if entry["fields"]["message"] == message {
                    return entry["fields"].clone();
                }
            }
            panic!("it ended without logging: {message}");
        })
        .await
    }

    /// Sends a signal, by its short name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.await.unwrap().success());
    }

    /// Waits for its end; the code is none where a signal ended it.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        soon(self.child.wait()).await.unwrap().code()
    }
}
