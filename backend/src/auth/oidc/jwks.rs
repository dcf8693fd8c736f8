//! The provider's public keys (RFC 7517, 7518, 8037), and what they have signed.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// The algorithms that are believed. All are asymmetric: there is no `none`, and no key of ours or
/// of the provider's can be taken for an HMAC's (RFC 8725, sections 2.1 and 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    RS256,
    PS256,
    ES256,
    EdDSA,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A key that signs.
#[derive(Debug, Clone)]
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, if it says so.
    algorithm: Option<String>,
    material: Material,
}

/// The keys of a set that can be used here.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawSet")]
pub(super) struct KeySet(Vec<Key>);

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct RawKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl From<RawSet> for KeySet {
    /// Keys of other kinds are left out (RFC 7517, section 5).
    fn from(set: RawSet) -> Self {
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Self(keys.filter_map(Key::of).collect())
    }
}

impl Key {
    fn of(raw: RawKey) -> Option<Self> {
        if raw.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text?).ok();
        let material = match (raw.kty.as_str(), raw.crv.as_deref()) {
            ("RSA", _) => Material::Rsa { n: unpadded(bytes(raw.n)?), e: unpadded(bytes(raw.e)?) },
            ("EC", Some("P-256")) => {
                Material::P256([vec![4], bytes(raw.x)?, bytes(raw.y)?].concat())
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(raw.x)?),
            _ => return None,
        };
        Some(Self { id: raw.kid, algorithm: raw.alg, material })
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        let named = format!("{algorithm:?}");
        let fits = match self.material {
            Material::Rsa { .. } => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
            Material::P256(_) => algorithm == Algorithm::ES256,
            Material::Ed25519(_) => algorithm == Algorithm::EdDSA,
        };
        fits && self.algorithm.as_ref().is_none_or(|only| *only == named)
    }

    /// Whether this key has signed the message.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let outcome =
            match (&self.material, algorithm) {
                (Material::Rsa { n, e }, Algorithm::RS256) => RsaPublicKeyComponents { n, e }
                    .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature),
                (Material::Rsa { n, e }, Algorithm::PS256) => RsaPublicKeyComponents { n, e }
                    .verify(&signature::RSA_PSS_2048_8192_SHA256, message, signature),
                (Material::P256(point), Algorithm::ES256) => {
                    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                        .verify(message, signature)
                }
                (Material::Ed25519(x), Algorithm::EdDSA) => {
                    UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature)
                }
                _ => return false,
            };
        outcome.is_ok()
    }
}

impl KeySet {
    /// The key that a token says it was signed with. Without a name there must be one that fits, and
    /// no other (OpenID Connect Core, section 10.1).
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let named = |key: &&Key| id.is_none() || key.id.as_deref() == id;
        let mut fitting = self.0.iter().filter(named).filter(|key| key.is_for(algorithm));
        let first = fitting.next()?;
        (id.is_some() || fitting.next().is_none()).then_some(first)
    }
}

/// A number without the zeros that some providers write before it.
fn unpadded(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.4, and the key of appendix A.2.
    #[test]
    fn the_example_of_the_standard_is_verified() {
        let set = r#"{"keys":[
            {"kty":"oct","k":"c2VjcmV0"}, {"kty":"EC","crv":"P-521","x":"AA","y":"AA"}, {"kid":"x"},
            {"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let set: KeySet = serde_json::from_str(set).unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = BASE64_URL_SAFE_NO_PAD
            .decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
            .unwrap();
        let key = set.find(None, Algorithm::EdDSA).unwrap();
        assert!(key.verifies(Algorithm::EdDSA, message, &signature));
        assert!(!key.verifies(Algorithm::EdDSA, b"another", &signature));
        assert!(!key.verifies(Algorithm::ES256, message, &signature));
        assert!(set.find(None, Algorithm::ES256).is_none());
        assert!(set.find(Some("another"), Algorithm::EdDSA).is_none());
    }

    #[test]
    fn a_key_is_for_its_own_algorithm_and_names_tell_keys_apart() {
        let set = r#"{"keys":[
            {"kty":"RSA","kid":"a","alg":"RS256","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB"}]}"#;
        let set: KeySet = serde_json::from_str(set).unwrap();
        assert!(set.find(Some("a"), Algorithm::RS256).is_some());
        assert!(set.find(Some("a"), Algorithm::PS256).is_none());
        assert!(set.find(None, Algorithm::RS256).is_none(), "either could be meant");
        assert!(set.find(None, Algorithm::PS256).is_some(), "only one can");
    }
}
