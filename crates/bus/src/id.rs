//! Ledger indexes as ids of a Redis stream.
//!
//! The id is `<index>-0`, but for index 0: Redis has no id `0-0`, so it is `0-1`.

/// The id of an index.
pub(crate) fn of(index: u64) -> String {
    match index {
        0 => "0-1".to_owned(),
        _ => format!("{index}-0"),
    }
}

/// The index of an id.
pub(crate) fn index(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Redis compares ids.
    fn key(id: &str) -> (u64, u64) {
        let (time, sequence) = id.split_once('-').unwrap();
        (time.parse().unwrap(), sequence.parse().unwrap())
    }

    proptest! {
        #[test]
        fn ids_go_back_and_keep_the_order(a in 0..10_000u64, b in 0..10_000u64) {
            prop_assert_eq!(index(&of(a)), Some(a));
            prop_assert_eq!(key(&of(a)).cmp(&key(&of(b))), a.cmp(&b));
            prop_assert!(key(&of(a)) > (0, 0));
        }
    }
}
