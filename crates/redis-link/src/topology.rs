//! One server, the master that Sentinels name, or a Cluster.

use crate::connection::{Connection, Kind};
use crate::fault::UrlError;
use crate::settings::Settings;
use redis::aio::PubSub;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisError, RedisResult, TlsCertificates, TlsMode,
};
use std::borrow::Cow;
use std::time::Duration;
use tokio::sync::Mutex;
use url::form_urlencoded;

const SENTINEL_PORT: u16 = 26379;
const REDIS_PORT: u16 = 6379;

pub(crate) enum Topology {
    Server(Box<Client>),
    /// The lock is held while it asks the Sentinels who is master.
    Sentinel(Box<Mutex<SentinelClient>>),
    /// The Cluster, and each node that was named: a subscription stands on one of them.
    Cluster(Box<ClusterClient>, Vec<Client>),
}

impl Topology {
    pub(crate) fn new(settings: &Settings) -> Result<Self, UrlError> {
        let tls = settings.authority.as_ref().map(|authority| TlsCertificates {
            client_tls: None,
            root_cert: Some(authority.clone()),
        });
        let (scheme, rest) = settings.url.split_once("://").ok_or(UrlError::Scheme)?;
        match scheme {
            "redis" | "rediss" | "redis+unix" => {
                Ok(Self::Server(Box::new(client(&settings.url, tls.as_ref())?)))
            }
            "redis+sentinel" => sentinel(&Parts::read("redis", rest, SENTINEL_PORT), tls.as_ref()),
            "rediss+sentinel" => {
                sentinel(&Parts::read("rediss", rest, SENTINEL_PORT), tls.as_ref())
            }
            "redis+cluster" => {
                cluster(&Parts::read("redis", rest, REDIS_PORT), tls.as_ref(), settings)
            }
            "rediss+cluster" => {
                cluster(&Parts::read("rediss", rest, REDIS_PORT), tls.as_ref(), settings)
            }
            _ => Err(UrlError::Scheme),
        }
    }

    /// Connects. Nothing on the connection itself limits how long an answer takes: whoever calls
    /// does.
    pub(crate) async fn connect(&self, within: Duration) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(within))
            .set_response_timeout(None);
        let kind = match self {
            Self::Server(client) => {
                Kind::Server(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Self::Sentinel(sentinel) => {
                let client = sentinel.lock().await.async_get_client().await?;
                Kind::Server(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Self::Cluster(cluster, _) => Kind::Cluster(cluster.get_async_connection().await?),
        };
        Ok(Connection(kind))
    }

    /// A connection for subscriptions. Each node of a Cluster hands on what is published on any.
    pub(crate) async fn pubsub(&self) -> RedisResult<PubSub> {
        match self {
            Self::Server(client) => client.get_async_pubsub().await,
            Self::Sentinel(sentinel) => {
                let client = sentinel.lock().await.async_get_client().await?;
                client.get_async_pubsub().await
            }
            Self::Cluster(_, nodes) => {
                let mut failed = RedisError::from((ErrorKind::InvalidClientConfig, "no node"));
                for node in nodes {
                    match node.get_async_pubsub().await {
                        Ok(pubsub) => return Ok(pubsub),
                        Err(error) => failed = error,
                    }
                }
                Err(failed)
            }
        }
    }
}

/// A URL with several hosts, which the client does not read by itself.
struct Parts<'a> {
    /// Each host as a URL of its own, with the credentials.
    hosts: Vec<String>,
    /// What follows the hosts: at most a name and a number.
    path: Vec<&'a str>,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Parts<'a> {
    fn read(scheme: &str, rest: &'a str, port: u16) -> Self {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (format!("{credentials}@"), hosts),
            None => (String::new(), authority),
        };
        let url = |host: &str| {
            // A colon inside of brackets belongs to an IPv6 address.
            let has_port = host.rfind(':') > host.rfind(']');
            let port = if has_port { String::new() } else { format!(":{port}") };
            format!("{scheme}://{credentials}{host}{port}")
        };
        Self {
            hosts: hosts.split(',').map(url).collect(),
            path: path.split('/').filter(|part| !part.is_empty()).collect(),
            parameters: form_urlencoded::parse(query.as_bytes()).collect(),
        }
    }
}

fn client(url: &str, tls: Option<&TlsCertificates>) -> RedisResult<Client> {
    match tls {
        Some(certificates) if url.starts_with("rediss") => {
            Client::build_with_tls(url, certificates.clone())
        }
        _ => Client::open(url),
    }
}

fn cluster(
    parts: &Parts<'_>,
    tls: Option<&TlsCertificates>,
    settings: &Settings,
) -> Result<Topology, UrlError> {
    if !parts.path.is_empty() || !parts.parameters.is_empty() {
        return Err(UrlError::Parameter);
    }
    let mut builder = ClusterClientBuilder::new(parts.hosts.iter().map(String::as_str))
        .connection_timeout(settings.limits.create)
        .overall_response_timeout(None);
    if let Some(certificates) = tls {
        builder = builder.certs(certificates.clone());
    }
    let nodes = parts.hosts.iter().map(|host| client(host, tls));
    let nodes = nodes.collect::<RedisResult<Vec<Client>>>()?;
    Ok(Topology::Cluster(Box::new(builder.build()?), nodes))
}

fn sentinel(parts: &Parts<'_>, tls: Option<&TlsCertificates>) -> Result<Topology, UrlError> {
    let (service, database) = match *parts.path.as_slice() {
        [service] => (service, None),
        [service, database] => (service, Some(database)),
        _ => return Err(UrlError::NoService),
    };
    let sentinels: Vec<ConnectionInfo> = parts
        .hosts
        .iter()
        .map(|host| host.as_str().into_connection_info())
        .collect::<RedisResult<_>>()?;
    let addresses: Vec<ConnectionAddr> = sentinels.iter().map(|it| it.addr().clone()).collect();
    let over_tls = addresses.iter().any(|it| matches!(it, ConnectionAddr::TcpTls { .. }));
    let mut builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
    if let Some(redis) = sentinels.first().map(ConnectionInfo::redis_settings) {
        if let Some(user) = redis.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = redis.password() {
            builder = builder.set_client_to_redis_password(password);
        }
    }
    if let Some(database) = database {
        builder = builder.set_client_to_redis_db(database_number(database)?);
    }
    for (name, value) in &parts.parameters {
        builder = match &**name {
            "sentinel_user" => builder.set_client_to_sentinel_username(value),
            "sentinel_password" => builder.set_client_to_sentinel_password(value),
            _ => return Err(UrlError::Parameter),
        };
    }
    if over_tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        if let Some(certificates) = tls {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates.clone());
        }
    }
    Ok(Topology::Sentinel(Box::new(Mutex::new(builder.build()?))))
}

fn database_number(text: &str) -> RedisResult<i64> {
    text.parse().map_err(|_| {
        RedisError::from((ErrorKind::InvalidClientConfig, "the database is not a number"))
    })
}
