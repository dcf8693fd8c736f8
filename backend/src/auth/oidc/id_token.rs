//! ID tokens: what is asked of one before a word of it is believed (OpenID Connect Core 1.0, section
//! 3.1.3.7; RFC 8725).

use super::jwks::{Algorithm, KeySet};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::Deserialize;
use serde_json::Value;

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// How old a token may be that was made for this very sign-in, in seconds.
const OLDEST: i64 = 600;
/// The longest subject that the standard allows.
const MAX_SUBJECT: usize = 255;

/// Whether a provider can know somebody by it.
pub fn is_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&text.len())
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenFault {
    #[error("it is no signed token of a known algorithm")]
    Malformed,
    #[error("it is a token of another type, or has critical members")]
    Type,
    #[error("its key is not the provider's")]
    Key,
    #[error("its signature is not good")]
    Signature,
    #[error("it is another issuer's")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it is over, too old, or not valid yet")]
    Time,
    #[error("it was made for another sign-in")]
    Nonce,
    #[error("its subject is none")]
    Subject,
    #[error("it tells of a weaker authentication than is asked for")]
    Strength,
}

/// A token in its compact form (RFC 7515, section 7.1), not verified yet.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    signed: &'a [u8],
    signature: Vec<u8>,
    payload: Vec<u8>,
}

/// `jwk`, `jku`, `x5c` and `x5u` are not looked at: a token never brings its own key.
#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenFault> {
        let decode =
            |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Malformed);
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| TokenFault::Malformed)?;
        let is_jwt = header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if !is_jwt || header.crit.is_some() {
            return Err(TokenFault::Type);
        }
        Ok(Self {
            algorithm: header.alg,
            key_id: header.kid,
            signed: signed.as_bytes(),
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// Whether one of the provider's keys has signed it, the one that it names if it names one.
    pub(super) fn is_signed_by(&self, keys: &KeySet) -> Result<(), TokenFault> {
        let key = keys.find(self.key_id.as_deref(), self.algorithm).ok_or(TokenFault::Key)?;
        let is_good = key.verifies(self.algorithm, self.signed, &self.signature);
        is_good.then_some(()).ok_or(TokenFault::Signature)
    }

    /// What it says; whoever calls this has verified the signature.
    pub(super) fn claims(&self) -> Result<Claims, TokenFault> {
        serde_json::from_slice(&self.payload).map_err(|_| TokenFault::Malformed)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a token says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    acr: Option<String>,
    /// Who it is, at this issuer.
    pub(super) sub: String,
    #[serde(flatten)]
    pub(super) email: Email,
}

/// An email, as the provider knows it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Email {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Value,
}

impl Email {
    /// Whether the provider has told it at all.
    pub(super) fn is_told(&self) -> bool {
        self.email.is_some()
    }

    /// The email in lower case, if the provider has made sure that it is theirs.
    pub(super) fn verified(&self) -> Option<String> {
        let email = self.email.as_ref().filter(|_| self.email_verified == Value::Bool(true))?;
        if email.chars().any(turns_ascii) {
            return None;
        }
        let email = email.trim().to_lowercase();
        (email.contains('@') && email.len() <= 254).then_some(email)
    }
}

/// Whether a letter turns ASCII in lower case, as the sign of Kelvin becomes a `k`: what is verified
/// is another address than the one that it would become.
fn turns_ascii(letter: char) -> bool {
    !letter.is_ascii() && letter.to_lowercase().any(|small| small.is_ascii())
}

/// What the token of a sign-in must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// One of these; none: any.
    pub(super) acr: &'a [String],
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Claims {
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), TokenFault> {
        let ask = |good: bool, fault| if good { Ok(()) } else { Err(fault) };
        ask(self.iss == expected.issuer, TokenFault::Issuer)?;
        ask(self.is_for(expected.client_id), TokenFault::Audience)?;
        let (early, late) = (expected.now - LEEWAY, expected.now + LEEWAY);
        let lasts = self.exp > early && self.nbf.is_none_or(|from| from <= late);
        let fresh = self.iat <= late && self.iat > early - OLDEST;
        ask(lasts && fresh, TokenFault::Time)?;
        ask(self.nonce.as_deref() == Some(expected.nonce), TokenFault::Nonce)?;
        ask(is_subject(&self.sub), TokenFault::Subject)?;
        let strong = |acr: &String| expected.acr.contains(acr);
        ask(expected.acr.is_empty() || self.acr.as_ref().is_some_and(strong), TokenFault::Strength)
    }

    /// For this client; if for others too, then made for this one.
    fn is_for(&self, client_id: &str) -> bool {
        let (meant, alone) = match &self.aud {
            Audience::One(one) => (one == client_id, true),
            Audience::Many(all) => (all.iter().any(|one| one == client_id), all.len() == 1),
        };
        meant && self.azp.as_deref().map_or(alone, |party| party == client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_that_looks_like_anothers_is_none() {
        let verified = |email: &str| {
            let (email, email_verified) = (Some(email.to_owned()), Value::Bool(true));
            Email { email, email_verified }.verified()
        };
        assert_eq!(verified(" Karl@X.test").as_deref(), Some("karl@x.test"));
        assert_eq!(verified("\u{c4}nne@x.test").as_deref(), Some("\u{e4}nne@x.test"));
        // The sign of Kelvin, and an I with a dot.
        for email in ["\u{212a}arl@x.test", "karl@\u{130}x.test"] {
            assert_eq!(verified(email), None, "{email}");
        }
    }
}
