//! The edge: what every request meets before its handler, in the service as it is put together.

mod csrf;
mod fleet;
mod flood;
mod headers;
mod limits;
mod origins;
mod proxies;
mod redis;
mod slow;
mod stopping;
mod threads;
mod tls;
mod tls_files;
