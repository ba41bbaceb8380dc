//! The one who writes: a run directory and all its sinks.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    JournalRow, Picture, ProbeRow, RecordError, RunDir, Sink, StepRow, Summary,
    csv::{self, CsvFile},
    cut::{cut_back, cut_back_csv},
    error::plain,
    jsonl::{JsonLines, Rows},
    replace::replace,
    replay::Replay,
    summary::SummaryFile,
    tensorboard::EventFile,
};
use crate::config::Config;

/// Rows of steps wait at most this long in memory.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Records a run. No method blocks on a full disk or returns an error: ask [`Recorder::take_warning`] between steps.
///
/// Rows of steps are flushed once a second, as they come; every probe and every row of the journal flushes everything. A
/// trainer that waits (paused, finished) has said so in the journal or calls [`Recorder::flush`].
pub struct Recorder {
    dir: RunDir,
    sinks: Vec<Slot>,
    warnings: VecDeque<String>,
    flushed: Instant,
    /// Locked while we write here; two runs in one directory would mix their rows.
    _lock: File,
}

struct Slot {
    sink: Box<dyn Sink>,
    /// The last attempt failed, and that was told.
    failing: bool,
}

impl Recorder {
    /// Begins to record in a new directory. Writes `config.toml`, which must be resolved (absolute `data.dir`, threads,
    /// device). The journal's first row is the caller's.
    ///
    /// # Errors
    /// If the directory cannot be written to, or is another process's.
    pub fn create(dir: RunDir, config: &Config) -> Result<Self, RecordError> {
        Self::fork(dir, config, 0, 0)
    }

    /// The same for a run that begins with a state of `step` steps, made after `attempt` rollbacks.
    ///
    /// # Errors
    /// Likewise.
    pub fn fork(dir: RunDir, config: &Config, step: u64, attempt: u64) -> Result<Self, RecordError> {
        let path = dir.path().join("config.toml");
        replace(&path, &config.to_toml()).map_err(RecordError::io(&path))?;
        let replay = Replay::start(dir.path(), config, step, attempt);
        Self::open(dir, replay, config, None)
    }

    /// Goes on recording an interrupted run from the checkpoint of `step`, made after `attempt` rollbacks. Metrics and probes are cut back to it, torn last
    /// lines removed; the journal keeps all; TensorBoard gets a new file with a session marker. `config` is what is in
    /// force when training goes on.
    ///
    /// # Errors
    /// If the directory cannot be written to, is another process's, or its `replay.toml` cannot be read.
    pub fn resume(dir: RunDir, config: &Config, step: u64, attempt: u64) -> Result<Self, RecordError> {
        let lock = lock(&dir)?;
        let replay = Replay::go_on(dir.path(), config, step, attempt)?;
        for (rows, limit) in [(Rows::Metrics, Some(step)), (Rows::Probes, Some(step)), (Rows::Journal, None)] {
            let path = dir.path().join(rows.file_name());
            cut_back(&path, limit).map_err(RecordError::io(&path))?;
        }
        for table in csv::Table::ALL {
            let path = dir.path().join(table.file_name());
            cut_back_csv(&path, step).map_err(RecordError::io(&path))?;
        }
        drop(lock);
        Self::open(dir, replay, config, Some(step))
    }

    fn open(dir: RunDir, replay: Replay, config: &Config, resumed: Option<u64>) -> Result<Self, RecordError> {
        let lock = lock(&dir)?;
        let at = dir.path();
        let failed = |name: &str| RecordError::io(at.join(name));
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        for rows in [Rows::Metrics, Rows::Probes, Rows::Journal] {
            sinks.push(Box::new(JsonLines::open(at, rows).map_err(failed(rows.file_name()))?));
        }
        for table in csv::Table::ALL.into_iter().filter(|_| config.metrics.csv) {
            sinks.push(Box::new(CsvFile::open(at, table)));
        }
        sinks.push(Box::new(EventFile::create(at, config, resumed).map_err(failed("events.out.tfevents"))?));
        sinks.push(Box::new(replay));
        sinks.push(Box::new(SummaryFile { path: at.join("summary.json") }));
        let mut this = Self::over(dir, sinks, lock);
        this.flush();
        Ok(this)
    }

