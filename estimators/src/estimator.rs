//! What every estimator can do.

use candle_core::Tensor;

use crate::{Info, Result, Scores};

/// Both numbers of one batch.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The scalar to maximise; differentiable.
    pub objective: Tensor,
    /// Estimate of the mutual information in nats, scalar, detached; `None` where the estimator has none.
    pub nats: Option<Tensor>,
}

/// Scores in, an objective and an estimate in nats out.
///
/// All methods take scores as they are: clip them first ([`Scores::clipped`]) if clipping is on.
pub trait Estimator: Send + Sync {
    /// What it is, in words and formulas.
    fn info(&self) -> &'static Info;

    /// The scalar to maximise; differentiable with respect to both score matrices.
    ///
    /// # Errors
    /// Only what Candle reports.
    fn objective(&self, scores: &Scores) -> Result<Tensor>;

    /// Estimate of the mutual information in nats: a scalar without gradient, or `None` where there is none.
    ///
    /// # Errors
    /// Only what Candle reports.
    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>>;

    /// Both at once; estimators that can share the passes over the scores override it.
    ///
    /// # Errors
    /// Only what Candle reports.
    fn read(&self, scores: &Scores) -> Result<Reading> {
        Ok(Reading { objective: self.objective(scores)?, nats: self.nats(scores)? })
    }

    /// The largest value `nats` can reach with `k` negatives and scores clipped to ±`clip`; `None` where it has no bound.
    fn ceiling(&self, k: usize, clip: Option<f64>) -> Option<f64>;

    /// What each score says about ln p(x, y) / p(x)p(y), in the shapes of the scores and without gradient; `None` where the
    /// scores say nothing about it.
    ///
    /// # Errors
    /// Only what Candle reports.
    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>>;
}
