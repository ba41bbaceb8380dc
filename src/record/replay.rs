//! `replay.toml`: the starting config with every accepted change as a `[[schedule]]` entry, so that a headless run of it
//! repeats an interactive one.
//!
//! Changes that repeat themselves are left out: the schedule's own, and the trainer's by policy (a replay meets the same
//! non-finite step and takes the same measures). After a rollback steps are computed again, so an entry also says how many
//! rollbacks are behind it. A planned entry that was refused is left out: with what was changed by hand before it, the
//! replay could not be read.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{JournalKind, JournalRow, RecordError, Sink, replace::replace};
use crate::config::{Config, ConfigError, ScheduleEntry, Source, diff, is_live, parse_state};

#[derive(Debug)]
pub(super) struct Replay {
    path: PathBuf,
    config: Config,
    /// Rollbacks so far.
    attempt: u64,
    /// Entries up to this step of this attempt are behind.
    reached: u64,
    /// The file on disk does not say what `config` says.
    stale: bool,
}

impl Replay {
    /// The replay of a run that begins with `config`, after `step` steps and `attempt` rollbacks of the run it is forked from.
    /// Written at the first flush.
    pub fn start(dir: &Path, config: &Config, step: u64, attempt: u64) -> Self {
        Self { path: dir.join("replay.toml"), config: config.clone(), attempt, reached: step, stale: true }
    }

    /// Goes on with the replay of an interrupted run that is resumed after `step`, `attempt` rollbacks behind it, with
    /// `config` in force. Changes made after the checkpoint are forgotten; where what is in force differs from what the
    /// replay would have reached (`--set` beside `--resume`), the difference is an entry of its own.
    pub fn go_on(dir: &Path, config: &Config, step: u64, attempt: u64) -> Result<Self, RecordError> {
        let path = dir.join("replay.toml");
        let started = started_with(dir)?;
        let mut replay = match fs::read_to_string(&path) {
            Ok(text) => parse_state(&text, &path)?,
            // Killed before it was written first.
            Err(e) if e.kind() == io::ErrorKind::NotFound => started.clone(),
            Err(e) => return Err(RecordError::read(&path)(e)),
        };
        let planned = |e: &ScheduleEntry| started.schedule.iter().any(|s| s.at == e.at && s.set == e.set);
        // A checkpoint at the end holds what was changed after its step, too.
        let (there, held) = reached(&replay, config, step, attempt)?;
        let mut at_boundary = 0;
        replay.schedule.retain(|e| {
            let held = next(e, step, attempt) && at_boundary < held;
            at_boundary += usize::from(next(e, step, attempt));
            behind(e, step, attempt) || held || planned(e)
        });
        let mut this = Self { path, config: replay, attempt, reached: step, stale: true };
        this.reconcile(&there, config)?;
        Ok(this)
    }

    /// Makes the replay reach `config` from `there`, before the step after the one reached.
    fn reconcile(&mut self, there: &Config, config: &Config) -> Result<(), ConfigError> {
        let differing = diff(there, config, Source::Set);
        let (live, fixed): (Vec<_>, Vec<_>) = differing.into_iter().partition(|c| is_live(&c.key));
        // Where the data lie or how many threads there are now is a fact of the whole replay.
        let facts = fixed.into_iter().filter(|c| c.key != "schedule").map(|c| (c.key, c.to));
        self.config = self.config.with(&facts.collect::<Vec<_>>())?;
        self.add(self.reached + 1, live.into_iter().map(|c| (c.key, c.to)).collect());
        Ok(())
    }

    /// Puts a change before step `at`, behind what is planned there. Each change stays an entry of its own: from jsd to dv
    /// and back is not nothing where a swap resets the critics, and a change is valid as a whole or not at all.
    fn add(&mut self, at: u64, set: BTreeMap<String, toml::Value>) {
        if !set.is_empty() {
            let (attempt, schedule) = (self.attempt, &mut self.config.schedule);
            let end = schedule.partition_point(|e| (e.attempt, e.at) <= (attempt, at));
            schedule.insert(end, ScheduleEntry { at, attempt, set });
            self.stale = true;
        }
    }

