//! The run directory while it is being written: every sink behind one object that never stops training.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    JournalRow, ProbeRow, RunDir, StepRow, Summary,
    lines::{self, Lines},
    replay::Replay,
    tensorboard::EventFile,
    write_whole,
};
use crate::config::{Change, Config};

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{0}: the run directory is not empty; name another one with --out, or continue this run with --resume")]
    NotEmpty(PathBuf),
    #[error("{0}: no run to continue here (it has no config.toml)")]
    NotARun(PathBuf),
    #[error("{0}")]
    Damaged(String),
}

impl RecordError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}

/// Owns the files of one run. A write that fails becomes a warning, once until it works again.
#[derive(Debug)]
pub struct Recorder {
    dir: PathBuf,
    metrics: Lines,
    probes: Lines,
    journal: Lines,
    replay: Replay,
    events: EventFile,
    warnings: VecDeque<String>,
    /// Sinks that are failing now, so that each failure is told once.
    failing: Vec<&'static str>,
}

impl Recorder {
    /// A new run; writes `config.toml` and `replay.toml`. `config` is the resolved one.
    pub fn create(dir: RunDir, config: &Config) -> Result<Self, RecordError> {
        let path = dir.path();
        let file = path.join("config.toml");
        write_whole(&file, config.to_toml().as_bytes()).map_err(|e| RecordError::io(&file, e))?;
        let replay = Replay::create(&path.join("replay.toml"), config).map_err(RecordError::Damaged)?;
        Self::open(path, replay, 0)
    }

    /// Goes on with a run after `step`: later rows of metrics and probes are cut, the journal stays.
    pub fn resume(dir: RunDir, step: u64) -> Result<Self, RecordError> {
        let path = dir.path();
        cut(path, step)?;
        let journal = path.join("journal.jsonl");
        lines::cut_back(&journal, |_| true).map_err(|e| RecordError::io(&journal, e))?;
        let replay = Replay::resume(&path.join("replay.toml"), step).map_err(RecordError::Damaged)?;
        Self::open(path, replay, step)
    }

    fn open(path: &Path, replay: Replay, step: u64) -> Result<Self, RecordError> {
        let lines = |name: &str| Lines::open(&path.join(name)).map_err(|e| RecordError::io(&path.join(name), e));
        Ok(Self {
            metrics: lines("metrics.jsonl")?,
            probes: lines("probes.jsonl")?,
            journal: lines("journal.jsonl")?,
            replay,
            events: EventFile::create(path, step).map_err(|e| RecordError::io(path, e))?,
            warnings: VecDeque::new(),
            failing: Vec::new(),
            dir: path.into(),
        })
    }

    /// Back to `step` within the run (a rollback).
    pub fn cut_back(&mut self, step: u64) -> Result<(), RecordError> {
        self.flush();
        cut(&self.dir, step)?;
        let lines = |name: &str| Lines::open(&self.dir.join(name)).map_err(|e| RecordError::io(&self.dir.join(name), e));
        (self.metrics, self.probes) = (lines("metrics.jsonl")?, lines("probes.jsonl")?);
        let restarted = self.events.restart_at(step);
        self.told("TensorBoard events", restarted.map_err(|e| e.to_string()));
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    pub fn step(&mut self, row: &StepRow) {
        let result = self.metrics.push(row);
        self.told("metrics.jsonl", result);
        let result = self.events.step(row).map_err(|e| e.to_string());
        self.told("TensorBoard events", result);
    }

    pub fn probe(&mut self, row: &ProbeRow) {
        let result = self.probes.push(row).and_then(|()| self.probes.flush());
        self.told("probes.jsonl", result);
        let result = self.events.probe(row).map_err(|e| e.to_string());
        self.told("TensorBoard events", result);
    }

    pub fn journal(&mut self, row: &JournalRow) {
        let result = self.journal.push(row).and_then(|()| self.journal.flush());
        self.told("journal.jsonl", result);
    }

    /// One accepted set of changes, in force from step `at` on.
    pub fn change(&mut self, at: u64, changes: &[Change]) {
        let result = self.replay.change(at, changes);
        self.told("replay.toml", result);
        let text = changes.iter().map(|c| format!("{} = {}", c.key, c.to)).collect::<Vec<_>>().join("\n");
        let result = self.events.text(at, "changes", &text).map_err(|e| e.to_string());
        self.told("TensorBoard events", result);
    }

    pub fn flush(&mut self) {
        for name in ["metrics.jsonl", "probes.jsonl", "journal.jsonl"] {
            let result = match name {
                "metrics.jsonl" => self.metrics.flush(),
                "probes.jsonl" => self.probes.flush(),
                _ => self.journal.flush(),
            };
            self.told(name, result);
        }
        let result = self.events.flush().map_err(|e| e.to_string());
        self.told("TensorBoard events", result);
    }

    /// Writes `summary.json` and everything that still waits; what could not be written to the end is the error.
    pub fn finish(&mut self, summary: &Summary) -> Result<(), String> {
        self.flush();
        let path = self.dir.join("summary.json");
        let text = serde_json::to_string_pretty(summary).map_err(|e| e.to_string());
        let result = text.and_then(|t| write_whole(&path, t.as_bytes()).map_err(|e| format!("{}: {e}", path.display())));
        self.told("summary.json", result);
        match self.failing.is_empty() {
            true => Ok(()),
            false => Err(format!("{}: could not write {} to the end", self.dir.display(), self.failing.join(", "))),
        }
    }

    /// The next thing the user should know.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warnings.pop_front()
    }

    fn told(&mut self, sink: &'static str, result: Result<(), String>) {
        let failing = self.failing.contains(&sink);
        match result {
            Err(reason) if !failing => {
                self.failing.push(sink);
                self.warnings.push_back(reason);
            }
            Ok(()) if failing => {
                self.failing.retain(|s| *s != sink);
                self.warnings.push_back(format!("{sink}: written again"));
            }
            _ => {}
        }
    }
}

fn cut(dir: &Path, step: u64) -> Result<(), RecordError> {
    for name in ["metrics.jsonl", "probes.jsonl"] {
        let path = dir.join(name);
        lines::cut_back(&path, |row| row["step"].as_u64().is_some_and(|s| s <= step)).map_err(|e| RecordError::io(&path, e))?;
    }
    let _ = fs::remove_file(dir.join("summary.json"));
    Ok(())
}
