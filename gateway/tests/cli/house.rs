//! A demo that runs until its test is over.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Ran, Running, program, run};

pub(crate) struct House {
    folder: TempDir,
    running: Running,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// With more arguments for `demo`.
    pub(crate) async fn open_with(args: &[&str]) -> Self {
        Self::reopen(tempfile::tempdir().unwrap(), args).await
    }

    pub(crate) async fn reopen(folder: TempDir, args: &[&str]) -> Self {
        let dir = folder.path().to_str().unwrap();
        let mut running = Running::start(program(["demo", "--dir", dir].iter().chain(args)));
        running.says("Ctrl-C ends it").await;
        Self { folder, running }
    }

    pub(crate) fn dir(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What stands in `demo.json`.
    pub(crate) fn file(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path("demo.json")).unwrap()).unwrap()
    }

    /// Runs a command with `--demo`.
    pub(crate) async fn ask(&self, args: &[&str]) -> Ran {
        run(args.iter().copied().chain(["--demo", &self.dir()])).await
    }

    /// Ends it as Ctrl-C does, and gives its folder back.
    pub(crate) async fn close(self) -> TempDir {
        self.running.signal("INT").await;
        assert_eq!(self.running.ended().await, Some(0));
        self.folder
    }
}
