//! Time-based one-time passwords (RFC 6238) as every authenticator app makes them: SHA-1, six
//! digits, steps of thirty seconds.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;

/// A secret of 160 bits, the output length of SHA-1 (RFC 4226, 4, R6).
pub(super) struct Secret([u8; 20]);

impl Secret {
    pub(super) fn generate() -> Self {
        Self(rand::random())
    }

    /// From bytes that were kept; `None` if they are not twenty.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For typing it in.
    pub(super) fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// For a QR code: the URI that authenticator apps read.
    pub(super) fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1\
             &digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step whose code this is: the present one, or one beside it for clocks that differ
    /// (RFC 6238, 5.2).
    pub(super) fn step_of(&self, code: &str, unix_seconds: i64) -> Option<i64> {
        let now = unix_seconds.div_euclid(STEP_SECONDS);
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        [now, now - 1, now + 1]
            .into_iter()
            .find(|step| bool::from(self.code(*step).as_bytes().ct_eq(code.as_bytes())))
    }

    /// The code of a step (RFC 4226, 5.3).
    fn code(&self, step: i64) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(&self.0).expect("any key length");
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest.last().copied().unwrap_or_default() & 0xf);
        let four = digest.iter().skip(offset).take(4);
        let number = four.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:0DIGITS$}", (number & 0x7fff_ffff) % MODULUS)
    }
}

/// RFC 3986, 2.1, of all but what is never reserved.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of whose eight digits these are the last six.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = Secret(*b"12345678901234567890");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(time / STEP_SECONDS), code);
            assert_eq!(secret.step_of(code, time), Some(time / STEP_SECONDS));
            assert_eq!(secret.step_of(code, time + STEP_SECONDS), Some(time / STEP_SECONDS));
            assert_eq!(secret.step_of(code, time - STEP_SECONDS), Some(time / STEP_SECONDS));
            assert_eq!(secret.step_of(code, time + 3 * STEP_SECONDS), None);
        }
        assert_eq!(secret.step_of("", 59), None);
    }

    #[test]
    fn the_uri_is_what_apps_read() {
        let uri = Secret(*b"12345678901234567890").uri("Research Flow", "a+b@x.test");
        assert_eq!(
            uri,
            "otpauth://totp/Research%20Flow:a%2Bb%40x.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Research%20Flow&algorithm=SHA1&digits=6&period=30"
        );
    }
}
