//! One live edit, the same whatever it came from: a key press, a saved file, `:set`, `--set` or a schedule entry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Config;

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
    /// An estimator script, saved while it is in force.
    Script,
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

/// The keys whose values differ, sorted by name. A changed schedule is one change of the key `schedule`, which is not
/// live (`is_live` says so).
pub fn diff(old: &Config, new: &Config, source: Source) -> Vec<Change> {
    let (old, new) = (leaves(old), leaves(new));
    let empty = toml::Value::Array(Vec::new());
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value = |of: &BTreeMap<String, toml::Value>, key: &String| of.get(key).unwrap_or(&empty).clone();
    let changes = names.into_iter().map(|k| Change { key: k.clone(), from: value(&old, k), to: value(&new, k), source });
    changes.filter(|c| c.from != c.to).collect()
}

/// Every key with its value. The schedule is a leaf, and absent if it is empty; a sweep is none, since it is no setting of a run.
pub(super) fn leaves(config: &Config) -> BTreeMap<String, toml::Value> {
    fn walk(prefix: &str, table: toml::Table, found: &mut BTreeMap<String, toml::Value>) {
        for (name, value) in table {
            let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                toml::Value::Table(inner) => walk(&name, inner, found),
                value => drop(found.insert(name, value)),
            }
        }
    }
    let mut found = BTreeMap::new();
    let mut table = config.to_table();
    table.remove("sweep");
    table.remove("lesson");
    walk("", table, &mut found);
    found
}
