//! What the training thread trains, as far as the thread needs to know.

use std::sync::Arc;

use candle_core::Tensor;

use super::{
    Facts, Gallery, Portrait, Readings, Scripts, StepOutcome, TrainError, Trainer, Vitals, Wanted, checkpoint::Saved, describe,
};
use crate::{
    config::Config,
    eval::ProbeInput,
    record::{PerTerm, Picture},
};

/// Deep InfoMax on images ([`Trainer`]), or estimators on pairs of known information ([`super::Arena`]).
pub trait Job {
    /// The configuration in force.
    fn config(&self) -> &Arc<Config>;
    /// Those that a configuration may name.
    fn scripts(&mut self) -> &mut Scripts;
    fn steps_done(&self) -> u64;
    /// Images or pairs seen so far.
    fn examples_seen(&self) -> u64;
    /// Rollbacks so far: repeated steps draw anew.
    fn attempt(&self) -> u64;
    fn set_attempt(&mut self, attempt: u64);
    /// Passes over the training images; 0 where there are none.
    fn epoch(&self) -> f64;
    /// Steps this run has in all.
    fn total_steps(&self) -> u64;
    /// Puts `config`, which differs in live keys only, in force for the next step.
    fn apply(&mut self, config: Arc<Config>) -> Result<(), TrainError>;
    /// One step. One that is not finite, or fails, leaves no trace.
    fn step(&mut self) -> Result<StepOutcome, TrainError>;
    /// Makes an untrained encoder fit to be probed.
    fn warm_up(&mut self) -> Result<(), TrainError>;
    /// What a probe of the present state is fitted on; `None` if there is no encoder to probe.
    fn probe_input(&self) -> Result<Option<ProbeInput>, TrainError>;
    /// The images of the first step as the encoder sees them; none where there are none.
    fn first_images(&mut self) -> Result<Option<Picture>, TrainError>;
    /// False where there is nothing to probe.
    fn has_encoder(&self) -> bool;
    /// Steps between probes; 0: never.
    fn probe_every(&self) -> u64;
    /// What all estimators make of the newest scores.
    fn readings(&self) -> Result<PerTerm<Readings>, TrainError>;
    /// The codes of held-out images, and what there is to see of one; `None` without an encoder.
    fn portrait(&self, picked: usize, before: Option<&Portrait>) -> Result<Option<Portrait>, TrainError>;
    /// Images of the data set; `None` where there are none.
    fn gallery(&self, wanted: Wanted) -> Result<Option<Gallery>, TrainError>;
    /// How the terms pull at the code, and how it spreads; `None` before the first step, and without an encoder.
    fn vitals(&self) -> Result<Option<Vitals>, TrainError>;
    /// Every tensor of the state, by name.
    fn tensors(&self) -> Result<Vec<(String, Tensor)>, TrainError>;
    /// Takes over a checkpoint's state, which belongs to the settings `then`, and puts `config`, which differs in live keys only,
    /// in force. If it fails, another checkpoint may be tried.
    fn restore(&mut self, saved: &Saved, then: Arc<Config>, config: Arc<Config>) -> Result<(), TrainError>;
    /// What does not change during a run; run directory and device are left to the caller.
    fn facts(&self) -> Facts;
}

impl Job for Trainer {
    fn config(&self) -> &Arc<Config> {
        &self.config
    }

    fn scripts(&mut self) -> &mut Scripts {
        &mut self.scripts
    }

    fn steps_done(&self) -> u64 {
        self.step
    }

    fn examples_seen(&self) -> u64 {
        self.examples_seen
    }

    fn attempt(&self) -> u64 {
        self.attempt
    }

    fn set_attempt(&mut self, attempt: u64) {
        self.attempt = attempt;
    }

    fn epoch(&self) -> f64 {
        Trainer::epoch(self)
    }

    fn total_steps(&self) -> u64 {
        Trainer::total_steps(self)
    }

    fn apply(&mut self, config: Arc<Config>) -> Result<(), TrainError> {
        Trainer::apply(self, config)
    }

    fn step(&mut self) -> Result<StepOutcome, TrainError> {
        Trainer::step(self)
    }

    fn warm_up(&mut self) -> Result<(), TrainError> {
        self.warm_statistics().map_err(|e| self.told(e))
    }

    fn probe_input(&self) -> Result<Option<ProbeInput>, TrainError> {
        Trainer::probe_input(self).map(Some).map_err(|e| self.told(e))
    }

    fn first_images(&mut self) -> Result<Option<Picture>, TrainError> {
        Trainer::first_images(self).map(Some)
    }

    fn has_encoder(&self) -> bool {
        true
    }

    fn probe_every(&self) -> u64 {
        self.config.probe.every
    }

    fn readings(&self) -> Result<PerTerm<Readings>, TrainError> {
        Trainer::readings(self)
    }

    fn portrait(&self, picked: usize, before: Option<&Portrait>) -> Result<Option<Portrait>, TrainError> {
        Trainer::portrait(self, picked, before)
    }

    fn gallery(&self, wanted: Wanted) -> Result<Option<Gallery>, TrainError> {
        Trainer::gallery(self, wanted)
    }

    fn vitals(&self) -> Result<Option<Vitals>, TrainError> {
        Trainer::vitals(self)
    }

    fn tensors(&self) -> Result<Vec<(String, Tensor)>, TrainError> {
        Trainer::tensors(self)
    }

    fn restore(&mut self, saved: &Saved, then: Arc<Config>, config: Arc<Config>) -> Result<(), TrainError> {
        Trainer::restore(self, saved, then, config)
    }

    fn facts(&self) -> Facts {
        describe::facts(self)
    }
}
