//! The insights feed: rollups that equal a recount, whatever happens to Redis and to workers.

mod counts;
mod letters;
mod load;
mod redis;
mod rollups;
mod stream;
mod workers;
