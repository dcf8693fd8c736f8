//! Instants with the resolution that both databases keep: one microsecond.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Microseconds since the Unix epoch, UTC; as text RFC 3339 with six decimals and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no RFC 3339 time with a zone, or is none any more in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 time with a zone, such as 2026-11-21T09:30:00Z")]
pub struct BadTimestamp;

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `micros`, which may be negative; stops at the ends of time.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The UTC day, `None` outside the years that the calendar knows.
    pub fn date(self) -> Option<NaiveDate> {
        DateTime::from_timestamp_micros(self.0).map(|t| t.date_naive())
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

/// The times of the years 0000 to 9999 in UTC, which are all that RFC 3339 can write.
const WRITABLE: RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

impl FromStr for Timestamp {
    type Err = BadTimestamp;

    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        // The parser takes U+2212 for a minus sign, RFC 3339 does not.
        let time = Some(text).filter(|text| text.is_ascii());
        let time = time.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let micros = time.map(|time| time.timestamp_micros());
        micros.filter(|micros| WRITABLE.contains(micros)).map(Self).ok_or(BadTimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_micros(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_offset_becomes_utc() {
        let time: Timestamp = "2026-11-21T10:30:00.5+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-21T09:30:00.500000Z");
    }

    #[test]
    fn a_time_without_a_zone_is_refused() {
        assert_eq!("2026-11-21T10:30:00".parse::<Timestamp>(), Err(BadTimestamp));
    }

    #[test]
    fn a_year_that_cannot_be_written_is_refused() {
        for text in [
            "9999-12-31T23:59:59-01:00",
            "9999-12-31T23:59:60Z",
            "0000-01-01T00:00:00+10:00",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(BadTimestamp), "{text}");
        }
        for text in ["9999-12-31T23:59:59.999999Z", "0000-01-01T00:00:00.000000Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_minus_is_that_of_ascii() {
        assert!("2026-11-21T10:30:00-01:00".parse::<Timestamp>().is_ok());
        assert_eq!("2026-11-21T10:30:00\u{2212}01:00".parse::<Timestamp>(), Err(BadTimestamp));
    }

    proptest! {
        #[test]
        fn text_and_back(micros in WRITABLE) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }

        #[test]
        fn whatever_is_read_can_be_written(
            text in "(0000|0001|9998|9999)-(01-01|12-31)T(00|12|23):(00|59):(59|60)[+-](00|01|23):(00|59)"
        ) {
            if let Ok(time) = text.parse::<Timestamp>() {
                prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
            }
        }
    }
}
