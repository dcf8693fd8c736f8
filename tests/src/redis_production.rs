//! Redis with the settings that `infrastructure/redis` has for production.

use crate::eventually;
use crate::redis_tls::certify;
use redis_server::{folder, free_address};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The user that the service is.
pub const SERVICE_USER: &str = "researchflow";
/// A user who may do everything, added as the README says.
pub const OPERATOR: &str = "operator";

const PASSWORD: &str = "a-password-of-tests-0123456789-0123456789";

/// A redis-server with those files, but for places and the port; dropping kills it.
pub struct ProductionRedis {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl ProductionRedis {
    /// Starts one, and returns when it answers.
    ///
    /// # Panics
    /// It does not within 30 s.
    pub fn start() -> Self {
        let (folder, port) = (folder(), free_address().port());
        let users = folder.path().join("users.acl");
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(PASSWORD));
        let operator = format!("user {OPERATOR} on #{digest} ~* &* +@all\n");
        std::fs::write(&users, users_acl(&[]) + &operator).expect("a file");
        let (certificate, key) = certify(folder.path());
        let process = Command::new("redis-server")
            .arg(file("redis.conf"))
            .args(["--tls-port", &port.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .arg("--aclfile")
            .arg(users)
            .arg("--tls-cert-file")
            .arg(&certificate)
            .arg("--tls-key-file")
            .arg(key)
            .arg("--tls-ca-cert-file")
            .arg(certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let process = process.expect("redis-server starts; scripts/prerequisites installs it");
        // Owned before anything can fail, so that it is not left running.
        let redis = Self { process, port, folder };
        let answers = || (redis.cli(OPERATOR, &["PING"]).trim() == "PONG").then_some(());
        eventually("redis-server answers", answers);
        redis
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("rediss://{SERVICE_USER}:{PASSWORD}@localhost:{}", self.port)
    }

    /// For `RESEARCHFLOW_REDIS_CA`.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("redis.pem")
    }

    /// What `redis-cli` prints for a user's command, refusals too.
    ///
    /// # Panics
    /// There is no redis-cli.
    pub fn cli(&self, user: &str, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "localhost", "-p", &self.port.to_string(), "--tls", "--cacert"])
            .arg(self.ca())
            .args(["--user", user, "--pass", PASSWORD, "--no-auth-warning"])
            .args(arguments)
            .output()
            .expect("redis-cli runs");
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat()
    }
}

impl Drop for ProductionRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The file of users, as `make-users.sh` writes it with these arguments.
///
/// # Panics
/// It refuses.
pub fn users_acl(arguments: &[&str]) -> String {
    let mut script = Command::new(file("make-users.sh"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("make-users.sh runs");
    let mut input = script.stdin.take().expect("a pipe");
    writeln!(input, "{PASSWORD}").expect("the password is read");
    drop(input);
    let output = script.wait_with_output().expect("a child");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infrastructure/redis").join(name)
}
