//! `statuscheck serve`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use sd_notify::NotifyState;
use statuscheck_domain::clock::SystemClock;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::calendars::{ServedCalendars, complain};
use crate::config::Config;
use crate::server::Gateway;
use crate::telemetry::Exports;
use crate::tls::{Reload, Tls};

/// Serves a gateway until it is told to stop.
#[derive(Args)]
#[command(
    after_help = "Example:\n  statuscheck serve --config /etc/statuscheck/statuscheck.toml\n\n\
    SIGHUP reads the certificates, the revocation lists and the file of bank holidays again. SIGTERM and Ctrl-C let calls end first."
)]
pub(crate) struct Serve {
    /// The configuration file; deploy/statuscheck.toml is a commented one.
    #[arg(long, value_name = "FILE", env = "STATUSCHECK_CONFIG")]
    config: PathBuf,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        keep_memory_private()?;
        let setup = Config::read(&self.config)?
            .setup(&Exports::from_environment(), SystemClock::shared())
            .await?;
        let gateway = Gateway::bind(setup).await?;
        // Before anybody is told that it serves: a signal that nobody waits for ends the process at once.
        let hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
        let stopped = stopped()?;
        if let Some(address) = gateway.telemetry_address() {
            tracing::info!(%address, "figures and health are told");
        }
        tracing::info!(address = %gateway.address(), "serving");
        tell_systemd(NotifyState::Ready);
        let reloading = tokio::spawn(reload_on(hangup, gateway.tls(), gateway.calendars()));
        let stopped = async {
            stopped.await;
            tell_systemd(NotifyState::Stopping);
        };
        gateway.serve(stopped).await;
        reloading.abort();
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

/// Keeps the memory of this process, where keys and people's data are, out of core dumps and from other processes of the
/// same user: `/proc/PID` belongs to root from here on, and no debugger attaches.
pub(crate) fn keep_memory_private() -> anyhow::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .context("the system does not let this process keep its memory private")
}

/// Says how far it is to whoever started it, where that is systemd.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}

/// Ends at the first SIGTERM or Ctrl-C.
pub(crate) fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn reload_on(mut hangup: Signal, tls: Tls, calendars: Arc<ServedCalendars>) {
    while hangup.recv().await.is_some() {
        match tls.reload().await {
            Ok(Reload::Changed) => tracing::info!("certificates reloaded"),
            Ok(Reload::Unchanged) => tracing::info!("certificates are unchanged"),
            Err(error) => tracing::error!(%error, "new certificates are bad; the old ones stay in use"),
        }
        if let Err(error) = calendars.look().await {
            complain(&error);
        }
    }
}
