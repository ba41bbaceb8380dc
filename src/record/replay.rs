//! `replay.toml`: the starting config with every accepted change as a `[[schedule]]` entry, so that a headless run of it
//! repeats an interactive one.
//!
//! Changes that repeat themselves are left out: the schedule's own, and the trainer's by policy (a replay meets the same
//! non-finite step and takes the same measures).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{JournalKind, JournalRow, RecordError, Sink, replace::replace};
use crate::config::{Config, ConfigError, ScheduleEntry, Source, diff, is_live, parse_state};

#[derive(Debug)]
pub(super) struct Replay {
    path: PathBuf,
    config: Config,
    /// The file on disk does not say what `config` says.
    stale: bool,
}

impl Replay {
    /// The replay of a run that begins with `config`. Written at the first flush.
    pub fn start(dir: &Path, config: &Config) -> Self {
        Self { path: dir.join("replay.toml"), config: config.clone(), stale: true }
    }

    /// Goes on with the replay of an interrupted run that is resumed after `step` with `config` in force. Changes made
    /// after the checkpoint are forgotten; where what is in force differs from what the replay would have reached
    /// (`--set` beside `--resume`), the difference is an entry of its own.
    pub fn go_on(dir: &Path, config: &Config, step: u64) -> Result<Self, RecordError> {
        let path = dir.join("replay.toml");
        let text = fs::read_to_string(&path).map_err(RecordError::io(&path))?;
        let started = started_with(dir)?;
        let mut replay = parse_state(&text, &path)?;
        let planned = |e: &ScheduleEntry| started.schedule.contains(e);
        replay.schedule.retain(|e| e.at <= step || planned(e));
        let mut this = Self { path, config: replay, stale: true };
        this.reconcile(config, step)?;
        Ok(this)
    }

    /// Makes the replay reach `config` at the step after `step`.
    fn reconcile(&mut self, config: &Config, step: u64) -> Result<(), ConfigError> {
        let mut reached = self.config.clone();
        for entry in self.config.schedule.iter().filter(|e| e.at <= step) {
            let edits: Vec<_> = entry.set.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            reached = reached.with(&edits)?;
        }
        for change in diff(&reached, config, Source::Set) {
            if is_live(&change.key) {
                self.add(step + 1, change.key, change.to);
            } else if change.key != "schedule" {
                // Where the data lie or how many threads there are now is a fact of the whole replay.
                self.config = self.config.with(&[(change.key, change.to)])?;
            }
        }
        Ok(())
    }

    /// Puts a change before step `at`, behind what is planned there. Changes before the same step are one entry, until a key
    /// changes again: from jsd to dv and back is not nothing where a swap resets the critics.
    fn add(&mut self, at: u64, key: String, to: toml::Value) {
        let schedule = &mut self.config.schedule;
        let end = schedule.partition_point(|e| e.at <= at);
        match end.checked_sub(1).map(|i| &mut schedule[i]) {
            Some(entry) if entry.at == at && !entry.set.contains_key(&key) => drop(entry.set.insert(key, to)),
            _ => schedule.insert(end, ScheduleEntry { at, set: [(key, to)].into() }),
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

/// The config the run in `dir` began with.
fn started_with(dir: &Path) -> Result<Config, RecordError> {
    let path = dir.join("config.toml");
    let text = fs::read_to_string(&path).map_err(RecordError::io(&path))?;
    Ok(parse_state(&text, &path)?)
}

impl Sink for Replay {
    fn name(&self) -> &str {
        "replay.toml"
    }

    fn journal(&mut self, row: &JournalRow) -> io::Result<()> {
        let repeats_itself = matches!(row.source.as_deref(), Some("policy" | "schedule"));
        let accepted = row.kind == JournalKind::Change && !repeats_itself;
        if let (true, Some(key), Some(to)) = (accepted, &row.key, row.to.as_ref().and_then(toml_value)) {
            self.add(row.step, key.clone(), to);
            self.stale = true;
        }
        // Written by the flush that follows every row of the journal: one change of many keys is one writing.
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
mod tests {
    use super::*;
    use crate::{
        config::{Change, parse_text},
        record::journal_row,
    };

    fn changed(step: u64, key: &str, to: impl Into<toml::Value>, source: Source) -> JournalRow {
        let change = Change { key: key.into(), from: toml::Value::Boolean(false), to: to.into(), source };
        journal_row(step, JournalKind::Change).change(&change)
    }

    fn written(dir: &Path) -> Config {
        let path = dir.join("replay.toml");
        parse_text(&fs::read_to_string(&path).unwrap(), &path).unwrap()
    }

    #[test]
    fn changes_of_one_step_merge_in_order_and_what_repeats_itself_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let schedule = vec![ScheduleEntry { at: 50, set: [("optim.lr".to_owned(), 0.5.into())].into() }];
        let config = Config { schedule, ..Config::default() };
        let mut replay = Replay::start(dir.path(), &config);
        for row in [
            changed(10, "objective.estimator", "dv", Source::Key),
            changed(10, "objective.local.negatives", 3, Source::File),
            changed(10, "objective.estimator", "infonce", Source::Command),
            changed(50, "optim.lr", 0.5, Source::Schedule),
            changed(60, "optim.lr", 0.25, Source::Policy),
            changed(70, "optim.lr", 1.0, Source::Key),
            journal_row(71, JournalKind::Checkpoint),
        ] {
            replay.journal(&row).unwrap();
        }
        replay.flush().unwrap();
        let schedule = written(dir.path()).schedule;
        let at: Vec<u64> = schedule.iter().map(|e| e.at).collect();
        assert_eq!(at, [10, 10, 50, 70]);
        assert_eq!(schedule[0].set["objective.estimator"], "dv".into());
        assert_eq!(schedule[0].set["objective.local.negatives"], 3.into());
        assert_eq!(schedule[1].set["objective.estimator"], "infonce".into());
        assert_eq!(schedule[2].set.len(), 1);
        assert_eq!(schedule[3].set["optim.lr"], toml::Value::Float(1.0));
        assert_eq!(Config { schedule: config.schedule.clone(), ..written(dir.path()) }, config, "the rest is the start");
    }

    #[test]
    fn resuming_forgets_later_changes_and_tells_of_set_ones() {
        let dir = tempfile::tempdir().unwrap();
        let schedule = vec![ScheduleEntry { at: 500, set: [("optim.lr".to_owned(), 0.5.into())].into() }];
        let config = Config { schedule, ..Config::default() };
        fs::write(dir.path().join("config.toml"), config.to_toml()).unwrap();
        let mut replay = Replay::start(dir.path(), &config);
        replay.journal(&changed(10, "objective.estimator", "dv", Source::Key)).unwrap();
        replay.journal(&changed(90, "objective.estimator", "infonce", Source::Key)).unwrap();
        replay.flush().unwrap();

        let mut in_force = config.clone();
        in_force.objective.estimator = "dv".into();
        in_force.objective.local.weight = 2.0;
        in_force.run.threads = 3;
        let mut replay = Replay::go_on(dir.path(), &in_force, 80).unwrap();
        replay.flush().unwrap();
        let now = written(dir.path());
        let at: Vec<u64> = now.schedule.iter().map(|e| e.at).collect();
        assert_eq!(at, [10, 81, 500]);
        assert_eq!(now.schedule[1].set, [("objective.local.weight".to_owned(), 2.0.into())].into());
        assert_eq!(now.run.threads, 3);
    }
}
