//! The arena: estimators side by side on the same pairs, whose mutual information is known and can be raised while they train.
//!
//! Every estimator has a critic of its own, all with the same initial weights, and sees the same batches; what it says of a
//! batch before it learns from it stands beside the truth. The same draws, critics and steps as `dim-tui mi-bench`.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use candle_core::{Device, Tensor};
use dim_estimators::Estimator;

use super::{
    Facts, Gallery, Portrait, Readings, Scripts, StepOutcome, TrainError, Vitals, Wanted, checkpoint::Saved, job::Job,
    learning_rate::learning_rate,
};
use crate::{
    config::{Config, PairCritic, Source, diff, is_script},
    eval::ProbeInput,
    mi::{Case, Choice, CriticKind, Distribution, Fit, PAIRS, Step, matrix, number},
    nn::Draws,
    record::{ArenaRow, PerTerm, Picture, StepRow, TermLosses},
};

/// Bias and spread are those of so many last steps, or of those since the truth was moved.
const WINDOW: usize = 200;

/// Critics of one arena; each has a network of its own.
const MOST_RACERS: usize = 32;
/// Pairs of a batch, as in `mi-bench`: every x meets every y.
const MOST_PAIRS: usize = 4096;

/// All estimators of a run with what they learned.
pub struct Arena {
    config: Arc<Config>,
    scripts: Scripts,
    distribution: Distribution,
    racers: Vec<Racer>,
    step: u64,
    examples_seen: u64,
    attempt: u64,
}

/// One estimator with its critic.
struct Racer {
    /// What the config calls it: a name with options, or the run's copy of a script.
    id: String,
    /// Its name with options, as rows and charts have it.
    label: String,
    estimator: Box<dyn Estimator>,
    fit: Fit,
    /// Its newest estimates less the truth, nats.
    errors: VecDeque<f64>,
}

/// What a racer made of a batch; NaN where the objective or its gradient was not finite.
struct Heat {
    loss: f64,
    grad_norm: f64,
    nats: Option<f64>,
}

impl Arena {
    /// `scripts` holds those that `config` names.
    ///
    /// # Errors
    /// [`TrainError::Invalid`] for an information that the dimension cannot hold, and for an unknown estimator.
    pub fn new(config: Arc<Config>, scripts: Scripts) -> Result<Self, TrainError> {
        let distribution = distribution(&config)?;
        let mut arena =
            Self { config: config.clone(), scripts, distribution, racers: Vec::new(), step: 0, examples_seen: 0, attempt: 0 };
        arena.racers = arena.line_up(&config)?;
        Ok(arena)
    }

    /// The racers that `config` names: those there are keep what they learned, a script with a new text too.
    fn line_up(&mut self, config: &Config) -> Result<Vec<Racer>, TrainError> {
        let pairs = config.optim.batch;
        if pairs > MOST_PAIRS {
            return Err(TrainError::Invalid(format!(
                "optim.batch = {pairs} asks for {pairs} × {pairs} scores of each critic: with data.name = \"gaussian\" at most {MOST_PAIRS}"
            )));
        }
        let listed = config.gaussian.estimators.trim();
        let all = if listed == "all" { Choice::list("all")?.into_iter().map(|c| c.label).collect() } else { Vec::new() };
        let named = listed.split(',').map(str::trim).filter(|id| !id.is_empty() && all.is_empty());
        let named = all.iter().map(String::as_str).chain(named);
        let chosen = named.map(|id| Ok((id.to_owned(), self.choose(id)?))).collect::<Result<Vec<_>, TrainError>>()?;
        if chosen.len() > MOST_RACERS {
            let found = chosen.len();
            return Err(TrainError::Invalid(format!(
                "gaussian.estimators names {found}: {MOST_RACERS} at most fit side by side"
            )));
        }
        if chosen.is_empty() {
            return Err(TrainError::Invalid("gaussian.estimators names none: for example \"infonce, dv\", or \"all\"".into()));
        }
        if let Some((_, (label, _))) = chosen.iter().find(|(_, (_, e))| e.info().nats_formula == "none") {
            return Err(TrainError::Invalid(format!("gaussian.estimators: {label} has no estimate in nats to compare")));
        }
        for (i, (_, (label, _))) in chosen.iter().enumerate() {
            if chosen[..i].iter().any(|(_, (other, _))| other == label) {
                return Err(TrainError::Invalid(format!("gaussian.estimators names {label} twice")));
            }
        }
        let kind = match config.gaussian.critic {
            PairCritic::Separable => CriticKind::Separable,
            PairCritic::Joint => CriticKind::Joint,
        };
        // Whoever is new is made before anyone is taken from the old line.
        let is_new = |label: &String| self.racers.iter().all(|r| r.label != *label);
        let mut fresh = HashMap::new();
        for (_, (label, _)) in chosen.iter().filter(|(_, (label, _))| is_new(label)) {
            fresh.insert(label.clone(), Fit::new(kind, [config.gaussian.dimension; 2], config.seed, config.optim.lr)?);
        }
        let mut old = std::mem::take(&mut self.racers);
        let racer = |(id, (label, estimator)): (String, (String, Box<dyn Estimator>))| {
            let before = old.iter().position(|r| r.label == label).map(|at| old.swap_remove(at));
            let (fit, errors) = match before {
                Some(same) if same.id == id => (same.fit, same.errors),
                Some(mut other_text) => {
                    other_text.fit.forget_state();
                    (other_text.fit, VecDeque::new())
                }
                None => (fresh.remove(&label)?, VecDeque::new()),
            };
            Some(Racer { id, label, estimator, fit, errors })
        };
        Ok(chosen.into_iter().filter_map(racer).collect())
    }

