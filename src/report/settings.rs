//! Settings of runs as tables: what differs from the defaults, what differs between runs.

use super::page::{Cell, table};
use crate::{
    config::{Config, keys, script_label},
    record::SavedRun,
};

/// A value as it is typed, text without quotes.
pub(super) fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) if text.is_empty() => "(empty)".into(),
        toml::Value::String(text) => script_label(text).into_owned(),
        value => value.to_string(),
    }
}

/// The value of a dotted key in a whole tree.
fn find<'a>(tree: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    let value = tree.get(first)?;
    rest.map_or(Some(value), |rest| find(value.as_table()?, rest))
}

/// The keys in which a run began with something else than the defaults. Where it ran is no setting of it.
pub(super) fn not_default(run: &SavedRun) -> String {
    let (ours, defaults) = (run.config.to_table(), Config::default().to_table());
    let text = |tree, key: &str| Cell::text(find(tree, key).map(shown).unwrap_or_default());
    let other = keys().iter().filter(|k| k.name != "run.dir" && find(&ours, k.name) != find(&defaults, k.name));
    let rows: Vec<Vec<Cell>> =
        other.map(|k| vec![Cell::text(k.name), text(&ours, k.name), text(&defaults, k.name), Cell::text(k.doc)]).collect();
    table(&["key", "at the start", "default", "what it is"], &rows)
}

/// The keys in which runs began differently, and the value of each.
pub(super) fn differences(runs: &[SavedRun]) -> Vec<(&'static str, Vec<String>)> {
    let trees: Vec<toml::Table> = runs.iter().map(|r| r.config.to_table()).collect();
    let values = |name: &str| -> Vec<String> { trees.iter().map(|t| find(t, name).map(shown).unwrap_or_default()).collect() };
    let rows = keys().iter().filter(|k| k.name != "run.dir").map(|k| (k.name, values(k.name)));
    rows.filter(|(_, values)| values.iter().any(|v| *v != values[0])).collect()
}
