//! The insights feed: rollups that equal a recount, whatever happens to Redis and to workers.

pub(crate) mod counts;
mod letters;
pub(crate) mod load;
mod redis;
mod rollups;
mod stream;
mod workers;
