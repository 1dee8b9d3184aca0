//! Every fault of the proxy, on real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;
use std::io;
use std::time::Duration;

use statuscheck_rig::proxy::{Direction, FaultProxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// When a test gives up waiting for what is to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a test looks at what is not to come: loopback takes a thousandth of it.
const WHILE: Duration = Duration::from_millis(50);

/// A client and the server's end of its connection, with the proxy between them.
struct Line {
    proxy: FaultProxy,
    client: TcpStream,
    server: TcpStream,
    arrivals: mpsc::Receiver<TcpStream>,
}

impl Line {
    async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = FaultProxy::to(listener.local_addr().unwrap()).await.unwrap();
        let (arrived, mut arrivals) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((stream, _from)) = listener.accept().await {
                if arrived.send(stream).await.is_err() {
                    return;
                }
            }
        });
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        let server = within(arrivals.recv()).await.unwrap();
        Self {
            proxy,
            client,
            server,
            arrivals,
        }
    }
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it comes")
}

/// What arrives next: bytes, or empty at the end.
async fn next(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 64];
    let read = within(stream.read(&mut buffer)).await?;
    Ok(buffer[..read].to_vec())
}

async fn is_reset(stream: &mut TcpStream) -> bool {
    next(stream)
        .await
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(WHILE, stream.read(&mut [0; 64])).await.is_err()
}

#[tokio::test]
async fn without_a_fault_bytes_and_ends_pass_in_both_directions() {
    let mut line = Line::open().await;
    line.client.write_all(b"question").await.unwrap();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
    line.server.write_all(b"answer").await.unwrap();
    assert_eq!(next(&mut line.client).await.unwrap(), b"answer");

    line.client.shutdown().await.unwrap();
    assert_eq!(next(&mut line.server).await.unwrap(), b"");
    // The other half is still open.
    line.server.write_all(b"late").await.unwrap();
    assert_eq!(next(&mut line.client).await.unwrap(), b"late");
    drop(line.server);
    assert_eq!(next(&mut line.client).await.unwrap(), b"");
}

