//! What there is to say of a run without reading all of it: from its config, its journal and the ends of its long files.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{JournalKind, JournalRow, ProbeRow, RecordError, RunDir, cut::read_rows, saved::config_after};
use crate::config::{Config, parse_state};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// All its steps are done.
    Done,
    /// Ended before its last step, by a user or a signal.
    Stopped,
    /// Ended by a non-finite objective or gradient.
    Nonfinite,
    /// A process writes to it now.
    Running,
    /// No process writes to it, and its journal has no end: it was killed, or failed.
    Killed,
}

/// A run in a few lines.
#[derive(Debug, Clone)]
pub struct Brief {
    pub path: PathBuf,
    /// What was in force at its end, as far as its journal says.
    pub config: Config,
    /// The last step that its files tell of.
    pub step: u64,
    /// The newest probe.
    pub probe: Option<ProbeRow>,
    pub state: RunState,
}

#[derive(Deserialize)]
struct Stepped {
    step: u64,
}

impl Brief {
    /// Reads what there is to say of the run in `path`.
    ///
    /// # Errors
    /// If it is no run, or its files cannot be read.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let dir = RunDir::existing(path)?;
        let at = |name: &str| dir.path().join(name);
        let failed = |name: &str| RecordError::read(at(name));
        let text = fs::read_to_string(at("config.toml")).map_err(failed("config.toml"))?;
        let journal: Vec<JournalRow> = read_rows(&at("journal.jsonl")).map_err(failed("journal.jsonl"))?;
        let config = config_after(&parse_state(&text, &at("config.toml"))?, &journal);
        let last: Option<Stepped> = last_row(&at("metrics.jsonl")).map_err(failed("metrics.jsonl"))?;
        let probe: Option<ProbeRow> = last_row(&at("probes.jsonl")).map_err(failed("probes.jsonl"))?;
        let steps = last.map(|row| row.step).into_iter().chain(probe.as_ref().map(|row| row.step));
        let step = steps.chain(end(&journal).map(|row| row.step)).max().unwrap_or(0);
        let state = state(&journal, || is_locked(&at("config.toml")), config.optim.epochs == 0 && step >= config.optim.steps);
        Ok(Self { path: path.into(), config, step, probe, state })
    }
}

/// When the run in `path` began, RFC 3339 UTC: from the first line of its journal.
pub fn begun(path: &Path) -> Option<String> {
    let mut line = String::new();
    // A line longer than any start of a run is none.
    BufReader::new(File::open(path.join("journal.jsonl")).ok()?.take(1 << 16)).read_line(&mut line).ok()?;
    serde_json::from_str::<JournalRow>(&line).ok().map(|row| row.time)
}

/// The row of its end, unless it was resumed since then.
fn end(journal: &[JournalRow]) -> Option<&JournalRow> {
    let turn = |row: &&JournalRow| matches!(row.kind, JournalKind::Start | JournalKind::Resumed | JournalKind::End);
    journal.iter().rev().find(turn).filter(|row| row.kind == JournalKind::End)
}

fn state(journal: &[JournalRow], locked: impl Fn() -> bool, complete: bool) -> RunState {
    match end(journal).map(|row| row.reason.as_deref().unwrap_or_default()) {
        None if locked() => RunState::Running,
        None => RunState::Killed,
        Some("done") => RunState::Done,
        // The workbench waits after the last step until it is left.
        Some("stopped: quit" | "stopped: restart") if complete => RunState::Done,
        Some("stopped: quit" | "stopped: restart") => RunState::Stopped,
        Some(reason) if reason.starts_with("stopped: signal(") => RunState::Stopped,
        Some(_) => RunState::Nonfinite,
    }
}

