//! `demo.json`: where a running demo is, and with which certificates it is spoken to.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context as _;
use statuscheck_domain::ids::DepartmentId;

use crate::cli::client::{DemoFile, IdentityFiles, TaskforceUrls};
use crate::demo;

pub(super) fn demo_file(demo: &demo::Demo, clock_rate: Option<NonZeroU32>) -> anyhow::Result<DemoFile> {
    let absolute = |path: &Path| std::path::absolute(path).context("the working directory is gone");
    let identity = |(name, files): (&String, &demo::authority::Identity)| {
        Ok((
            name.clone(),
            IdentityFiles {
                cert: absolute(&files.cert)?,
                key: absolute(&files.key)?,
            },
        ))
    };
    let departments =
        DepartmentId::ALL.map(|department| (department.to_string(), demo.mocks.url(department)));
    Ok(DemoFile {
        grpc: demo.gateway.address().to_string(),
        dashboard: demo.gateway.usher().map(|usher| usher.url()),
        metrics: demo
            .gateway
            .telemetry_address()
            .map(|address| format!("http://{address}/metrics")),
        ca: absolute(&demo.ca)?,
        identities: demo
            .identities
            .iter()
            .map(identity)
            .collect::<anyhow::Result<_>>()?,
        departments: BTreeMap::from(departments),
        taskforce: demo
            .mocks
            .hooks_url()
            .zip(demo.mocks.control_url())
            .map(|(hooks, control)| TaskforceUrls {
                hooks: hooks.to_owned(),
                control: control.to_owned(),
            }),
        clock_rate,
    })
}

/// Written whole or not at all, so that whoever waits for the file reads a finished one.
pub(super) fn write_demo_file(dir: &Path, demo: &DemoFile) -> anyhow::Result<()> {
    let (path, draft) = (dir.join("demo.json"), dir.join("demo.json.new"));
    let written =
        fs::write(&draft, serde_json::to_string_pretty(demo)?).and_then(|()| fs::rename(&draft, &path));
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

/// What an earlier run wrote; none where it is gone.
pub(super) fn read_demo_file(dir: &Path) -> Option<DemoFile> {
    serde_json::from_str(&fs::read_to_string(dir.join("demo.json")).ok()?).ok()
}

/// An earlier run's addresses are nobody's now.
pub(super) fn forget_demo_file(dir: &Path) -> anyhow::Result<()> {
    let path = dir.join("demo.json");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{}: cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}
