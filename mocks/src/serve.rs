//! The listeners, one a department and two of the taskforce, and their end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use statuscheck_domain::ids::DepartmentId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::desk::Desk;
use crate::settings::{PerDepartment, Settings};
use crate::taskforce::{Taskforce, TaskforceError};
use crate::tls::{self, TlsError};
use crate::{dfe, dwp, hmrc, home_office, own_time};

/// Pause after the system could not accept a connection, as when it is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the mock departments do not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is in use, or not one of this machine's.
    #[error("{department} cannot listen at {address}")]
    Listen {
        /// Which of them.
        department: DepartmentId,
        /// The address of the settings.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// DWP's certificate, key or client authority cannot be used.
    #[error("the TLS settings of dwp cannot be used")]
    Tls(#[from] TlsError),
    /// The address is in use, or not one of this machine's.
    #[error("the taskforce cannot listen at {address}")]
    ListenTaskforce {
        /// The address of the settings.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The taskforce's certificate or key cannot be used.
    #[error("the TLS settings of the taskforce cannot be used")]
    TaskforceTls(#[source] TlsError),
    /// Its secrets or orders cannot be used.
    #[error(transparent)]
    Taskforce(#[from] TaskforceError),
}

/// The departments and the taskforce, serving. Dropping it stops them too, without waiting for open requests.
pub struct Mocks {
    doors: PerDepartment<Door>,
    office: Option<Office>,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
}

/// The taskforce and where it serves.
struct Office {
    taskforce: Taskforce,
    hooks: String,
    control: String,
}

#[derive(Clone)]
struct Door {
    scheme: &'static str,
    address: SocketAddr,
    requests: Arc<AtomicU64>,
}

impl Mocks {
    /// Where the department serves, such as `http://127.0.0.1:40123`; `https` for DWP with TLS. No slash at the end.
    pub fn url(&self, department: DepartmentId) -> String {
        let door = self.doors.of(department);
        format!("{}://{}", door.scheme, door.address)
    }

    /// Requests to the department's API since the start, refused ones too; tokens are not counted.
    pub fn requests(&self, department: DepartmentId) -> u64 {
        self.doors.of(department).requests.load(Ordering::Relaxed)
    }

    /// The taskforce, where there is one.
    pub fn taskforce(&self) -> Option<&Taskforce> {
        self.office.as_ref().map(|office| &office.taskforce)
    }

    /// Where the taskforce takes hooks, such as `https://127.0.0.1:40123/hooks`; `http` without TLS.
    pub fn hooks_url(&self) -> Option<&str> {
        self.office.as_ref().map(|office| office.hooks.as_str())
    }

    /// Where the taskforce is told what to do, such as `http://127.0.0.1:40124`.
    pub fn control_url(&self) -> Option<&str> {
        self.office.as_ref().map(|office| office.control.as_str())
    }

    /// Stops accepting, lets open requests end for the time that the settings give, and returns.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for serving in std::mem::take(&mut self.serving) {
            if let Err(error) = serving.await {
                tracing::warn!(%error, "a mock department ended badly");
            }
        }
    }
}

impl Drop for Mocks {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

/// Starts all four departments, and the taskforce where it is wanted, on the current runtime.
///
/// # Errors
/// An address cannot be listened at, or the TLS files cannot be used; see [`StartError`].
pub async fn start(mut settings: Settings) -> Result<Mocks, StartError> {
    let tls = settings.dwp_tls.as_ref().map(tls::acceptor).transpose()?;
    let (stop, stopped) = watch::channel(false);
    let mut listeners = Vec::new();
    for department in DepartmentId::ALL {
        listeners.push((department, listen(department, &settings).await?));
    }
    let (office, mut serving) = match open_office(&mut settings, &stopped).await? {
        Some((office, serving)) => (Some(office), serving),
        None => (None, Vec::new()),
    };
    let population = Arc::new(std::mem::take(&mut settings.population));
    let mut doors = PerDepartment::all(Door {
        scheme: "http",
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        requests: Arc::default(),
    });
    for (department, (listener, address)) in listeners {
        let requests = Arc::new(AtomicU64::new(0));
        let desk = Desk::new(department, &settings, population.clone(), requests.clone());
        let tls = tls.clone().filter(|_| department == DepartmentId::Dwp);
        *doors.of_mut(department) = Door {
            scheme: if tls.is_some() { "https" } else { "http" },
            address,
            requests,
        };
        let router = router(department, desk, &settings);
        let server = Server::new(listener, tls, router, &settings);
        serving.push(tokio::spawn(server.serve(stopped.clone())));
    }
    Ok(Mocks {
        doors,
        office,
        stop,
        serving,
    })
}

async fn listen(
    department: DepartmentId,
    settings: &Settings,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = *settings.listen.of(department);
    let failed = |source| StartError::Listen {
        department,
        address,
        source,
    };
    bind(address).await.map_err(failed)
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The taskforce's two doors: hooks come from the network, and what it is told from this machine alone.
async fn open_office(
    settings: &mut Settings,
    stopped: &watch::Receiver<bool>,
) -> Result<Option<(Office, Vec<JoinHandle<()>>)>, StartError> {
    let Some(wanted) = settings.taskforce.take() else {
        return Ok(None);
    };
    let acceptor = wanted.tls.as_ref().map(tls::open_acceptor).transpose();
    let acceptor = acceptor.map_err(StartError::TaskforceTls)?;
    let bind = async |address| {
        let failed = |source| StartError::ListenTaskforce { address, source };
        bind(address).await.map_err(failed)
    };
    let (hooks, hooks_address) = bind(wanted.listen).await?;
    let (control, control_address) = bind(wanted.control).await?;
    let taskforce = Taskforce::new(wanted, settings)?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let serving = [
        Server::new(hooks, acceptor, taskforce.hooks(), settings),
        Server::new(control, None, taskforce.control(), settings),
    ];
    let serving = serving.map(|server| tokio::spawn(server.serve(stopped.clone())));
    let office = Office {
        taskforce,
        hooks: format!("{scheme}://{hooks_address}/hooks"),
        control: format!("http://{control_address}"),
    };
    Ok(Some((office, serving.into())))
}

fn router(department: DepartmentId, desk: Desk, settings: &Settings) -> Router {
    let router = match department {
        DepartmentId::HomeOffice => home_office::router(desk, settings.kept_max),
        DepartmentId::Dwp => dwp::router(desk, settings.kept_max),
        DepartmentId::Hmrc => hmrc::router(desk, settings.kept_max),
        DepartmentId::Dfe => dfe::router(desk, settings.kept_max, settings.feeds, settings.processing),
    };
    own_time::told(router, settings.clock.clone())
}

struct Server {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: Arc<Semaphore>,
    patience: Duration,
    drain: Duration,
}

impl Server {
    fn new(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, settings: &Settings) -> Self {
        Self {
            listener,
            tls,
            router,
            connections: Arc::new(Semaphore::new(settings.connections_max)),
            patience: settings.patience,
            drain: settings.drain,
        }
    }

    async fn serve(self, mut stopped: watch::Receiver<bool>) {
        let open = GracefulShutdown::new();
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                // An error says that the owner is gone.
                _ = stopped.wait_for(|stop| *stop) => break,
                accepted = self.accept() => accepted,
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a connection to a mock department ended badly");
                    }
                    continue;
                }
            };
            let Some((stream, place)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (router, tls, patience) = (self.router.clone(), self.tls.clone(), self.patience);
            let watcher = open.watcher();
            connections.spawn(async move {
                let _place = place;
                connection(stream, tls, router, patience, watcher).await;
            });
        }
        drop(self.listener);
        if tokio::time::timeout(self.drain, open.shutdown()).await.is_err() {
            tracing::warn!("requests to a mock department were cut off at its end");
        }
    }

    /// The next connection, once there is a place for it; none where the system refuses.
    async fn accept(&self) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let place = self.connections.clone().acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, _)) => Some((stream, place)),
            Err(error) => {
                tracing::warn!(%error, "a mock department cannot accept a connection");
                None
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    patience: Duration,
    watcher: Watcher,
) {
    let Some(tls) = tls else {
        return speak(stream, router, patience, watcher).await;
    };
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, router, patience, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake with a mock department failed"),
        Err(_elapsed) => tracing::debug!("a TLS handshake with a mock department took too long"),
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    patience: Duration,
    watcher: Watcher,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection to a mock department ended early");
    }
}
