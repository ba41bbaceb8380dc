//! How each term pulls at the code, and how the code spreads: measured beside the training, which does not notice.
//!
//! The terms of the newest step are taken once more, on its images and pairs, as functions of the code Y alone. Parameters are
//! those after the step; BatchNorm normalises by the batch, as in the step, and its running statistics are put back. Gradients of
//! parameters go to buffers that are thrown away.

use candle_core::{DType, Device, Tensor, Var};

use super::{
    readings::Newest,
    spread::Spread,
    trainer::{TrainError, Trainer},
};
use crate::{
    config::Mode,
    model::Features,
    nn::{Gradients, Stats},
};

/// The terms in the order of [`Vitals::pulls`].
pub const TERMS: [&str; 3] = ["global", "local", "prior"];
/// The pairs of terms in the order of [`Vitals::cosines`].
pub const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// What the code Y [N, D] of the newest batch feels and looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Vitals {
    /// The step whose images and pairs they are.
    pub step: u64,
    /// By [`TERMS`]; `None` where the term is off.
    pub pulls: [Option<Pull>; 3],
    /// Cosines between the gradients of two terms by Y, by [`PAIRS`]: 1 if both want the same, −1 if one undoes the other. `None`
    /// where a term is off or has no gradient.
    pub cosines: [Option<f64>; 3],
    pub spread: Spread,
}

/// The gradient of one term's loss by Y, as its Euclidean norm over the batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pull {
    /// Of the term's loss as it is.
    pub raw: f64,
    /// As the encoder feels it: times α, β or γ; 0 for a term that only monitors.
    pub weighted: f64,
}

impl Trainer {
    /// The vitals of the newest batch; `None` before the first step, and until the first one after a change of the objective.
    ///
    /// # Errors
    /// Those of the computation.
    pub fn vitals(&self) -> Result<Option<Vitals>, TrainError> {
        let objective = &self.config.objective;
        let known = |mode: Mode, newest: &Option<Newest>| (mode != Mode::Off) == newest.is_some();
        let newest = &self.newest;
        let whole = known(objective.global.mode, &newest.global) && known(objective.local.mode, &newest.local);
        if self.images.is_none() || !whole {
            return Ok(None);
        }
        self.keeping_statistics(|| self.measure()).map(Some)
    }

    /// Does `work`, whatever it does to BatchNorm's running statistics.
    fn keeping_statistics<T>(&self, work: impl FnOnce() -> Result<T, TrainError>) -> Result<T, TrainError> {
        let copied = self.networks.statistics().into_iter().map(|(_, var)| Ok((var.as_tensor().copy()?, var)));
        let before = copied.collect::<Result<Vec<(Tensor, Var)>, TrainError>>()?;
        let result = work();
        for (tensor, var) in before {
            var.set(&tensor)?;
        }
        result
    }

    fn measure(&self) -> Result<Vitals, TrainError> {
        let objective = &self.config.objective;
        let features = self.newest_features()?;
        let y = Var::from_tensor(&features.y)?;
        let mut gradients: [Option<Vec<f64>>; 3] = Default::default();
        for (gradient, loss) in gradients.iter_mut().zip(self.losses(&features, &y)?) {
            let Some(loss) = loss else { continue };
            *gradient = match Gradients::of(&loss)?.tensor(&y) {
                Some(g) => Some(numbers(&g)?),
                None => Some(vec![0.0; y.elem_count()]),
            };
        }
        let weights = [
            (objective.global.mode, objective.global.weight),
            (objective.local.mode, objective.local.weight),
            (objective.prior.mode, objective.prior.weight),
        ];
        let pull = |term: usize| {
            let raw = norm(gradients[term].as_ref()?);
            let (mode, weight) = weights[term];
            Some(Pull { raw, weighted: if mode == Mode::Train { weight * raw } else { 0.0 } })
        };
        Ok(Vitals {
            step: self.step,
            pulls: [0, 1, 2].map(pull),
            cosines: PAIRS.map(|(a, b)| cosine(gradients[a].as_ref()?, gradients[b].as_ref()?)),
            spread: Spread::of(&numbers(&features.y)?, features.y.dim(1)?),
        })
    }

    /// What the encoder makes of the newest batch, without gradient.
    fn newest_features(&self) -> Result<Features, TrainError> {
        let images = self.images.as_ref().ok_or_else(|| TrainError::Invalid("there is no newest batch".into()))?;
        Ok(self.networks.encoder.forward(images, Stats::Train)?.detach())
    }

    /// The loss of each term that is on, by [`TERMS`], as a function of the code `y` [N, D]; the features it is paired with stay
    /// as they are. `mine` weighs by its running mean, which has seen this batch once already.
    fn losses(&self, features: &Features, y: &Tensor) -> Result<[Option<Tensor>; 3], TrainError> {
        let loss = |newest: Option<&Newest>| -> Result<Option<Tensor>, TrainError> {
            let Some(Newest { term, .. }) = newest else { return Ok(None) };
            let bound = term.bind(self);
            let scores = bound.scores(term.features(features), y, Stats::Train)?;
            let mut memory = bound.estimator.memory.clone();
            let reading = bound.estimator.estimator.train(&scores, &mut memory).map_err(candle_core::Error::wrap)?;
            Ok(Some(reading.objective.neg()?))
        };
        let prior = self.prior_term().map(|term| term.encoder_loss(y)).transpose()?;
        Ok([loss(self.newest.global.as_ref())?, loss(self.newest.local.as_ref())?, prior])
    }
}

fn numbers(t: &Tensor) -> Result<Vec<f64>, TrainError> {
    Ok(t.flatten_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()?)
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let cosine = a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / norm(a) / norm(b);
    cosine.is_finite().then_some(cosine)
}

#[cfg(test)]
#[path = "vitals_tests.rs"]
mod tests;
