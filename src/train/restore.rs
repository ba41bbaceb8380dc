//! A trainer's state as the tensors of a checkpoint, and back: what does not fit is named with both shapes.

use std::{path::Path, sync::Arc};

use candle_core::Tensor;

use super::{
    checkpoint::{CheckpointError, Saved},
    describe::belongs_to_start,
    term_estimator::{TermEstimator, TermEstimators},
    trainer::{TrainError, Trainer},
};
use crate::{
    config::{Config, OnSwap, Source, diff, is_live},
    record::PerTerm,
};

/// The keys that shape networks.
const SHAPING: &[&str] = &[
    "encoder.kind",
    "encoder.width",
    "encoder.fc",
    "encoder.code",
    "critic.units",
    "critic.hidden",
    "critic.norm",
    "objective.global.layer",
    "gaussian.dimension",
    "gaussian.critic",
];

impl Trainer {
    /// Every tensor of the state, by name.
    pub(super) fn tensors(&self) -> Result<Vec<(String, Tensor)>, TrainError> {
        let mut all: Vec<(String, Tensor)> =
            self.networks.tensors().into_iter().map(|(name, var)| (name, var.as_tensor().clone())).collect();
        all.extend(self.adam.state()?.into_iter().map(|(name, t)| (format!("adam/{name}"), t)));
        all.extend(self.adam_prior.state()?.into_iter().map(|(name, t)| (format!("adam_prior/{name}"), t)));
        for (term, estimator) in terms(&self.estimators) {
            let tensors = estimator.tensors(&self.device)?;
            all.extend(tensors.into_iter().map(|(name, t)| (format!("estimator/{term}.{name}"), t)));
        }
        Ok(all)
    }

    /// Takes over a checkpoint's state, which belongs to the settings `then`, and puts `config` in force. The trainer must have been made
    /// for settings that differ from both in live keys only. If it fails, another checkpoint may be tried.
    pub fn restore(&mut self, saved: &Saved, then: Arc<Config>, config: Arc<Config>) -> Result<(), TrainError> {
        // Whatever estimators and critics are there now makes way.
        let mut before = (*then).clone();
        before.objective.on_swap = OnSwap::Keep;
        self.apply(Arc::new(before))?;
        self.restore_networks(saved, &then, &config)?;
        self.adam.load(&saved.part("adam/"))?;
        self.adam_prior.load(&saved.part("adam_prior/"))?;
        let device = &self.device;
        let (global, local) = (&mut self.estimators.global, &mut self.estimators.local);
        for (term, estimator) in [("global", global), ("local", local)] {
            let find = |name: &str| saved.tensors.get(&format!("estimator/{term}.{name}"));
            estimator.restore(|name| find(name).map(|t| t.to_device(device)).transpose())?;
        }
        // Scores of steps that no longer count.
        self.newest = PerTerm { global: None, local: None };
        self.step = saved.step;
        self.examples_seen = saved.examples_seen;
        self.attempt = saved.attempt;
        self.apply(config)
    }

    /// Sets every parameter and statistic from the tensor of its name; each tensor must have its place, and its moments the same shape.
    fn restore_networks(&mut self, saved: &Saved, then: &Config, config: &Config) -> Result<(), TrainError> {
        let names = saved.tensors.keys().map(String::as_str).filter(|n| !n.contains('/')).collect();
        self.networks.match_saved(&names, then)?;
        let here = self.networks.tensors();
        if let Some(name) = names.iter().find(|name| here.iter().all(|(known, _)| known != *name)) {
            let step = saved.step;
            return Err(TrainError::Invalid(format!(
                "the checkpoint of step {step} has a tensor '{name}' that has no place here"
            )));
        }
        for (name, var) in here {
            let fitting = |name: &str| saved.tensors.get(name).filter(|t| t.shape() == var.shape());
            let tensor = fitting(&name).ok_or_else(|| saved.misfit(&name, var.dims(), config))?;
            for moment in ["adam", "adam_prior"].iter().flat_map(|a| ["m", "v"].map(|m| format!("{a}/{name}.{m}"))) {
                if saved.tensors.contains_key(&moment) && fitting(&moment).is_none() {
                    return Err(saved.misfit(&moment, var.dims(), config));
                }
            }
            var.set(&tensor.to_device(&self.device)?)?;
        }
        Ok(())
    }
}

fn terms(e: &TermEstimators) -> [(&'static str, &TermEstimator); 2] {
    [("global", &e.global), ("local", &e.local)]
}

impl Saved {
    /// Says that the tensor of this name does not fit, or is missing, where `shape` is wanted; and in which keys the networks differ.
    pub(super) fn misfit(&self, name: &str, shape: &[usize], config: &Config) -> TrainError {
        let step = self.step;
        let Some(tensor) = self.tensors.get(name) else {
            return TrainError::Invalid(format!("the checkpoint of step {step} has no tensor '{name}', here it is {shape:?}"));
        };
        let value = |of: &Config, key: &str| match key {
            // What `auto` means.
            "encoder.kind" => Some(of.resolved_encoder().name().into()),
            _ => of.get(key),
        };
        let keys = SHAPING.iter().filter_map(|key| {
            let (there, here) = (value(&self.config, key)?, value(config, key)?);
            (there != here).then(|| format!("; {key} is {there} there and {here} here"))
        });
        TrainError::Invalid(format!(
            "'{name}' is {:?} in the checkpoint of step {step} and {shape:?} here{}",
            tensor.dims(),
            keys.collect::<String>()
        ))
    }

    /// Refuses a checkpoint of another run: one whose settings differ in a key that is fixed for a run. Where the data lie and on
    /// what it is computed may differ.
    pub(super) fn check_same_run(&self, config: &Config, path: &Path) -> Result<(), CheckpointError> {
        let differing = diff(&self.config, config, Source::Set);
        let fixed = |key: &str| !is_live(key) && !belongs_to_start(key) && key != "schedule";
        let Some(change) = differing.into_iter().find(|c| fixed(&c.key)) else { return Ok(()) };
        Err(CheckpointError::Foreign {
            path: path.into(),
            reason: format!("it is of another run: {} is {} there and {} here", change.key, change.from, change.to),
        })
    }
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
