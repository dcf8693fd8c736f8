//! The report as its readers meet it: figures, bytes and page.
#![cfg(test)]

mod figures;
mod given;
mod hostile;
mod page;
mod properties;
