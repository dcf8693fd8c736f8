//! Certificates change under load, and no handshake fails.

use crate::clients::{Client, connect};
use crate::support::{Authority, files, load, serve, write};
use actix_web::{App, rt, web};
use hardening::serve::tls::{Reload, TlsVersion};
use hardening::serve::{ClientPatience, Connections};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use std::cell::Cell;
use std::rc::Rc;
use tokio::sync::Notify;

const ROTATIONS: usize = 100;
const CLIENTS: usize = 4;

/// What the clients have done, for who waits for it.
#[derive(Default)]
struct Progress {
    handshakes: Cell<usize>,
    stop: Cell<bool>,
    changed: Notify,
}

impl Progress {
    async fn more(&self, handshakes: usize) {
        let enough = self.handshakes.get() + handshakes;
        while self.handshakes.get() < enough {
            self.changed.notified().await;
        }
    }
}

#[actix_web::test]
async fn a_hundred_rotations_fail_no_handshake() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = files(dir.path(), &authority.issue());
    let tls = load(files.clone(), TlsVersion::Tls12, None);
    let certificate = tls.certificate;
    let app = || App::new().route("/", web::get().to(|| async { "hello" }));
    let server = serve(app, Some(tls.config), &Connections::new(ClientPatience::default()));
    let address = server.address;

    let trusts = authority.pem();
    let progress = Rc::new(Progress::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let versions: &[_] = if number % 2 == 0 { &[&TLS12] } else { &[&TLS13] };
            let client = Client { trusts: &trusts, shows: None, alpn: "h2", versions };
            let (connector, progress) = (client.connector(), Rc::clone(&progress));
            rt::spawn(async move {
                while !progress.stop.get() {
                    connect(&connector, address).await.expect("a handshake failed");
                    progress.handshakes.set(progress.handshakes.get() + 1);
                    progress.changed.notify_one();
                }
            })
        })
        .collect();

    let mut newest = String::new();
    for _ in 0..ROTATIONS {
        let (cert, key) = authority.issue();
        write(&files.certificate, &cert);
        certificate.reload().expect_err("half of a change is none");
        progress.more(CLIENTS).await;
        write(&files.key, &key);
        assert_eq!(certificate.reload().unwrap(), Reload::Changed);
        assert_eq!(certificate.reload().unwrap(), Reload::Unchanged);
        progress.more(CLIENTS).await;
        newest = cert;
    }
    progress.stop.set(true);
    for client in clients {
        client.await.unwrap();
    }

    let client = Client { trusts: &trusts, shows: None, alpn: "h2", versions: &[&TLS13] };
    let stream = connect(&client.connector(), address).await.unwrap();
    let shown = &stream.get_ref().1.peer_certificates().unwrap()[0];
    assert_eq!(*shown, CertificateDer::from_pem_slice(newest.as_bytes()).unwrap());
}

#[actix_web::test]
async fn faults_are_reported_once_and_the_change_after_them() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = files(dir.path(), &authority.issue());
    let certificate = load(files.clone(), TlsVersion::Tls12, None).certificate;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let report = move |outcome: Result<(), &_>| {
        let _ = tell.send(outcome.map_err(ToString::to_string));
    };
    let following = rt::spawn(certificate.follow(std::time::Duration::from_millis(5), report));

    // As Kubernetes does it: a link is swapped to where both new files are.
    let next = tempfile::tempdir().unwrap();
    let (cert, key) = authority.issue();
    write(&next.path().join("key.pem"), &key);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(next.path().join("key.pem"), &link).unwrap();
    std::fs::rename(&link, &files.key).unwrap();
    let fault = told.recv().await.unwrap().unwrap_err();
    assert!(fault.contains("does not belong to"), "{fault}");
    write(&files.certificate, &cert);
    assert_eq!(told.recv().await.unwrap(), Ok(()), "the fault is not told twice");
    following.abort();
}
