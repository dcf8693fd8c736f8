//! How much somebody may ask: a burst, and how long it takes to earn it again.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// `burst` requests at once, earned again over `per`: `100/60` is 100 requests, then 100 a minute.
///
/// A quota can be counted exactly: `per` is 1 second to 30 days in whole seconds (the `w` of
/// `RateLimit-Policy` knows no fractions), and `burst` at most [`Quota::MAX_RATE`] for each of
/// them. One request is earned every `per / burst`, rounded up to a whole microsecond: never more
/// than the quota, and, up to that rate, never less than 99 % of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    burst: NonZeroU32,
    seconds: NonZeroU32,
}

const MAX_SECONDS: u32 = 30 * 24 * 60 * 60;

impl Quota {
    /// The highest rate, in requests per second.
    pub const MAX_RATE: u32 = 10_000;

    /// A quota of `burst` requests per `per`.
    ///
    /// # Errors
    /// `per` is not 1 second to 30 days in whole seconds, or `burst` is more than
    /// [`Quota::MAX_RATE`] for each second.
    pub fn new(burst: NonZeroU32, per: Duration) -> Result<Self, QuotaError> {
        let seconds = u32::try_from(per.as_secs()).ok().filter(|_| per.subsec_nanos() == 0);
        let seconds = seconds.filter(|seconds| *seconds <= MAX_SECONDS).and_then(NonZeroU32::new);
        Self::checked(burst, seconds.ok_or(QuotaError::Window)?)
    }

    /// A quota that is written in the source: one that cannot be is a compile error.
    ///
    /// ```
    /// use hardening::limits::Quota;
    /// assert_eq!(Quota::of::<100, 60>().to_string(), "100/60");
    /// ```
    /// ```compile_fail,E0080
    /// hardening::limits::Quota::of::<0, 60>();
    /// ```
    #[must_use]
    pub const fn of<const BURST: u32, const SECONDS: u32>() -> Self {
        const {
            assert!(BURST > 0 && SECONDS > 0 && SECONDS <= MAX_SECONDS);
            assert!(BURST as u64 <= Self::MAX_RATE as u64 * SECONDS as u64);
        }
        // The assertions above make `MIN` unreachable.
        let (Some(burst), Some(seconds)) = (NonZeroU32::new(BURST), NonZeroU32::new(SECONDS))
        else {
            return Self { burst: NonZeroU32::MIN, seconds: NonZeroU32::MIN };
        };
        Self { burst, seconds }
    }

    fn checked(burst: NonZeroU32, seconds: NonZeroU32) -> Result<Self, QuotaError> {
        let most = u64::from(Self::MAX_RATE) * u64::from(seconds.get());
        if u64::from(burst.get()) > most {
            Err(QuotaError::Rate)
        } else {
            Ok(Self { burst, seconds })
        }
    }

    /// How many requests at once.
    #[must_use]
    pub const fn burst(self) -> NonZeroU32 {
        self.burst
    }

    /// How long it takes to earn them again, in whole seconds.
    #[must_use]
    pub const fn per(self) -> Duration {
        Duration::from_secs(self.seconds.get() as u64)
    }

    /// How long it takes to earn one request, in microseconds: the emission interval of GCRA.
    pub(super) fn emission(self) -> u64 {
        (u64::from(self.seconds.get()) * 1_000_000).div_ceil(u64::from(self.burst.get()))
    }

    /// How long it takes to earn a whole burst from nothing, in microseconds.
    pub(super) fn full(self) -> u64 {
        self.emission() * u64::from(self.burst.get())
    }
}

/// As [`Quota::from_str`] reads it.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.burst, self.seconds)
    }
}

/// Reads `REQUESTS/SECONDS`.
impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let (burst, seconds) = text.split_once('/').ok_or(QuotaError::Form)?;
        let burst = burst.trim().parse().map_err(|_| QuotaError::Form)?;
        let seconds = seconds.trim().parse().map_err(|_| QuotaError::Form)?;
        Self::new(burst, Duration::from_secs(seconds))
    }
}

/// Why a quota cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// It is not two numbers with a slash between them.
    #[error("must be REQUESTS/SECONDS with at least one request, as in 100/60")]
    Form,
    /// The window is empty, too long or has fractions of seconds.
    #[error("must have 1 to {MAX_SECONDS} seconds")]
    Window,
    /// The rate is too high to be counted exactly.
    #[error("must have at most {} requests for each second", Quota::MAX_RATE)]
    Rate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_reads_what_it_writes_and_refuses_what_cannot_be_counted() {
        for text in ["100/60", "5/300", "60000/60", "1/1", "10000/1", "1/2592000"] {
            assert_eq!(text.parse::<Quota>().unwrap().to_string(), text);
        }
        for (text, error) in [
            ("", QuotaError::Form),
            ("100", QuotaError::Form),
            ("0/60", QuotaError::Form),
            ("-1/60", QuotaError::Form),
            ("1/2/3", QuotaError::Form),
            ("1/0", QuotaError::Window),
            ("1/2592001", QuotaError::Window),
            ("10001/1", QuotaError::Rate),
        ] {
            assert_eq!(text.parse::<Quota>(), Err(error), "{text}");
        }
        let half = Quota::new(NonZeroU32::MIN, Duration::from_millis(1500));
        assert_eq!(half, Err(QuotaError::Window));
    }

    #[test]
    fn what_is_earned_is_never_more_than_the_quota_and_at_least_99_percent_of_it() {
        for text in ["100/60", "7/60", "9999/1", "6667/1", "600000/60", "1/2592000"] {
            let quota: Quota = text.parse().unwrap();
            let window = u64::try_from(quota.per().as_micros()).unwrap();
            assert!(quota.full() >= window, "{text}");
            assert!(window * 100 >= quota.full() * 99, "{text}");
        }
    }
}
