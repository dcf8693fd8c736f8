//! Other people's programs: SDKs, a verifier, a fuzzer.

mod programs;
mod schemathesis;
mod sdk;
mod verifier;

pub(crate) use programs::node_modules;
