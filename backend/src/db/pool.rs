//! The pool's connections: how each is opened, and when it is of no more use.
//!
//! When one of them turns out to be broken, its server is gone, and so are the others most likely:
//! all are replaced, so that a server's end fails a request or two and not one for each connection.
//!
//! A connection may also outlive its server's time as the one that takes writes: somebody made it
//! read-only before another was promoted, or a pooler in between changed over. Nothing closes such a
//! connection, and its reads grow old. So whoever fails to write asks whether that is why, and then
//! all are replaced too.

use super::conn::{Conn, Kind, Mode, on_each, transaction};
use super::file::{Opened, SqliteFile};
use diesel::PgConnection;
use diesel::connection::{AnsiTransactionManager, CacheSize, TransactionManager};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Opens connections for the pool.
#[derive(Debug)]
pub(super) struct Manager {
    place: Place,
    generation: Arc<AtomicU64>,
}

/// Where the database is.
#[derive(Debug)]
enum Place {
    File(Arc<SqliteFile>),
    /// A URL of libpq, with our settings.
    Server(String),
}

impl Manager {
    pub(super) fn new(kind: Kind, url: &str) -> Self {
        let place = match kind {
            Kind::Sqlite => Place::File(Arc::new(SqliteFile::new(url))),
            Kind::Postgres => Place::Server(with_defaults(url)),
        };
        Self { place, generation: Arc::default() }
    }

    fn open(&self) -> ConnectionResult<(Conn, Option<Opened>)> {
        match &self.place {
            Place::File(file) => file.open().map(|(conn, file)| (Conn::Sqlite(conn), Some(file))),
            Place::Server(url) => {
                let mut conn = PgConnection::establish(url)?;
                // Named statements belong to one server connection, and PgBouncer in transaction
                // mode gives a new one with each transaction.
                conn.set_prepared_statement_cache_size(CacheSize::Disabled);
                Ok((Conn::Pg(conn), None))
            }
        }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        // Read first: what is found out meanwhile counts for this one too.
        let born = self.generation.load(Relaxed);
        let (conn, file) = self.open()?;
        Ok(Pooled { conn, file, born, generation: Arc::clone(&self.generation) })
    }

    /// Nothing is asked: the transaction that follows finds out, and asking costs a round trip.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        let gone = || ConnectionError::BadConnection("its server is gone".to_owned());
        pooled.is_current().then_some(()).ok_or_else(gone)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        !pooled.is_current() || pooled.is_broken()
    }
}

/// A connection, and when it was opened.
pub(super) struct Pooled {
    conn: Conn,
    /// What it has open, on SQLite.
    file: Option<Opened>,
    /// Which generation it is of: each is opened after the end of the one before.
    born: u64,
    generation: Arc<AtomicU64>,
}

impl Pooled {
    /// Runs `body` in one transaction, which is nothing if the database's file is another by then.
    pub(super) fn transaction<T, E: From<super::DbError>>(
        &mut self,
        mode: Mode,
        body: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let file = self.file.as_ref();
        let outcome = transaction(&mut self.conn, mode, |conn| {
            let outcome = body(conn);
            file.map_or(Ok(()), Opened::check)?;
            outcome
        });
        if outcome.is_err() && self.is_useless(mode) {
            self.retire();
        }
        outcome
    }

    /// Whether a transaction failed for a reason that lies in the connection.
    fn is_useless(&mut self, mode: Mode) -> bool {
        self.is_broken()
            || self.file.as_ref().is_some_and(Opened::lost_its_log)
            || mode == Mode::Write && self.is_read_only()
    }

    fn is_current(&self) -> bool {
        self.born == self.generation.load(Relaxed)
    }

    fn is_broken(&mut self) -> bool {
        on_each!(&mut self.conn, |conn| is_broken(conn))
    }

    /// Whether the server at the other end refuses writes: a standby, or one that was told to.
    fn is_read_only(&mut self) -> bool {
        match &mut self.conn {
            Conn::Pg(pg) => {
                let on = sql::<Bool>("current_setting('transaction_read_only') = 'on'");
                diesel::select(on).get_result(pg).unwrap_or(false)
            }
            Conn::Sqlite(_) => false,
        }
    }

    /// Ends the use of this connection and of all that were opened before now; once for all who find
    /// out at the same time.
    fn retire(&self) {
        let next = self.born + 1;
        if self.generation.compare_exchange(self.born, next, Relaxed, Relaxed).is_ok() {
            tracing::warn!(
                "the database's server is gone, or takes no writes; connections are replaced"
            );
        }
    }
}

/// A connection lent to a command.
pub(super) struct Lent(pub(super) r2d2::PooledConnection<Manager>);

impl Deref for Lent {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0.conn
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0.conn
    }
}

/// The URL with settings of libpq, where it has none of its own. Time limits: a server that is gone
/// is noticed in seconds, not in the two hours of TCP's defaults. And of several servers the one that
/// takes writes: the first that answers may be a standby.
fn with_defaults(url: &str) -> String {
    const LIMITS: [(&str, &str); 5] = [
        ("connect_timeout", "3"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ];
    let writer = has_several_hosts(url).then_some(("target_session_attrs", "read-write"));
    let mut url = url.to_owned();
    for (name, value) in LIMITS.into_iter().chain(writer) {
        if !url.contains(name) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

/// Whether a URL of libpq names several: `//a,b/name` or `///name?host=a,b`.
fn has_several_hosts(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    let named = authority.rsplit('@').next().unwrap_or_default();
    let mut parameters = query.split('&').filter_map(|it| it.split_once('='));
    named.contains(',') || parameters.any(|(name, hosts)| name == "host" && hosts.contains(','))
}

fn is_broken<C>(conn: &mut C) -> bool
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
{
    AnsiTransactionManager::is_broken_transaction_manager(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_servers_the_one_that_takes_writes_is_used() {
        for (url, is_added) in [
            ("postgres://u:a,b@h/db", false),
            ("postgres://u:p@h1:5432,h2:5433/db", true),
            ("postgres://h1,h2/db?sslmode=verify-full", true),
            ("postgres:///db?user=u&host=/run/a,/run/b", true),
            ("postgres://h1,h2/db?target_session_attrs=any", false),
        ] {
            let added = with_defaults(url).contains("target_session_attrs=read-write");
            assert_eq!(added, is_added, "{url}");
        }
    }

    #[test]
    fn what_a_url_says_itself_stays() {
        let url = with_defaults("postgres://h/db?connect_timeout=9");
        assert_eq!(
            url,
            "postgres://h/db?connect_timeout=9&keepalives_idle=5&keepalives_interval=2\
             &keepalives_count=3&tcp_user_timeout=10000"
        );
    }
}
