//! International bank account numbers (ISO 13616).

use super::spot::Spot;
use crate::bytes::{is_blank, is_word};
use crate::hay::Found;
use crate::{Class, checks};

/// Two letters, two check digits, then as many characters as the country uses.
pub(super) fn iban(spot: &Spot<'_, '_>) -> Option<Found> {
    let [a, b, c, d, ..] = spot.word() else { return None };
    let country = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
    let checked = c.is_ascii_digit() && d.is_ascii_digit();
    if !country || !checked || !spot.is_free() {
        return None;
    }
    let mut characters = [0; MAX_LEN];
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    let characters = characters.get_mut(..length(country)?)?;
    let mut at = spot.start;
    for (index, slot) in characters.iter_mut().enumerate() {
        // Printed in groups of four.
        let parted = is_blank(spot.hay.at(at)) || spot.hay.at(at) == b'-';
        at += usize::from(parted && index > 0 && index % 4 == 0);
        *slot = spot.hay.at(at);
        at += 1;
    }
    spot.hay.charge(characters.len());
    if is_word(spot.hay.at(at)) || !checks::iban(characters) {
        return None;
    }
    spot.found(Class::Iban, at)
}

const MAX_LEN: usize = 33;

/// The length of a country's numbers, from the SWIFT IBAN registry.
fn length(country: [u8; 2]) -> Option<usize> {
    LENGTHS.iter().find(|(_, codes)| codes.as_chunks().0.contains(&country)).map(|&(len, _)| len)
}

#[rustfmt::skip]
const LENGTHS: &[(usize, &[u8])] = &[
    (15, b"NO"),
    (16, b"BE"),
    (18, b"DKFIFOGLNLSDFK"),
    (19, b"MKSI"),
    (20, b"ATBAEEKZLTLUXKMN"),
    (21, b"CHHRLILV"),
    (22, b"BGBHCRDEGBGEIEMERSVA"),
    (23, b"AEGIILIQTLOMSO"),
    (24, b"ADCZESMDPKROSASESKTNVG"),
    (25, b"LYPTST"),
    (26, b"ISTR"),
    (27, b"BIDJFRGRITMCMRSM"),
    (28, b"ALAZBYCYDOGTHULBNIPLSV"),
    (29, b"BREGPSQAUA"),
    (30, b"JOKWMUYE"),
    (31, b"MTSC"),
    (32, b"LC"),
    (33, b"RU"),
];
