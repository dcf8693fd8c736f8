//! The binary: parse the command line, run one command.

use std::process::ExitCode;

/// Much of taking an event in is allocating; the system's allocator takes twice as long about it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    researchflow::commands::main()
}
