//! Connections that ask for far more than they send (of HTTP/2: RFC 9113, section 10.5).

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use tests::{Database, Service};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
/// `POST http://…/`, by the numbers of RFC 7541, appendix A.
const POST: [u8; 3] = [0x83, 0x86, 0x84];
/// A field of one character and no value, to be remembered, and again as it was remembered.
const FIELD: [u8; 4] = [0x40, 1, b'a', 0];
const AGAIN: u8 = 0xbe;
/// As much memory as the service may have had by then.
const LIMIT: usize = 200 << 20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Begins with `frames`, as far as they are taken, and stays.
fn connection(service: &Service, frames: impl Iterator<Item = Vec<u8>>) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
    for frame in frames {
        if stream.write_all(&frame).is_err() {
            break;
        }
    }
    stream
}

fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut rest);
}

fn unharmed(service: &Service) {
    let peak = service.peak_memory();
    assert!(peak < LIMIT, "{} MiB", peak >> 20);
    service.nobody().get("/health").expect(200);
}

#[test]
fn requests_without_end_cost_nothing() {
    let service = Service::start(Database::sqlite());
    let streams = (0..200_000).map(|number| 2 * number + 1);
    let flood = streams.map(|stream| frame(HEADERS, END_HEADERS, stream, &POST));
    ends(connection(&service, flood));
    unharmed(&service);
}

/// A login shell lets a program have few files open, until it asks for more.
#[test]
fn silent_ones_keep_nobody_out() {
    let service = Service::builder(Database::sqlite()).open_files(128).start();
    let connect = |_| TcpStream::connect(service.address()).unwrap();
    let silent: Vec<TcpStream> = (0..200).map(connect).collect();
    service.nobody().get("/health").expect(200);
    let waits_still = |mut one: &TcpStream| {
        one.set_nonblocking(true).unwrap();
        one.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    assert!(silent.iter().all(waits_still), "it was answered when others had given up");
}

/// A hundred connections each ask for thousands of answers at once, and read none.
#[test]
fn requests_ahead_of_their_answers_cost_nothing() {
    let service = Service::start(Database::sqlite());
    let ahead = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3000);
    let clients: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(service.address()).unwrap();
            stream.write_all(&ahead).unwrap();
            stream
        })
        .collect();
    // By then all that is ever taken ahead was.
    clients.iter().for_each(|mut client| assert!(client.read(&mut [0; 16]).is_ok()));
    unharmed(&service);
}

/// Each brings a long body and then says nothing more.
#[test]
fn silent_connections_hold_no_buffers() {
    let service = Service::start(Database::sqlite());
    let body = b" ".repeat(60_000);
    let head =
        format!("POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    let ask = || {
        let mut stream = TcpStream::connect(service.address()).unwrap();
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream
    };
    // What is made once is there by then.
    let _first: Vec<_> = (0..50).map(|_| ask()).collect();
    let before = service.peak_memory();
    let silent: Vec<_> = (0..400).map(|_| ask()).collect();
    let each = (service.peak_memory() - before) / silent.len();
    assert!(each < 24 << 10, "{each} bytes for each");
}

/// A head of a few hundred kilobytes names half a million fields.
#[test]
fn heads_without_end_cost_nothing() {
    let service = Service::start(Database::sqlite());
    let heads: Vec<_> = (0..20)
        .map(|_| {
            let first = frame(HEADERS, 0, 1, &[&POST[..], &FIELD].concat());
            let more = || frame(CONTINUATION, 0, 1, &[AGAIN; 16_000]);
            connection(&service, std::iter::once(first).chain((0..30).map(|_| more())))
        })
        .collect();
    heads.into_iter().for_each(ends);
    unharmed(&service);
}