    fn over(dir: RunDir, sinks: Vec<Box<dyn Sink>>, lock: File) -> Self {
        let sinks = sinks.into_iter().map(|sink| Slot { sink, failing: false }).collect();
        Self { dir, sinks, warnings: VecDeque::new(), flushed: Instant::now(), _lock: lock }
    }

    /// The run directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Records a training step.
    pub fn step(&mut self, row: &StepRow) {
        self.each(|sink| sink.step(row));
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.flush();
        }
    }

    /// Records a probe, and flushes.
    pub fn probe(&mut self, row: &ProbeRow) {
        self.each(|sink| sink.probe(row));
        self.flush();
    }

    /// Records pictures, where there is a place for them.
    pub fn pictures(&mut self, step: u64, pictures: &[Picture]) {
        self.each(|sink| sink.pictures(step, pictures));
    }

    /// Records lines of the journal that belong together (the keys of one change), and flushes. Accepted changes go into
    /// `replay.toml` too.
    pub fn journal(&mut self, rows: &[JournalRow]) {
        self.each(|sink| sink.journal(rows));
        self.flush();
    }

    /// Hands all rows to the system; tries again what failed before.
    pub fn flush(&mut self) {
        self.flushed = Instant::now();
        for slot in &mut self.sinks {
            match slot.sink.flush() {
                Ok(()) => slot.failing = false,
                Err(e) => slot.failed(&e, &mut self.warnings),
            }
            let dropped = slot.sink.take_dropped();
            if dropped > 0 {
                let rows = if dropped == 1 { "1 row was".into() } else { format!("{dropped} rows were") };
                self.warnings.push_back(format!("{}: {rows} lost while there was no room", slot.sink.name()));
            }
        }
    }

    /// Training goes back to the checkpoint of `step` within this run (a rollback): rows after it are taken out again.
    pub fn rewind(&mut self, step: u64) {
        self.each(|sink| sink.rewind(step));
    }

    /// Writes `summary.json` and all that is left, and waits until it is on the disk. The error names what is lost.
    pub fn finish(&mut self, summary: &Summary) -> Result<(), String> {
        let mut lost = Vec::new();
        for slot in &mut self.sinks {
            if let Err(e) = slot.sink.finish(summary) {
                lost.push(format!("{}: {}", slot.sink.name(), plain(&e)));
            }
        }
        if lost.is_empty() { Ok(()) } else { Err(format!("{}; what was not written yet is lost", lost.join(", "))) }
    }

    /// The next thing the user should know, once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warnings.pop_front()
    }

    fn each(&mut self, mut write: impl FnMut(&mut dyn Sink) -> io::Result<()>) {
        for slot in &mut self.sinks {
            if let Err(e) = write(slot.sink.as_mut()) {
                slot.failed(&e, &mut self.warnings);
            }
        }
    }
}

impl Drop for Recorder {
    /// A trainer that fails or panics leaves its last rows behind all the same.
    fn drop(&mut self) {
        self.flush();
    }
}

impl Slot {
    fn failed(&mut self, error: &io::Error, warnings: &mut VecDeque<String>) {
        if !std::mem::replace(&mut self.failing, true) {
            let text = format!("{}: {}", self.sink.name(), plain(error));
            warnings.push_back(text + "; rows are kept in memory and written when there is room");
        }
    }
}

/// Claims the directory for this process. File systems without locks have none.
fn lock(dir: &RunDir) -> Result<File, RecordError> {
    let path = dir.path().join("config.toml");
    let file = File::open(&path).map_err(RecordError::io(&path))?;
    match file.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => Err(RecordError::InUse(dir.path().into())),
        _ => Ok(file),
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
