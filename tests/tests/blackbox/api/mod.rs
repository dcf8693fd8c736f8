//! The JSON API but for invocations.

mod audit;
mod conventions;
mod cursors;
mod documents;
mod erasure;
mod hung_up;
mod idempotency;
mod keys;
mod ledger;
mod projects;
mod reports;
mod roles;
mod sessions;
mod terminal;
