//! Clients that dawdle are cut off, and nobody waits for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tests::{Database, PROJECT, Service};

#[test]
fn half_a_head_is_cut_off_while_others_are_served() {
    let service = Service::start(Database::sqlite());
    let dawdlers: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(service.address()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-half: ").unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream
        })
        .collect();
    for _ in 0..20 {
        service.key().get(PROJECT).expect(200);
    }
    for mut stream in dawdlers {
        let mut answer = Vec::new();
        // A reset is an end too; a time-out is none.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || text.starts_with("HTTP/1.1 408 "), "{text}");
    }
    service.key().get(PROJECT).expect(200);
}
