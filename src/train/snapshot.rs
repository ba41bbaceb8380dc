//! The trainer's state as a front end may see it: latest wins, published between steps, plain data only.

use std::{path::PathBuf, sync::Arc};

use super::{Gallery, Portrait, Readings, Vitals};
use crate::{
    config::{Config, ScriptInForce},
    device::Usage,
    record::{PerTerm, ProbeRow, StepRow},
};

/// What the trainer is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Before the first step, with what is being done ("reading CIFAR-10 from …").
    Starting(String),
    Training,
    /// Paused by the user, or by a policy with its reason.
    Paused(Option<String>),
    /// Training waits for the previous probe to finish fitting.
    WaitingForProbe,
    /// All steps are done; more can be asked for by raising `optim.steps`.
    Finished,
    /// Writing the last checkpoint and records.
    Stopping,
    /// The thread has ended.
    Ended,
    /// The thread has failed, with the reason.
    Failed(String),
}

/// Facts that do not change during a run, for the header.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// e.g. "shapes: 8192 train, 2048 test, 32×32×3, 10 classes".
    pub data: String,
    /// e.g. "conv32 ×32 → 64".
    pub encoder: String,
    /// e.g. "cpu".
    pub device: String,
    /// Why this device.
    pub device_reason: String,
    pub threads: usize,
    pub train_images: usize,
    pub classes: Vec<String>,
    /// Trainable parameters of encoder, critics and discriminator.
    pub parameters: usize,
    pub run_dir: PathBuf,
}

/// One published state.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub phase: Phase,
    pub facts: Arc<Facts>,
    /// The configuration in force.
    pub config: Arc<Config>,
    /// The scripts it names.
    pub scripts: Arc<Vec<ScriptInForce>>,
    /// Steps done.
    pub step: u64,
    /// Steps this run has in all.
    pub steps: u64,
    /// Passes over the training images done.
    pub epoch: f64,
    /// Training time, pauses excluded, seconds.
    pub seconds: f64,
    pub steps_per_second: f64,
    pub last: Option<Arc<StepRow>>,
    pub probe: Option<Arc<ProbeRow>>,
    /// That of step 0: of the encoder before any training.
    pub untrained: Option<Arc<ProbeRow>>,
    /// The step whose probe is being fitted now.
    pub probing: Option<u64>,
    /// All estimators on the newest scores, while [`super::Command::Watch`] asks for them.
    pub readings: PerTerm<Arc<Readings>>,
    /// The codes of held-out images, likewise.
    pub portrait: Option<Arc<Portrait>>,
    /// Images of the data set, likewise.
    pub gallery: Option<Arc<Gallery>>,
    /// How the terms pull at the code, measured every now and then; never under `--batch`.
    pub vitals: Option<Arc<Vitals>>,
    /// How busy the GPU is, where one computes and tells.
    pub gpu: Option<Usage>,
}

impl Snapshot {
    /// The state before the thread has done anything.
    pub fn starting(config: Arc<Config>) -> Self {
        Self {
            phase: Phase::Starting("starting".into()),
            facts: Arc::default(),
            steps: config.optim.steps,
            config,
            scripts: Arc::default(),
            step: 0,
            epoch: 0.0,
            seconds: 0.0,
            steps_per_second: 0.0,
            last: None,
            probe: None,
            untrained: None,
            probing: None,
            readings: PerTerm { global: None, local: None },
            portrait: None,
            gallery: None,
            vitals: None,
            gpu: None,
        }
    }
}
