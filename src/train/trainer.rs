//! The state of a run and its one verb, `step`: everything a checkpoint holds, nothing of threads or files.

use std::{collections::HashMap, sync::Arc};

use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;

pub use super::error::TrainError;
use super::{
    Scripts,
    ahead::Ahead,
    learning_rate::learning_rate,
    networks::{GLOBAL, LOCAL, Networks},
    objective::{self, PriorTerm, TermValue},
    planned::Planned,
    readings::Newest,
    room,
    row::{Computed, Recorded},
    term_estimator::{TermEstimator, TermEstimators},
};
use crate::{
    config::{Config, CriticKind, Mode, PriorKind},
    data::{Dataset, Order},
    device::is_out_of_memory,
    nn::{self, Adam, Draws, Gradients, Stats},
    record::{PerTerm, StepRow},
};

/// Batches whose statistics set BatchNorm's running averages before the first step: 0.9⁶⁴ ≈ 0.1 % of the start is left.
pub const WARM_BATCHES: u64 = 64;
/// Images in each, at most.
pub const WARM_BATCH: usize = 64;

/// Scores of all pairs of a batch, at most: 4 GiB of them. Indices of pairs are 32 bits wide.
const LARGEST_MATRIX: usize = 1 << 30;

pub struct Trainer {
    pub(super) config: Arc<Config>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) device: Device,
    pub(super) networks: Networks,
    pub(super) adam: Adam,
    pub(super) adam_prior: Adam,
    gradients: Gradients,
    gradients_prior: Gradients,
    pub(super) order: Order,
    /// Those that a configuration may name.
    pub(super) scripts: Scripts,
    pub(super) estimators: TermEstimators,
    /// Scores of the last step that counted, its images as the encoder saw them, and their labels, if they have any.
    pub(super) newest: PerTerm<Newest>,
    pub(super) images: Option<Tensor>,
    /// Off the CPU, what the next step will need.
    pub(super) ahead: Option<Ahead>,
    pub(super) labels: Vec<u8>,
    /// Steps done.
    pub(super) step: u64,
    /// Place in the endless sequence of shuffled epochs.
    pub(super) examples_seen: u64,
    /// Raised by a rollback, so that the repeated steps draw anew.
    pub(super) attempt: u64,
}

/// What [`Trainer::step`] puts back if the step is not finite.
struct Before {
    tensors: Vec<(Var, Tensor)>,
    /// The discriminator's optimiser.
    moments: HashMap<String, Tensor>,
}

/// One step's numbers. `seconds` and `examples_per_second` are the caller's to fill in.
pub struct StepOutcome {
    pub row: StepRow,
    /// What was not finite; then no parameter of encoder and critics was changed and the step does not count.
    pub nonfinite: Option<String>,
}

impl Trainer {
    /// `scripts` holds those that `config` names.
    pub fn new(config: Arc<Config>, scripts: Scripts, dataset: Arc<Dataset>, device: Device) -> Result<Self, TrainError> {
        room::check(&config)?;
        let networks = Networks::new(&config, &device)?;
        let order = Order::new(config.seed, dataset.training().len());
        let estimators = TermEstimators::new(&config, &scripts)?;
        let trainer = Self {
            config,
            dataset,
            device,
            networks,
            adam: Adam::new(),
            adam_prior: Adam::new(),
            gradients: Gradients::default(),
            gradients_prior: Gradients::default(),
            order,
            scripts,
            estimators,
            newest: PerTerm { global: None, local: None },
            images: None,
            ahead: None,
            labels: Vec::new(),
            step: 0,
            examples_seen: 0,
            attempt: 0,
        };
        trainer.check(&trainer.config)?;
        Ok(trainer)
    }

    /// What only the data and the machine can tell about a configuration.
    pub fn check(&self, config: &Config) -> Result<(), TrainError> {
        room::check(config)?;
        let (batch, images) = (config.optim.batch, self.dataset.training().len());
        if batch > images {
            return Err(TrainError::Invalid(format!(
                "optim.batch = {batch} is more than the {images} training images; at most {images}"
            )));
        }
        let rows = batch * if config.objective.local.mode == Mode::Off { 1 } else { self.networks.encoder.shape().locations() };
        if batch * rows > LARGEST_MATRIX {
            return Err(TrainError::Invalid(format!(
                "optim.batch = {batch} asks for {batch} × {rows} scores, more than {LARGEST_MATRIX}: use a smaller batch"
            )));
        }
        let (seen, shape) = (self.dataset.training(), self.networks.encoder.shape());
        if (seen.channels, seen.height, seen.width) != (shape.channels, shape.size, shape.size) {
            return Err(TrainError::Invalid(format!(
                "encoder.kind takes {}×{}×{} images, data.name = {} has {}×{}×{}",
                shape.size, shape.size, shape.channels, self.dataset.name, seen.width, seen.height, seen.channels
            )));
        }
        Ok(())
    }

