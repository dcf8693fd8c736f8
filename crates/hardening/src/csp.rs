//! Content Security Policies (W3C CSP Level 3, Trusted Types): which scripts a page may run.

use crate::random::random_text;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use thiserror::Error;

/// The policy of all that is not a page: nothing may be loaded, and nobody may frame it.
pub(crate) const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What lets a page's own scripts run: 128 fresh random bits for each answer, 22 characters that
/// need no escaping in HTML. A handler takes it as an extractor and writes it into the `nonce`
/// attribute of its `script` and `style` elements; [`security_headers`](crate::security_headers)
/// writes the same into the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    pub(crate) fn fresh() -> Self {
        Self(random_text())
    }

    /// The text of the `nonce` attribute.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same nonce however often a request is asked.
impl FromRequest for Nonce {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let mut extensions = request.extensions_mut();
        let nonce = extensions.get::<Self>().cloned().unwrap_or_else(Self::fresh);
        extensions.insert(nonce.clone());
        ready(Ok(nonce))
    }
}

/// A setting that would not stay inside its place in the policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Trusted Types, section 5.3: `tt-policy-name`.
    #[error("{0:?} cannot be the name of a Trusted Types policy")]
    TrustedTypes(String),
    /// CSP Level 3, section 6.5: a URI reference; here a path or an `https` address.
    #[error("{0:?} cannot take reports: it must be a path or begin with https://")]
    Reports(String),
}

/// The policy of a page, by Google's "strict CSP": scripts run by nonce, and what these load runs
/// too; styles by nonce or from here; strings reach the DOM's dangerous places only through a named
/// Trusted Types policy; no plug-ins, no `base`, no frames, forms only to here; all else only from
/// here.
///
/// No `https:` or `'unsafe-inline'` beside the nonce for the browsers of before 2022:
/// `csp_evaluator` notes both as ignored.
#[derive(Debug, Clone)]
pub struct PagePolicy {
    /// What stands before, between and after the two nonces.
    parts: [String; 3],
    /// The value of `Reporting-Endpoints`.
    endpoint: Option<HeaderValue>,
}

impl PagePolicy {
    /// The policy of pages whose scripts make the Trusted Types policies of these names (none, if
    /// there is none), and that reports violations to the address `reports`, if there is one.
    ///
    /// # Errors
    /// A text would end its directive and begin another.
    pub fn new(trusted_types: &[&str], reports: Option<&str>) -> Result<Self, PolicyError> {
        if let Some(name) = trusted_types.iter().find(|name| !is_policy_name(name)) {
            return Err(PolicyError::TrustedTypes((*name).to_owned()));
        }
        if let Some(reports) = reports.filter(|reports| !is_address(reports)) {
            return Err(PolicyError::Reports(reports.to_owned()));
        }
        let names = match trusted_types {
            [] => "'none'".to_owned(),
            names => names.join(" "),
        };
        let reporting = reports
            .map(|reports| format!("; report-uri {reports}; report-to csp"))
            .unwrap_or_default();
        let rest = format!(
            "'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
             worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
             form-action 'self'; require-trusted-types-for 'script'; \
             trusted-types {names}{reporting}"
        );
        let scripts = "default-src 'none'; script-src 'nonce-".to_owned();
        let styles = "' 'strict-dynamic'; style-src 'self' 'nonce-".to_owned();
        let endpoint = reports.map(|reports| format!("csp=\"{reports}\""));
        let endpoint = endpoint.and_then(|value| HeaderValue::try_from(value).ok());
        Ok(Self { parts: [scripts, styles, rest], endpoint })
    }

    /// The policy for one answer.
    pub(crate) fn value(&self, nonce: &Nonce) -> HeaderValue {
        let [scripts, styles, rest] = &self.parts;
        let text = [scripts, nonce.as_str(), styles, nonce.as_str(), rest].concat();
        // A policy that cannot be said must not become none.
        HeaderValue::try_from(text).unwrap_or(NOTHING)
    }

    /// Where browsers send reports (Reporting API, section 3.2).
    pub(crate) fn reporting_endpoints(&self) -> Option<&HeaderValue> {
        self.endpoint.as_ref()
    }
}

fn is_policy_name(name: &str) -> bool {
    let sane = |it: u8| it.is_ascii_alphanumeric() || b"-#=_/@.%".contains(&it);
    !name.is_empty() && name.bytes().all(sane)
}

fn is_address(address: &str) -> bool {
    let sane = |it: u8| it.is_ascii_graphic() && !b";,\"\\".contains(&it);
    let absolute = address.starts_with("https://") || address.starts_with('/');
    absolute && address.bytes().all(sane)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_cannot_leave_its_directive() {
        for name in ["", "a b", "a;script-src *", "a,b", "'none'", "é", "*"] {
            let error = PagePolicy::new(&[name], None).unwrap_err();
            assert_eq!(error, PolicyError::TrustedTypes(name.to_owned()));
        }
        for reports in ["", "reports", "/a; script-src *", "/a,b", "/a\"", "/a b", "http://a", "/é"]
        {
            let error = PagePolicy::new(&[], Some(reports)).unwrap_err();
            assert_eq!(error, PolicyError::Reports(reports.to_owned()));
        }
    }

    #[test]
    fn the_whole_policy_reads_so() {
        let policy = PagePolicy::new(&["app", "dompurify"], Some("/csp-reports")).unwrap();
        let value = policy.value(&Nonce("AAAAAAAAAAAAAAAAAAAAAA".to_owned()));
        let expected = "default-src 'none'; \
            script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAA' 'strict-dynamic'; \
            style-src 'self' 'nonce-AAAAAAAAAAAAAAAAAAAAAA'; \
            img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
            worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
            form-action 'self'; require-trusted-types-for 'script'; \
            trusted-types app dompurify; report-uri /csp-reports; report-to csp";
        assert_eq!(value, expected);
        assert_eq!(policy.reporting_endpoints().unwrap(), "csp=\"/csp-reports\"");
    }
}
