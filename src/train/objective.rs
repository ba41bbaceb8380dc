//! The Deep InfoMax step (Hjelm et al. 2019, equation 8), one batch, forward:
//!
//! ```text
//! minimise  −α·Î_global(C(x), Y)  −  β·mean_l Î_local(C⁽ˡ⁾(x), Y)  +  γ·prior(Y)
//! ```
//!
//! over the encoder and the critics, after the discriminator of the prior has taken its own step.

use candle_core::{DType, Device, Tensor};
use dim_estimators::{Scores, State, ops};

use super::{term_estimator::TermEstimator, trainer::TrainError};
use crate::{
    config::{Mode, PriorKind},
    model::{Critic, Discriminator, Features, Pairs},
    nn::Stats,
};

type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// One mutual-information term as this step computes it.
pub struct Term<'a> {
    pub mode: Mode,
    /// α or β.
    pub weight: f64,
    pub critic: &'a Critic,
    pub estimator: &'a TermEstimator,
    pub pairs: &'a Pairs,
    /// Score clipping c, if any.
    pub clip: Option<f64>,
    pub include_positives: bool,
}

/// What a term came to: scalars.
#[derive(Debug, Clone)]
pub struct TermValue {
    /// −objective: what its critic minimises.
    pub loss: Tensor,
    /// The estimate, if the estimator has one.
    pub nats: Option<Tensor>,
    /// What the estimator remembers if this step counts.
    pub memory: State,
    /// What it was read from, without gradient.
    pub scores: Scores,
}

impl Term<'_> {
    /// Scores of this term's pairs. `features` [P, C], `codes` [N, D].
    pub fn scores(&self, features: &Tensor, codes: &Tensor, stats: Stats) -> Result<Scores, TrainError> {
        let (joint, marginal) = self.critic.score(features, codes, self.pairs, stats)?;
        let alignment = &self.estimator.alignment;
        let (mut joint, mut marginal) = (alignment.apply(&joint)?, alignment.apply(&marginal)?);
        if let Some(c) = self.clip {
            joint = ops::clip_scores(&joint, c)?;
            marginal = ops::clip_scores(&marginal, c)?;
        }
        if self.include_positives {
            marginal = Tensor::cat(&[&marginal, &joint], 1)?;
        }
        Ok(Scores::new(joint, marginal)?)
    }

    /// The term on a batch. In mode `monitor` the features are constants, so only the critic learns.
    pub fn value(&self, features: &Tensor, codes: &Tensor) -> Result<TermValue, TrainError> {
        let scores = match self.mode {
            Mode::Monitor => self.scores(&features.detach(), &codes.detach(), Stats::Train)?,
            _ => self.scores(features, codes, Stats::Train)?,
        };
        let mut memory = self.estimator.memory.clone();
        let reading = self.estimator.estimator.train(&scores, &mut memory)?;
        Ok(TermValue { loss: reading.objective.neg()?, nats: reading.nats.map(|n| n.detach()), memory, scores: scores.detach() })
    }
}

/// The step's scalars. A term that is off is absent.
pub struct StepValue {
    /// What is differentiated: the encoder's loss, plus the losses of critics that only monitor.
    pub differentiated: Tensor,
    /// What the encoder minimises.
    pub loss: Tensor,
    pub global: Option<TermValue>,
    pub local: Option<TermValue>,
    pub prior: Option<Tensor>,
}

/// The encoder's and critics' side of the step. `prior` is γ and the discriminator's verdict on the codes, after its own step.
pub fn step(
    features: &Features,
    global: Option<(Term, &Tensor)>,
    local: Option<Term>,
    prior: Option<PriorTerm>,
) -> Result<StepValue, TrainError> {
    let zero = Tensor::zeros((), features.y.dtype(), features.y.device())?;
    let (mut loss, mut watched) = (zero.clone(), zero);
    let mut add = |mode: Mode, weight: f64, value: &Tensor| -> Result<()> {
        match mode {
            Mode::Train => loss = (&loss + (value * weight)?)?,
            // Adam does not care about a lone term's scale: a monitoring critic trains with weight 1.
            Mode::Monitor => watched = (&watched + value)?,
            Mode::Off => {}
        }
        Ok(())
    };
    let mut global_value = None;
    if let Some((term, layer)) = global {
        let value = term.value(layer, &features.y)?;
        add(term.mode, term.weight, &value.loss)?;
        global_value = Some(value);
    }
    let mut local_value = None;
    if let Some(term) = local {
        let value = term.value(&features.map, &features.y)?;
        add(term.mode, term.weight, &value.loss)?;
        local_value = Some(value);
    }
    let mut prior_value = None;
    if let Some(term) = prior {
        let value = term.encoder_loss(&features.y)?;
        if term.mode == Mode::Train {
            add(Mode::Train, term.weight, &value)?;
        }
        prior_value = Some(value);
    }
    Ok(StepValue { differentiated: (&loss + watched)?, loss, global: global_value, local: local_value, prior: prior_value })
}

