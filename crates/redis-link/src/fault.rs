//! What can go wrong.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The URL is not one of Redis. The text goes after the setting's name.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// It has another form.
    #[error(
        "must be redis://, redis+unix://, redis+sentinel:// or redis+cluster://, or the same with \
         rediss for TLS"
    )]
    Scheme,
    /// A Sentinel's URL does not say which master is meant.
    #[error("must name the master after the Sentinels: redis+sentinel://HOST,HOST/SERVICE")]
    NoService,
    /// The part after the question mark is not known.
    #[error("has a parameter that is not known; there are sentinel_user and sentinel_password")]
    Parameter,
    /// The client does not take it.
    #[error("cannot be read as a URL of Redis")]
    Unreadable(#[from] RedisError),
}

/// Why a call has no answer. Not for clients.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Redis failed a moment ago and was not asked.
    #[error("Redis failed a moment ago and was not asked")]
    Resting,
    /// No answer within the limit.
    #[error("no answer from Redis in time")]
    TooSlow,
    /// Redis cannot be reached, or cannot serve.
    #[error("Redis cannot serve: {0}")]
    Broken(#[source] RedisError),
    /// Redis answers, and refuses this command.
    #[error("Redis refused a command: {0}")]
    Refused(#[source] RedisError),
}

impl Fault {
    /// Whether Redis reads and takes no writes: it replicates another, or has come to.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self, Self::Broken(error) if takes_no_writes(error))
    }

    /// What a server says of itself that replicates another.
    pub(crate) fn replica() -> Self {
        let kind = ErrorKind::Server(ServerErrorKind::ReadOnly);
        Self::Broken((kind, "it is a replica, and takes no writes").into())
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        if is_about_the_command(&error) { Self::Refused(error) } else { Self::Broken(error) }
    }
}

/// Redis answers and can store nothing: too few replicas, a snapshot that failed, no memory left.
const CANNOT_WRITE: [&str; 3] = ["NOREPLICAS", "MISCONF", "OOM"];

fn is_about_the_command(error: &RedisError) -> bool {
    use ServerErrorKind as Server;
    match error.kind() {
        _ if takes_no_writes(error) => false,
        _ if error.code().is_some_and(|code| CANNOT_WRITE.contains(&code)) => false,
        ErrorKind::Extension | ErrorKind::UnexpectedReturnType | ErrorKind::Client => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            Server::ResponseError
                | Server::ExecAbort
                | Server::NoScript
                | Server::CrossSlot
                | Server::NotBusy
                | Server::NoSub
                | Server::NoPerm
        ),
        _ => false,
    }
}

/// Before Redis 7 a script is refused by an error of its own, in which this one is quoted.
fn takes_no_writes(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
        || error.detail().is_some_and(|detail| detail.contains("READONLY"))
}
