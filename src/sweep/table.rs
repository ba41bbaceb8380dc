//! Runs side by side: the settings in which they differ, and means over seeds of what was measured.

use std::{cmp::Ordering, collections::BTreeMap, fmt::Write};

use toml::Value;

use super::measures::{Measures, of_arena, of_eval, of_probe};
use crate::{
    config::{Config, Mode, Source, diff, keys, worded},
    record::{JournalKind, SavedRun},
};

/// Points of a sweep, or any runs that differ in some settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The keys in which the runs' starting configurations differ, in the order of the schema.
    pub axes: Vec<String>,
    /// Names of what was measured in any of them: `accuracy.conv`, `accuracy.fc`, `accuracy.y`, `accuracy.knn` (in [0, 1]),
    /// `mi.global`, `mi.local` (held-out, nats), then those of `eval.json`.
    pub measures: Vec<String>,
    /// One per point, sorted by its values.
    pub rows: Vec<Row>,
}

/// The runs of one point: the same settings, other seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One per axis.
    pub values: Vec<Value>,
    /// The step that was measured: the last probe's, or without probes the last.
    pub step: u64,
    /// Runs that came that far.
    pub n: usize,
    /// Runs that did not, say because their loss was no longer finite. They are in no mean.
    pub short: usize,
    pub measures: BTreeMap<String, Mean>,
}

/// A mean over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    pub mean: f64,
    /// Of the mean: standard deviation (n − 1) over √n. `None` for one run.
    pub standard_error: Option<f64>,
    /// Runs in which it was measured.
    pub n: usize,
}

impl Mean {
    /// `None` without values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let standard_error = (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt());
        (!values.is_empty()).then_some(Self { mean, standard_error, n: values.len() })
    }
}

/// Puts the runs into a table; in which order they are given is all the same. Runs that start with the same settings are grouped
/// over their seeds; what says where and on what they ran, or what they were started from, is no setting. A run and its repetition
/// bit for bit count once.
pub fn table(runs: &[SavedRun]) -> Table {
    let axes = axes(runs);
    let value = |run: &SavedRun, key: &String| run.config.get(key).unwrap_or_else(|| Value::Array(Vec::new()));
    let mut points: Vec<(Vec<Value>, &SavedRun)> =
        runs.iter().map(|run| (axes.iter().map(|key| value(run, key)).collect(), run)).collect();
    points.sort_by(|(a, x), (b, y)| all_in_order(a, b).then(x.config.seed.cmp(&y.config.seed)).then_with(|| x.path.cmp(&y.path)));
    points.dedup_by(|(_, b), (_, a)| repeats(a, b));
    let mut measures = Vec::new();
    let rows = points.chunk_by(|(a, _), (b, _)| a == b).map(|group| {
        let group_runs: Vec<&SavedRun> = group.iter().map(|(_, run)| *run).collect();
        row(group[0].0.clone(), &group_runs, &mut measures)
    });
    Table { rows: rows.collect(), axes, measures }
}

/// One point; names of measures that are new are appended.
fn row(values: Vec<Value>, runs: &[&SavedRun], names: &mut Vec<String>) -> Row {
    let step = runs.iter().map(|run| judged_at(run)).max().unwrap_or(0);
    let whole: Vec<Measures> = runs.iter().filter(|run| judged_at(run) == step).map(|run| measured(run, step)).collect();
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, value) in whole.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
        found.entry(name.clone()).or_default().push(*value);
    }
    let measures = found.into_iter().filter_map(|(name, values)| Some((name, Mean::of(&values)?))).collect();
    Row { values, step, n: whole.len(), short: runs.len() - whole.len(), measures }
}

/// The step at which a run is compared.
fn judged_at(run: &SavedRun) -> u64 {
    run.probes.last().map_or_else(|| run.last_step(), |probe| probe.step)
}

fn measured(run: &SavedRun, step: u64) -> Measures {
    let probe = run.probes.last().map(of_probe);
    let arena = run.steps.last().and_then(|row| row.arena.as_ref()).map(of_arena);
    // A report on an earlier checkpoint says nothing of this step.
    let eval = run.eval.as_ref().filter(|report| report["step"].as_u64().is_some_and(|s| s >= step)).map(of_eval);
    let all = [probe, arena, eval].into_iter().flatten().flatten();
    all.filter(|(name, _)| !of_idle_critic(run, name)).collect()
}

/// True of an estimate by a critic that nothing ever trained: its term has weight 0, and Adam has moved it by nothing.
fn of_idle_critic(run: &SavedRun, measure: &str) -> bool {
    let idle = |config: &Config| match measure {
        "mi.global" => config.objective.global.mode == Mode::Train && config.objective.global.weight == 0.0,
        "mi.local" => config.objective.local.mode == Mode::Train && config.objective.local.weight == 0.0,
        _ => false,
    };
    idle(&run.config) && idle(&run.config_at_end())
}

