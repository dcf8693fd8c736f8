//! The OpenID provider at which people of an organisation sign in, if there is one.

use super::Server;
use super::faults::Faults;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use url::{Host, Url};

/// Where the provider sends browsers back to, below the public URL.
const CALLBACK: &str = "/api/v1/auth/oidc/callback";

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct OidcArgs {
    /// The OpenID provider at which people may sign in, by its issuer's URL; empty: none.
    #[arg(long, env = "RESEARCHFLOW_OIDC_ISSUER", default_value = "")]
    oidc_issuer: String,
    /// What the provider calls this service.
    #[arg(long, env = "RESEARCHFLOW_OIDC_CLIENT_ID", default_value = "")]
    oidc_client_id: String,
    /// What this service proves that with, if the provider gave it a secret.
    #[arg(long, env = "RESEARCHFLOW_OIDC_CLIENT_SECRET", hide_env_values = true)]
    oidc_client_secret: Option<SecretString>,
    /// A file that holds the client's secret.
    #[arg(long, env = "RESEARCHFLOW_OIDC_CLIENT_SECRET_FILE")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Whose emails may be linked to an account at the first sign-in, as in
    /// `example.org,clinic.example`; empty: of every domain.
    #[arg(long, env = "RESEARCHFLOW_OIDC_EMAIL_DOMAINS", default_value = "")]
    oidc_email_domains: String,
    /// Somebody without an account gets one at the first sign-in, with no project.
    #[arg(long, env = "RESEARCHFLOW_OIDC_SIGN_UP")]
    oidc_sign_up: bool,
    /// How strongly the provider must have authenticated somebody: one of these `acr` values.
    #[arg(long, env = "RESEARCHFLOW_OIDC_ACR", default_value = "")]
    oidc_acr: String,
    /// PEM certificates of those who vouch for the provider, besides whom the system trusts.
    #[arg(long, env = "RESEARCHFLOW_OIDC_CA")]
    oidc_ca: Option<PathBuf>,
    /// Where browsers find this service, as in `https://researchflow.example.org`.
    #[arg(long, env = "RESEARCHFLOW_PUBLIC_URL", default_value = "")]
    public_url: String,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// The issuer, exactly as the provider writes it.
    pub issuer: String,
    /// What the provider calls this service.
    pub client_id: String,
    /// What this service proves that with; `None`: it is a public client.
    pub client_secret: Option<SecretString>,
    /// Where the provider sends browsers back to.
    pub redirect_uri: String,
    /// Whose emails may be linked, in lower case; empty: of every domain.
    pub email_domains: Vec<String>,
    /// Whether somebody without an account gets one.
    pub sign_up: bool,
    /// One of these `acr` values is asked for; empty: any will do.
    pub acr: Vec<String>,
    /// Who vouches for the provider, besides whom the system trusts.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl OidcArgs {
    /// `None`: people sign in by passwords alone.
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Option<Oidc> {
        let given = self.oidc_client_secret.as_ref().map(ExposeSecret::expose_secret);
        let file = self.oidc_client_secret_file.as_deref();
        let secret = faults.secret("RESEARCHFLOW_OIDC_CLIENT_SECRET", given, file);
        let secret = faults.or(secret, None);
        let issuer = self.oidc_issuer.trim();
        if issuer.is_empty() {
            if !self.oidc_client_id.is_empty() || secret.is_some() {
                faults.add("RESEARCHFLOW_OIDC_ISSUER is missing");
            }
            return None;
        }
        let client_id = self.oidc_client_id.trim();
        if client_id.is_empty() {
            faults.add("RESEARCHFLOW_OIDC_CLIENT_ID is missing");
        }
        if let Err(fault) = address(issuer, server) {
            faults.add(format!("RESEARCHFLOW_OIDC_ISSUER {fault}"));
        }
        let public = public_origin(self.public_url.trim(), server);
        let public = public.map_err(|fault| format!("RESEARCHFLOW_PUBLIC_URL {fault}"));
        let authorities = self.oidc_ca.as_deref().map_or(Ok(Vec::new()), certificates);
        Some(Oidc {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: secret.map(SecretString::from),
            redirect_uri: faults.or(public, String::new()) + CALLBACK,
            email_domains: list(&self.oidc_email_domains.to_lowercase()),
            sign_up: self.oidc_sign_up,
            acr: list(&self.oidc_acr),
            authorities: faults.or(authorities, Vec::new()),
        })
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// A URL that nobody on the way can read or change what is asked of: HTTPS, or this machine, which
/// does not count in production.
fn address(text: &str, server: &Server) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL")?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if local && !server.is_production() => {}
        _ => return Err("must start with https://"),
    }
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return Err("must have neither user, query nor fragment");
    }
    Ok(url)
}

fn public_origin(text: &str, server: &Server) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("is missing");
    }
    let url = address(text, server)?;
    if url.path() != "/" {
        return Err("must have no path");
    }
    Ok(url.origin().ascii_serialization())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("RESEARCHFLOW_OIDC_CA ({}) holds no certificate", path.display())),
        Err(error) => Err(format!("RESEARCHFLOW_OIDC_CA ({}): {error}", path.display())),
    }
}
