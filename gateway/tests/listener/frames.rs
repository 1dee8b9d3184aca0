//! HTTP/2 by hand (RFC 9113), for clients that do not keep to it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::house::{House, soon};

pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CANCEL: u32 = 8;
const END_STREAM_AND_HEADERS: u8 = 5;

/// A frame that the gateway sent.
pub(crate) struct Frame {
    kind: u8,
    pub(crate) stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The last four bytes: the error code of a RST_STREAM.
    pub(crate) fn last_u32(&self) -> u32 {
        u32::from_be_bytes(*self.payload.last_chunk().unwrap())
    }

    /// The error code of a GOAWAY: after the last stream, before the debug text.
    pub(crate) fn error_code(&self) -> u32 {
        u32::from_be_bytes(self.payload[4..8].try_into().unwrap())
    }
}

/// A connection on which the preface and empty settings were sent.
pub(crate) async fn opened(house: &House) -> TlsStream<TcpStream> {
    let mut stream = house.knock(house.usual_client(&house.acme())).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

/// A whole POST without a body.
pub(crate) fn request(stream: u32, path: &str) -> Vec<u8> {
    // HPACK (RFC 7541): indexed `:method POST` and `:scheme https`, then `:path` and `:authority` as literals.
    let mut block = vec![0x83, 0x87, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block.extend([0x01, 9]);
    block.extend(b"localhost");
    frame(HEADERS, END_STREAM_AND_HEADERS, stream, &block)
}

/// The client gives a stream up.
pub(crate) fn cancel(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

/// Reads frames until one of this kind comes.
pub(crate) async fn until_kind(stream: &mut TlsStream<TcpStream>, kind: u8) -> Frame {
    soon(async {
        loop {
            let frame = read(stream).await;
            if frame.kind == kind {
                return frame;
            }
        }
    })
    .await
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

async fn read(stream: &mut TlsStream<TcpStream>) -> Frame {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let [a, b, c, kind, _flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).await.unwrap();
    Frame {
        kind,
        stream: u32::from_be_bytes(id),
        payload,
    }
}
