//! What the provider says of itself (OpenID Connect Discovery 1.0).

use super::error::OidcError;
use serde::Deserialize;
use url::Url;

/// The members of the provider's metadata that are of use here.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    #[serde(default = "basic")]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207, section 3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// The default of the standard.
fn basic() -> Vec<String> {
    vec![CLIENT_SECRET_BASIC.to_owned()]
}

const CLIENT_SECRET_BASIC: &str = "client_secret_basic";

/// Where an issuer's metadata is (section 4).
pub(super) fn location(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Metadata {
    /// It must be the metadata of that issuer, to the letter (section 4.3): else one provider could
    /// pass for another. What an issuer on HTTPS names is on HTTPS too.
    pub(super) fn check(self, issuer: &str) -> Result<Self, OidcError> {
        let unusable = |why: &str| Err(OidcError::unusable("metadata", why));
        if self.issuer != issuer {
            return unusable("it is another issuer's");
        }
        let needed = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let all_safe =
            needed.into_iter().chain(&self.userinfo_endpoint).all(|url| url.scheme() == "https");
        if issuer.starts_with("https:") && !all_safe {
            return unusable("an address in it is not on HTTPS");
        }
        Ok(self)
    }

    /// Whether the client's secret goes in the header, which every provider should take (RFC 6749,
    /// section 2.3.1).
    pub(super) fn takes_basic(&self) -> bool {
        self.token_endpoint_auth_methods_supported.iter().any(|it| it == CLIENT_SECRET_BASIC)
    }
}
