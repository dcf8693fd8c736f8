//! How listeners and connections are set up.
//!
//! What is set on a listener holds for every connection that it accepts (Linux copies it), before
//! anybody sees them: hence [`Listen::bind`].

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How connections are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// How many connections may wait to be accepted; the kernel caps it at `net.core.somaxconn`.
    pub backlog: i32,
    /// Connections that a worker holds at once; more wait in the backlog. Each takes two file
    /// descriptors.
    pub max_connections: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// On HTTP/2, how often a client is asked whether it is still there, and how long it may take to say
    /// so.
    pub ping: Duration,
    /// How long data may lie unacknowledged, or unsent because the client's window is shut, before
    /// the kernel ends the connection (`TCP_USER_TIMEOUT`, RFC 5482 and tcp(7)).
    pub unacknowledged: Duration,
    /// How many bytes of an answer the kernel takes beyond what is on the wire
    /// (`TCP_NOTSENT_LOWAT`, tcp(7)): what a client can make us hold for it, and by how much it can
    /// deceive whoever measures how fast it reads.
    pub unsent: u32,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            backlog: 4096,
            max_connections: 10_000,
            handshake: Duration::from_secs(5),
            ping: Duration::from_secs(15),
            unacknowledged: Duration::from_secs(20),
            unsent: 32 << 10,
        }
    }
}

impl Listen {
    /// A listener whose connections have these options.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_user_timeout(Some(self.unacknowledged))?;
        socket.set_tcp_notsent_lowat(self.unsent)?;
        socket.bind(&address.into())?;
        socket.listen(self.backlog)?;
        Ok(socket.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socket2::SockRef;
    use std::io::Write;
    use std::net::TcpStream;

    #[test]
    fn a_connection_has_what_its_listener_was_given() {
        let listen = Listen::default();
        let listener = listen.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let socket = SockRef::from(&accepted);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(listen.unacknowledged));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), listen.unsent);
        assert!(socket.tcp_nodelay().unwrap());
    }

    /// A shut window is what `TCP_USER_TIMEOUT` must cover, not only a lost client.
    #[test]
    fn the_kernel_gives_up_a_client_that_reads_nothing() {
        let listen = Listen { unacknowledged: Duration::from_millis(300), ..Listen::default() };
        let listener = listen.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let _silent = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        let error = loop {
            if let Err(error) = accepted.write_all(&[0; 65536]) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