/// The keys in which the starting configurations differ, in the order of the schema.
fn axes(runs: &[SavedRun]) -> Vec<String> {
    let Some((first, rest)) = runs.split_first() else { return Vec::new() };
    let differing = rest.iter().flat_map(|run| settings_apart(&first.config, &run.config));
    let mut found: Vec<String> = differing.filter(|key| key != "seed" && !key.starts_with("start.")).collect();
    let place = |key: &String| keys().iter().position(|k| k.name == key).unwrap_or(usize::MAX);
    found.sort_by_key(|key| (place(key), key.clone()));
    found.dedup();
    found
}

/// The keys in which two configurations differ, but for those that say where and on what a run is computed.
fn settings_apart(a: &Config, b: &Config) -> Vec<String> {
    let changes = diff(a, b, Source::File).into_iter().map(|change| change.key);
    changes.filter(|key| !key.starts_with("run.") && key != "data.dir").collect()
}

/// True if one run is the other once more: no other seed, nothing changed while it ran.
fn repeats(a: &SavedRun, b: &SavedRun) -> bool {
    let untouched = |run: &SavedRun| run.journal.iter().all(|row| row.kind != JournalKind::Change);
    untouched(a) && untouched(b) && judged_at(a) == judged_at(b) && settings_apart(&a.config, &b.config).is_empty()
}

/// Numbers by size, then everything else by its text.
fn in_order(a: &Value, b: &Value) -> Ordering {
    let number = |v: &Value| v.as_float().or_else(|| v.as_integer().map(|i| i as f64));
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.to_string().cmp(&b.to_string()),
    }
}

fn all_in_order(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| in_order(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

// ---- as text ----

impl Table {
    /// As a table in Markdown, with accuracies in per cent and `±` the standard error of the mean. A mean over fewer than `n` runs
    /// says so.
    pub fn markdown(&self) -> String {
        let short = self.rows.iter().any(|row| row.short > 0);
        let share = |name: &str| name.starts_with("accuracy.") || name.starts_with("eval.");
        let heads = self.measures.iter().map(|name| if share(name) { format!("{name}, %") } else { name.clone() });
        let counts = ["n", "short", "step"].into_iter().filter(|name| short || *name != "short").map(str::to_owned);
        let head: Vec<String> = self.axes.iter().cloned().chain(counts).chain(heads).collect();
        let mut text = line(&head);
        let rule = (0..head.len()).map(|i| if i < self.axes.len() { "---" } else { "---:" }.to_owned());
        text += &line(&rule.collect::<Vec<_>>());
        for row in &self.rows {
            let mut cells: Vec<String> = row.values.iter().map(|v| worded(v).replace('|', "\\|")).collect();
            cells.push(row.n.to_string());
            cells.extend(short.then(|| row.short.to_string()));
            cells.push(row.step.to_string());
            let cell = |name: &String| row.measures.get(name).map_or(String::new(), |m| mean_text(m, share(name), row.n));
            cells.extend(self.measures.iter().map(cell));
            text += &line(&cells);
        }
        text
    }

    /// As CSV: the axes, `n`, `short`, `step`, then for each measure its mean, and the standard error of the mean in `NAME.se`
    /// (empty for one run). What was not measured is empty.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let counts = ["n", "short", "step"].map(str::to_owned);
        let measures = self.measures.iter().flat_map(|name| [name.clone(), format!("{name}.se")]);
        // Writing to memory cannot fail.
        let _ = writer.write_record(self.axes.iter().cloned().chain(counts).chain(measures));
        for row in &self.rows {
            let counts = [row.n as u64, row.short as u64, row.step].map(|n| n.to_string());
            let number = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
            let measures = self.measures.iter().flat_map(|name| {
                let found = row.measures.get(name);
                [number(found.map(|m| m.mean)), number(found.and_then(|m| m.standard_error))]
            });
            let _ = writer.write_record(row.values.iter().map(worded).chain(counts).chain(measures));
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// `61.2 ± 0.4`, with `(2)` behind it if it is over two runs only and there are more.
fn mean_text(m: &Mean, share: bool, runs: usize) -> String {
    let (scale, digits) = if share { (100.0, 1) } else { (1.0, 4) };
    let mut text = format!("{:.digits$}", scale * m.mean);
    // Writing to a string cannot fail.
    if let Some(error) = m.standard_error {
        let _ = write!(text, " ± {:.digits$}", scale * error);
    }
    if m.n < runs {
        let _ = write!(text, " ({})", m.n);
    }
    text
}