/// Prior matching: an adversarial game between a discriminator D and the encoder.
///
/// D maximises E_{z∼P}[ln D(z)] + E_x[ln(1 − D(E(x)))]; the encoder minimises the non-saturating −E_x[ln D(E(x))].
/// The signs are opposite: what D gains by telling codes from the prior, the encoder gains by hiding the difference.
pub struct PriorTerm<'a> {
    pub mode: Mode,
    /// γ.
    pub weight: f64,
    pub kind: PriorKind,
    pub discriminator: &'a Discriminator,
}

impl PriorTerm<'_> {
    /// The code as D sees it: σ(Y) for the uniform prior on [0,1]^d, Y itself for the Gaussian.
    fn seen(&self, y: &Tensor) -> Result<Tensor> {
        match self.kind {
            PriorKind::Uniform => candle_nn::ops::sigmoid(y),
            PriorKind::Gaussian => Ok(y.clone()),
        }
    }

    /// −E[ln D(z)] − E[ln(1 − D(E(x)))], with logits: softplus(−d(z)) + softplus(d(E(x))). `samples` is z ~ P, [N, code].
    pub fn discriminator_loss(&self, samples: &Tensor, y: &Tensor) -> Result<Tensor> {
        let real = self.discriminator.forward(samples)?;
        let fake = self.discriminator.forward(&self.seen(&y.detach())?)?;
        softplus(&real.neg()?)?.mean_all()? + softplus(&fake)?.mean_all()?
    }

    /// −E[ln D(E(x))] = E[softplus(−d(E(x)))], D's parameters constant.
    pub fn encoder_loss(&self, y: &Tensor) -> Result<Tensor> {
        softplus(&self.discriminator.forward_frozen(&self.seen(y)?)?.neg()?)?.mean_all()
    }
}

fn softplus(x: &Tensor) -> Result<Tensor> {
    ops::softplus(x).map_err(candle_core::Error::wrap)
}

/// Scalars, those that are on a GPU with one read of it: `None` where a tensor is absent.
pub fn read_scalars(scalars: &[Option<&Tensor>]) -> Result<Vec<Option<f64>>> {
    let elsewhere = scalars.iter().flatten().filter(|t| !t.device().is_cpu());
    let elsewhere: Vec<Tensor> = elsewhere.map(|t| t.to_dtype(DType::F32)?.reshape(1)).collect::<Result<_>>()?;
    let mut read = if elsewhere.is_empty() { Vec::new() } else { Tensor::cat(&elsewhere, 0)?.to_vec1::<f32>()? }.into_iter();
    let mut value = |t: &Tensor| match t.device() {
        Device::Cpu => t.to_dtype(DType::F64)?.to_scalar(),
        _ => Ok(read.next().map_or(f64::NAN, f64::from)),
    };
    scalars.iter().map(|t| t.map(&mut value).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::nn::{Draws, Store, normal, uniform};

    const N: usize = 32;
    const CODE: usize = 4;

    fn logits(term: &PriorTerm, z: &Tensor) -> f64 {
        term.discriminator.forward(z).unwrap().mean_all().unwrap().to_dtype(DType::F64).unwrap().to_scalar().unwrap()
    }

    /// Fails if either sign of the adversarial game is turned, or if one player's step moves the other's parameters.
    #[test]
    fn discriminator_and_encoder_pull_in_opposite_directions() {
        for kind in [PriorKind::Uniform, PriorKind::Gaussian] {
            let mut store = Store::new(Draws { seed: 5, attempt: 0 }, &Device::Cpu, DType::F32);
            let discriminator = Discriminator::new(store.root(), CODE, (16, 8)).unwrap();
            let term = PriorTerm { mode: Mode::Train, weight: 1.0, kind, discriminator: &discriminator };
            let mut rng = Draws { seed: 6, attempt: 0 }.rng("test", 0);
            let samples = Tensor::from_vec(uniform(&mut rng, N * CODE, 0.0, 1.0), (N, CODE), &Device::Cpu).unwrap();
            let y = Var::from_tensor(&Tensor::from_vec(normal(&mut rng, N * CODE), (N, CODE), &Device::Cpu).unwrap()).unwrap();
            let seen = term.seen(&y).unwrap();

            let encoder = term.encoder_loss(&y).unwrap().backward().unwrap();
            assert!(store.params().values().all(|p| encoder.get(p).is_none()), "the encoder's pass leaves D alone");
            let before = logits(&term, &seen);
            let moved = (y.as_tensor() - (encoder.get(&y).unwrap() * 10.0).unwrap()).unwrap();
            assert!(
                logits(&term, &term.seen(&moved).unwrap()) > before,
                "the encoder's step makes codes look more like the prior"
            );

            let (real, fake) = (logits(&term, &samples), before);
            let step = term.discriminator_loss(&samples, &y).unwrap().backward().unwrap();
            assert!(step.get(&y).is_none(), "D's step leaves the encoder alone");
            for p in store.params().values() {
                p.set(&(p.as_tensor() - (step.get(p).unwrap() * 0.1).unwrap()).unwrap()).unwrap();
            }
            assert!(
                logits(&term, &samples) - logits(&term, &seen) > real - fake,
                "D's step tells codes from the prior better than before"
            );
        }
    }
}
