//! Rate limits as a service uses them: on a real Redis that breaks, and over HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails in a test is to stop it")]

mod http;
mod shared;

use hardening::limits::{Quota, RouteClass};

/// The classes of a service that has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Api,
    SignIn,
}

impl RouteClass for Class {
    const ALL: &'static [Self] = &[Self::Api, Self::SignIn];

    fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::SignIn => "sign-in",
        }
    }

    fn quota(self) -> Quota {
        match self {
            Self::Api => Quota::of::<50, 1>(),
            Self::SignIn => Quota::of::<5, 300>(),
        }
    }
}
