//! `replay.toml`: the starting configuration plus one `[[schedule]]` entry per accepted change.
//!
//! `dim-tui --batch --config RUN/replay.toml` repeats the run on the same build and machine. Changes that repeat
//! themselves (from the schedule already in the configuration, or by a policy) are not written a second time.

use std::path::{Path, PathBuf};

use crate::config::{Change, Config, ScheduleEntry, Source};

#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    config: Config,
}

impl Replay {
    /// Begins one for `config` and writes it.
    pub fn create(path: &Path, config: &Config) -> Result<Self, String> {
        let replay = Self { path: path.into(), config: config.clone() };
        replay.write().map(|()| replay)
    }

    /// Goes on with one that is there; entries after `step` are cut with the steps they belong to.
    pub fn resume(path: &Path, step: u64) -> Result<Self, String> {
        let mut config = crate::config::load(Some(path), &[]).map_err(|e| e.to_string())?;
        config.schedule.retain(|e| e.at <= step + 1);
        let replay = Self { path: path.into(), config };
        replay.write().map(|()| replay)
    }

    /// Adds one accepted set of changes, in force from step `at` on.
    pub fn change(&mut self, at: u64, changes: &[Change]) -> Result<(), String> {
        let own = changes.iter().filter(|c| !matches!(c.source, Source::Schedule | Source::Policy));
        let set: std::collections::BTreeMap<_, _> = own.map(|c| (c.key.clone(), c.to.clone())).collect();
        if set.is_empty() {
            return Ok(());
        }
        // Commands are taken before the schedule's own entries of the same step.
        let place = self.config.schedule.iter().position(|e| e.at > at).unwrap_or(self.config.schedule.len());
        self.config.schedule.insert(place, ScheduleEntry { at, set });
        self.write()
    }

    fn write(&self) -> Result<(), String> {
        super::write_whole(&self.path, self.config.to_toml().as_bytes()).map_err(|e| format!("{}: {e}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, to: impl Into<toml::Value>, source: Source) -> Change {
        Change { key: key.into(), from: toml::Value::Boolean(false), to: to.into(), source }
    }

    #[test]
    fn every_accepted_change_is_an_entry_that_loads_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replay.toml");
        let mut replay = Replay::create(&path, &Config::default()).unwrap();
        replay.change(5, &[change("objective.estimator", "dv", Source::Key), change("optim.lr", 1e-3, Source::Key)]).unwrap();
        replay.change(5, &[change("objective.estimator", "infonce", Source::File)]).unwrap();
        replay.change(7, &[change("optim.lr", 5e-4, Source::Policy)]).unwrap();
        let loaded = crate::config::load(Some(&path), &[]).unwrap();
        let entries: Vec<_> = loaded.schedule.iter().map(|e| (e.at, e.set["objective.estimator"].as_str().unwrap())).collect();
        assert_eq!(entries, [(5, "dv"), (5, "infonce")], "in order; the policy's own change repeats itself");
        assert_eq!(loaded.schedule[0].set.len(), 2, "one atomic change is one entry");

        Replay::resume(&path, 3).unwrap();
        assert!(crate::config::load(Some(&path), &[]).unwrap().schedule.is_empty(), "changes after the checkpoint are undone");
    }
}
