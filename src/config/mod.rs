//! Configuration: schema, layering, validation, live changes, file watch. Knows estimator names, but no tensors and no screen.
//!
//! `schema`, `data` and `objective` are the tree and its defaults, `keys` the table of what each leaf takes and whether it can
//! change live. A text becomes a `node` tree with places, then a `layer` of checked values, then, laid over a base and held
//! against the `rules`, a [`Config`]. `watch` looks at the config file while it is edited, `script_watch` at the scripts.

mod assign;
mod change;
mod data;
mod device;
mod error;
mod gaussian;
mod json;
mod keys;
mod layer;
mod lesson;
mod lesson_layer;
mod load;
mod node;
mod objective;
mod presets;
mod range;
mod resolve;
mod rules;
mod schema;
mod script;
mod script_watch;
mod sweep;
mod sweep_layer;
mod text_watch;
mod watch;
mod write;

pub use assign::parse_assignments;
pub use change::{Change, Source, diff};
pub use data::*;
pub use device::DeviceName;
pub use error::{ConfigError, Place};
pub use gaussian::*;
pub use json::json_schema;
pub use keys::{DATA_SETS, ESTIMATORS, Key, SCRIPTS, is_live, key, keys};
pub use lesson::{LESSONS, Lesson, LessonStep, LessonWait, ShippedLesson};
pub use load::{load, load_over, parse_set, parse_state, parse_text};
pub use objective::*;
pub use presets::{Preset, presets};
pub use range::Range;
pub use schema::*;
pub use script::{ESTIMATOR_KEYS, SCRIPT_ENDING, ScriptInForce, is_script, script_label, scripts_in};
pub use script_watch::ScriptWatch;
pub use sweep::{EvalPart, Sweep, SweepPoint, worded};
pub use text_watch::TextWatch;
pub use watch::{FileEvent, Watch};
pub use write::write_back;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod watch_tests;
