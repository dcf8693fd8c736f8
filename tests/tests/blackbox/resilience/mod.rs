//! What must hold when something breaks.

mod chaos;
mod crash;
mod failover;
mod faults;
mod pgbouncer;
mod redis_nodes;
mod rotation;
mod spool;
