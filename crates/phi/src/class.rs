//! The classes of identifiers, and their names.

use std::str::FromStr;

/// One class of identifier that the scanner finds, after 45 CFR 164.514(b)(2)(i).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An electronic mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A fax number: a telephone number that its context calls one.
    Fax,
    /// A United States Social Security number.
    Ssn,
    /// A medical record number, or another number a hospital gives a patient or a visit.
    Mrn,
    /// A health plan beneficiary number: member, subscriber, policy, group.
    HealthPlan,
    /// An account number.
    Account,
    /// A certificate, licence or passport number.
    Licence,
    /// A National Provider Identifier.
    Npi,
    /// A Medicare Beneficiary Identifier.
    Mbi,
    /// A payment card number.
    Card,
    /// An international bank account number.
    Iban,
    /// A vehicle identification number.
    Vin,
    /// A vehicle's licence plate.
    Plate,
    /// A device identifier or serial number.
    DeviceId,
    /// A web address.
    Url,
    /// An IP address, version 4 or 6.
    Ip,
    /// A hardware (MAC) address.
    Mac,
    /// A date with more than its year.
    Date,
    /// An age over 89.
    Age,
    /// A postal code.
    Zip,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 21] = [
        Self::Email,
        Self::Phone,
        Self::Fax,
        Self::Ssn,
        Self::Mrn,
        Self::HealthPlan,
        Self::Account,
        Self::Licence,
        Self::Npi,
        Self::Mbi,
        Self::Card,
        Self::Iban,
        Self::Vin,
        Self::Plate,
        Self::DeviceId,
        Self::Url,
        Self::Ip,
        Self::Mac,
        Self::Date,
        Self::Age,
        Self::Zip,
    ];

    /// The name in records and filters: `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Fax => "fax",
            Self::Ssn => "ssn",
            Self::Mrn => "mrn",
            Self::HealthPlan => "health_plan",
            Self::Account => "account",
            Self::Licence => "licence",
            Self::Npi => "npi",
            Self::Mbi => "mbi",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Vin => "vin",
            Self::Plate => "plate",
            Self::DeviceId => "device_id",
            Self::Url => "url",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Date => "date",
            Self::Age => "age",
            Self::Zip => "zip",
        }
    }

    /// The name inside a tag: `EMAIL` in `[EMAIL_7F3A]`.
    #[must_use]
    pub fn label(self) -> String {
        self.as_str().to_ascii_uppercase()
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a class of protected health information")]
pub struct UnknownClass;

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == name).ok_or(UnknownClass)
    }
}
