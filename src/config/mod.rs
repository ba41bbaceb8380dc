//! Configuration: schema, layering, validation, live changes, file watch.

mod change;
mod schema;

pub use change::{Change, Source};
pub use schema::*;
