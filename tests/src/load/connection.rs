//! A kept connection that speaks as much HTTP/1.1 as it needs.

use super::Request;
use actix_web::rt::net::TcpStream;
use std::io::{Error, ErrorKind, Result};
use std::time::{Duration, Instant};

/// A connection that nobody used for so long is made anew: the service ends those that idle for 15 s,
/// and may do so while a request is on its way.
const IDLE: Duration = Duration::from_secs(10);

/// A connection, perhaps still to be made; after a fault it is made anew.
#[derive(Default)]
pub(super) struct Connection {
    stream: Option<(TcpStream, Instant)>,
    buffer: Vec<u8>,
}

impl Connection {
    /// The status of the answer, which is read to its end.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<u16> {
        let kept = self.stream.take().filter(|(_, used)| used.elapsed() < IDLE);
        let stream = match kept {
            Some((stream, _)) => stream,
            None => {
                let stream = TcpStream::connect(request.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        write(&stream, &request.bytes).await?;
        let (status, is_kept) = read(&stream, &mut self.buffer).await?;
        self.stream = is_kept.then(|| (stream, Instant::now()));
        Ok(status)
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The status, and whether the connection stays.
async fn read(stream: &TcpStream, buffer: &mut Vec<u8>) -> Result<(u16, bool)> {
    buffer.clear();
    loop {
        stream.readable().await?;
        match stream.try_read_buf(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => {
                if let Some(head) = Head::of(buffer)?.filter(|head| buffer.len() >= head.end) {
                    return Ok((head.status, head.is_kept));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

struct Head {
    status: u16,
    is_kept: bool,
    /// Where the body ends.
    end: usize,
}

impl Head {
    /// `None` as long as it is not whole.
    fn of(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = bytes.get(..end).unwrap_or_default().to_ascii_lowercase();
        let head = str::from_utf8(&head).map_err(|_| unknown())?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok());
        let (mut length, mut is_kept) = (None, true);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name {
                "content-length" => length = value.parse::<usize>().ok(),
                "connection" => is_kept = value != "close",
                _ => {}
            }
        }
        let length = length.ok_or_else(unknown)?;
        Ok(Some(Self { status: status.ok_or_else(unknown)?, is_kept, end: end + 4 + length }))
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::InvalidData, "an answer without a status or a length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
        let head = Head::of(answer).unwrap().unwrap();
        assert_eq!((head.status, head.is_kept, head.end), (503, false, answer.len()));
        assert!(Head::of(&answer[..20]).unwrap().is_none());
        assert!(Head::of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
