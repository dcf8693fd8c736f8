//! Asking a running service, with its certificate verified.

use super::Failure;
use hardening::Problem;
use rustls::crypto::ring;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::header::CONTENT_TYPE;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// No answer is longer: that of the OpenAPI document is some hundred KiB.
const LONGEST: u64 = 8 << 20;

/// Where a service is, and how it is asked.
#[derive(Debug, clap::Args)]
pub(super) struct ClientArgs {
    /// Where the service is, such as `https://researchflow.example.org`.
    #[arg(default_value = "http://127.0.0.1:8080")]
    pub(super) url: String,
    /// PEM file of those who vouch for its certificate; without it those that this machine trusts.
    #[arg(long)]
    pub(super) ca: Option<PathBuf>,
    /// An API key.
    #[arg(long, env = "RESEARCHFLOW_API_KEY", hide_env_values = true)]
    pub(super) key: Option<SecretString>,
    /// How long an answer may take, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,
}

pub(super) struct Client {
    agent: Agent,
    base: String,
    key: Option<SecretString>,
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Client {
    /// # Errors
    /// The URL has no scheme, or the authorities' file cannot be read.
    pub(super) fn new(args: &ClientArgs) -> Result<Self, Failure> {
        let base = args.url.trim_end_matches('/');
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure(format!("{base} does not begin with https:// or http://.")));
        }
        let roots = args.ca.as_deref().map_or(Ok(RootCerts::PlatformVerifier), roots)?;
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(Duration::from_secs(args.timeout)))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Ok(Self { agent: agent.into(), base: base.to_owned(), key: args.key.clone() })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// An address of its own, without a credential.
    pub(super) fn get_from(&self, url: &str) -> Result<Answer, String> {
        read(self.agent.get(url).call())
    }

    /// Without a credential.
    pub(super) fn get(&self, path: &str) -> Result<Answer, String> {
        read(self.agent.get(self.at(path)).call())
    }

    /// With the key.
    pub(super) fn get_with_key(&self, path: &str) -> Result<Answer, String> {
        read(self.agent.get(self.at(path)).header("authorization", self.bearer()).call())
    }

    /// JSON, with the key.
    pub(super) fn post_with_key(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = self.agent.post(self.at(path)).header("authorization", self.bearer());
        read(request.header(CONTENT_TYPE, "application/json").send(body.to_string()))
    }

    /// A credential that nobody has.
    pub(super) fn get_with_a_wrong_key(&self, path: &str) -> Result<Answer, String> {
        read(self.agent.get(self.at(path)).header("authorization", "Bearer smoke").call())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn bearer(&self) -> String {
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        format!("Bearer {key}")
    }
}

fn roots(file: &Path) -> Result<RootCerts, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure(format!("{} cannot be read: {error}.", file.display()))
    };
    let pem = std::fs::read(file).map_err(|error| unreadable(&error))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    let certificates: Vec<_> =
        certificates.collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    if certificates.is_empty() {
        return Err(Failure(format!("{} holds no certificate.", file.display())));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<Answer, String> {
    let (head, mut body) = answer.map_err(|error| format!("no answer: {error}"))?.into_parts();
    let text = body.with_config().limit(LONGEST).read_to_string();
    let text = text.map_err(|error| format!("the answer's body breaks off: {error}"))?;
    Ok(Answer { status: head.status, headers: head.headers, text })
}

impl Answer {
    /// This answer, if it has that status.
    pub(super) fn expect(self, status: u16) -> Result<Self, String> {
        if self.status.as_u16() == status {
            return Ok(self);
        }
        let problem = serde_json::from_str::<Problem>(&self.text);
        let detail = problem.map_or("no reason is told".to_owned(), |problem| problem.detail);
        Err(format!("{} instead of {status}: {detail}", self.status))
    }

    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let unreadable = |error| format!("the answer is not what it should be: {error}");
        serde_json::from_str(&self.text).map_err(unreadable)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The header's value, which must be there and hold `wanted`.
    pub(super) fn expect_header(&self, name: &str, wanted: &str) -> Result<String, String> {
        match self.header(name) {
            Some(value) if value.contains(wanted) => Ok(value.to_owned()),
            Some(value) => Err(format!("{name} is `{value}`, without `{wanted}`")),
            None => Err(format!("there is no {name}")),
        }
    }
}
