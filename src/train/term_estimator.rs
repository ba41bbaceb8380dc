//! What stands between a term's critic and its numbers: the estimator in force, what it remembers, and how the critic's scores are
//! mapped to what it wants.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};
use dim_estimators::{Estimator, Link, Options, Scores, State, ops};

use super::{Scripts, trainer::TrainError};
use crate::config::Config;

/// One swap under `on_swap = "align"`: T ← to(from⁻¹(T) − shift), where from⁻¹ reads ln r from a score.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Swap {
    from: Link,
    /// The constant that the old objective left free, in nats.
    shift: f64,
    to: Link,
}

impl Swap {
    fn is_identity(&self) -> bool {
        self.from == self.to && self.shift == 0.0
    }

    fn apply(&self, scores: &Tensor) -> dim_estimators::Result<Tensor> {
        self.to.critic(&(self.from.log_ratio(scores)? - self.shift)?)
    }

    /// As numbers that a checkpoint keeps exactly.
    fn saved(&self) -> [f64; 7] {
        let numbers = |link: Link| match link {
            Link::Log { scale, offset } => [0.0, scale, offset],
            Link::Ratio => [1.0, 0.0, 0.0],
        };
        let ([a, b, c], [d, e, f]) = (numbers(self.from), numbers(self.to));
        [a, b, c, d, e, f, self.shift]
    }

    fn restored([a, b, c, d, e, f, shift]: [f64; 7]) -> Self {
        let link = |kind: f64, scale, offset| if kind == 0.0 { Link::Log { scale, offset } } else { Link::Ratio };
        Self { from: link(a, b, c), to: link(d, e, f), shift }
    }
}

/// The map from a critic's raw scores to those that the estimator in force sees: the identity until a swap under
/// `on_swap = "align"`, then one map for all swaps, unless another policy came between. Score clipping follows the map, so that
/// only unclipped scores go on without a jump.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alignment(Vec<Swap>);

impl Alignment {
    /// The mapped scores, of any shape; differentiable.
    pub fn apply(&self, raw: &Tensor) -> Result<Tensor> {
        let mapped = self.0.iter().try_fold(raw.clone(), |scores, swap| swap.apply(&scores));
        mapped.map_err(candle_core::Error::wrap)
    }

    /// The map after a swap from `old` to `new`, given scores that `old` sees. Unchanged if one of the two has no log-ratio.
    pub fn swapped(&self, old: &dyn Estimator, new: &dyn Estimator, scores: &Scores) -> dim_estimators::Result<Self> {
        let (Some(from), Some(to), Some(known)) = (old.link(), new.link(), old.log_ratio(scores)?) else {
            return Ok(self.clone());
        };
        // An objective that leaves a constant free (dv, infonce) knows it only from the scores.
        let free = ops::mean_all(&(from.log_ratio(&scores.joint)? - known.joint)?)?
            .to_device(&Device::Cpu)?
            .to_dtype(DType::F64)?
            .to_scalar::<f64>()?;
        let mut swaps = self.0.clone();
        let mut swap = Swap { from, shift: if free.is_finite() { free } else { 0.0 }, to };
        if let Some(last) = swaps.pop_if(|last| last.to == from) {
            swap = Swap { from: last.from, shift: last.shift + swap.shift, to };
        }
        swaps.extend((!swap.is_identity()).then_some(swap));
        Ok(Self(swaps))
    }
}

/// One term's estimator with everything that belongs to it.
#[derive(Clone)]
pub struct TermEstimator {
    pub estimator: Arc<dyn Estimator>,
    /// What the config calls it: a name, or the run's copy of a script. Another text of a script is another estimator.
    pub id: String,
    /// Read and renewed at every step that counts.
    pub memory: State,
    pub alignment: Alignment,
}

impl TermEstimator {
    /// The estimator of that name, built in or one of `scripts`, with nothing to remember.
    pub fn new(id: &str, options: &crate::config::Options, scripts: &Scripts) -> std::result::Result<Self, TrainError> {
        let options = Options { ema: options.ema, tau: options.tau };
        let built_in = || dim_estimators::with_options(id, &options).map(Arc::from);
        let script = scripts.get(id).map(|script| Arc::new(script.clone()) as Arc<dyn Estimator>);
        let estimator = script.or_else(built_in).ok_or_else(|| TrainError::Estimator(id.into()))?;
        Ok(Self { estimator, id: id.into(), memory: State::default(), alignment: Alignment::default() })
    }

    /// For a critic that starts anew: nothing to remember, scores as they are.
    pub fn begin_anew(&mut self) {
        (self.memory, self.alignment) = (State::default(), Alignment::default());
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.estimator.info().name.to_string()
    }

    /// The clip in force, c: what is set, or what the estimator cannot do without.
    pub fn clip(&self, set: Option<f64>) -> Option<f64> {
        set.or_else(|| self.estimator.default_clip())
    }

    /// The tensors a checkpoint keeps of it, by the end of their names.
    pub fn tensors(&self, device: &Device) -> Result<Vec<(&'static str, Tensor)>> {
        let swaps: Vec<_> = self.alignment.0.iter().map(Swap::saved).collect();
        let rows = (swaps.len(), 7);
        let alignment = (!swaps.is_empty()).then(|| Tensor::from_vec(swaps.concat(), rows, device)).transpose()?;
        let named = [("alignment", alignment), ("log_mean", self.memory.log_mean.clone())];
        Ok(named.into_iter().filter_map(|(name, t)| Some((name, t?))).collect())
    }

    /// Takes them back; what `saved` has not is forgotten.
    pub fn restore(&mut self, saved: impl Fn(&str) -> Result<Option<Tensor>>) -> Result<()> {
        self.memory = State { log_mean: saved("log_mean")? };
        let swaps = saved("alignment")?.map(|t| t.to_vec2::<f64>()).transpose()?.unwrap_or_default();
        self.alignment = Alignment(swaps.into_iter().filter_map(|s| Some(Swap::restored(s.try_into().ok()?))).collect());
        Ok(())
    }
}

/// Those of both terms.
#[derive(Clone)]
pub struct TermEstimators {
    pub global: TermEstimator,
    pub local: TermEstimator,
}

impl TermEstimators {
    /// What `config` names.
    pub fn new(config: &Config, scripts: &Scripts) -> std::result::Result<Self, TrainError> {
        Ok(Self {
            global: TermEstimator::new(config.global_estimator(), &config.global_options(), scripts)?,
            local: TermEstimator::new(config.local_estimator(), &config.local_options(), scripts)?,
        })
    }
}

#[cfg(test)]
#[path = "term_estimator_tests.rs"]
mod tests;
