//! The run directory: one file per output format behind one trait.

mod rows;

pub use rows::*;
