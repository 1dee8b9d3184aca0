//! The command line as a client: where the gateway is, and who asks.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use statuscheck_proto::adapter::v1::desk_service_client::DeskServiceClient;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// A page of the register: a hundred agreements with a thousand organisations each.
const REGISTER_PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// As the gateway does it itself.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// A page of work: a hundred people with every alias that a check may have.
const WORK_PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where the gateway is, and who asks.
#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Folder of a running demo: address, authority and identity are taken from its demo.json.
    #[arg(long, value_name = "DIR", env = "STATUSCHECK_DEMO")]
    demo: Option<PathBuf>,
    /// The demo identity that asks, e.g. organisation/employer.
    #[arg(long = "as", value_name = "NAME", requires = "demo")]
    identity: Option<String>,
    /// The gateway, as HOST:PORT.
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "STATUSCHECK_SERVER",
        conflicts_with = "demo"
    )]
    server: Option<String>,
    /// Authority that issued the gateway's certificate (PEM).
    #[arg(long, value_name = "FILE", env = "STATUSCHECK_CA")]
    ca: Option<PathBuf>,
    /// Your client certificate (PEM).
    #[arg(long, value_name = "FILE", env = "STATUSCHECK_CERT")]
    cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", env = "STATUSCHECK_KEY")]
    key: Option<PathBuf>,
    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// What `demo` writes about itself: `DIR/demo.json`.
#[derive(Serialize, Deserialize)]
pub(crate) struct DemoFile {
    /// Where gRPC is served, as HOST:PORT.
    pub(crate) grpc: String,
    /// Address of the dashboard.
    pub(crate) dashboard: Option<String>,
    /// Address of the metrics; null where there are none.
    pub(crate) metrics: Option<String>,
    /// The authority of every certificate, a PEM file.
    pub(crate) ca: PathBuf,
    /// Certificates by name.
    pub(crate) identities: BTreeMap<String, IdentityFiles>,
    /// Mock departments by id: the root of the API.
    pub(crate) departments: BTreeMap<String, String>,
    /// The mock taskforce; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taskforce: Option<TaskforceUrls>,
    /// How many times as fast as the machine's its clock runs; absent where it runs as fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock_rate: Option<NonZeroU32>,
}

/// Where the mock taskforce is.
#[derive(Serialize, Deserialize)]
pub(crate) struct TaskforceUrls {
    /// Where it takes hooks.
    pub(crate) hooks: String,
    /// Where it is told what to do, and says what came in.
    pub(crate) control: String,
}

/// One client certificate.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct IdentityFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Who asks the gateway.
pub(crate) type Client = StatusCheckServiceClient<Channel>;

impl Connection {
    /// A client that connects when it asks; `usual` is the demo identity that asks where none is named.
    pub(crate) fn client(&self, usual: &str) -> anyhow::Result<Client> {
        Ok(StatusCheckServiceClient::new(self.channel(usual)?))
    }

    /// A department's client.
    pub(crate) fn desk(&self, usual: &str) -> anyhow::Result<DeskServiceClient<Channel>> {
        let client = DeskServiceClient::new(self.channel(usual)?);
        Ok(client.max_decoding_message_size(WORK_PAGE_BYTES_MAX))
    }

    /// The taskforce's client.
    pub(crate) fn taskforce(&self, usual: &str) -> anyhow::Result<ReferralServiceClient<Channel>> {
        let client = ReferralServiceClient::new(self.channel(usual)?);
        Ok(client.max_decoding_message_size(WORK_PAGE_BYTES_MAX))
    }

    /// An operator's client.
    pub(crate) fn operate(&self) -> anyhow::Result<OpsServiceClient<Channel>> {
        Ok(OpsServiceClient::new(self.channel("ops/duty-1")?))
    }

    /// A reader of the register, and planner of another.
    pub(crate) fn register(&self) -> anyhow::Result<RegisterServiceClient<Channel>> {
        Ok(RegisterServiceClient::new(self.channel("ops/duty-1")?)
            .max_decoding_message_size(REGISTER_PAGE_BYTES_MAX))
    }

    fn channel(&self, usual: &str) -> anyhow::Result<Channel> {
        // A server that is named stands above a demo that the environment knows.
        let (server, ca, files) = match (&self.demo, &self.server) {
            (Some(folder), None) => from_demo(folder, self.identity.as_deref().unwrap_or(usual))?,
            _ => self.given()?,
        };
        channel(&server, &ca, &files, Duration::from_secs(self.timeout))
    }

    fn given(&self) -> anyhow::Result<(String, PathBuf, IdentityFiles)> {
        match (&self.server, &self.ca, &self.cert, &self.key) {
            (Some(server), Some(ca), Some(cert), Some(key)) => Ok((
                server.clone(),
                ca.clone(),
                IdentityFiles {
                    cert: cert.clone(),
                    key: key.clone(),
                },
            )),
            _ => bail!("say where the gateway is: --demo DIR, or --server with --ca, --cert and --key"),
        }
    }
}

fn from_demo(folder: &Path, name: &str) -> anyhow::Result<(String, PathBuf, IdentityFiles)> {
    let path = folder.join("demo.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{}: is no demo running there?", path.display()))?;
    let demo: DemoFile =
        serde_json::from_str(&text).with_context(|| format!("{}: is not a demo's file", path.display()))?;
    let Some(files) = demo.identities.get(name) else {
        let known: Vec<_> = demo.identities.into_keys().collect();
        bail!("the demo has no identity {name}; it has {}", known.join(", "));
    };
    Ok((demo.grpc, demo.ca, files.clone()))
}

/// A channel over mutual TLS. It connects with the first call, so that an unreachable gateway is told as any call that
/// failed is.
pub(crate) fn channel(
    server: &str,
    ca: &Path,
    files: &IdentityFiles,
    timeout: Duration,
) -> anyhow::Result<Channel> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()));
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(ca)?))
        .identity(Identity::from_pem(read(&files.cert)?, read(&files.key)?));
    let endpoint = Endpoint::from_shared(format!("https://{server}"))
        .with_context(|| format!("{server} is not HOST:PORT"))?
        .tls_config(tls)?
        .connect_timeout(timeout)
        .timeout(timeout)
        // A watch has nothing to wait for from a gateway that is gone.
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(timeout);
    Ok(endpoint.connect_lazy())
}