    /// An estimator by the name that the config has for it, with its label.
    fn choose(&self, id: &str) -> Result<(String, Box<dyn Estimator>), TrainError> {
        if is_script(id) {
            let script = self.scripts.get(id).ok_or_else(|| TrainError::Estimator(id.into()))?;
            return Ok((script.name().to_owned(), Box::new(script.clone())));
        }
        let choice = Choice::parse(id).map_err(|e| TrainError::Invalid(format!("gaussian.estimators: {e}")))?;
        Ok((choice.label, choice.estimator))
    }

    fn row(&self, step: u64, lr: f64, heats: &[Heat]) -> StepRow {
        let named = |value: &dyn Fn(&Racer, &Heat) -> Option<f64>| -> BTreeMap<String, Option<f64>> {
            let pairs = self.racers.iter().zip(heats);
            pairs.map(|(r, h)| (r.label.clone(), value(r, h).filter(|v| v.is_finite()))).collect()
        };
        let negatives = self.config.optim.batch - 1;
        StepRow {
            step,
            seconds: 0.0,
            epoch: None,
            examples_per_second: 0.0,
            loss: heats.iter().map(|h| h.loss).sum(),
            terms: TermLosses::default(),
            mi: PerTerm::default(),
            ceiling: PerTerm::default(),
            estimator: PerTerm::default(),
            negatives: PerTerm::default(),
            lr,
            grad_norm: heats.iter().map(|h| h.grad_norm.powi(2)).sum::<f64>().sqrt(),
            arena: Some(ArenaRow {
                truth: self.config.gaussian.information,
                nats: named(&|_, heat| heat.nats),
                bias: named(&|racer, _| mean(&racer.errors)),
                deviation: named(&|racer, _| deviation(&racer.errors)),
                ceiling: named(&|racer, _| racer.estimator.ceiling(negatives, None)),
            }),
        }
    }
}

impl Racer {
    /// What it makes of a batch; changes nothing as yet.
    fn look(&mut self, x: &Tensor, y: &Tensor) -> Result<Heat, TrainError> {
        Ok(match self.fit.prepare(&*self.estimator, x, y)? {
            Step::NonFinite => Heat { loss: f64::NAN, grad_norm: f64::NAN, nats: None },
            Step::Taken { scores, loss, grad_norm } => {
                let nats = self.estimator.nats(&scores)?.map(|nats| number(&nats)).transpose()?;
                Heat { loss, grad_norm, nats }
            }
        })
    }

    /// Learns from the batch, unless there was no finite number to learn from.
    fn learn(&mut self, heat: &Heat, truth: f64) -> Result<(), TrainError> {
        if heat.loss.is_finite() {
            self.fit.take()?;
        }
        self.errors.extend(heat.nats.filter(|nats| nats.is_finite()).map(|nats| nats - truth));
        while self.errors.len() > WINDOW {
            self.errors.pop_front();
        }
        Ok(())
    }
}

