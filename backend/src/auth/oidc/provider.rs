//! The provider, with what it has told so far: where its endpoints are, and its keys.

use super::error::OidcError;
use super::flow::Flow;
use super::http;
use super::id_token::{Claims, Compact, Email, Expected, TokenFault};
use super::jwks::KeySet;
use super::metadata::{self, Metadata};
use crate::{config, outbound};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// After so long the provider is asked again.
const FRESH: Duration = Duration::from_secs(3600);
/// How often at most a token that no known key has signed has them fetched again: it may be invented.
const REFRESH: Duration = Duration::from_secs(10);
/// For all that one request asks of the provider, waiting for others who ask it included.
const PATIENCE: Duration = Duration::from_secs(10);

/// The provider at which people sign in, if there is one. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(Option<Arc<Provider>>);

impl Oidc {
    /// Calls nobody yet.
    ///
    /// # Errors
    /// There is a provider, and no authority that could vouch for it.
    pub fn new(settings: Option<&config::Oidc>) -> Result<Self, String> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let client = outbound::client(&settings.authorities)?;
        let (metadata, keys) = (Mutex::default(), Mutex::default());
        Ok(Self(Some(Arc::new(Provider { settings: settings.clone(), client, metadata, keys }))))
    }

    pub(super) fn provider(&self) -> Option<&Provider> {
        self.0.as_deref()
    }
}

pub(super) struct Provider {
    pub(super) settings: config::Oidc,
    client: Client,
    metadata: Mutex<Option<(Instant, Arc<Metadata>)>>,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    known: Option<(Instant, Arc<KeySet>)>,
    /// When they were last fetched for a token that none of them had signed.
    refreshed: Option<Instant>,
}

/// What the token endpoint answers; the rest of it is not wanted.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<SecretString>,
}

/// Why it answers none (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    email: Email,
}

/// Who the provider says somebody is.
pub(super) struct Person {
    pub(super) subject: String,
    /// Their email, if the provider has made sure that it is theirs.
    pub(super) email: Option<String>,
}