/// True if a process has claimed the run: see [`super::Recorder`]. File systems without locks cannot tell.
fn is_locked(config: &Path) -> bool {
    File::open(config).is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// Bytes from the end in which the last row is looked for first, and at most.
const TAIL: (u64, u64) = (1 << 14, 1 << 22);

/// The last whole row of a file, read from its end. `None` if there is no file, or no such row near its end.
fn last_row<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let length = file.metadata()?.len();
    let mut reach = TAIL.0;
    loop {
        let from = length.saturating_sub(reach);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        (&mut file).take(reach).read_to_end(&mut bytes)?;
        // What the piece begins with is the rest of a row, unless it is the whole file.
        let whole = if from == 0 { 0 } else { 1 };
        let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').skip(whole).collect();
        let found = lines.iter().rev().find_map(|line| serde_json::from_slice(line).ok());
        if found.is_some() || from == 0 || reach >= TAIL.1 {
            return Ok(found);
        }
        reach *= 16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SavedRun, journal_row};

    fn fixture() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run")
    }

    fn copy(to: &Path) {
        fs::create_dir(to).unwrap();
        for name in ["config.toml", "metrics.jsonl", "probes.jsonl", "journal.jsonl"] {
            fs::copy(fixture().join(name), to.join(name)).unwrap();
        }
    }

    #[test]
    fn it_says_what_reading_all_of_the_run_says() {
        let (brief, whole) = (Brief::read(&fixture()).unwrap(), SavedRun::open(&fixture()).unwrap());
        assert_eq!((brief.step, brief.state), (whole.last_step(), RunState::Done));
        assert_eq!(brief.config, whole.config_at_end());
        assert_eq!(brief.probe, whole.probes.last().cloned());
        assert_eq!(begun(&fixture()).unwrap(), whole.journal[0].time);
        assert_eq!(brief.config.local_estimator(), "infonce", "the estimator it ended with");
    }

    #[test]
    fn a_run_without_an_end_is_killed_unless_somebody_holds_it() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("run");
        copy(&path);
        let journal = fs::read_to_string(path.join("journal.jsonl")).unwrap();
        let without: Vec<&str> = journal.lines().filter(|l| !l.contains("\"end\"")).collect();
        fs::write(path.join("journal.jsonl"), without.join("\n") + "\n").unwrap();
        assert_eq!(Brief::read(&path).unwrap().state, RunState::Killed);
        let held = File::open(path.join("config.toml")).unwrap();
        held.try_lock().unwrap();
        assert_eq!(Brief::read(&path).unwrap().state, RunState::Running);
        // A run that ended and was resumed since then has no end either.
        let resumed = serde_json::to_string(&journal_row(400, JournalKind::Resumed)).unwrap();
        fs::write(path.join("journal.jsonl"), format!("{journal}{resumed}\n")).unwrap();
        assert_eq!(Brief::read(&path).unwrap().state, RunState::Running);
        drop(held);
        assert_eq!(Brief::read(&path).unwrap().state, RunState::Killed);
    }

    #[test]
    fn the_end_says_how_it_came() {
        let end = |reason: &str| vec![journal_row(0, JournalKind::Start), journal_row(9, JournalKind::End).reason(reason)];
        for (reason, complete, expected) in [
            ("done", false, RunState::Done),
            ("stopped: quit", false, RunState::Stopped),
            ("stopped: quit", true, RunState::Done),
            ("stopped: signal(15)", true, RunState::Stopped),
            ("stopped: the loss is NaN at step 9", false, RunState::Nonfinite),
        ] {
            assert_eq!(state(&end(reason), || false, complete), expected, "{reason}");
        }
    }

    #[test]
    fn the_last_row_is_found_behind_a_torn_one_and_however_long_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.jsonl");
        let step = |text: &str| {
            fs::write(&path, text).unwrap();
            last_row::<Stepped>(&path).unwrap().map(|row| row.step)
        };
        assert_eq!(step(""), None);
        assert_eq!(step("{\"step\":1}\n{\"step\":2}\n{\"st"), Some(2));
        let long = format!("{{\"step\":3,\"pad\":\"{}\"}}\n", "x".repeat(100_000));
        assert_eq!(step(&format!("{{\"step\":1}}\n{long}{{\"st")), Some(3));
        let many: String = (0..5000).map(|i| format!("{{\"step\":{i}}}\n")).collect();
        assert_eq!(step(&many), Some(4999));
        assert!(last_row::<Stepped>(&dir.path().join("none")).unwrap().is_none());
    }
}
