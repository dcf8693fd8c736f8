//! The cable between the service and its database, which a test can pull.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// A TCP relay. Dropping it cuts every connection.
pub struct Link {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Whole,
    Frozen,
    Cut,
}

struct State {
    mode: Mutex<Mode>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

impl Link {
    /// To `target`, from a free port.
    ///
    /// # Panics
    /// There is no port.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its number");
        let (mode, changed, open) = (Mutex::new(Mode::Whole), Condvar::new(), Mutex::default());
        let state = Arc::new(State { mode, changed, open });
        let relay = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if relay.mode() == Mode::Cut {
                    continue;
                }
                let Ok(far) = TcpStream::connect(target) else { continue };
                relay.carry(near, far);
            }
        });
        Self { address, state }
    }

    /// Where to connect to in the target's place.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and each new one at once: the database is gone.
    ///
    /// # Panics
    /// Another thread panicked.
    pub fn cut(&self) {
        self.state.set(Mode::Cut);
        for stream in self.state.open.lock().expect("a lock").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Connections stay and are accepted, but nothing passes: the database hangs.
    pub fn freeze(&self) {
        self.state.set(Mode::Frozen);
    }

    /// Everything passes again.
    pub fn mend(&self) {
        self.state.set(Mode::Whole);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
    }
}

impl State {
    fn mode(&self) -> Mode {
        *self.mode.lock().expect("a lock")
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().expect("a lock") = mode;
        self.changed.notify_all();
    }

    fn wait_while_frozen(&self) {
        let mode = self.mode.lock().expect("a lock");
        drop(self.changed.wait_while(mode, |mode| *mode == Mode::Frozen).expect("a lock"));
    }

    fn carry(self: &Arc<Self>, near: TcpStream, far: TcpStream) {
        let clone = |stream: &TcpStream| stream.try_clone().expect("a second handle");
        self.open.lock().expect("a lock").extend([clone(&near), clone(&far)]);
        for (from, to) in [(clone(&near), clone(&far)), (far, near)] {
            let state = Arc::clone(self);
            std::thread::spawn(move || state.copy(from, to));
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut part = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut part) {
            self.wait_while_frozen();
            if to.write_all(&part[..n]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
