//! The other side of the wire.

use actix_web::web::Bytes;
use h2::client::SendRequest;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How a TLS client behaves.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    pub(crate) trusts: &'a str,
    pub(crate) shows: Option<&'a (String, String)>,
    pub(crate) alpn: &'a str,
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
}

impl Client<'_> {
    /// Handshakes are whole ones: nothing is resumed.
    pub(crate) fn connector(self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.trusts.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.shows {
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![self.alpn.as_bytes().to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        TlsConnector::from(Arc::new(config))
    }
}

pub(crate) async fn connect(
    connector: &TlsConnector,
    address: SocketAddr,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    connector.connect("localhost".try_into().unwrap(), stream).await
}

/// Sends `request` and reads to the end.
pub(crate) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    read_to_end(stream).await
}

/// Reads to the end; a connection that is cut off has one too.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

/// A whole request on a connection of its own.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    exchange(&mut stream, &request).await.unwrap()
}

/// A client of HTTP/2 on a new connection.
pub(crate) async fn h2(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    builder: &h2::client::Builder,
) -> SendRequest<Bytes> {
    let (client, connection) = builder.handshake(stream).await.unwrap();
    actix_web::rt::spawn(connection);
    client
}

/// The status of `GET /` over HTTP/2.
pub(crate) async fn get_h2(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> u16 {
    let mut client = h2(stream, &h2::client::Builder::new()).await;
    let request = http::Request::get("https://localhost/").body(()).unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    response.await.unwrap().status().as_u16()
}
