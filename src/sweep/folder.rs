//! The folder of a sweep: what is in it, whose it is, and how far each of its runs has come.
//!
//! `sweep.toml` is the sweep's config, `points/` has the config and the log of each run, `table.csv` what came out. All other
//! folders are ordinary run directories.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{SweepError, Table};
use crate::{
    config::{Config, Source, Sweep, diff, parse_text},
    record::{RunDir, SavedRun, Summary, replace},
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not begun, or without a checkpoint to go on from.
    Missing,
    Half,
    /// Trained, but `sweep.eval` has not measured it.
    Unmeasured,
    Done,
}

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Takes the folder for this sweep: a new or empty one, or one that this very sweep was begun in.
    pub fn claim(path: &Path, config: &Config) -> Result<Self, SweepError> {
        let this = Self { path: path.into() };
        let own = super::sweep_file(path);
        match fs::read_to_string(&own) {
            Ok(text) => {
                let differs = differences(&parse_text(&text, &own)?, config);
                if !differs.is_empty() {
                    return Err(SweepError::Another { folder: path.into(), differs: differs.join("; ") });
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(write_error(path))?;
                // What another machine is about to rename is none of a stranger's files.
                let visible = |entry: &fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
                if fs::read_dir(path).map_err(write_error(path))?.flatten().any(|entry| visible(&entry)) {
                    // Another machine may have claimed it since we looked.
                    return if own.is_file() { Self::claim(path, config) } else { Err(SweepError::NotASweep(path.into())) };
                }
                replace(&own, &config.to_toml()).map_err(write_error(&own))?;
            }
            Err(e) => return Err(write_error(&own)(e)),
        }
        let points = this.path.join("points");
        fs::create_dir_all(&points).map_err(write_error(&points))?;
        Ok(this)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run directory of this name.
    pub fn run(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Something of that run outside of its directory: `toml` is its config, `log` what it said.
    pub fn beside(&self, name: &str, ending: &str) -> PathBuf {
        self.path.join("points").join(format!("{name}.{ending}"))
    }

    pub fn state(&self, name: &str, measured: bool) -> State {
        let run = self.run(name);
        let summary = fs::read(run.join("summary.json")).ok().and_then(|text| serde_json::from_slice::<Summary>(&text).ok());
        if summary.is_some_and(|s| s.outcome == "done") {
            return if measured && !run.join("eval.json").is_file() { State::Unmeasured } else { State::Done };
        }
        let mut checkpoints = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten();
        let whole = checkpoints.any(|entry| entry.path().extension().is_some_and(|e| e == "safetensors"));
        if whole && RunDir::existing(&run).is_ok() { State::Half } else { State::Missing }
    }

    /// Takes away what was left of a run that had no checkpoint yet: it begins anew, with the same numbers.
    pub fn clear(&self, name: &str) -> io::Result<()> {
        match fs::remove_dir_all(self.run(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// The run of this name, if it has ended by itself: all its steps done, or its loss not finite. Of its rows only the last are
    /// kept, since that is what the table asks for.
    pub fn ended(&self, name: &str) -> Option<SavedRun> {
        let mut run = SavedRun::open(&self.run(name)).ok()?;
        let by_itself = |summary: &Summary| !summary.outcome.starts_with("stopped: signal");
        if !run.summary.as_ref().is_some_and(by_itself) {
            return None;
        }
        run.steps.drain(..run.steps.len().saturating_sub(1));
        run.probes.drain(..run.probes.len().saturating_sub(1));
        Some(run)
    }

    pub fn write_table(&self, table: &Table) -> Result<(), SweepError> {
        let path = self.path.join("table.csv");
        replace(&path, &table.csv()).map_err(write_error(&path))
    }

    pub fn write_config(&self, name: &str, config: &Config) -> Result<PathBuf, SweepError> {
        let path = self.beside(name, "toml");
        replace(&path, &config.to_toml()).map_err(write_error(&path))?;
        Ok(path)
    }
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> SweepError {
    move |e| SweepError::Write { path: path.into(), reason: e.to_string() }
}

/// In what the sweep of the folder is another than the one asked for. Where and on what it runs may change.
fn differences(there: &Config, here: &Config) -> Vec<String> {
    let changes = diff(there, here, Source::File).into_iter().filter(|c| !c.key.starts_with("run.") && c.key != "data.dir");
    let mut found: Vec<String> = changes.map(|c| format!("{} is {} there and {} here", c.key, c.from, c.to)).collect();
    let none = Sweep::default();
    let (there, here) = (there.sweep.as_ref().unwrap_or(&none), here.sweep.as_ref().unwrap_or(&none));
    let parts = [
        ("seeds", there.seeds == here.seeds),
        ("grid", there.grid == here.grid),
        ("list", there.list == here.list),
        ("eval", there.eval == here.eval),
    ];
    found.extend(parts.iter().filter(|(_, same)| !same).map(|(part, _)| format!("sweep.{part} is another there")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> Config {
        parse_text(text, "a.toml".as_ref()).unwrap()
    }

    #[test]
    fn a_folder_is_one_sweeps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/sweep");
        let config = sweep("seed = 3\n[sweep]\nseeds = [0, 1]\ngrid = { \"optim.lr\" = [0.1, 0.2] }");
        Folder::claim(&path, &config).unwrap();
        Folder::claim(&path, &config).unwrap();
        let mut elsewhere = config.clone();
        (elsewhere.run.threads, elsewhere.data.dir) = (7, "/data".into());
        Folder::claim(&path, &elsewhere).unwrap();
        let other = sweep("seed = 4\n[sweep]\nseeds = [0, 1, 2]\ngrid = { \"optim.lr\" = [0.1, 0.2] }");
        let error = Folder::claim(&path, &other).unwrap_err().to_string();
        assert!(error.contains("seed is 3 there and 4 here; sweep.seeds is another there"), "{error}");
        assert!(!error.contains("grid"), "{error}");
    }

    #[test]
    fn a_strangers_folder_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".sweep.toml.1.tmp"), "").unwrap();
        Folder::claim(dir.path(), &sweep("[sweep]")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("notes"), "").unwrap();
        let error = Folder::claim(dir.path(), &sweep("[sweep]")).unwrap_err();
        assert!(matches!(error, SweepError::NotASweep(_)), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_run_is_as_far_as_its_files_say() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(&dir.path().join("s"), &sweep("[sweep]")).unwrap();
        let state = || folder.state("a", true);
        assert_eq!(state(), State::Missing);
        let run = folder.run("a");
        fs::create_dir_all(run.join("checkpoints")).unwrap();
        fs::write(run.join("config.toml"), "").unwrap();
        fs::write(run.join("checkpoints/.step-00000002.tmp"), "").unwrap();
        assert_eq!(state(), State::Missing, "there is nothing to go on from");
        fs::write(run.join("checkpoints/step-00000002.safetensors"), "").unwrap();
        assert_eq!(state(), State::Half);
        let summary = include_str!("../../tests/fixtures/run/summary.json");
        let outcome = |text: &str| {
            let mut summary: Summary = serde_json::from_str(summary).unwrap();
            summary.outcome = text.into();
            fs::write(run.join("summary.json"), serde_json::to_string(&summary).unwrap()).unwrap();
        };
        outcome("stopped: signal(15)");
        assert_eq!((state(), folder.ended("a").is_some()), (State::Half, false));
        outcome("stopped: the objective is not finite");
        assert_eq!((state(), folder.ended("a").is_some()), (State::Half, true));
        outcome("done");
        assert_eq!((state(), folder.state("a", false)), (State::Unmeasured, State::Done));
        fs::write(run.join("eval.json"), "{}").unwrap();
        assert_eq!(state(), State::Done);
        folder.clear("a").unwrap();
        folder.clear("a").unwrap();
        assert_eq!(state(), State::Missing);
    }
}
