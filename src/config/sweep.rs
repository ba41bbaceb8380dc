//! `[sweep]`: the runs that a config stands for besides its own, and the name of each.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::{Config, ConfigError, key, keys, script_label};

/// Runs that differ from the rest of the config in some keys, for `--batch`: each value of `grid` with each other, with each entry
/// of `list`, with each seed. The workbench trains the config without it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sweep {
    /// Seeds of each point; empty: the config's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    /// Key → values: every combination is a point. The keys may also be written as tables (`objective.estimator = [...]`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub grid: BTreeMap<String, Vec<Value>>,
    /// Entries of key → value, each a point; with `grid`, each is combined with every point of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    pub list: Vec<BTreeMap<String, Value>>,
    /// What `dim-tui eval` measures after each run, into the run's `eval.json`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eval: Vec<EvalPart>,
}

/// A part of the report of `dim-tui eval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EvalPart {
    Probes,
    Code,
    Ndm,
    Mine,
    Reconstruction,
    Factors,
}

impl EvalPart {
    pub const ALL: [EvalPart; 6] =
        [EvalPart::Probes, EvalPart::Code, EvalPart::Ndm, EvalPart::Mine, EvalPart::Reconstruction, EvalPart::Factors];
    /// As in a config and in `dim-tui eval --only`, in the order of [`EvalPart::ALL`].
    pub const NAMES: [&str; 6] = ["probes", "code", "ndm", "mine", "reconstruction", "factors"];

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// More than anybody waits for: a slip of the finger.
pub(super) const MOST_RUNS: usize = 10_000;
/// Names of folders stay well below what file systems take.
const LONGEST_NAME: usize = 100;

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepPoint {
    /// What is set, in the order of the schema.
    pub edits: Vec<(String, Value)>,
    /// Only if the sweep has seeds.
    pub seed: Option<u64>,
}

impl Sweep {
    /// How many runs it is, as long as the number can be told.
    pub(super) fn count(&self) -> Option<usize> {
        let grid = self.grid.values().try_fold(1usize, |n, values| n.checked_mul(values.len()));
        grid?.checked_mul(self.list.len().max(1))?.checked_mul(self.seeds.len().max(1))
    }

    /// What each point sets, seeds aside: entries of the list in their order, within each the grid with its last key (in the order
    /// of the schema) moving fastest.
    pub(super) fn settings(&self) -> Vec<Vec<(String, Value)>> {
        let none = [BTreeMap::new()];
        let list = if self.list.is_empty() { &none[..] } else { &self.list };
        let mut axes: Vec<(&String, &Vec<Value>)> = self.grid.iter().collect();
        axes.sort_by_key(|(name, _)| place(name));
        let mut found = Vec::new();
        for entry in list {
            let mut points = vec![entry.clone().into_iter().collect::<Vec<_>>()];
            for (name, values) in &axes {
                let with = |point: &Vec<(String, Value)>, value: &Value| {
                    point.iter().cloned().chain([((*name).clone(), value.clone())]).collect::<Vec<_>>()
                };
                points = points.iter().flat_map(|point| values.iter().map(|value| with(point, value))).collect();
            }
            found.append(&mut points);
        }
        found.iter_mut().for_each(|point| point.sort_by_key(|(name, _)| place(name)));
        found
    }

    /// Every run, in order; the seed moves fastest.
    pub fn points(&self) -> Vec<SweepPoint> {
        let seeds: Vec<Option<u64>> =
            if self.seeds.is_empty() { vec![None] } else { self.seeds.iter().copied().map(Some).collect() };
        let settings = self.settings().into_iter();
        settings
            .flat_map(|edits| seeds.iter().map(move |&seed| SweepPoint { edits: edits.clone(), seed }).collect::<Vec<_>>())
            .collect()
    }

    /// A name for each run that a folder can have: `007-estimator-dv-negatives-15-seed-0`. Numbers begin at 1.
    pub fn names(&self) -> Vec<String> {
        let points = self.points();
        let digits = points.len().to_string().len().max(3);
        let mut varied: Vec<&str> = points.iter().flat_map(|p| p.edits.iter().map(|(name, _)| name.as_str())).collect();
        varied.sort_unstable();
        varied.dedup();
        let name = |(i, point): (usize, &SweepPoint)| {
            let mut name = format!("{:0digits$}", i + 1);
            for (key, value) in &point.edits {
                name += &format!("-{}-{}", short(key, &varied), safe(&worded(value)));
            }
            name.truncate(LONGEST_NAME);
            point.seed.map_or(name.clone(), |seed| format!("{name}-seed-{seed}"))
        };
        points.iter().enumerate().map(name).collect()
    }
}

impl Config {
    /// The config of one run of a sweep: an ordinary one.
    ///
    /// # Errors
    /// If the point's values do not go with the rest.
    pub fn at_point(&self, point: &SweepPoint) -> Result<Config, ConfigError> {
        let seed = point.seed.and_then(|seed| i64::try_from(seed).ok()).map(|seed| ("seed".to_owned(), Value::Integer(seed)));
        let edits: Vec<(String, Value)> = point.edits.iter().cloned().chain(seed).collect();
        Config { sweep: None, ..self.clone() }.with(&edits)
    }
}

/// Where a key stands in the schema.
fn place(name: &str) -> usize {
    keys().iter().position(|k| k.name == name).unwrap_or(usize::MAX)
}

/// The last word of a key, or the last two where another key ends in the same word.
fn short(name: &str, varied: &[&str]) -> String {
    let last = |name: &str, words: usize| name.rsplitn(words + 1, '.').take(words).map(str::to_owned).collect::<Vec<_>>();
    let words = if varied.iter().filter(|other| last(other, 1) == last(name, 1)).count() > 1 { 2 } else { 1 };
    let mut parts = last(name, words);
    parts.reverse();
    parts.join(".")
}

/// A value as people write it: names without quotes, a script by its own name, numbers not in thirty digits.
pub fn worded(value: &Value) -> String {
    match value {
        Value::String(text) => script_label(text).into_owned(),
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// What every file system takes: letters, digits, dots, dashes.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect()
}

/// Why this key cannot vary, if it cannot.
pub(super) fn fixed(name: &str) -> Option<&'static str> {
    match name {
        "seed" => Some("seeds stand in sweep.seeds"),
        "run.dir" => Some("the sweep says where its runs are recorded"),
        "data.dir" => Some("all runs of a sweep read the same data"),
        "sweep" => Some("a sweep holds no sweeps"),
        "schedule" => Some("it is the same for all runs"),
        name if key(name).is_none() && name.starts_with("sweep.") => Some("a sweep holds no sweeps"),
        _ => None,
    }
}