impl Job for Arena {
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
        0.0
    }

    fn total_steps(&self) -> u64 {
        self.config.optim.steps
    }

    fn apply(&mut self, config: Arc<Config>) -> Result<(), TrainError> {
        let changes = diff(&self.config, &config, Source::Key);
        let distribution = distribution(&config)?;
        self.racers = self.line_up(&config)?;
        if changes.iter().any(|c| ["gaussian.information", "gaussian.cubed"].contains(&c.key.as_str())) {
            self.racers.iter_mut().for_each(|racer| racer.errors.clear());
        }
        (self.distribution, self.config) = (distribution, config);
        Ok(())
    }

    fn step(&mut self) -> Result<StepOutcome, TrainError> {
        let (step, optim) = (self.step + 1, &self.config.optim);
        let lr = learning_rate(optim.lr, optim.lr_schedule, optim.warmup, step, self.total_steps());
        let draws = Draws { seed: self.config.seed, attempt: self.attempt };
        let (x, y) = self.distribution.draw(&mut draws.rng(PAIRS, self.step), optim.batch);
        let dimension = self.config.gaussian.dimension;
        let (x, y) = (matrix(x, dimension)?, matrix(y, dimension)?);
        let truth = self.config.gaussian.information;
        let heats = self.racers.iter_mut().map(|racer| racer.look(&x, &y)).collect::<Result<Vec<_>, _>>()?;
        // One estimator that diverges is what the arena shows; with none left there is nothing to show.
        if heats.iter().all(|heat| !heat.loss.is_finite()) {
            let reason = format!("no estimator's objective is a finite number at step {step}");
            return Ok(StepOutcome { row: self.row(step, lr, &heats), nonfinite: Some(reason) });
        }
        for (racer, heat) in self.racers.iter_mut().zip(&heats) {
            racer.fit.set_rate(lr);
            racer.learn(heat, truth)?;
        }
        let row = self.row(step, lr, &heats);
        self.step = step;
        self.examples_seen += self.config.optim.batch as u64;
        Ok(StepOutcome { row, nonfinite: None })
    }

    fn warm_up(&mut self) -> Result<(), TrainError> {
        Ok(())
    }

    fn probe_input(&self) -> Result<Option<ProbeInput>, TrainError> {
        Ok(None)
    }

    fn first_images(&mut self) -> Result<Option<Picture>, TrainError> {
        Ok(None)
    }

    fn has_encoder(&self) -> bool {
        false
    }

    fn probe_every(&self) -> u64 {
        0
    }

    fn readings(&self) -> Result<PerTerm<Readings>, TrainError> {
        Ok(PerTerm { global: None, local: None })
    }

    fn portrait(&self, _: usize, _: Option<&Portrait>) -> Result<Option<Portrait>, TrainError> {
        Ok(None)
    }

    fn gallery(&self, _: Wanted) -> Result<Option<Gallery>, TrainError> {
        Ok(None)
    }

    fn vitals(&self) -> Result<Option<Vitals>, TrainError> {
        Ok(None)
    }

    fn tensors(&self) -> Result<Vec<(String, Tensor)>, TrainError> {
        let mut all = Vec::new();
        for racer in &self.racers {
            let errors: Vec<f64> = racer.errors.iter().copied().collect();
            let mut own = racer.fit.tensors()?;
            own.push(("errors".into(), Tensor::from_slice(&errors, errors.len(), &Device::Cpu)?));
            all.extend(own.into_iter().map(|(name, tensor)| (format!("{}/{name}", racer.label), tensor)));
        }
        Ok(all)
    }

    fn restore(&mut self, saved: &Saved, then: Arc<Config>, config: Arc<Config>) -> Result<(), TrainError> {
        self.distribution = distribution(&then)?;
        self.racers = self.line_up(&then)?;
        for racer in &mut self.racers {
            let of_racer = saved.part(&format!("{}/", racer.label));
            let errors = of_racer.get("errors").map(|t| t.to_vec1::<f64>()).transpose()?;
            racer.errors = errors.unwrap_or_default().into();
            racer
                .fit
                .load(&of_racer)?
                .map_err(|(name, shape)| saved.misfit(&format!("{}/{name}", racer.label), &shape, &config))?;
        }
        (self.step, self.examples_seen, self.attempt) = (saved.step, saved.examples_seen, saved.attempt);
        self.config = then;
        self.apply(config)
    }

    fn facts(&self) -> Facts {
        let g = &self.config.gaussian;
        Facts {
            data: format!("gaussian: pairs of {} numbers a side, fresh for each batch", g.dimension),
            encoder: match g.critic {
                PairCritic::Separable => "separable critics".into(),
                PairCritic::Joint => "joint critics".into(),
            },
            parameters: self.racers.iter().map(|racer| racer.fit.parameters()).sum(),
            threads: self.config.run.threads,
            ..Facts::default()
        }
    }
}

fn distribution(config: &Config) -> Result<Distribution, TrainError> {
    let g = &config.gaussian;
    let case = if g.cubed { Case::Cubic } else { Case::Gaussian };
    Distribution::with_information(case, g.dimension, g.information)
        .map_err(|e| TrainError::Invalid(format!("gaussian.information = {}: {e}", g.information)))
}

fn mean(errors: &VecDeque<f64>) -> Option<f64> {
    (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
}

/// Standard deviation around the mean, divided by n.
fn deviation(errors: &VecDeque<f64>) -> Option<f64> {
    let centre = mean(errors)?;
    Some((errors.iter().map(|e| (e - centre).powi(2)).sum::<f64>() / errors.len() as f64).sqrt())
}

#[cfg(test)]
#[path = "arena_tests.rs"]
mod tests;
