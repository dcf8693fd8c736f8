//! Web addresses, with a scheme or bare.

use crate::Class;
use crate::bytes::TAG;
use crate::hay::{Found, Hay};

/// RFC 1035: a name has at most 253 characters.
const MAX_HOST: usize = 253;

/// `https://host/path`, any scheme. `colon` is the colon.
pub(super) fn with_scheme(hay: &Hay<'_>, colon: usize) -> Option<Found> {
    if hay.slice(colon, colon + 3) != b"://" {
        return None;
    }
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let start = hay.skip_back(colon, colon, in_scheme);
    let start = start + hay.slice(start, colon).iter().position(u8::is_ascii_alphanumeric)?;
    let end = body_end(hay, colon + 3);
    (colon - start >= 2 && end > colon + 3).then_some(Found { class: Class::Url, start, end })
}

/// `www.example.org/x`, `example.com/x`. `dot` is the first dot of the name. Answers too where
/// the name ends, since no later dot of it begins another.
pub(crate) fn bare_host(hay: &Hay<'_>, dot: usize) -> (Option<Found>, usize) {
    let in_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !in_label(hay.before(dot)) || !in_label(hay.at(dot + 1)) {
        return (None, dot + 1);
    }
    let start = hay.skip_back(dot, 63, in_label);
    let end = hay.skip(dot, MAX_HOST, |byte| in_label(byte) || byte == b'.');
    let trailing = hay.skip_back(end, MAX_HOST, |byte| matches!(byte, b'.' | b'-'));
    let name = hay.slice(start, trailing);
    let after = hay.at(trailing);
    let part = |byte: u8| matches!(byte, b'@' | b'_' | b'$' | b'\\' | TAG) || byte >= 0x80;
    if part(hay.before(start)) || hay.before(start) == b'/' || part(after) || after == b'(' {
        return (None, end);
    }
    let located = matches!(after, b'/' | b'?' | b'#')
        || after == b':' && hay.at(trailing + 1).is_ascii_digit();
    if !is_host(name, located && trailing == end) {
        return (None, end);
    }
    let end = if located { body_end(hay, trailing) } else { trailing };
    (Some(Found { class: Class::Url, start, end }), end)
}

/// The end of a URL whose host begins at or before `from`, without closing punctuation.
fn body_end(hay: &Hay<'_>, from: usize) -> usize {
    let stops = |byte: u8| {
        matches!(
            byte,
            0..=b' ' | b'"' | b'<' | b'>' | b'`' | b'{' | b'|' | b'}' | b'\\' | b'^' | 0x7f
        ) && byte != crate::bytes::SOFT_BLANK
            || byte == TAG
    };
    let mut end = hay.skip(from, usize::MAX, |byte| !stops(byte));
    let body = hay.slice(from, end);
    let open = body.iter().filter(|&&byte| byte == b'(').count();
    let mut close = body.iter().filter(|&&byte| byte == b')').count();
    while end > from {
        match hay.before(end) {
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b']' | b'*' | b'_' => {}
            b')' if close > open => close -= 1,
            _ => break,
        }
        end -= 1;
    }
    end
}

/// Whether a dotted name is a host: its last label is a top-level domain. Domains that are also
/// words, or what code puts after a dot, need `www.`, a path, or a third label before them.
fn is_host(name: &[u8], located: bool) -> bool {
    let labels = || name.split(|&byte| byte == b'.');
    let Some(last) = labels().next_back() else { return false };
    if labels().any(<[u8]>::is_empty) || last.len() < 2 {
        return false;
    }
    let mut lower = [0; 12];
    let Some(lower) = lower.get_mut(..last.len()) else { return false };
    lower.copy_from_slice(last);
    lower.make_ascii_lowercase();
    let www = labels().next().is_some_and(|first| first.eq_ignore_ascii_case(b"www"));
    if www && labels().count() > 2 && lower.iter().all(u8::is_ascii_alphabetic) {
        return true;
    }
    let shouted_net = last == b"NET";
    is_domain(lower) && !shouted_net || is_wordy_domain(lower) && (located || labels().count() > 3)
}

fn is_domain(last: &[u8]) -> bool {
    matches!(
        last,
        b"com"
            | b"org"
            | b"net"
            | b"edu"
            | b"gov"
            | b"mil"
            | b"int"
            | b"biz"
            | b"health"
            | b"clinic"
            | b"hospital"
            | b"dental"
            | b"uk"
            | b"ca"
            | b"eu"
            | b"au"
            | b"fr"
            | b"nl"
            | b"jp"
            | b"cn"
            | b"br"
            | b"ru"
            | b"dk"
            | b"nz"
            | b"ie"
            | b"mx"
            | b"us"
            | b"de"
            | b"ch"
    )
}

fn is_wordy_domain(last: &[u8]) -> bool {
    matches!(
        last,
        b"info"
            | b"io"
            | b"co"
            | b"me"
            | b"ai"
            | b"app"
            | b"dev"
            | b"care"
            | b"cloud"
            | b"online"
            | b"site"
            | b"xyz"
            | b"tech"
            | b"ly"
            | b"gl"
            | b"it"
            | b"in"
            | b"es"
            | b"se"
            | b"no"
            | b"fi"
            | b"pl"
            | b"at"
            | b"be"
            | b"za"
            | b"pt"
            | b"gr"
            | b"cz"
            | b"tv"
            | b"link"
            | b"name"
            | b"doctor"
            | b"kr"
            | b"sg"
            | b"hk"
            | b"il"
            | b"tr"
            | b"ar"
            | b"cl"
            | b"is"
            | b"to"
    )
}
