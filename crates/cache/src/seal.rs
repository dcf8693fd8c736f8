//! What an entry is in Redis: authenticated bytes.
//!
//! `format (1) ‖ tag (16) ‖ stamp (8, little endian) ‖ present (1) ‖ value`. The tag is a truncated
//! HMAC-SHA-256 over the entry's key, a zero byte, and all that follows the tag: bytes that were
//! altered, cut, or stored under another key are no entry. Values can be read by whoever reads
//! Redis; what must not be is of a [local](crate::Kind::local) kind.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const FORMAT: u8 = 1;
const TAG: usize = 16;

pub(crate) struct Seal(Hmac<Sha256>);

/// What was in the seal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened<'a> {
    /// The newest generation that was known when the load began.
    pub(crate) stamp: u64,
    /// `None`: there is no such thing.
    pub(crate) value: Option<&'a [u8]>,
}

impl Seal {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(secret) {
            *to = from;
        }
        Self(Hmac::new(&block.into()))
    }

    pub(crate) fn close(&self, key: &str, content: &Opened<'_>) -> Vec<u8> {
        let mut body = content.stamp.to_le_bytes().to_vec();
        body.push(u8::from(content.value.is_some()));
        body.extend_from_slice(content.value.unwrap_or_default());
        let tag = self.mac(key, &body).finalize().into_bytes();
        let mut sealed = Vec::with_capacity(1 + TAG + body.len());
        sealed.push(FORMAT);
        sealed.extend(tag.iter().take(TAG));
        sealed.append(&mut body);
        sealed
    }

    pub(crate) fn open<'a>(&self, key: &str, sealed: &'a [u8]) -> Option<Opened<'a>> {
        let (&format, rest) = sealed.split_first()?;
        let (tag, body) = rest.split_at_checked(TAG)?;
        if format != FORMAT || self.mac(key, body).verify_truncated_left(tag).is_err() {
            return None;
        }
        let (stamp, rest) = body.split_first_chunk()?;
        let (present, value) = rest.split_first()?;
        Some(Opened { stamp: u64::from_le_bytes(*stamp), value: (*present == 1).then_some(value) })
    }

    fn mac(&self, key: &str, body: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(key).chain_update([0]).chain_update(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_closed_opens_under_its_key_alone(
            stamp: u64, value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..64)),
        ) {
            let seal = Seal::new([7; 32]);
            let content = Opened { stamp, value: value.as_deref() };
            let sealed = seal.close("a", &content);
            prop_assert_eq!(seal.open("a", &sealed), Some(content));
            prop_assert_eq!(seal.open("b", &sealed), None);
            prop_assert_eq!(Seal::new([8; 32]).open("a", &sealed), None);
        }

        #[test]
        fn altered_or_cut_bytes_do_not_open(at: prop::sample::Index, by in 1..=255_u8) {
            let seal = Seal::new([7; 32]);
            let sealed = seal.close("a", &Opened { stamp: 9, value: Some(b"{\"n\":12}") });
            let at = at.index(sealed.len());
            prop_assert_eq!(seal.open("a", &sealed[..at]), None);
            let mut altered = sealed;
            altered[at] ^= by;
            prop_assert_eq!(seal.open("a", &altered), None);
        }
    }
}
