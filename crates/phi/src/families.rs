//! The families of identifiers, and which of them are tried at which anchor.

mod age;
mod card;
mod date;
mod date_named;
pub(crate) mod email;
mod iban;
mod ip;
mod labelled;
mod mac;
mod mbi;
mod npi;
mod phone;
mod spot;
mod ssn;
pub(crate) mod url;
mod value;
mod vin;
mod zip;

use crate::hay::{Found, Hay};
use spot::Spot;

/// One way to read the word at a digit.
type Matcher = fn(&Spot<'_, '_>) -> Option<Found>;

/// What a word that begins with a digit can begin, the most specific first: the first that
/// matches wins.
const NUMBER: &[Matcher] = &[
    ip::v4,
    ip::v6,
    mac::mac,
    date::numeric,
    date_named::named,
    card::card,
    mbi::mbi,
    vin::vin,
    npi::npi,
    labelled::labelled,
    ssn::ssn,
    phone::international,
    phone::north_american,
    phone::local,
    zip::zip,
    age::age,
];

/// The same for up to three digits that stand alone, as most numbers in notes do.
const SHORT_NUMBER: &[Matcher] = &[mac::mac, date_named::named, labelled::labelled, age::age];

/// The same for a word that begins with a letter.
const MIXED: &[Matcher] = &[ip::v6, mac::mac, iban::iban, vin::vin, labelled::labelled, zip::zip];

/// Longer runs of letters and digits are keys, hashes and traces, never identifiers of people.
const MAX_WORD: usize = 40;

/// Reads the word around a digit. Answers too where to go on.
pub(crate) fn at_digit(hay: &Hay<'_>, anchor: usize, from: usize) -> (Option<Found>, usize) {
    let start = hay.skip_back(anchor, anchor - from, |byte| byte.is_ascii_alphanumeric());
    let end = hay.skip(anchor, usize::MAX, |byte| byte.is_ascii_alphanumeric());
    if end - start > MAX_WORD {
        return (None, end);
    }
    let spot = Spot::new(hay, start, anchor, end);
    let matchers = match spot.number.shape() {
        [0, ..] => MIXED,
        [1..=3] if spot.word().len() <= 3 && hay.at(end) != b':' => SHORT_NUMBER,
        _ => NUMBER,
    };
    (matchers.iter().find_map(|matcher| matcher(&spot)), end)
}

/// Reads what a colon may belong to: a scheme, or an address that began without a digit.
pub(crate) fn at_colon(hay: &Hay<'_>, colon: usize) -> Option<Found> {
    url::with_scheme(hay, colon)
        .or_else(|| ip::v6_at_colon(hay, colon))
        .or_else(|| mac::mac_at_colon(hay, colon))
}
