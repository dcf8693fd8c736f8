//! Connections → requests: what [`HttpServer`](actix_web::HttpServer) does, with every connection
//! followed from its start, and HTTP that bounds what a client can ask for.

use super::connections::Connections;
use super::listen::Listen;
use super::outside::{Outside, Written};
use super::{http1, http2};
use crate::{Problem, ProblemKind};
use actix_http::{Request, Response, ServiceConfig};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service,
};
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use std::convert::Infallible;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// A connection, with TLS or without.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// What is spoken with those who connect.
#[derive(Debug, Clone)]
pub enum Transport {
    /// HTTP/1.1.
    Http1,
    /// HTTP/1.1, or HTTP/2 with whoever begins with it (h2c; RFC 9113, section 3.3): for proxies.
    Http1OrH2c,
    /// TLS, and in it HTTP/2 with those who ask for it (ALPN, RFC 7301) and else HTTP/1.1.
    Tls(Arc<rustls::ServerConfig>),
}

impl Transport {
    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl Listen {
    /// Has `builder` serve `app` on `listener`, within these limits; `connections` follows each one, and
    /// whoever sends no request is answered with what `outside` has.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn serve<A, F, B>(
        self,
        builder: ServerBuilder,
        listener: TcpListener,
        transport: Transport,
        connections: &Connections,
        outside: Outside,
        app: impl Fn() -> A + Send + Clone + 'static,
    ) -> io::Result<ServerBuilder>
    where
        A: IntoServiceFactory<F, Request>,
        F: ServiceFactory<Request, Config = AppConfig> + 'static,
        F::Error: Into<Error> + 'static,
        F::InitError: fmt::Debug,
        F::Response: Into<Response<B>> + 'static,
        F::Service: 'static,
        <F::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let address = listener.local_addr()?;
        let door = Door {
            listen: self,
            address,
            transport,
            connections: connections.clone(),
            outside,
            stopping: builder.graceful_shutdown_signal(),
        };
        let worker = move || {
            let app = Rc::new(app().into_factory().map_err(|error| error.into().error_response()));
            let door = door.clone();
            fn_factory(move || {
                let (app, door) = (Rc::clone(&app), door.clone());
                async move {
                    let app = app.new_service(door.app_config()).await;
                    app.map(|app| door.open(app)).map_err(|error| tracing::error!(?error, "no app"))
                }
            })
        };
        builder.max_concurrent_connections(self.max_connections).listen("http", listener, worker)
    }
}

/// What a worker knows of its listener.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) listen: Listen,
    address: SocketAddr,
    transport: Transport,
    connections: Connections,
    outside: Outside,
    stopping: GracefulShutdownSignal,
}

impl Door {
    fn app_config(&self) -> AppConfig {
        // There is no other way to make one; `actix-test` goes this one, too.
        AppConfig::__priv_test_new(
            self.transport.is_secure(),
            self.address.to_string(),
            self.address,
        )
    }

    /// The answer to what is no request, of whose fields only those `asked` could be read.
    pub(super) fn refuse(
        &self,
        (status, detail): (StatusCode, &str),
        asked: &HeaderMap,
    ) -> Response<BoxBody> {
        let problem = Problem::new(ProblemKind::of(status), detail);
        self.outside.answer(&Written::from(&problem), asked, self.transport.is_secure())
    }

    /// A worker's service for connections.
    fn open<S, B>(self, app: S) -> impl Service<TcpStream, Response = (), Error = Infallible>
    where
        S: Service<Request> + 'static,
        S::Response: Into<Response<B>> + 'static,
        S::Error: Into<Response<BoxBody>> + 'static,
        S::Future: 'static,
        B: MessageBody + 'static,
    {
        let (app, door, config) = (Rc::new(app), Rc::new(self), ServiceConfig::default());
        fn_service(move |stream: TcpStream| {
            let (app, door, config) = (Rc::clone(&app), Rc::clone(&door), config.clone());
            // In a box, since the task that actix-server makes of it has room for it twice.
            Box::pin(async move {
                // Clients break off all the time: errors are nobody's.
                let _ = door.serve(stream, app, config).await;
                Ok(())
            })
        })
    }

    async fn serve<S, B>(
        &self,
        stream: TcpStream,
        app: Rc<S>,
        config: ServiceConfig,
    ) -> io::Result<()>
    where
        S: Service<Request> + 'static,
        S::Response: Into<Response<B>> + 'static,
        S::Error: Into<Response<BoxBody>> + 'static,
        B: MessageBody + 'static,
    {
        // Whoever is gone already has no address, and nobody's quota to be counted on.
        let peer = stream.peer_addr()?;
        // Whom nobody follows nobody would end.
        let Some(connection) = self.connections.follow(&stream) else { return Ok(()) };
        let (stream, speaks_http2) = self.greet(stream).await?;
        let stopping = self.stopping.notified();
        if speaks_http2 {
            let served = http2::serve(stream, peer, connection, app, self, stopping);
            // In a box, so that HTTP/1 need not be as large.
            Box::pin(served).await.map_err(io::Error::other)
        } else {
            http1::serve(stream, peer, &connection, &*app, self, config, stopping).await
        }
    }

    /// Finds out what the client speaks, with the TLS handshake where there is one.
    async fn greet(&self, stream: TcpStream) -> io::Result<(Stream, bool)> {
        match &self.transport {
            Transport::Http1 => Ok((Either::Left(stream), false)),
            Transport::Http1OrH2c => {
                let speaks_http2 = begins_http2(&stream).await?;
                Ok((Either::Left(stream), speaks_http2))
            }
            Transport::Tls(config) => {
                let handshake = TlsAcceptor::from(Arc::clone(config)).accept(stream);
                let stream = timeout(self.listen.handshake, handshake).await??;
                let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                Ok((Either::Right(Box::new(stream)), speaks_http2))
            }
        }
    }
}

/// Whether the first bytes are those of HTTP/2 (RFC 9113, section 3.4), which may come one by one. Who
/// stops on the way is closed as whoever sends no head in time.
async fn begins_http2(stream: &TcpStream) -> io::Result<bool> {
    const BEGINNING: &[u8] = b"PRI * HTTP/2";
    let mut first = [0; BEGINNING.len()];
    loop {
        let ready = stream.ready(Interest::READABLE).await?;
        let length = stream.peek(&mut first).await?;
        let first = first.get(..length).unwrap_or_default();
        if first == BEGINNING {
            return Ok(true);
        }
        if length == 0 || ready.is_read_closed() || !BEGINNING.starts_with(first) {
            return Ok(false);
        }
        // What was only peeked at would make it ready at once again, and not when more has come.
        let _ = stream.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
    }
}
