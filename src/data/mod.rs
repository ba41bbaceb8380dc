//! Data sets as u8 stores, and batches of them.
