//! A fork: a run that begins with the state of another run's checkpoint, under settings of its own (`start.checkpoint`).
//!
//! Settings that differ from those the state was made under count as if they had been changed before the next step, so that
//! `objective.on_swap` decides what another estimator does to the critics. Entries of the schedule up to the checkpoint's step
//! are behind: they are left out, and what they would have set is the config's own affair.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    checkpoint::{self, CheckpointError, Header},
    job::Job,
};
use crate::{
    config::{Config, Gaussian},
    record::{RecordError, RunDir},
};

/// The checkpoint that a run begins with.
#[derive(Debug)]
pub(super) struct Fork {
    /// Absolute.
    pub path: PathBuf,
    pub header: Header,
    /// Newer ones of its run that could not be used.
    pub faults: Vec<CheckpointError>,
}

impl Fork {
    /// The one that `config` names, if it names one. A relative path is looked for in these folders, in this order.
    pub fn find(config: &Config, folders: &[PathBuf]) -> Result<Option<Self>, String> {
        let asked = &config.start.checkpoint;
        if asked.as_os_str().is_empty() {
            return Ok(None);
        }
        let fault = |e: &dyn std::fmt::Display| format!("start.checkpoint: {e}");
        // An absolute path stays what it is when it is joined to a folder.
        let there = folders.iter().map(|folder| folder.join(asked)).find(|path| path.exists());
        let (found, faults) = checkpoint::locate(there.as_deref().unwrap_or(asked)).map_err(|e| fault(&e))?;
        let path = std::path::absolute(found).map_err(|e| fault(&e))?;
        let header = checkpoint::header(&path).map_err(|e| fault(&e))?;
        Ok(Some(Self { path, header, faults }))
    }

    /// The run directory that it lies in: its scripts are there.
    pub fn run(&self) -> PathBuf {
        RunDir::of_checkpoint(&self.path)
    }

    /// `config` as the new run has it: the checkpoint by the name of the run's own copy, without what is behind in the schedule.
    pub fn settled(&self, mut config: Config) -> Result<Config, String> {
        let (step, then) = (self.header.step, &self.header.config);
        if then.has_encoder() != config.has_encoder() {
            let names = (&then.data.name, &config.data.name);
            return Err(format!(
                "start.checkpoint: it was made with data.name = {:?}, which {:?} cannot follow",
                names.0, names.1
            ));
        }
        if config.optim.epochs == 0 && config.optim.steps < step {
            let steps = config.optim.steps;
            return Err(format!(
                "optim.steps = {steps}, but start.checkpoint is of step {step} and steps count on from there: ask for more than {step}"
            ));
        }
        config.start.checkpoint = RunDir::START.into();
        config.schedule.retain(|entry| entry.at > step);
        // The rollbacks behind the checkpoint are behind the run.
        config.schedule.iter_mut().for_each(|entry| entry.attempt = entry.attempt.max(self.header.attempt));
        config.schedule.sort_by_key(|entry| (entry.attempt, entry.at));
        Ok(config)
    }

    /// Keeps a copy in the run's directory.
    pub fn keep_in(&self, dir: &RunDir) -> Result<(), RecordError> {
        dir.keep_start(&self.path)
    }

    /// Puts its state into a job made for the run's settings.
    pub fn take_over(&self, job: &mut dyn Job) -> Result<(), String> {
        let fault = |e: &dyn std::fmt::Display| format!("start.checkpoint: {e}");
        let saved = checkpoint::read(&self.path).map_err(|e| fault(&e))?;
        let config = job.config().clone();
        let then = job.scripts().pin_config(state_of(&saved.config, &config))?;
        job.restore(&saved, Arc::new(then), config).map_err(|e| fault(&e))
    }

    /// Where the state was made: the parent's checkpoint, as an absolute path.
    pub fn made_at(&self) -> PathBuf {
        crate::record::made_at(Path::new(&self.path))
    }
}

/// The settings that a state made under `then` belongs to, as far as a run with the networks and data of `config` has them.
fn state_of(then: &Config, config: &Config) -> Config {
    let mut state = Config { objective: then.objective.clone(), ..config.clone() };
    state.objective.global.layer = config.objective.global.layer;
    state.gaussian = Gaussian { dimension: config.gaussian.dimension, critic: config.gaussian.critic, ..then.gaussian.clone() };
    state
}
