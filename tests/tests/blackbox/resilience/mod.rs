//! What must hold when something breaks.

mod crash;
mod faults;
mod pgbouncer;
mod rotation;
mod spool;
