//! Sweeps: many runs that differ in some settings, each a process of its own, and the table of what came out.
//!
//! [`run`] carries out the `[sweep]` of a config in a folder of runs; what is there already is not done again. [`table`] compares
//! runs, whoever made them. Knows configurations, recorded runs, and the signals of the headless front end; no tensors, no trainer,
//! no screen.

mod child;
mod error;
mod folder;
mod measures;
mod progress;
mod runner;
mod scripts;
mod shard;
mod table;
#[cfg(test)]
mod table_tests;

use std::path::{Path, PathBuf};

pub use error::SweepError;
pub use scripts::with_scripts_of;
pub use shard::Shard;
pub use table::{Mean, Row, Table, table};

use crate::{
    batch::Signals,
    config::{Config, EvalPart},
    record::RunDir,
};
use folder::Folder;
use progress::{line, warning};
use runner::{Plan, Runner};

/// What is to be run, and how.
#[derive(Debug, Clone)]
pub struct Asked {
    /// With its sweep; `data.dir` absolute, scripts where they can be found from anywhere.
    pub config: Config,
    /// The folder of the runs; `None`: a new one under `run.dir`.
    pub out: Option<PathBuf>,
    /// Runs at a time.
    pub jobs: usize,
    /// Threads of all of them together.
    pub threads: usize,
    pub shard: Shard,
    /// `dim-tui` itself.
    pub program: PathBuf,
}

impl Asked {
    /// Threads of each run.
    fn threads_each(&self) -> usize {
        (self.threads / self.jobs.max(1)).max(1)
    }

    /// What is measured after each run.
    fn parts(&self) -> &[EvalPart] {
        self.config.sweep.as_ref().map_or(&[], |sweep| &sweep.eval)
    }
}

/// The config of the sweep in a folder, whether there is one or not.
pub fn sweep_file(folder: &Path) -> PathBuf {
    folder.join("sweep.toml")
}

/// Runs what is not done yet; gives the exit code: 0 if all runs are done, 1 if some failed, 128+n after signal n.
///
/// # Errors
/// If it cannot begin, or its folder can no longer be written to.
pub fn run(mut asked: Asked) -> Result<i32, SweepError> {
    let signals = Signals::catch().map_err(SweepError::Signals)?;
    if asked.jobs > asked.threads {
        warning(&format!("--jobs {}: only {} at a time, a thread each", asked.jobs, asked.threads));
        asked.jobs = asked.threads.max(1);
    }
    let sweep = asked.config.sweep.clone().unwrap_or_default();
    let plan = Plan { names: sweep.names(), points: sweep.points() };
    let folder = match &asked.out {
        Some(path) => Folder::claim(path, &asked.config)?,
        None => Folder::claim(RunDir::new_under(&asked.config.run.dir, "sweep")?.path(), &asked.config)?,
    };
    let part = if asked.shard == Shard::default() { String::new() } else { format!(", shard {}", asked.shard) };
    line(&format!("sweep of {} runs{part} in {}", plan.names.len(), folder.path().display()));
    Runner::new(&asked, &folder, &plan).run(&signals)
}