    /// Puts `config`, which differs in live keys only, in force for the next step.
    pub fn apply(&mut self, config: Arc<Config>) -> Result<(), TrainError> {
        self.check(&config)?;
        let mut next = self.swapped(&config)?;
        for group in self.networks.follow(&config)? {
            self.adam.forget(group);
            self.adam_prior.forget(group);
            match group {
                GLOBAL => next.global.begin_anew(),
                LOCAL => next.local.begin_anew(),
                _ => {}
            }
        }
        if self.config.objective != config.objective {
            // Scores that another objective saw.
            self.newest = PerTerm { global: None, local: None };
        }
        self.estimators = next;
        self.config = config;
        Ok(())
    }

    pub(super) fn draws(&self, purpose: &str, step: u64) -> ChaCha8Rng {
        Draws { seed: self.config.seed, attempt: self.attempt }.rng(purpose, step)
    }

    /// The images at `indices` as step `step` sees them: augmented, if that is on, [N, C, H, W].
    pub(super) fn step_images(&self, indices: &[u32], step: u64) -> Result<Tensor, TrainError> {
        let (images, augment) = (self.dataset.training(), &self.config.data.augment);
        if augment.is_off() {
            return Ok(images.batch(indices, &self.device)?);
        }
        Ok(images.augmented(indices, augment, &mut self.draws("augment", step), &self.device)?)
    }

    /// Passes over the training images done.
    pub fn epoch(&self) -> f64 {
        self.examples_seen as f64 / self.dataset.training().len() as f64
    }

    /// Steps this run has in all.
    pub fn total_steps(&self) -> u64 {
        match self.config.optim.epochs {
            0 => self.config.optim.steps,
            // Counted from here: the batch may have had another size before.
            epochs => {
                let left = (epochs * self.dataset.training().len() as u64).saturating_sub(self.examples_seen);
                self.step + left.div_ceil(self.config.optim.batch as u64)
            }
        }
    }

    /// Sets BatchNorm's running statistics from training images, so that the untrained encoder can be probed. Training
    /// itself uses batch statistics and is not touched.
    pub fn warm_statistics(&mut self) -> Result<(), TrainError> {
        let batch = self.config.optim.batch.min(WARM_BATCH);
        for i in 0..WARM_BATCHES {
            let indices = self.order.indices(i * batch as u64, batch);
            let images = self.dataset.training().batch(&indices, &self.device)?;
            let features = self.networks.encoder.forward(&images, Stats::Train)?.detach();
            let mut rng = self.draws("warm", i);
            for term in [self.global_term(batch, &mut rng), self.local_term(batch, &mut rng)].into_iter().flatten() {
                let term_now = term.bind(self);
                if term_now.critic.kind() == CriticKind::Dot {
                    term_now.scores(term.features(&features), &features.y, Stats::Train)?;
                }
            }
        }
        Ok(())
    }

    /// One step of the discriminator, then one of encoder and critics. A step that is not finite, or fails, leaves no trace.
    pub fn step(&mut self) -> Result<StepOutcome, TrainError> {
        let before = self.before_step()?;
        let outcome = self.try_step();
        if outcome.as_ref().map_or(true, |outcome| outcome.nonfinite.is_some()) {
            for (var, tensor) in before.tensors {
                var.set(&tensor)?;
            }
            self.adam_prior.load(&before.moments)?;
        }
        outcome.map_err(|e| self.full_memory(e))
    }

    /// If the device's memory is full, lets go of what the next step makes anew.
    fn full_memory(&mut self, error: TrainError) -> TrainError {
        let error = self.told(error);
        if matches!(error, TrainError::Memory { .. }) {
            (self.gradients, self.gradients_prior) = Default::default();
            self.newest = PerTerm { global: None, local: None };
            self.ahead = None;
        }
        error
    }

    /// If an error says that the device's memory is full, the one that names what takes the most of it.
    pub(super) fn told(&self, error: TrainError) -> TrainError {
        let c = &self.config;
        match error {
            TrainError::Candle(e) if is_out_of_memory(&e) => TrainError::Memory {
                device: c.run.device.clone(),
                batch: c.optim.batch,
                width: c.encoder.width,
                units: c.critic.units,
            },
            other => other,
        }
    }

    /// Copies of what moves before a step is known to be finite: BatchNorm's statistics and the discriminator.
    fn before_step(&self) -> Result<Before, TrainError> {
        let moving = self.networks.statistics().into_iter().chain(self.networks.prior_params());
        let tensors = moving.map(|(_, var)| Ok((var.clone(), var.as_tensor().copy()?))).collect::<Result<_, TrainError>>()?;
        // Its tensors are copies, or are replaced by a step and not written to.
        Ok(Before { tensors, moments: self.adam_prior.state()?.into_iter().collect() })
    }

