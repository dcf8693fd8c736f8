//! Certificates, and a server to talk to.

use actix_http::Request;
use actix_service::IntoServiceFactory;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response, Server, ServerHandle, Service, ServiceFactory};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};
use futures_util::stream;
use hardening::serve::tls::{CertificateFiles, Tls, TlsSettings, TlsVersion};
use hardening::serve::{Connections, Listen, Outside, Transport};
use hardening::{Cors, Hsts, PagePolicy, SecurityHeaders};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Who signs certificates in a test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `localhost` and its key, in PEM.
    pub(crate) fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// Writes a certificate and its key where a server reads them.
pub(crate) fn files(dir: &Path, (certificate, key): &(String, String)) -> CertificateFiles {
    let files = CertificateFiles { certificate: dir.join("cert.pem"), key: dir.join("key.pem") };
    write(&files.certificate, certificate);
    write(&files.key, key);
    files
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) fn load(files: CertificateFiles, min: TlsVersion, client_ca: Option<PathBuf>) -> Tls {
    TlsSettings { files, min, client_ca }.load().unwrap()
}

/// An answer in three pieces, whose length is not told.
pub(crate) async fn chunks() -> HttpResponse {
    let chunks = ["one ", "two ", "three"].map(|chunk| Ok::<_, Infallible>(chunk.into()));
    HttpResponse::Ok().streaming(stream::iter::<[Result<Bytes, _>; 3]>(chunks))
}

/// What answers have that the app does not give.
pub(crate) fn outside() -> Outside {
    let page = PagePolicy::new(&[], None).unwrap();
    let headers = SecurityHeaders { page, hsts: Hsts::OverTls };
    let sharing = Cors {
        origins: Vec::new(),
        methods: Vec::new(),
        headers: Vec::new(),
        exposed: Vec::new(),
        max_age: Duration::ZERO,
        credentials: false,
    };
    Outside::new(headers, &sharing, || "an-id".to_owned())
}

/// A server until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
}

impl Running {
    /// Takes no more connections, and ends when what is in progress is answered.
    pub(crate) fn stop(&self) -> impl Future<Output = ()> + use<> {
        self.handle.stop(true)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Serves `app`, with TLS if a configuration is given, on a free port.
pub(crate) fn serve<A, F, B>(
    app: impl Fn() -> A + Send + Clone + 'static,
    tls: Option<Arc<rustls::ServerConfig>>,
    connections: &Connections,
) -> Running
where
    A: IntoServiceFactory<F, Request>,
    F: ServiceFactory<Request, Config = AppConfig, Error = Error, InitError = ()> + 'static,
    F::Response: Into<Response<B>> + 'static,
    F::Service: 'static,
    <F::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let listen = Listen::default();
    let listener = listen.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::build().workers(1).disable_signals();
    let transport = tls.map_or(Transport::Http1OrH2c, Transport::Tls);
    let server = listen.serve(server, listener, transport, connections, outside(), app);
    let server = server.unwrap().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Running { address, handle }
}
