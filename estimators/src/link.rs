//! How a trained critic's scores stand to the density ratio.

use candle_core::Tensor;

use crate::{Result, ops};

/// The scores that maximise an objective, as a function of ln r (Nowozin et al. 2016, table 2; Poole et al. 2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    /// T = `scale`·ln r + `offset`. Where the objective leaves a constant free, the one without it.
    Log { scale: f64, offset: f64 },
    /// T = 2(r − 1).
    Ratio,
}

/// Ratios below it count as this: a score of −2 and less stands for none, and ln 0 would end training.
const LEAST_RATIO: f64 = 1e-6;

/// ln r above it counts as this: its square must have a number in single precision.
const MOST_LOG_RATIO: f64 = 30.;

impl Link {
    /// T = ln r.
    pub const IDENTITY: Self = Self::Log { scale: 1., offset: 0. };

    /// The best scores where ln r is `log_ratio`, elementwise; differentiable.
    ///
    /// # Errors
    /// Only what Candle reports.
    pub fn critic(self, log_ratio: &Tensor) -> Result<Tensor> {
        match self {
            Self::Log { scale, offset } => Ok(log_ratio.affine(scale, offset)?),
            Self::Ratio => Ok((ops::at_most(log_ratio, MOST_LOG_RATIO)?.exp()? - 1.)?.affine(2., 0.)?),
        }
    }

    /// The ln r for which `scores` would be the best, elementwise; differentiable.
    ///
    /// # Errors
    /// Only what Candle reports.
    pub fn log_ratio(self, scores: &Tensor) -> Result<Tensor> {
        match self {
            Self::Log { scale, offset } => Ok(scores.affine(1. / scale, -offset / scale)?),
            Self::Ratio => Ok(ops::at_least(&scores.affine(0.5, 1.)?, LEAST_RATIO)?.log()?),
        }
    }
}
