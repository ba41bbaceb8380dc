//! Drawing: free functions and widgets that only read.

pub mod chart;
