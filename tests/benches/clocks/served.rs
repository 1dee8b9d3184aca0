//! A gateway with its departments on a copy of the cases, and its callers' ways in.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use statuscheck::demo::authority::Identity;
use statuscheck::demo::{Demo, DemoSettings};
use statuscheck::limits::LimitSettings;
use statuscheck::rpc::works::Through;
use statuscheck::store::Store;
use statuscheck_domain::clock::{Clock, SharedClock, SystemClock, london_day};
use statuscheck_mocks::Mocks;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::asking::EMPLOYER;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::fixture::START;
use crate::people::{Holders, people};
use crate::watched::Watch;

/// A connection to a gateway, as a caller holds it.
pub(crate) type Client = StatusCheckServiceClient<Channel>;

/// No limit of ours may be what is measured.
const PLENTY: NonZeroU32 = NonZeroU32::new(1_000_000).expect("above zero");

/// The machine's clock, set back to when the cases were left.
struct SetBack(SystemClock);

impl Clock for SetBack {
    fn now(&self) -> Timestamp {
        let ran = SignedDuration::try_from(self.0.elapsed()).unwrap_or(SignedDuration::MAX);
        START.saturating_add(ran).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A gateway that serves.
pub(crate) struct Served {
    pub(crate) clock: SharedClock,
    /// Its store, behind the watch.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) watch: Watch,
    /// Whom the Home Office answers about at once.
    pub(crate) holders: Holders,
    /// Where its dashboard is, with a `/` at the end.
    pub(crate) dashboard: String,
    address: String,
    ca: PathBuf,
    identities: BTreeMap<String, Identity>,
    mocks: Mocks,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl Served {
    /// Starts one on `folder`, in the runtime of the gateways.
    pub(crate) async fn start(gateway: &Handle, folder: TempDir) -> anyhow::Result<Self> {
        let clock: SharedClock = Arc::new(SetBack(SystemClock::new()));
        let watch = Watch::new(clock.clone());
        let (population, holders, _slow) = people(london_day(START));
        let mut settings = DemoSettings::new(folder.path().to_owned(), population, clock.clone());
        settings.machine_clock = SystemClock::shared();
        settings.limits = LimitSettings {
            checks_per_second: PLENTY,
            burst: PLENTY,
        };
        let kept = Arc::new(Mutex::new(None));
        settings.before_store = Box::new({
            let (kept, around) = (Arc::clone(&kept), watch.clone());
            move |store| {
                let through: Arc<dyn Store> = Arc::new(Through { around, store });
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&through));
                through
            }
        });
        let demo = gateway.spawn(Demo::start(settings)).await??;
        let (stop, stopped) = oneshot::channel();
        let address = demo.gateway.address().to_string();
        let usher = demo.gateway.usher().context("a demo has a dashboard")?;
        let serving = gateway.spawn(demo.gateway.serve(async {
            stopped.await.unwrap_or_default();
        }));
        let store = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Self {
            clock,
            store: store.context("a gateway has a store")?,
            watch,
            holders,
            dashboard: usher.url(),
            address,
            ca: demo.ca,
            identities: demo.identities,
            mocks: demo.mocks,
            stop,
            serving,
            _folder: folder,
        })
    }

    /// A new connection of the employer's, made.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        let employer = self.identity(EMPLOYER)?;
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read(&self.ca)?))
            .identity(tonic::transport::Identity::from_pem(
                read(&employer.cert)?,
                read(&employer.key)?,
            ));
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address))?.tls_config(tls)?;
        Ok(Client::new(endpoint.connect().await?))
    }

    /// An operator's browser, without a connection yet.
    pub(crate) fn browser(&self) -> anyhow::Result<reqwest::Client> {
        let operator = self.identity("ops/duty-1")?;
        let mut pem = read(&operator.cert)?;
        pem.extend(read(&operator.key)?);
        Ok(reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([reqwest::Certificate::from_pem(&read(&self.ca)?)?])
            .identity(reqwest::Identity::from_pem(&pem)?)
            .build()?)
    }

    /// Stops it and its departments.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.serving.await?;
        self.mocks.shutdown().await;
        Ok(())
    }

    fn identity(&self, name: &str) -> anyhow::Result<&Identity> {
        self.identities.get(name).context("an identity of the demo")
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
}
