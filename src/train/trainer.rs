//! The state of a run and its one verb, `step`: everything a checkpoint holds, nothing of threads or files.

use std::{collections::HashMap, sync::Arc};

use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;

pub use super::error::TrainError;
use super::{
    Scripts,
    learning_rate::learning_rate,
    networks::{GLOBAL, LOCAL, Networks},
    objective::{self, PriorTerm, StepValue, TermValue, read_scalars},
    planned::Planned,
    readings::Newest,
    room,
    term_estimator::{TermEstimator, TermEstimators},
};
use crate::{
    config::{Config, CriticKind, Mode, PriorKind},
    data::{Dataset, Order},
    nn::{self, Adam, Draws, Gradients, Stats},
    record::{PerTerm, StepRow, TermLosses},
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
        outcome
    }

    /// Copies of what moves before a step is known to be finite: BatchNorm's statistics and the discriminator.
    fn before_step(&self) -> Result<Before, TrainError> {
        let moving = self.networks.statistics().into_iter().chain(self.networks.prior_params());
        let tensors = moving.map(|(_, var)| Ok((var.clone(), var.as_tensor().copy()?))).collect::<Result<_, TrainError>>()?;
        let copied = self.adam_prior.state().into_iter().map(|(name, t)| Ok((name, t.copy()?)));
        Ok(Before { tensors, moments: copied.collect::<Result<_, TrainError>>()? })
    }

    fn try_step(&mut self) -> Result<StepOutcome, TrainError> {
        let step = self.step + 1;
        let config = self.config.clone();
        let batch = config.optim.batch;
        let optim = &config.optim;
        let lr = learning_rate(optim.lr, optim.lr_schedule, optim.warmup, step, self.total_steps());

        let indices = self.order.indices(self.examples_seen, batch);
        let images = self.step_images(&indices, step)?;
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
        let grad_norm = nn::grad_norm(&trained, &self.gradients)?;
        let watched_norm = nn::grad_norm(&watched, &self.gradients)?;

        let negatives =
            PerTerm { global: global.as_ref().map(|t| t.pairs.negatives), local: local.as_ref().map(|t| t.pairs.negatives) };
        let row = self.row(step, &value, discriminator.as_ref(), negatives, lr, grad_norm)?;
        let nonfinite = nonfinite(&row, watched_norm);
        if nonfinite.is_none() {
            // Critics that only monitor are clipped by themselves: they leave the encoder's step alone.
            for (params, norm) in [(&trained, grad_norm), (&watched, watched_norm)] {
                let scale = if optim.clip_norm > 0.0 && norm > optim.clip_norm { optim.clip_norm / norm } else { 1.0 };
                self.adam.step(params, &self.gradients, lr, scale)?;
            }
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

    /// The discriminator's own step, on detached codes. Its loss, if there is a prior.
    fn step_discriminator(&mut self, y: &Tensor, step: u64, lr: f64) -> Result<Option<Tensor>, TrainError> {
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
        if nn::grad_norm(&params, &self.gradients_prior)?.is_finite() {
            self.adam_prior.step(&params, &self.gradients_prior, lr, 1.0)?;
        }
        Ok(Some(loss.detach()))
    }

    /// The row of `metrics.jsonl`; one read of all scalars.
    fn row(
        &self,
        step: u64,
        value: &StepValue,
        discriminator: Option<&Tensor>,
        negatives: PerTerm<usize>,
        lr: f64,
        grad_norm: f64,
    ) -> Result<StepRow, TrainError> {
        let (g, l) = (value.global.as_ref(), value.local.as_ref());
        let scalars = read_scalars(&[
            Some(&value.loss),
            g.map(|t| &t.loss),
            l.map(|t| &t.loss),
            value.prior.as_ref(),
            discriminator,
            g.and_then(|t| t.nats.as_ref()),
            l.and_then(|t| t.nats.as_ref()),
        ])?;
        let e = &self.estimators;
        let name = |e: &TermEstimator, on: bool| on.then(|| e.name());
        // With positives among the negatives the usual ceilings are out of reach, and none is known.
        let known = !self.config.objective.include_positives;
        let ceiling =
            |e: &TermEstimator, k: Option<usize>, clip| k.filter(|_| known).and_then(|k| e.estimator.ceiling(k, e.clip(clip)));
        Ok(StepRow {
            step,
            seconds: 0.0,
            epoch: None,
            examples_per_second: 0.0,
            loss: scalars[0].unwrap_or(0.0),
            terms: TermLosses { global: scalars[1], local: scalars[2], prior: scalars[3], discriminator: scalars[4] },
            mi: PerTerm { global: scalars[5], local: scalars[6] },
            ceiling: PerTerm {
                global: ceiling(&e.global, negatives.global, self.config.global_clip()),
                local: ceiling(&e.local, negatives.local, self.config.local_clip()),
            },
            estimator: PerTerm { global: name(&e.global, g.is_some()), local: name(&e.local, l.is_some()) },
            negatives,
            lr,
            grad_norm,
            arena: None,
        })
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

/// What in a row stops training: a read-out in nats may be infinite, an objective or a gradient may not.
fn nonfinite(row: &StepRow, watched_norm: f64) -> Option<String> {
    let t = &row.terms;
    let named = [
        ("the global term's objective", t.global),
        ("the local term's objective", t.local),
        ("the prior term", t.prior),
        ("the discriminator's loss", t.discriminator),
        ("the loss", Some(row.loss)),
        ("the gradient's norm", Some(row.grad_norm)),
        ("the gradient's norm of a monitoring critic", Some(watched_norm)),
    ];
    let (name, value) = named.into_iter().find_map(|(n, v)| v.filter(|v| !v.is_finite()).map(|v| (n, v)))?;
    Some(format!("{name} is {value} at step {}", row.step))
}

#[cfg(test)]
#[path = "trainer_tests.rs"]
pub(super) mod tests;