    fn try_step(&mut self) -> Result<StepOutcome, TrainError> {
        let step = self.step + 1;
        let config = self.config.clone();
        let batch = config.optim.batch;
        let optim = &config.optim;
        let lr = learning_rate(optim.lr, optim.lr_schedule, optim.warmup, step, self.total_steps());

        let indices = self.order.indices(self.examples_seen, batch);
        let images = self.images_now(&indices, step)?;
        let features = self.networks.encoder.forward(&images, Stats::Train)?;
        let discriminator = self.step_discriminator(&features.y, step, lr)?;

        let global = self.global_term(batch, &mut self.draws("negatives/global", step));
        let local = self.local_term(batch, &mut self.draws("negatives/local", step));
        let prior = self.prior_term();
        let value = objective::step(
            &features,
            global.as_ref().map(|t| (t.bind(self), t.features(&features))),
            local.as_ref().map(|t| t.bind(self)),
            prior,
        )?;
        self.gradients.update(&value.differentiated)?;
        let (trained, watched) = self.networks.main_params(&config.objective);
        let computed = Computed {
            value: &value,
            discriminator: discriminator.as_ref(),
            trained: nn::grad_norm(&trained, &self.gradients)?,
            watched: nn::grad_norm(&watched, &self.gradients)?,
        };

        let negatives =
            PerTerm { global: global.as_ref().map(|t| t.pairs.negatives), local: local.as_ref().map(|t| t.pairs.negatives) };
        if !self.device.is_cpu() {
            // The reading waits for the device.
            self.look_ahead(self.examples_seen + batch as u64, step + 1, batch);
        }
        let Recorded { row, watched_norm, nonfinite } = self.record(step, computed, negatives, lr)?;
        if nonfinite.is_none() {
            // Critics that only monitor are clipped by themselves: they leave the encoder's step alone.
            let scale = |norm: f64| if optim.clip_norm > 0.0 && norm > optim.clip_norm { optim.clip_norm / norm } else { 1.0 };
            let parts = [(&trained[..], scale(row.grad_norm)), (&watched[..], scale(watched_norm))];
            self.adam.step_parts(&parts, &self.gradients, lr)?;
            self.newest = PerTerm {
                global: kept(&mut self.estimators.global, value.global, global),
                local: kept(&mut self.estimators.local, value.local, local),
            };
            let labels = &self.dataset.training().labels;
            self.labels = indices.iter().filter_map(|&i| labels.get(i as usize).copied()).collect();
            self.images = Some(images);
            self.step = step;
            self.examples_seen += batch as u64;
        }
        Ok(StepOutcome { row, nonfinite })
    }

    /// The discriminator's own step, on detached codes: its loss and its gradient's norm, if there is a prior. Whether they are
    /// finite is found when the whole step is read; if not, the discriminator is put back with all the rest.
    fn step_discriminator(&mut self, y: &Tensor, step: u64, lr: f64) -> Result<Option<(Tensor, Tensor)>, TrainError> {
        let Some(term) = self.prior_term() else { return Ok(None) };
        let mut rng = self.draws("prior", step);
        let n = y.elem_count();
        let samples = match term.kind {
            PriorKind::Uniform => nn::uniform(&mut rng, n, 0.0, 1.0),
            PriorKind::Gaussian => nn::normal(&mut rng, n),
        };
        let samples = Tensor::from_vec(samples, y.shape(), &self.device)?;
        let loss = term.discriminator_loss(&samples, y)?;
        let params = self.networks.prior_params();
        self.gradients_prior.update(&loss)?;
        let norm = nn::grad_norm(&params, &self.gradients_prior)?;
        self.adam_prior.step(&params, &self.gradients_prior, lr, 1.0)?;
        Ok(Some((loss.detach(), norm)))
    }

    pub(super) fn prior_term(&self) -> Option<PriorTerm<'_>> {
        let p = &self.config.objective.prior;
        let discriminator = self.networks.discriminator.as_ref().filter(|_| p.mode != Mode::Off)?;
        Some(PriorTerm { mode: p.mode, weight: p.weight, kind: p.kind, discriminator })
    }
}

/// Takes over what a term's estimator remembers of a step that counts, and keeps its scores for whoever asks.
fn kept(estimator: &mut TermEstimator, value: Option<TermValue>, term: Option<Planned>) -> Option<Newest> {
    let (value, term) = value.zip(term)?;
    estimator.memory = value.memory;
    Some(Newest { scores: value.scores, term })
}

#[cfg(test)]
#[path = "trainer_tests.rs"]
pub(super) mod tests;
