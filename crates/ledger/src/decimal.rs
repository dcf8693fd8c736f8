//! Decimal numbers as the C2SP formats write them.

/// The number in `text`, if it is written in the one permitted way: ASCII digits alone, no sign,
/// no leading zeros.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let digits_alone = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits_alone && canonical).then(|| text.parse().ok()).flatten()
}
