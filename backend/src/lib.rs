//! ResearchFlow: the self-hosted backend that records AI research work, keeps patient data out of
//! the record, and proves that the record was not altered. See `docs/ARCHITECTURE.md`.

pub mod alerts;
pub mod app;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod commands;

pub mod config;
pub mod costs;
pub mod db;
pub mod edge;
pub mod erasure;
pub mod error;
mod file_limit;
pub mod history;
pub mod insights;
pub mod invocations;
pub mod ledger;
pub mod openapi;
pub mod outbound;
mod pages;
mod probes;
pub mod projects;
pub mod reports;
pub mod signers;
pub mod state;
pub mod telemetry;
mod threads;

// Only linked, for their bundled C libraries.
use libsqlite3_sys as _;
use pq_sys as _;
