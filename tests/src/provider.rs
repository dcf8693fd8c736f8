//! An OpenID provider that says whatever a test has it say. What a good one does is tested with one
//! that is not ours.

use crate::Link;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// The path of the provider's metadata.
pub const METADATA: &str = "/.well-known/openid-configuration";

/// A key of a provider (P-256).
pub struct SigningKey {
    id: String,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A new one, called `id`.
    ///
    /// # Panics
    /// The system has no random numbers.
    pub fn new(id: &str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
        Self { id: id.to_owned(), pair }
    }

    /// Its public half (RFC 7517).
    ///
    /// # Panics
    /// It is no point.
    pub fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let text = |bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": text(x), "y": text(y)})
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({"alg": "ES256", "kid": self.id})
    }

    /// A token (RFC 7515).
    ///
    /// # Panics
    /// The system has no random numbers.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The part of a token that is signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}

/// A request that a provider got.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its fields, in lower case.
    pub head: String,
    /// Its body.
    pub body: String,
}

/// The provider.
pub struct Provider {
    link: Link,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, (String, String)>>,
    asked: Mutex<HashMap<String, Vec<Asked>>>,
}

impl Provider {
    /// At a free port, with the metadata of a provider and the keys `keys`.
    ///
    /// # Panics
    /// There is no port.
    pub fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let link = Link::to(listener.local_addr().expect("its number"));
        let shared = Arc::new(Shared::default());
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&server);
                // Whoever hangs up in the middle has heard enough.
                std::thread::spawn(move || drop(server.serve(stream)));
            }
        });
        let provider = Self { link, shared };
        provider.answer(METADATA, &provider.metadata());
        provider.publish(keys);
        provider
    }

    /// Its name.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.link.address())
    }

    /// The cable to it.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// What it says of itself, at first.
    pub fn metadata(&self) -> Value {
        let issuer = self.issuer();
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?fixed=1"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        })
    }

    /// From now on these are its keys.
    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.answer("/keys", &json!({ "keys": keys }));
    }

    /// From now on this is the ID token that it gives for any code.
    pub fn give(&self, token: &str) {
        let tokens = json!({"id_token": token, "access_token": "opaque", "token_type": "Bearer"});
        self.answer("/token", &tokens);
    }

    /// From now on it answers JSON at a path.
    pub fn answer(&self, path: &str, body: &Value) {
        self.answer_as(path, "200 OK", &body.to_string());
    }

    /// From now on it answers so at a path; `status` may have fields in lines of their own.
    pub fn answer_as(&self, path: &str, status: &str, body: &str) {
        let answer = (status.to_owned(), body.to_owned());
        lock(&self.shared.answers).insert(path.to_owned(), answer);
    }

    /// What it was asked at a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        lock(&self.shared.asked).get(path).cloned().unwrap_or_default()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path = line.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut field = String::new();
            if reader.read_line(&mut field)? <= 2 {
                break;
            }
            if let Some((name, value)) = field.split_once(':') {
                let name = name.to_lowercase();
                if name == "content-length" {
                    length = value.trim().parse().unwrap_or(0);
                }
                head += &format!("{name}: {}\n", value.trim());
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        lock(&self.asked).entry(path.clone()).or_default().push(Asked { head, body });
        let absent = || ("404 Not Found".to_owned(), String::new());
        let (status, body) = lock(&self.answers).get(&path).cloned().unwrap_or_else(absent);
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        )
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
