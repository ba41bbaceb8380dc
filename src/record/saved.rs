//! A run directory read back: what reports, pictures and comparisons begin with.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{JournalKind, JournalRow, ProbeRow, RecordError, RunDir, StepRow, Summary, cut::read_rows};
use crate::config::{Config, parse_state};

/// A recorded run, finished or not. A killed one lacks its summary; rows that were torn are left out.
#[derive(Debug, Clone)]
pub struct SavedRun {
    pub path: PathBuf,
    /// What it began with.
    pub config: Config,
    pub steps: Vec<StepRow>,
    pub probes: Vec<ProbeRow>,
    pub journal: Vec<JournalRow>,
    pub summary: Option<Summary>,
    /// What `dim-tui eval --json` wrote into the run as `eval.json`, if it did.
    pub eval: Option<serde_json::Value>,
}

impl SavedRun {
    /// Reads the run in `path`.
    ///
    /// # Errors
    /// If it is no run, or its files cannot be read.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let dir = RunDir::existing(path)?;
        let at = |name: &str| dir.path().join(name);
        let read = |name: &str| fs::read_to_string(at(name)).map_err(RecordError::read(at(name)));
        let config = parse_state(&read("config.toml")?, &at("config.toml"))?;
        let rows = |name: &str| RecordError::read(at(name));
        Ok(Self {
            config,
            steps: read_rows(&at("metrics.jsonl")).map_err(rows("metrics.jsonl"))?,
            probes: read_rows(&at("probes.jsonl")).map_err(rows("probes.jsonl"))?,
            journal: read_rows(&at("journal.jsonl")).map_err(rows("journal.jsonl"))?,
            summary: optional(&at("summary.json"))?,
            eval: optional(&at("eval.json"))?,
            path: dir.path().into(),
        })
    }

    /// The last part of its path.
    pub fn name(&self) -> String {
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        absolute.file_name().map_or_else(|| self.path.display().to_string(), |n| n.to_string_lossy().into_owned())
    }

    /// The last step it has done, as far as its files say.
    pub fn last_step(&self) -> u64 {
        let rows = self.steps.last().map(|r| r.step).into_iter().chain(self.probes.last().map(|r| r.step));
        rows.chain(self.summary.as_ref().map(|s| s.steps)).max().unwrap_or(0)
    }

    /// The configuration it ended with: that of its beginning with the journal's changes.
    pub fn config_at_end(&self) -> Config {
        config_after(&self.config, &self.journal)
    }
}

/// `config` with the journal's changes.
pub fn config_after(config: &Config, journal: &[JournalRow]) -> Config {
    let edit = |row: &JournalRow| row.key.clone().zip(row.to.clone().and_then(|v| toml::Value::try_from(v).ok()));
    let edits: Vec<_> = journal.iter().filter(|r| r.kind == JournalKind::Change).filter_map(edit).collect();
    let newest: BTreeMap<String, toml::Value> = edits.iter().cloned().collect();
    // All at once is as good as one by one, and much quicker; a change that this program does not know is left out.
    let all = config.with(&newest.into_iter().collect::<Vec<_>>());
    all.unwrap_or_else(|_| edits.into_iter().fold(config.clone(), |config, edit| config.with(&[edit]).unwrap_or(config)))
}

/// The runs under `path`, in order of name: itself, if it is one, else the folders in it that are (a sweep, or `runs/`).
///
/// # Errors
/// If the folder cannot be read.
pub fn find_runs(path: &Path) -> Result<Vec<PathBuf>, RecordError> {
    if RunDir::existing(path).is_ok() {
        return Ok(vec![path.into()]);
    }
    let entries = fs::read_dir(path).map_err(RecordError::read(path))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| RunDir::existing(p).is_ok()).collect();
    found.sort();
    Ok(found)
}

/// A JSON file; `None` if it is missing or, as one torn by a crash, none of the kind.
fn optional<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(RecordError::read(path)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run")
    }

    #[test]
    fn a_run_is_read_whole() {
        let run = SavedRun::open(&fixture()).unwrap();
        assert_eq!(run.name(), "run");
        assert_eq!(run.steps.len(), 200);
        assert_eq!(run.last_step(), run.summary.as_ref().unwrap().steps);
        assert!(run.eval.is_none() && run.probes.iter().any(|p| p.step == 0));
        let changed = run.journal.iter().rfind(|r| r.kind == JournalKind::Change).unwrap();
        let (key, to) = (changed.key.as_deref().unwrap(), changed.to.clone().unwrap());
        assert_eq!(run.config_at_end().get(key).unwrap(), toml::Value::try_from(to).unwrap());
    }

    #[test]
    fn a_killed_run_is_read_as_far_as_it_goes() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("killed");
        fs::create_dir(&path).unwrap();
        fs::copy(fixture().join("config.toml"), path.join("config.toml")).unwrap();
        fs::write(path.join("summary.json"), "{\"version\":\"0.1").unwrap();
        let rows = fs::read_to_string(fixture().join("metrics.jsonl")).unwrap();
        fs::write(path.join("metrics.jsonl"), &rows[..rows.len() - 10]).unwrap();
        let run = SavedRun::open(&path).unwrap();
        assert_eq!((run.steps.len(), run.probes.len(), run.summary.is_none()), (199, 0, true));
        assert_eq!(run.last_step(), run.steps[198].step);
        // Its folder holds one run; a file beside it is none.
        fs::write(base.path().join("notes"), "").unwrap();
        assert_eq!(find_runs(base.path()).unwrap(), std::slice::from_ref(&path));
        assert_eq!(find_runs(&path).unwrap(), [path]);
    }

    #[test]
    fn what_is_no_run_is_refused() {
        let base = tempfile::tempdir().unwrap();
        assert!(SavedRun::open(base.path()).unwrap_err().to_string().contains("is not a run"));
        let error = find_runs(&base.path().join("none")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read ") && error.contains("none"), "{error}");
    }
}
