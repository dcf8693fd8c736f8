//! Whose requests are counted together.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// Somebody with a quota of his own: a key, a user, an address.
///
/// Its text is part of a key in Redis: what should not be read there must be hashed first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity(Arc<str>);

impl Identity {
    /// `name` among those of one `kind`, such as `key` or `user`.
    #[must_use]
    pub fn new(kind: &str, name: &str) -> Self {
        Self(format!("{kind}:{name}").into())
    }

    /// A client without credentials, by its [`network`].
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        Self::new("address", &network(address))
    }
}

/// What one subscriber has: an IPv4 address, or the /64 of an IPv6 address, which is the least that
/// he gets (RFC 6177, BCP 157), so that he can take another address for each request. An IPv4 address
/// that is mapped into IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("{network}/64")
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_whole_by_64_bits_or_unmapped() {
        for (address, identity) in [
            ("192.0.2.7", "address:192.0.2.7"),
            ("::ffff:192.0.2.7", "address:192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "address:2001:db8:1:2::/64"),
            ("::1", "address:::/64"),
        ] {
            assert_eq!(Identity::address(address.parse().unwrap()).to_string(), identity);
        }
    }
}
