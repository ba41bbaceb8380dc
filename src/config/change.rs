//! One live edit, the same whatever it came from: a key press, a saved file, `:set`, `--set` or a schedule entry.

use serde::Serialize;

/// Where a change came from, as the journal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A key or the mouse in the workbench.
    Key,
    /// The config file, saved while running.
    File,
    /// A `:set` line.
    Command,
    /// `--set` on the command line.
    Set,
    /// A `[[schedule]]` entry.
    Schedule,
    /// The trainer's own policy (a rollback halves the learning rate).
    Policy,
}

/// One key's change of value.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Dotted key, e.g. `objective.local.negatives`.
    pub key: String,
    pub from: toml::Value,
    pub to: toml::Value,
    pub source: Source,
}
