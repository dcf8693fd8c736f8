//! Check digits and the arithmetic of identifiers.

/// ISO/IEC 7812-1 Annex B: the Luhn sum of ASCII digits, from the right, doubling every second.
fn luhn_sum(digits: &[u8]) -> u32 {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let values = digits.iter().rev().map(|&digit| u32::from(digit.wrapping_sub(b'0')));
    values.enumerate().map(|(i, digit)| if i % 2 == 1 { doubled(digit) } else { digit }).sum()
}

/// Whether the last digit is the Luhn check digit of those before.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

/// A National Provider Identifier (45 CFR 162.406): ten digits, the first 1 or 2, whose check
/// digit is computed with the prefix 80840, which adds 24 to the sum.
pub(crate) fn npi(digits: &[u8]) -> bool {
    digits.len() == 10
        && matches!(digits.first(), Some(b'1' | b'2'))
        && (luhn_sum(digits) + 24).is_multiple_of(10)
}

/// A Social Security number as the administration assigns them: no area 000, 666 or 900–999, no
/// group 00, no serial 0000.
pub(crate) fn ssn(digits: &[u8]) -> bool {
    let Some((area, rest)) = digits.split_at_checked(3) else { return false };
    let Some((group, serial)) = rest.split_at_checked(2) else { return false };
    serial.len() == 4
        && !matches!(area, b"000" | b"666" | [b'9', ..])
        && group != b"00"
        && serial != b"0000"
}

/// ISO 13616: the four first characters go to the end, letters count 10 to 35, and the number
/// leaves 1 when divided by 97.
pub(crate) fn iban(alphanumerics: &[u8]) -> bool {
    let Some((head, body)) = alphanumerics.split_at_checked(4) else { return false };
    let remainder = body.iter().chain(head).try_fold(0, |sum: u32, &byte| {
        let value = char::from(byte).to_digit(36)?;
        Some((sum * if value > 9 { 100 } else { 10 } + value) % 97)
    });
    remainder == Some(1)
}

/// The characters of a vehicle identification number (ISO 3779): no I, O or Q.
pub(crate) fn vin_alphabet(vin: &[u8]) -> bool {
    vin.len() == 17 && vin.iter().all(|&byte| transliterate(byte).is_some())
}

/// 49 CFR 565.15(c): the ninth character is the weighted sum modulo 11, ten being `X`.
pub(crate) fn vin(vin: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum = vin
        .iter()
        .zip(WEIGHTS)
        .try_fold(0, |sum, (&byte, weight)| Some(sum + weight * transliterate(byte)?));
    let check = match sum.map(|sum| sum % 11) {
        Some(10) => Some('X'),
        Some(digit) => char::from_digit(digit, 10),
        None => None,
    };
    vin.len() == 17 && vin.get(8).map(|&byte| char::from(byte.to_ascii_uppercase())) == check
}

fn transliterate(byte: u8) -> Option<u32> {
    let upper = byte.to_ascii_uppercase();
    match upper {
        b'0'..=b'9' => Some(u32::from(upper - b'0')),
        b'A'..=b'H' => Some(u32::from(upper - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(upper - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(upper - b'S') + 2),
        _ => None,
    }
}

/// The positional format of a Medicare Beneficiary Identifier (CMS, "Understanding the MBI"):
/// eleven characters; letters exclude S, L, O, I, B and Z.
pub(crate) fn mbi(characters: &[u8]) -> bool {
    const FORMAT: &[u8; 11] = b"CANNANNAANN";
    const EITHER: [usize; 2] = [2, 5];
    let letter = |byte: u8| {
        let upper = byte.to_ascii_uppercase();
        upper.is_ascii_uppercase() && !b"SLOIBZ".contains(&upper)
    };
    characters.len() == FORMAT.len()
        && characters.iter().zip(FORMAT).enumerate().all(|(i, (&byte, kind))| match kind {
            b'C' => matches!(byte, b'1'..=b'9'),
            b'A' => letter(byte),
            _ => byte.is_ascii_digit() || (EITHER.contains(&i) && letter(byte)),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_hold() {
        assert!(luhn(b"4111111111111111") && !luhn(b"4111111111111112"));
        assert!(npi(b"1234567893") && !npi(b"1234567890") && !npi(b"3234567893"));
        assert!(iban(b"GB82WEST12345698765432") && !iban(b"GB82WEST12345698765431"));
        assert!(vin(b"1HGCM82633A004352") && vin(b"11111111111111111"));
        assert!(!vin(b"1HGCM82643A004352") && !vin_alphabet(b"1HGCM82633A00435O"));
        assert!(mbi(b"1EG4TE5MK73") && !mbi(b"1EG4TE5MK7B") && !mbi(b"1SG4TE5MK73"));
        assert!(ssn(b"123456789") && !ssn(b"666456789") && !ssn(b"123006789"));
    }
}
