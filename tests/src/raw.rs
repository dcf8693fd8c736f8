//! HTTP by hand: for requests that a client library would refuse to send, and for answers that come
//! before the request is whole.

use crate::Answer;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

const LIMIT: Duration = Duration::from_secs(30);

/// Writes as much of `request` as is taken, then reads the answer to the end of the connection.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(LIMIT)).expect("a time-out");
    stream.set_write_timeout(Some(LIMIT)).expect("a time-out");
    // A server that has refused reads no further.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    // A reset after the answer is how a refused body ends.
    while let Ok(n @ 1..) = stream.read(&mut part) {
        bytes.extend_from_slice(&part[..n]);
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    parse(String::from_utf8_lossy(line).into_owned(), &bytes)
}

pub(crate) fn parse(request: String, bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end =
        end.unwrap_or_else(|| panic!("{request}: no answer: {}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a field's name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a field's value"));
    }
    let body = bytes[end + 4..].to_vec();
    Answer { request, status: status.expect("a status"), headers, body }
}
