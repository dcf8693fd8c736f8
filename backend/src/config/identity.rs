//! How people sign in, and for how long.

use super::{Faults, Server};

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct IdentityArgs {
    /// Seconds without a request after which a session ends.
    #[arg(long, env = "RESEARCHFLOW_SESSION_IDLE_SECONDS", default_value_t = 1800)]
    session_idle_seconds: i64,
    /// Seconds after which a session ends in any case.
    #[arg(long, env = "RESEARCHFLOW_SESSION_MAX_SECONDS", default_value_t = 43_200)]
    session_max_seconds: i64,
    /// Seconds after which a session gets a new id.
    #[arg(long, env = "RESEARCHFLOW_SESSION_RENEW_SECONDS", default_value_t = 900)]
    session_renew_seconds: i64,
    /// The fewest characters of a password that a user chooses, 8 to 64 (NIST SP 800-63B-4 asks 15
    /// where a password is all there is, 8 where a second factor is used by everybody).
    #[arg(long, env = "RESEARCHFLOW_PASSWORD_MIN_LENGTH", default_value_t = 15)]
    password_min_length: usize,
    /// Failed attempts to sign in to one account, after which each next one has to wait.
    #[arg(long, env = "RESEARCHFLOW_SIGN_IN_ACCOUNT_FAILURES", default_value_t = 5)]
    sign_in_account_failures: i64,
    /// The same for one address, which a proxy or a whole clinic may share.
    #[arg(long, env = "RESEARCHFLOW_SIGN_IN_ADDRESS_FAILURES", default_value_t = 20)]
    sign_in_address_failures: i64,
    /// Whether a user without a second factor can do nothing but set one up; `true` in production,
    /// unless set.
    #[arg(long, env = "RESEARCHFLOW_REQUIRE_SECOND_FACTOR")]
    require_second_factor: Option<bool>,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Microseconds without a request after which a session ends.
    pub session_idle: i64,
    /// Microseconds after which a session ends in any case.
    pub session_max: i64,
    /// Microseconds after which a session gets a new id.
    pub session_renew: i64,
    /// The fewest characters of a password.
    pub password_min_length: usize,
    /// Failed attempts on one account that cost nothing.
    pub account_failures: i64,
    /// Failed attempts from one address that cost nothing.
    pub address_failures: i64,
    /// Whether a user without a second factor can do nothing but set one up.
    pub require_second_factor: bool,
}

const MICROS: i64 = 1_000_000;
/// A year, and more attempts than anybody makes: what is beyond is a slip of the keyboard.
const MOST_SECONDS: i64 = 365 * 24 * 3600;
const MOST_FAILURES: i64 = 1_000_000;

impl IdentityArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Identity {
        for (name, value, most) in [
            ("RESEARCHFLOW_SESSION_IDLE_SECONDS", self.session_idle_seconds, MOST_SECONDS),
            ("RESEARCHFLOW_SESSION_MAX_SECONDS", self.session_max_seconds, MOST_SECONDS),
            ("RESEARCHFLOW_SESSION_RENEW_SECONDS", self.session_renew_seconds, MOST_SECONDS),
            ("RESEARCHFLOW_SIGN_IN_ACCOUNT_FAILURES", self.sign_in_account_failures, MOST_FAILURES),
            ("RESEARCHFLOW_SIGN_IN_ADDRESS_FAILURES", self.sign_in_address_failures, MOST_FAILURES),
        ] {
            if !(1..=most).contains(&value) {
                faults.add(format!("{name} must be from 1 to {most}"));
            }
        }
        if !(8..=64).contains(&self.password_min_length) {
            faults.add("RESEARCHFLOW_PASSWORD_MIN_LENGTH must be from 8 to 64");
        }
        Identity {
            session_idle: self.session_idle_seconds.saturating_mul(MICROS),
            session_max: self.session_max_seconds.saturating_mul(MICROS),
            session_renew: self.session_renew_seconds.saturating_mul(MICROS),
            password_min_length: self.password_min_length,
            account_failures: self.sign_in_account_failures,
            address_failures: self.sign_in_address_failures,
            require_second_factor: self.require_second_factor.unwrap_or(server.is_production()),
        }
    }
}
