//! Dollars, exact to the nano-dollar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::UsdError;

const NANO_PER_USD: u64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// An amount in US dollars, held as nano-dollars.
///
/// Its text, in JSON too, is a plain decimal without exponent and without
/// needless zeros: `"0.000123"`, `"12.5"`, `"0"`. Negative amounts are allowed,
/// because differences (a budget less what was spent) are amounts as well; a
/// [`Cost`](crate::Cost) is never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

impl Usd {
    /// An amount of `nano` nano-dollars (10⁻⁹ USD).
    #[must_use]
    pub const fn from_nano(nano: i64) -> Self {
        Self(nano)
    }

    /// The amount in nano-dollars.
    #[must_use]
    pub const fn nano(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / NANO_PER_USD, magnitude % NANO_PER_USD);
        let text = match fraction {
            0 => whole.to_string(),
            _ => format!("{whole}.{fraction:09}").trim_end_matches('0').to_owned(),
        };
        f.pad_integral(self.0 >= 0, "", &text)
    }
}

impl FromStr for Usd {
    type Err = UsdError;

    /// Reads `-?digits[.digits]` with at most nine decimals; no sign `+`, no
    /// exponent, no spaces, no bare point.
    fn from_str(text: &str) -> Result<Self, UsdError> {
        let (negative, number) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
            None => (digits(number)?, ""),
        };
        if fraction.len() > DECIMALS {
            return Err(UsdError::TooFine);
        }
        // Digits alone can fail to parse only by being too many.
        let nano: i128 =
            format!("{whole}{fraction:0<DECIMALS$}").parse().map_err(|_| UsdError::TooLarge)?;
        let signed = if negative { -nano } else { nano };
        i64::try_from(signed).map(Self).map_err(|_| UsdError::TooLarge)
    }
}

fn digits(text: &str) -> Result<&str, UsdError> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if plain { Ok(text) } else { Err(UsdError::Malformed) }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Usd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in dollars, as a decimal string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Usd, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_plain_decimals() {
        for (nano, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (123_000, "0.000123"),
            (12_500_000_000, "12.5"),
            (7_000_000_000, "7"),
            (-250_000_000, "-0.25"),
            (i64::MAX, "9223372036.854775807"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            assert_eq!(Usd(nano).to_string(), text);
            assert_eq!(text.parse(), Ok(Usd(nano)));
        }
        assert_eq!(format!("{:>8}", Usd(12_500_000_000)), "    12.5");
    }

    #[test]
    fn reads_needless_zeros_and_refuses_the_rest() {
        assert_eq!("00.500".parse(), Ok(Usd(500_000_000)));
        assert_eq!("-0".parse(), Ok(Usd(0)));
        for text in ["", "-", ".", ".5", "5.", "+1", "1e3", " 1", "1 ", "1,5", "--1", "1.2.3", "١"]
        {
            assert_eq!(text.parse::<Usd>(), Err(UsdError::Malformed), "{text:?}");
        }
        assert_eq!("0.0000000001".parse::<Usd>(), Err(UsdError::TooFine));
        assert_eq!("9223372036.854775808".parse::<Usd>(), Err(UsdError::TooLarge));
        assert_eq!("9".repeat(60).parse::<Usd>(), Err(UsdError::TooLarge));
    }

    #[test]
    fn json_is_a_string() {
        assert_eq!(serde_json::to_string(&Usd(1_500_000_000)).unwrap(), r#""1.5""#);
        assert_eq!(serde_json::from_str::<Usd>(r#""1.5""#).unwrap(), Usd(1_500_000_000));
        assert!(serde_json::from_str::<Usd>("1.5").is_err());
    }
}
