//! Values as text that is safe in Markdown.

use crate::numbers::Ratio;
use invocation::Millis;
use pricing::Usd;

/// A name that somebody else chose, as a code span. There nothing is markup, not even a link; what
/// could end the span or the table cell, or would not be seen, is written as `\u{…}`.
pub(crate) fn code(name: &str) -> String {
    let edge = |at: usize| at == 0 || at + 1 == name.len();
    let mut span = String::from("`");
    for (at, c) in name.char_indices() {
        match c {
            '`' | '|' | '\\' => span.extend(c.escape_unicode()),
            ' ' if edge(at) => span.extend(c.escape_unicode()),
            _ if c.is_control() || is_unseen(c) => span.extend(c.escape_unicode()),
            _ => span.push(c),
        }
    }
    if name.is_empty() {
        return "(empty)".to_owned();
    }
    span.push('`');
    span
}

/// A name, or that none was stated.
pub(crate) fn name(name: Option<&str>) -> String {
    name.map_or_else(|| "(not stated)".to_owned(), code)
}

/// Characters without a shape, some of which reorder the text around them (Unicode UAX 9): soft
/// hyphen, Arabic letter mark, Mongolian vowel separator, zero-width and directional characters,
/// line and paragraph separators, invisible operators, byte-order mark, interlinear annotations,
/// tags.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// `1234567` as `1,234,567`.
pub(crate) fn number(n: u64) -> String {
    grouped(&n.to_string())
}

/// A number and its noun, which takes an s: `1 record`, `2 records`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(n))
}

/// `$1,234.50`: cents at least, down to the nano-dollar where there is one.
pub(crate) fn usd(amount: Usd) -> String {
    let text = amount.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("${}.{fraction:0<2}", grouped(whole))
}

/// Milliseconds, with decimals only where there are any: `1,234.5`.
pub(crate) fn millis(time: Millis) -> String {
    let (whole, micros) = (time.micros() / 1000, time.micros() % 1000);
    let fraction = format!(".{micros:03}");
    format!("{}{}", number(whole), fraction.trim_end_matches('0').trim_end_matches('.'))
}

/// `12.35 %`.
pub(crate) fn percent(share: Ratio) -> String {
    let hundredths = (share.millionths() + 50) / 100;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        let amounts = [0, 1, 1_500_000_000, 1_234_567_890_000_000];
        let texts = ["$0.00", "$0.000000001", "$1.50", "$1,234,567.89"];
        assert_eq!(amounts.map(|nano| usd(Usd::from_nano(nano))), texts);
        let times =
            [0, 1500, 1_234_000, 1].map(|micros| millis(Millis::from_micros(micros).unwrap()));
        assert_eq!(times, ["0", "1.5", "1,234", "0.001"]);
        assert_eq!(percent(Ratio::of(1, 3)), "33.33 %");
        assert_eq!(counted(1, "run") + &counted(2, "run"), "1 run2 runs");
    }

    #[test]
    fn a_name_stays_inside_its_code_span() {
        let cases = [
            ("gpt-4o", "`gpt-4o`"),
            ("a`b|c\\d", r"`a\u{60}b\u{7c}c\u{5c}d`"),
            ("<b>[x](http://y)", "`<b>[x](http://y)`"),
            ("a\nb\u{202e}", r"`a\u{a}b\u{202e}`"),
            (" ", r"`\u{20}`"),
            ("", "(empty)"),
        ];
        for (raw, safe) in cases {
            assert_eq!(code(raw), safe);
        }
    }
}