#[tokio::test]
async fn more_than_all_buffers_hold_arrives_whole() {
    let Line {
        client,
        mut server,
        proxy: _proxy,
        ..
    } = Line::open().await;
    let sent: Vec<u8> = (0..20_000_000_u32)
        .map(|number| number.to_be_bytes()[3])
        .collect();
    let copy = sent.clone();
    let sending = tokio::spawn(async move {
        let mut client = client;
        client.write_all(&copy).await
        // Dropped: the end.
    });
    let mut received = Vec::new();
    within(server.read_to_end(&mut received)).await.unwrap();
    sending.await.unwrap().unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn a_cut_resets_what_is_open_and_what_comes() {
    let mut line = Line::open().await;
    line.proxy.cut();
    assert!(is_reset(&mut line.client).await);
    assert!(is_reset(&mut line.server).await);

    // The reset may come before connect has returned.
    if let Ok(mut late) = TcpStream::connect(line.proxy.address()).await {
        assert!(is_reset(&mut late).await);
    }
    assert!(line.arrivals.try_recv().is_err(), "it did not get through");

    line.proxy.heal();
    let mut fresh = TcpStream::connect(line.proxy.address()).await.unwrap();
    fresh.write_all(b"again").await.unwrap();
    let mut server = within(line.arrivals.recv()).await.unwrap();
    assert_eq!(next(&mut server).await.unwrap(), b"again");
    assert_eq!(line.proxy.accepted(), 3);
}

#[tokio::test]
async fn a_stall_holds_everything_back_until_it_is_healed() {
    let mut line = Line::open().await;
    line.proxy.stall();
    line.client.write_all(b"question").await.unwrap();
    line.server.write_all(b"answer").await.unwrap();
    let mut late = TcpStream::connect(line.proxy.address()).await.unwrap();
    late.write_all(b"late").await.unwrap();
    assert!(is_silent(&mut line.server).await);
    assert!(is_silent(&mut line.client).await);
    assert!(line.arrivals.try_recv().is_err(), "it did not get through");

    line.proxy.heal();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
    assert_eq!(next(&mut line.client).await.unwrap(), b"answer");
    let mut server = within(line.arrivals.recv()).await.unwrap();
    assert_eq!(next(&mut server).await.unwrap(), b"late");
}

#[tokio::test]
async fn the_end_of_a_connection_is_stalled_too() {
    let mut line = Line::open().await;
    line.proxy.stall();
    drop(line.client);
    assert!(is_silent(&mut line.server).await);
    line.proxy.heal();
    assert_eq!(next(&mut line.server).await.unwrap(), b"");
}

#[tokio::test]
async fn a_cut_ends_a_stall() {
    let mut line = Line::open().await;
    line.proxy.stall();
    line.client.write_all(b"question").await.unwrap();
    line.proxy.cut();
    assert!(is_reset(&mut line.client).await);
    assert!(is_reset(&mut line.server).await);
}

#[tokio::test]
async fn half_open_towards_the_server_loses_what_the_client_sends() {
    let mut line = Line::open().await;
    line.proxy.half_open(Direction::ToServer);
    // More than all buffers hold: that it was sent shows that it was taken.
    within(line.client.write_all(&vec![0; 20_000_000])).await.unwrap();
    line.server.write_all(b"answer").await.unwrap();
    assert_eq!(next(&mut line.client).await.unwrap(), b"answer");
    assert!(is_silent(&mut line.server).await);

    // What lost something does not go on as though it had not.
    line.proxy.heal();
    assert!(is_reset(&mut line.client).await);
    assert!(is_reset(&mut line.server).await);
}

#[tokio::test]
async fn half_open_towards_the_client_loses_what_the_server_sends() {
    let mut line = Line::open().await;
    line.proxy.half_open(Direction::ToClient);
    line.server.write_all(b"lost").await.unwrap();
    line.client.write_all(b"question").await.unwrap();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
    assert!(is_silent(&mut line.client).await);
    // Its end is lost as well.
    drop(line.server);
    assert!(is_silent(&mut line.client).await);
}

#[tokio::test]
async fn a_half_open_line_that_lost_nothing_goes_on() {
    let mut line = Line::open().await;
    line.proxy.half_open(Direction::ToServer);
    line.server.write_all(b"answer").await.unwrap();
    assert_eq!(next(&mut line.client).await.unwrap(), b"answer");
    line.proxy.heal();
    line.client.write_all(b"question").await.unwrap();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
}

#[tokio::test]
async fn a_delay_holds_back_each_chunk() {
    let mut line = Line::open().await;
    let delay = Duration::from_millis(40);
    line.proxy.delay(delay);
    let begun = Instant::now();
    line.client.write_all(b"question").await.unwrap();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
    let there = begun.elapsed();
    line.server.write_all(b"answer").await.unwrap();
    assert_eq!(next(&mut line.client).await.unwrap(), b"answer");
    let back = begun.elapsed();
    assert!(there >= delay, "{there:?}");
    assert!(back >= there + delay, "{back:?}");
}

#[tokio::test]
async fn healing_ends_a_delay_that_is_under_way() {
    let mut line = Line::open().await;
    line.proxy.delay(PATIENCE * 10);
    line.client.write_all(b"question").await.unwrap();
    assert!(is_silent(&mut line.server).await);
    line.proxy.heal();
    assert_eq!(next(&mut line.server).await.unwrap(), b"question");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_reset() {
    let gone = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let proxy = FaultProxy::to(address).await.unwrap();
    if let Ok(mut client) = TcpStream::connect(proxy.address()).await {
        assert!(is_reset(&mut client).await);
    }
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn dropping_the_proxy_closes_its_connections() {
    let mut line = Line::open().await;
    drop(line.proxy);
    let end = next(&mut line.client).await;
    assert!(end.is_err() || end.is_ok_and(|bytes| bytes.is_empty()));
}
