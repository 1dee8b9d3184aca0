//! A proxy between a client and a server over TCP that fails when a test tells it to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Connections open at once; one more waits to be accepted. 256: more than the pools of a few gateways.
const CONNECTIONS_MAX: usize = 256;

/// Bytes of one chunk: what is under way in one direction of one connection. 16 KiB, as a TLS record has at most.
const CHUNK_BYTES: usize = 16_384;

/// How long the server may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// One way through the proxy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// What the client sends.
    ToServer,
    /// What the server sends.
    ToClient,
}

/// What is wrong with the line.
#[derive(Clone, Copy)]
enum Fault {
    None,
    Cut,
    Stalled,
    HalfOpen(Direction),
    Slow(Duration),
}

/// What becomes of a chunk.
enum Fate {
    Pass,
    PassAfter(Duration),
    Wait,
    Vanish,
    Reset,
}

impl Fault {
    fn fate(self, direction: Direction) -> Fate {
        match self {
            Self::None => Fate::Pass,
            Self::Cut => Fate::Reset,
            Self::Stalled => Fate::Wait,
            Self::HalfOpen(silent) if silent == direction => Fate::Vanish,
            Self::HalfOpen(_) => Fate::Pass,
            Self::Slow(delay) => Fate::PassAfter(delay),
        }
    }
}

/// A proxy on a loopback port. A fault holds for every connection, open or to come, until the next call; what is sent after
/// a call returned is treated as it says. Dropping the proxy closes everything.
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    accepted: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy to `server`, without any fault.
    ///
    /// # Errors
    /// Where there is no port to be had.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (fault, faults) = watch::channel(Fault::None);
        let accepted = Arc::new(AtomicUsize::new(0));
        let accepting = tokio::spawn(accept(listener, server, faults, Arc::clone(&accepted)));
        Ok(Self {
            address,
            fault,
            accepted,
            accepting,
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that were accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Resets every connection, and new ones as soon as they are accepted: the other machine is there, the service is not.
    pub fn cut(&self) {
        self.fault.send_replace(Fault::Cut);
    }

    /// Accepts connections and passes nothing on, not even their end. What waits goes on with the next fault or without:
    /// the other machine hangs.
    pub fn stall(&self) {
        self.fault.send_replace(Fault::Stalled);
    }

    /// What is sent in one direction vanishes, its end too, while the other still works; a connection that lost something
    /// is reset when it is healed. So it is where something on the way has forgotten the connection.
    pub fn half_open(&self, silent: Direction) {
        self.fault.send_replace(Fault::HalfOpen(silent));
    }

    /// Each chunk of at most 16 KiB arrives so much later, in either direction.
    pub fn delay(&self, each: Duration) {
        self.fault.send_replace(Fault::Slow(each));
    }

    /// All is well again.
    pub fn heal(&self) {
        self.fault.send_replace(Fault::None);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    faults: watch::Receiver<Fault>,
    accepted: Arc<AtomicUsize>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        // Those that ended.
        while connections.try_join_next().is_some() {}
        let client = match listener.accept().await {
            Ok((client, _from)) => client,
            // The client gave up.
            Err(gone) if gone.kind() == io::ErrorKind::ConnectionAborted => continue,
            // Nothing can be accepted any more: the port closes, which a test sees.
            Err(_lasting) => return,
        };
        accepted.fetch_add(1, Ordering::SeqCst);
        let faults = faults.clone();
        connections.spawn(async move {
            carry(client, server, faults).await;
            drop(place);
        });
    }
}

/// The connection is to end with a reset, or has.
struct Reset;

impl From<io::Error> for Reset {
    fn from(_gone: io::Error) -> Self {
        Self
    }
}

impl From<watch::error::RecvError> for Reset {
    fn from(_proxy_is_dropped: watch::error::RecvError) -> Self {
        Self
    }
}

/// One connection, to its end.
async fn carry(mut client: TcpStream, server: SocketAddr, mut faults: watch::Receiver<Fault>) {
    let Ok(mut server) = connected(server, &mut faults).await else {
        client.set_zero_linger().ok();
        return;
    };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let carried = tokio::try_join!(
        pass_on(from_client, to_server, Direction::ToServer, faults.clone()),
        pass_on(from_server, to_client, Direction::ToClient, faults),
    );
    if carried.is_err() {
        client.set_zero_linger().ok();
        server.set_zero_linger().ok();
    }
}

/// Connects to the server, once the line is not stalled any more.
async fn connected(server: SocketAddr, faults: &mut watch::Receiver<Fault>) -> Result<TcpStream, Reset> {
    let unstalled = faults.wait_for(|fault| !matches!(fault, Fault::Stalled)).await;
    if matches!(*unstalled?, Fault::Cut) {
        return Err(Reset);
    }
    let stream = timeout(CONNECT_MAX, TcpStream::connect(server)).await;
    let stream = stream.map_err(|_elapsed| Reset)??;
    // A chunk is passed on as it came, not kept to be filled up.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Carries one direction until its end was passed on.
async fn pass_on(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    direction: Direction,
    mut faults: watch::Receiver<Fault>,
) -> Result<(), Reset> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut is_whole = true;
    loop {
        let fate = faults.borrow_and_update().fate(direction);
        match fate {
            Fate::Reset => return Err(Reset),
            Fate::Wait => {
                faults.changed().await?;
                continue;
            }
            Fate::Vanish => {}
            Fate::Pass | Fate::PassAfter(_) if is_whole => {}
            Fate::Pass | Fate::PassAfter(_) => return Err(Reset),
        }
        // A fault that came before the chunk is seen before it.
        let read = tokio::select! {
            biased;
            changed = faults.changed() => {
                changed?;
                continue;
            }
            read = from.read(&mut buffer) => read?,
        };
        match deliver(&buffer[..read], &mut to, direction, &mut faults).await? {
            Delivered::Passed if read == 0 => return Ok(()),
            Delivered::Passed => {}
            Delivered::Vanished => {
                is_whole = false;
                // Behind the end nothing comes but the next fault.
                if read == 0 {
                    faults.changed().await?;
                }
            }
        }
    }
}

enum Delivered {
    Passed,
    Vanished,
}

/// Writes the chunk as the fault of the moment allows. An empty one is the end.
async fn deliver(
    chunk: &[u8],
    to: &mut WriteHalf<'_>,
    direction: Direction,
    faults: &mut watch::Receiver<Fault>,
) -> Result<Delivered, Reset> {
    let mut rest = chunk;
    let mut has_waited = false;
    loop {
        let fate = faults.borrow_and_update().fate(direction);
        match fate {
            Fate::Reset => return Err(Reset),
            Fate::Wait => faults.changed().await?,
            Fate::Vanish => return Ok(Delivered::Vanished),
            Fate::PassAfter(delay) if !has_waited => match timeout(delay, faults.changed()).await {
                Ok(changed) => changed?,
                Err(_elapsed) => has_waited = true,
            },
            Fate::Pass | Fate::PassAfter(_) if rest.is_empty() => {
                if chunk.is_empty() {
                    to.shutdown().await?;
                }
                return Ok(Delivered::Passed);
            }
            Fate::Pass | Fate::PassAfter(_) => {
                tokio::select! {
                    biased;
                    changed = faults.changed() => changed?,
                    written = to.write(rest) => rest = &rest[written?..],
                }
            }
        }
    }
}
