//! Numbers that are the same on every machine and exact in JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::ops::AddAssign;

/// A sum that stops at 2⁵³ − 1. Canonical JSON has doubles for numbers (RFC 8785, 3.2.2.3), so a
/// larger one would be rounded without a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Total(u64);

impl Total {
    const MAX: u64 = (1 << 53) - 1;

    /// The sum.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl AddAssign<u64> for Total {
    fn add_assign(&mut self, more: u64) {
        self.0 = self.0.saturating_add(more).min(Self::MAX);
    }
}

/// A share of a whole, in millionths; in JSON a number from 0 to 1 with at most six decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u32);

impl Ratio {
    const ONE: u32 = 1_000_000;

    /// `part / whole`, rounded half up; 0 of nothing is 0, and no share is above 1.
    pub(crate) fn of(part: u64, whole: u64) -> Self {
        let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
        let millionths = (2 * part * u128::from(Self::ONE) + whole) / (2 * whole);
        Self(u32::try_from(millionths).unwrap_or(Self::ONE).min(Self::ONE))
    }

    /// The share in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % Self::ONE {
            0 => serializer.serialize_u32(self.0 / Self::ONE),
            _ => serializer.serialize_f64(f64::from(self.0) / f64::from(Self::ONE)),
        }
    }
}

impl<'de> Deserialize<'de> for Ratio {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked first"
    )]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(de::Error::custom("must be a number from 0 to 1"));
        }
        Ok(Self((share * f64::from(Self::ONE)).round() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_stops_where_doubles_stop_being_exact() {
        let mut sum = Total::default();
        sum += (1 << 53) - 2;
        sum += 5;
        assert_eq!(sum.get(), 9_007_199_254_740_991);
    }

    #[test]
    fn shares_round_half_up_and_read_back() {
        let cases =
            [(0, 0, "0"), (1, 3, "0.333333"), (2, 3, "0.666667"), (7, 7, "1"), (1, 8, "0.125")];
        for (part, whole, json) in cases {
            let ratio = Ratio::of(part, whole);
            assert_eq!(serde_json::to_string(&ratio).unwrap(), json);
            assert_eq!(serde_json::from_str::<Ratio>(json).unwrap(), ratio);
        }
        assert!(serde_json::from_str::<Ratio>("1.5").is_err());
    }
}
