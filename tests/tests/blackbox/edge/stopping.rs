//! SIGTERM and SIGHUP: whoever keeps a connection hears in time that it ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use tests::{Database, Service, eventually};

const ASK: &[u8] = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

#[test]
fn a_request_on_a_kept_connection_is_answered_and_told() {
    let mut service = Service::start(Database::sqlite());
    let mut stream = TcpStream::connect(service.address()).unwrap();
    let mut first = [0; 4096];
    stream.write_all(ASK).unwrap();
    let length = stream.read(&mut first).unwrap();
    assert!(!String::from_utf8_lossy(&first[..length]).contains("connection:"));
    service.signal("TERM");
    eventually("it stops", || {
        service.log().iter().find(|line| line["message"] == "stopping").map(drop)
    });
    stream.write_all(ASK).unwrap();
    let mut last = String::new();
    stream.read_to_string(&mut last).unwrap();
    assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
    assert!(service.stop().success());
}

/// A terminal that is closed ends it as SIGTERM does.
#[test]
fn while_it_stops_its_probe_says_so() {
    let mut service = Service::start(Database::sqlite());
    let mut stream = TcpStream::connect(service.address()).unwrap();
    service.signal("HUP");
    eventually("it stops", || {
        service.log().iter().find(|line| line["message"] == "stopping").map(drop)
    });
    stream.write_all(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let said: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(said["status"], "stopping", "{said}");
    assert_eq!(said["dependencies"][0]["name"], "database", "{said}");
    assert!(service.stop().success());
}
