//! How the feed stands.

/// The feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// How many entries it holds; for the database's feed how many indexes, of which some may have
    /// been erased.
    pub length: u64,
    /// Its first index, if it has one.
    pub first: Option<u64>,
    /// The index after its last.
    pub next: u64,
    /// Its groups, by name.
    pub groups: Vec<Group>,
}

/// A group of consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Consumers that hold entries, or asked for some not long ago.
    pub consumers: u64,
    /// Entries that were delivered and not acknowledged.
    pub pending: u64,
    /// Everything below was acknowledged.
    pub acknowledged: u64,
    /// Everything below was delivered.
    pub delivered: u64,
    /// How many are not acknowledged: pending, or not delivered yet.
    pub lag: u64,
}
