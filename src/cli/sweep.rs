//! `dim-tui --batch` with a config that has a `[sweep]`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use dim_tui::{
    config::Config,
    sweep::{self, Asked, Shard, SweepError},
};

use super::{BAD_USAGE, FAILED, Failure, RunArgs, with_threads};

#[derive(Debug, Args)]
pub struct SweepArgs {
    /// Runs of a [sweep] at a time; they share the threads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Only every N-th run of a [sweep], beginning with the I-th
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Standard input says when to stop (a sweep begins its runs so)
    #[arg(long, hide = true)]
    pub led: bool,
}

impl RunArgs {
    /// The config file that this goes on with: of a run, or of a sweep.
    pub fn own_config(run: &Path) -> anyhow::Result<PathBuf> {
        let sweep = sweep::sweep_file(run);
        let plain = || Ok(dim_tui::record::RunDir::existing(run)?.path().join("config.toml"));
        if sweep.is_file() { Ok(sweep) } else { plain() }
    }

    /// The sweep these flags ask for; `None` if it is a single run.
    ///
    /// # Errors
    /// Everything here is the user's to mend (exit code 2).
    pub fn sweep(&self, config: &Config) -> anyhow::Result<Option<Asked>> {
        let flag = [("--jobs", self.sweep.jobs.is_some()), ("--shard", self.sweep.shard.is_some())];
        let flag = flag.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        if config.sweep.is_none() || !self.batch {
            if let Some(resumed) = self.resume.as_ref().filter(|_| config.sweep.is_some()) {
                bail!("{} is a sweep: it goes on with --batch", resumed.display());
            }
            let why = if self.batch { "this config has no [sweep]" } else { "sweeps run under --batch" };
            return flag.map_or(Ok(None), |flag| Err(anyhow!("{flag} is for sweeps: {why}")));
        }
        let beside = self.config.as_ref().and_then(|file| file.parent());
        Ok(Some(Asked {
            config: match beside {
                Some(folder) => sweep::with_scripts_of(folder, config.clone()),
                None => config.clone(),
            },
            out: self.resume.clone().or_else(|| self.out.clone()),
            jobs: self.sweep.jobs.unwrap_or(1).into(),
            threads: with_threads(config.clone()).run.threads,
            shard: self.sweep.shard.unwrap_or_default(),
            program: std::env::current_exe().context("this program's own file cannot be found")?,
        }))
    }
}

/// Runs it.
pub fn run(asked: Asked) -> Result<i32, Failure> {
    sweep::run(asked).map_err(|e| {
        let failed = match &e {
            SweepError::Signals(_) | SweepError::Write { .. } => true,
            SweepError::Record(e) => !e.is_usage(),
            _ => false,
        };
        (if failed { FAILED } else { BAD_USAGE }, e.into())
    })
}