impl Provider {
    /// Where the browser is sent to begin.
    pub(super) async fn authorization_url(&self, flow: &Flow) -> Result<Url, OidcError> {
        let metadata = in_time(self.metadata()).await?;
        let settings = &self.settings;
        let mut url = metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &settings.redirect_uri)
            .append_pair("scope", "openid email")
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        if !settings.acr.is_empty() {
            url.query_pairs_mut().append_pair("acr_values", &settings.acr.join(" "));
        }
        Ok(url)
    }

    /// Whether an answer names this provider, as it must if the provider says that it always does
    /// (RFC 9207, section 2.4).
    pub(super) async fn has_answered(&self, issuer: Option<&str>) -> Result<bool, OidcError> {
        match issuer {
            Some(issuer) => Ok(issuer == self.settings.issuer),
            None => {
                let metadata = in_time(self.metadata()).await?;
                Ok(!metadata.authorization_response_iss_parameter_supported)
            }
        }
    }

    /// Who it is, for the code that the browser brought. `now` in seconds since 1970.
    pub(super) async fn person(
        &self,
        code: &str,
        flow: &Flow,
        now: i64,
    ) -> Result<Person, OidcError> {
        in_time(async {
            let metadata = self.metadata().await?;
            let tokens = self.exchange(&metadata, code, flow).await?;
            let claims = self.verified(&metadata, &tokens.id_token).await?;
            let settings = &self.settings;
            claims.check(&Expected {
                issuer: &settings.issuer,
                client_id: &settings.client_id,
                nonce: &flow.nonce,
                acr: &settings.acr,
                now,
            })?;
            let email = match (&metadata.userinfo_endpoint, tokens.access_token) {
                (Some(url), Some(token)) if !claims.email.is_told() => {
                    self.user_info(url, &token, &claims.sub).await?
                }
                _ => claims.email,
            };
            Ok(Person { subject: claims.sub, email: email.verified() })
        })
        .await
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        flow: &Flow,
    ) -> Result<Tokens, OidcError> {
        const WHAT: &str = "answer to the code";
        let settings = &self.settings;
        let secret = settings.client_secret.as_ref().map(ExposeSecret::expose_secret);
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &settings.redirect_uri)
            .append_pair("code_verifier", &flow.verifier);
        let mut request = self.client.post(metadata.token_endpoint.clone());
        match secret {
            // RFC 6749, section 2.3.1 has both encoded once more.
            Some(secret) if metadata.takes_basic() => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                request = request.basic_auth(encoded(&settings.client_id), Some(encoded(secret)));
            }
            Some(secret) => {
                form.append_pair("client_id", &settings.client_id)
                    .append_pair("client_secret", secret);
            }
            None => {
                form.append_pair("client_id", &settings.client_id);
            }
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.finish());
        let (status, body) = http::send(request).await?;
        if status == StatusCode::OK {
            return http::parse(WHAT, &body);
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) if refusal.error == "invalid_grant" => Err(OidcError::CodeRefused),
            // It may be that the client's settings are wrong, which is the operator's to learn.
            Ok(refusal) => Err(OidcError::unusable(WHAT, registered(&refusal.error))),
            Err(_) => Err(OidcError::unusable(WHAT, &status)),
        }
    }

    async fn verified(&self, metadata: &Metadata, token: &str) -> Result<Claims, OidcError> {
        let token = Compact::parse(token)?;
        let mut keys = self.keys.lock().await;
        let fresh = keys.known.as_ref().filter(|(at, _)| at.elapsed() < FRESH);
        let known = match fresh {
            Some((_, known)) => Arc::clone(known),
            None => self.fetch_keys(metadata, &mut keys).await?,
        };
        let mut outcome = token.is_signed_by(&known);
        // A new key need not have a new name, or any.
        if outcome.is_err() && keys.refreshed.is_none_or(|at| at.elapsed() >= REFRESH) {
            keys.refreshed = Some(Instant::now());
            outcome = token.is_signed_by(&*self.fetch_keys(metadata, &mut keys).await?);
        }
        outcome?;
        Ok(token.claims()?)
    }

    async fn fetch_keys(
        &self,
        metadata: &Metadata,
        keys: &mut Keys,
    ) -> Result<Arc<KeySet>, OidcError> {
        let request = self.client.get(metadata.jwks_uri.clone());
        let known: Arc<KeySet> = Arc::new(http::json("keys", request).await?);
        keys.known = Some((Instant::now(), Arc::clone(&known)));
        Ok(known)
    }

    /// Many providers tell the email here alone. It must be told of the same subject (OpenID Connect
    /// Core, section 5.3.2).
    async fn user_info(
        &self,
        url: &Url,
        token: &SecretString,
        subject: &str,
    ) -> Result<Email, OidcError> {
        let request = self.client.get(url.clone()).bearer_auth(token.expose_secret());
        let info: UserInfo = http::json("user info", request).await?;
        if info.sub != subject {
            return Err(TokenFault::Subject.into());
        }
        Ok(info.email)
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, OidcError> {
        let mut kept = self.metadata.lock().await;
        if let Some((_, known)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(Arc::clone(known));
        }
        let issuer = &self.settings.issuer;
        let request = self.client.get(metadata::location(issuer));
        let known: Metadata = http::json("metadata", request).await?;
        let known = Arc::new(known.check(issuer)?);
        *kept = Some((Instant::now(), Arc::clone(&known)));
        Ok(known)
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, OidcError>>) -> Result<T, OidcError> {
    let late = |_| OidcError::Unreachable("it takes too long".to_owned());
    tokio::time::timeout(PATIENCE, work).await.map_err(late)?
}

/// An error code as the registries have them, for the log; anything else is not repeated.
pub(super) fn registered(code: &str) -> &str {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if code.len() <= 40 && code.chars().all(plain) {
        code
    } else {
        "an error of no registered kind"
    }
}
