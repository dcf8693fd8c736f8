//! Whether `DATABASE_URL` says what it is meant to say.

/// Whether libpq would find the server in this URL rather than stumble over a password that is not
/// percent-encoded (RFC 3986, section 2.1), parts of which it would quote in each complaint.
pub(super) fn is_sound(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    let is_encoded = rest.split('%').skip(1).all(|after| {
        after.get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    let ats = |text: &str| text.matches('@').count();
    let query = query.strip_suffix('&').unwrap_or(query);
    let are_pairs = query.is_empty() || query.split('&').all(|it| it.matches('=').count() == 1);
    is_encoded
        && are_pairs
        && !rest.contains("%00")
        && !rest.contains(char::is_whitespace)
        && ats(authority) <= 1
        && ats(place) == ats(authority)
        && hosts.split(',').all(has_sound_port)
}

fn has_sound_port(host: &str) -> bool {
    let after_name = match host.rsplit_once(']') {
        Some((_, after)) => after,
        None => host,
    };
    after_name
        .split_once(':')
        .is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_sound;

    #[test]
    fn a_password_that_is_not_encoded_is_noticed() {
        for sound in [
            "postgres://u:p@h/db",
            "postgres://u:S3c%2Fret@h:5432/db?sslmode=verify-full",
            "postgres://u:p@h1:5432,h2:5433/db",
            "postgres://u:p@[::1]:5432/db",
            "postgres://[::1]/db",
            "postgres:///db?host=/run/postgresql&user=a@b",
            "postgres://h",
            "postgres://h/db?sslmode=require&",
        ] {
            assert!(is_sound(sound), "{sound}");
        }
        for broken in [
            "postgres://rf:S3cret/tail@h/db",
            "postgres://rf:S3c%zzret@h/db",
            "postgres://rf:S3c%é@h/db",
            "postgres://rf:S3cret pass@h/db",
            "postgres://rf:S3c@ret@h/db",
            "postgres://rf:S3c?ret@h/db",
            "postgres://rf:123?x@h/db",
            "postgres://rf:a%00secret@h/db",
            "postgres://h/db?user=rf&password=S3cr&etTAIL",
            "postgres://h/db?password=S3c=ret",
        ] {
            assert!(!is_sound(broken), "{broken}");
        }
    }
}
