//! Versions, protocols, client certificates, and files that are wrong.

use crate::clients::{Client, connect, exchange, get_h2};
use crate::support::{Authority, Running, files, load, serve, write};
use actix_web::{App, web};
use hardening::serve::tls::{TlsSettings, TlsVersion};
use hardening::serve::{ClientPatience, Connections};
use rustls::version::{TLS12, TLS13};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpStream;

const CLOSE: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn hello(tls: Option<Arc<rustls::ServerConfig>>) -> Running {
    let app = || App::new().route("/", web::get().to(|| async { "hello" }));
    serve(app, tls, &Connections::new(ClientPatience::default()))
}

fn start(
    dir: &tempfile::TempDir,
    authority: &Authority,
    min: TlsVersion,
    client_ca: Option<PathBuf>,
) -> Running {
    let files = files(dir.path(), &authority.issue());
    hello(Some(load(files, min, client_ca).config))
}

#[actix_web::test]
async fn both_protocols_are_spoken() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = start(&dir, &authority, TlsVersion::Tls12, None);
    let trusts = authority.pem();
    for versions in [&[&TLS12], &[&TLS13]] {
        let client = Client { trusts: &trusts, shows: None, alpn: "http/1.1", versions };
        let mut stream = connect(&client.connector(), server.address).await.unwrap();
        assert!(exchange(&mut stream, CLOSE).await.unwrap().ends_with("hello"));

        let client = Client { alpn: "h2", ..client };
        let stream = connect(&client.connector(), server.address).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        assert_eq!(get_h2(stream).await, 200);
    }
}

#[actix_web::test]
async fn plain_connections_may_speak_http_2_from_the_start() {
    let server = hello(None);
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(get_h2(stream).await, 200);
}

#[actix_web::test]
async fn tls_1_2_is_refused_where_1_3_is_asked_for() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = start(&dir, &authority, TlsVersion::Tls13, None);
    let trusts = authority.pem();
    let client = Client { trusts: &trusts, shows: None, alpn: "h2", versions: &[&TLS12] };
    let refused = connect(&client.connector(), server.address).await.unwrap_err().to_string();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let client = Client { versions: &[&TLS13], ..client };
    connect(&client.connector(), server.address).await.unwrap();
}

#[actix_web::test]
async fn clients_show_a_certificate_where_one_is_asked_for() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let (ours, theirs) = (Authority::new(), Authority::new());
    let client_ca = dir.path().join("clients.pem");
    fs::write(&client_ca, ours.pem()).unwrap();
    let server = start(&dir, &authority, TlsVersion::Tls12, Some(client_ca));
    let trusts = authority.pem();
    let (known, stranger) = (ours.issue(), theirs.issue());
    for (shows, accepted) in [(Some(&known), true), (Some(&stranger), false), (None, false)] {
        let client = Client { trusts: &trusts, shows, alpn: "http/1.1", versions: &[&TLS13] };
        // With TLS 1.3 the client is done before the server has seen its certificate.
        let mut stream = connect(&client.connector(), server.address).await.unwrap();
        let answer = exchange(&mut stream, CLOSE).await;
        assert_eq!(answer.is_ok_and(|answer| answer.ends_with("hello")), accepted);
    }
}

#[test]
fn faults_are_told_in_sentences() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = files(dir.path(), &authority.issue());
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let fault = |client_ca: Option<PathBuf>| {
        let settings = TlsSettings { files: files.clone(), min: TlsVersion::Tls12, client_ca };
        settings.load().err().map(|error| error.to_string())
    };
    assert_eq!(fault(None), None);

    let nothing = dir.path().join("nothing.pem");
    let expected = format!("The file {} is not there.", nothing.display());
    assert_eq!(fault(Some(nothing)), Some(expected));

    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    let expected = format!(
        "The private key {key} is open to everybody on this machine; its mode should be 0600 or 0640."
    );
    assert_eq!(fault(None), Some(expected));

    write(&files.key, &authority.issue().1);
    let expected =
        format!("The private key {key} does not belong to the certificate {certificate}.");
    assert_eq!(fault(None), Some(expected));

    write(&files.key, "not a key");
    assert_eq!(fault(None), Some(format!("The file {key} holds no private key in PEM.")));

    write(&files.certificate, "");
    assert_eq!(fault(None), Some(format!("The file {certificate} holds no certificate in PEM.")));

    fs::remove_file(&files.certificate).unwrap();
    assert_eq!(fault(None), Some(format!("The file {certificate} is not there.")));
}
