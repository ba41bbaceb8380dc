//! Configuration: schema, layering, validation, live changes, file watch. Knows estimator names, but no tensors and no screen.
//!
//! `schema` is the tree and its defaults, `keys` the table of what each leaf takes and whether it can change live. A text
//! becomes a `node` tree with places, then a `layer` of checked values, then, laid over a base and held against the
//! `rules`, a [`Config`].

mod assign;
mod change;
mod error;
mod json;
mod keys;
mod layer;
mod load;
mod node;
mod presets;
mod range;
mod resolve;
mod rules;
mod schema;
mod watch;
mod write;

pub use assign::parse_assignments;
pub use change::{Change, Source, diff};
pub use error::{ConfigError, Place};
pub use json::json_schema;
pub use keys::{DATA_SETS, ESTIMATORS, Key, is_live, key, keys};
pub use load::{load, parse_set, parse_state, parse_text};
pub use presets::{Preset, presets};
pub use range::Range;
pub use schema::*;
pub use watch::{FileEvent, Watch};
pub use write::write_back;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod watch_tests;
