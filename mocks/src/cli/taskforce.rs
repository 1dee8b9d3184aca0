//! What the taskforce is started with, on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::ANY_PORT;
use crate::settings::{ServerTls, TaskforceSettings};
use crate::taskforce::{Gateway, Order};

/// The taskforce is there where it has a secret.
#[derive(Args)]
#[command(next_help_heading = "Windrush taskforce (with --taskforce-secret)")]
pub(super) struct TaskforceArguments {
    /// Where the taskforce takes hooks; a free port of this machine unless given.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = ANY_PORT,
        requires = "taskforce_secret"
    )]
    taskforce: SocketAddr,

    /// Where it is told what to do and says what came in; keep it to this machine.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = ANY_PORT,
        requires = "taskforce_secret"
    )]
    taskforce_control: SocketAddr,

    /// File of a secret that it shares with the gateway (whsec_…); twice while one takes the place of the other.
    #[arg(long, value_name = "FILE")]
    taskforce_secret: Vec<PathBuf>,

    /// Its certificate, PEM: with it hooks come over TLS.
    #[arg(long, value_name = "FILE", requires_all = ["taskforce_key", "taskforce_secret"])]
    taskforce_certificate: Option<PathBuf>,

    /// The private key of that certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "taskforce_certificate")]
    taskforce_key: Option<PathBuf>,

    /// What it does with the first hooks, such as 3xfail:503, delay:2s or hang; any number of times.
    #[arg(long, value_name = "ORDER", requires = "taskforce_secret")]
    taskforce_order: Vec<Order>,

    /// The gateway at which it resolves referrals.
    #[arg(
        long,
        value_name = "HOST:PORT",
        requires_all = ["gateway_ca", "gateway_certificate", "gateway_key", "taskforce_secret"]
    )]
    gateway: Option<String>,

    /// Authority of the gateway's certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    gateway_ca: Option<PathBuf>,

    /// The taskforce's certificate for the gateway, PEM.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    gateway_certificate: Option<PathBuf>,

    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    gateway_key: Option<PathBuf>,
}

impl TaskforceArguments {
    /// None without a secret.
    pub(super) fn settings(self) -> Option<TaskforceSettings> {
        if self.taskforce_secret.is_empty() {
            return None;
        }
        let tls = self.taskforce_certificate.zip(self.taskforce_key);
        let gateway = self.gateway.zip(self.gateway_ca);
        let identity = self.gateway_certificate.zip(self.gateway_key);
        Some(TaskforceSettings {
            listen: self.taskforce,
            control: self.taskforce_control,
            tls: tls.map(|(certificate, key)| ServerTls { certificate, key }),
            orders: self.taskforce_order,
            gateway: gateway
                .zip(identity)
                .map(|((address, ca), (certificate, key))| Gateway {
                    address,
                    ca,
                    certificate,
                    key,
                }),
            ..TaskforceSettings::new(self.taskforce_secret)
        })
    }
}
