//! A server that takes whatever is posted, and remembers it: in the place of Sentry or of an
//! OpenTelemetry collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its path and query.
    pub target: String,
    /// Its fields, in lower case, a line each.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// The server.
pub struct Receiver {
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Receiver {
    /// At a free port; it answers 200 and an empty JSON object.
    ///
    /// # Panics
    /// There is no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let posted = Arc::<Mutex<Vec<Posted>>>::default();
        let shared = Arc::clone(&posted);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { address, posted }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that came so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Requests on one connection, until it ends.
fn serve(mut stream: TcpStream, posted: &Mutex<Vec<Posted>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut field = String::new();
            if reader.read_line(&mut field)? <= 2 {
                break;
            }
            let field = field.to_lowercase();
            if let Some(value) = field.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            head += &field;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        posted.lock().unwrap_or_else(PoisonError::into_inner).push(Posted { target, head, body });
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
        )?;
    }
}
