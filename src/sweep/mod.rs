//! Sweeps: many runs that differ in some settings, and the table of what came out.
//!
//! [`table`] compares runs, whoever made them. Knows configurations and recorded runs; no tensors, no trainer, no screen.

mod measures;
mod table;
#[cfg(test)]
mod table_tests;

pub use table::{Mean, Row, Table, table};
