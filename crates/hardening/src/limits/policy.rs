//! The classes of routes and their quotas, and how a setting changes them.

use super::quota::{Quota, QuotaError};
use std::str::FromStr;

/// The classes of routes of a service, as an enum of its own.
pub trait RouteClass: Copy + Eq + Send + Sync + 'static {
    /// Every class.
    const ALL: &'static [Self];

    /// Its name in settings, fields and keys: letters, digits, `-` and `_`.
    fn name(self) -> &'static str;

    /// What each identity may ask if no setting says otherwise.
    fn quota(self) -> Quota;
}

/// The quota of each class, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies<C>(Vec<(C, Option<Quota>)>);

impl<C: RouteClass> Policies<C> {
    /// The quota of a class; `None` if it is not limited.
    #[must_use]
    pub fn quota(&self, class: C) -> Option<Quota> {
        self.0.iter().find(|(known, _)| *known == class).and_then(|(_, quota)| *quota)
    }

    /// Whether nothing is limited at all.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.iter().all(|(_, quota)| quota.is_none())
    }

    fn find(&mut self, name: &str) -> Result<&mut Option<Quota>, PolicyError> {
        let found = self.0.iter_mut().find(|(class, _)| class.name() == name);
        found.map(|(_, quota)| quota).ok_or_else(|| {
            let names: Vec<&str> = C::ALL.iter().map(|class| class.name()).collect();
            PolicyError::Unknown { name: name.to_owned(), known: names.join(", ") }
        })
    }
}

/// Each class's own quota.
impl<C: RouteClass> Default for Policies<C> {
    fn default() -> Self {
        Self(C::ALL.iter().map(|class| (*class, Some(class.quota()))).collect())
    }
}

/// Reads changes to the defaults: `api=100/60,ingest=off`; `off` alone means that nothing is limited.
impl<C: RouteClass> FromStr for Policies<C> {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        if text.trim() == "off" {
            return Ok(Self(C::ALL.iter().map(|class| (*class, None)).collect()));
        }
        let mut policies = Self::default();
        if text.trim().is_empty() {
            return Ok(policies);
        }
        let mut told = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (name, value) = part.split_once('=').ok_or_else(|| PolicyError::form(part))?;
            let (name, value) = (name.trim(), value.trim());
            let quota = policies.find(name)?;
            if told.contains(&name) {
                return Err(PolicyError::Twice { name: name.to_owned() });
            }
            told.push(name);
            let refused = |reason| PolicyError::Quota { part: part.to_owned(), reason };
            *quota = if value == "off" { None } else { Some(value.parse().map_err(refused)?) };
        }
        Ok(policies)
    }
}

/// What is wrong with a setting of rate limits. The text goes after the setting's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A part is not `CLASS=QUOTA`.
    #[error("has the part {part:?}, which must be CLASS=REQUESTS/SECONDS or CLASS=off")]
    Form {
        /// The part.
        part: String,
    },
    /// There is no such class.
    #[error("has the class {name:?}, which must be one of {known}")]
    Unknown {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// A class stands twice.
    #[error("has the class {name:?} twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A quota cannot be.
    #[error("has the part {part:?}, whose quota {reason}")]
    Quota {
        /// The part.
        part: String,
        /// What is wrong with it.
        reason: QuotaError,
    },
}

impl PolicyError {
    fn form(part: &str) -> Self {
        Self::Form { part: part.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Class {
        Api,
        Ingest,
    }

    impl RouteClass for Class {
        const ALL: &'static [Self] = &[Self::Api, Self::Ingest];
        fn name(self) -> &'static str {
            match self {
                Self::Api => "api",
                Self::Ingest => "ingest",
            }
        }
        fn quota(self) -> Quota {
            match self {
                Self::Api => Quota::of::<100, 60>(),
                Self::Ingest => Quota::of::<60_000, 60>(),
            }
        }
    }

    fn read(text: &str) -> Result<[Option<String>; 2], String> {
        let policies: Policies<Class> =
            text.parse().map_err(|error: PolicyError| error.to_string())?;
        Ok([Class::Api, Class::Ingest].map(|class| policies.quota(class).map(|it| it.to_string())))
    }

    #[test]
    fn a_setting_changes_the_classes_that_it_names() {
        let is = |api: Option<&str>, ingest: Option<&str>| {
            Ok([api.map(str::to_owned), ingest.map(str::to_owned)])
        };
        assert_eq!(read(""), is(Some("100/60"), Some("60000/60")));
        assert_eq!(read("api=7/1"), is(Some("7/1"), Some("60000/60")));
        assert_eq!(read(" ingest = off , api = 200 / 60 "), is(Some("200/60"), None));
        assert_eq!(read("off"), is(None, None));
        assert!("off".parse::<Policies<Class>>().unwrap().is_off());
        assert!(!"api=off".parse::<Policies<Class>>().unwrap().is_off());
    }

    #[test]
    fn a_fault_names_its_part() {
        for (text, fault) in [
            ("api", r#"has the part "api", which must be CLASS=REQUESTS/SECONDS or CLASS=off"#),
            (
                "off,api=1/1",
                r#"has the part "off", which must be CLASS=REQUESTS/SECONDS or CLASS=off"#,
            ),
            ("api=1/1,", r#"has the part "", which must be CLASS=REQUESTS/SECONDS or CLASS=off"#),
            ("apo=1/1", r#"has the class "apo", which must be one of api, ingest"#),
            ("api=1/1,api=off", r#"has the class "api" twice"#),
            (
                "api=0/60",
                r#"has the part "api=0/60", whose quota must be REQUESTS/SECONDS with at least one request, as in 100/60"#,
            ),
            ("api=1/0", r#"has the part "api=1/0", whose quota must have 1 to 2592000 seconds"#),
        ] {
            assert_eq!(read(text), Err(fault.to_owned()), "{text}");
        }
    }
}
