//! The binary: parse the command line, run one command.

use clap::Parser;
use researchflow::commands::Cli;
use std::process::ExitCode;

/// Half of taking an event in is allocating; the system's allocator takes twice as long about it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    researchflow::commands::main(Cli::parse)
}
