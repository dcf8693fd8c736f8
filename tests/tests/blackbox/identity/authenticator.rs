//! An authenticator app of our own.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{Client, PASSWORD};

pub(super) const TOTP: &str = "/api/v1/users/me/totp";

/// What an authenticator app shows, some steps of thirty seconds from now (RFC 6238).
pub(super) fn code(secret: &str, steps: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "an authenticator app has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let key = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(&(now / 30 + steps).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

pub(super) struct Enrolled {
    pub(super) secret: String,
    /// The code that it was confirmed with.
    pub(super) used: String,
    pub(super) recovery_codes: Vec<String>,
}

/// Turns the second factor of whoever has `PASSWORD` on.
pub(super) fn enrol(client: &Client) -> Enrolled {
    let made = client.post(TOTP, &json!({"password": PASSWORD})).expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let uri = made["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/ResearchFlow:"));
    let used = code(&secret, 0);
    let codes = client.post(&format!("{TOTP}/confirm"), &json!({"code": used})).expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter();
    let recovery_codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    Enrolled { secret, used, recovery_codes }
}