    /// A planned entry was refused.
    fn remove(&mut self, at: u64, rows: &[&JournalRow]) {
        let keys = |e: &ScheduleEntry| rows.iter().all(|r| r.key.as_ref().is_some_and(|k| e.set.contains_key(k)));
        let refused = self.config.schedule.iter().position(|e| e.at == at && e.set.len() == rows.len() && keys(e));
        if let Some(entry) = refused {
            self.config.schedule.remove(entry);
            self.stale = true;
        }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.stale {
            replace(&self.path, &self.config.to_toml())?;
            self.stale = false;
        }
        Ok(())
    }
}

/// True if a run that has done `step` steps after `attempt` rollbacks has the entry behind it. What a rollback undid was
/// planned for steps that were reached, so it is behind too.
fn behind(entry: &ScheduleEntry, step: u64, attempt: u64) -> bool {
    entry.attempt < attempt || (entry.attempt == attempt && entry.at <= step)
}

/// True for the entries between this step and the next.
fn next(entry: &ScheduleEntry, step: u64, attempt: u64) -> bool {
    entry.attempt == attempt && entry.at == step + 1
}

/// How far a run with `config` in force after `step` steps had come: through all that is behind, and through as many entries
/// before the next step as bring `replay` nearest to `config`; through more, where that is the same. Gives the config then, and their
/// number.
fn reached(replay: &Config, config: &Config, step: u64, attempt: u64) -> Result<(Config, usize), ConfigError> {
    let after = |there: &Config, entry: &ScheduleEntry| {
        let edits: Vec<_> = entry.set.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        there.with(&edits)
    };
    let mut behind = replay.schedule.iter().filter(|e| behind(e, step, attempt));
    let mut there = behind.try_fold(replay.clone(), |there, entry| after(&there, entry))?;
    let far = |there: &Config| diff(there, config, Source::Set).iter().filter(|c| is_live(&c.key)).count();
    let mut nearest = (far(&there), there.clone(), 0);
    for (i, entry) in replay.schedule.iter().filter(|e| next(e, step, attempt)).enumerate() {
        there = after(&there, entry)?;
        if far(&there) <= nearest.0 {
            nearest = (far(&there), there.clone(), i + 1);
        }
    }
    Ok((nearest.1, nearest.2))
}

/// The config the run in `dir` began with.
fn started_with(dir: &Path) -> Result<Config, RecordError> {
    let path = dir.join("config.toml");
    let text = fs::read_to_string(&path).map_err(RecordError::read(&path))?;
    Ok(parse_state(&text, &path)?)
}

impl Sink for Replay {
    fn name(&self) -> &str {
        "replay.toml"
    }

    fn journal(&mut self, rows: &[JournalRow]) -> io::Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let source = first.source.as_deref();
        match first.kind {
            JournalKind::Change if !matches!(source, Some("policy" | "schedule")) => {
                let edit = |r: &JournalRow| Some((r.key.clone()?, toml_value(r.to.as_ref()?)?));
                self.add(first.step, rows.iter().filter_map(edit).collect());
            }
            JournalKind::Refused if source == Some("schedule") => self.remove(first.step, &rows.iter().collect::<Vec<_>>()),
            // The step that failed is the next one; its entries were applied.
            JournalKind::Nonfinite => self.reached = first.step + 1,
            _ => {}
        }
        // Written by the flush that follows.
        Ok(())
    }

    /// A rollback: what is still planned now waits for the repeated steps.
    fn rewind(&mut self, step: u64) -> io::Result<()> {
        self.attempt += 1;
        for entry in self.config.schedule.iter_mut().filter(|e| e.at > self.reached) {
            entry.attempt = entry.attempt.max(self.attempt);
        }
        self.config.schedule.sort_by_key(|e| (e.attempt, e.at));
        (self.reached, self.stale) = (step, true);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()
    }
}

/// JSON as TOML; `None` for `null`, which TOML does not have.
fn toml_value(json: &serde_json::Value) -> Option<toml::Value> {
    toml::Value::try_from(json).ok()
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
