//! What every estimator can do.

use candle_core::Tensor;

use crate::{Info, Link, Result, Scores};

/// Both numbers of one batch.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The scalar to maximise; differentiable. Of `mine`, the gradient is not that of the printed value.
    pub objective: Tensor,
    /// Estimate of the mutual information in nats, scalar, detached; `None` where the estimator has none.
    pub nats: Option<Tensor>,
}

/// What an estimator remembers from batch to batch: only `mine` does. A checkpoint must keep it.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// m of `mine`: ln of the running mean of e^T', a scalar; `None` before the first batch.
    pub log_mean: Option<Tensor>,
}

/// Scores in, an objective and an estimate in nats out.
///
/// All methods take scores as they are: clip them first ([`Scores::clipped`]) if clipping is on or
/// [`Estimator::default_clip`] asks for it.
pub trait Estimator: Send + Sync {
    /// What it is, in words and formulas.
    fn info(&self) -> Info<'_>;

    /// The scalar to maximise; differentiable with respect to both score matrices.
    ///
    /// # Errors
    /// What Candle or a script reports.
    fn objective(&self, scores: &Scores) -> Result<Tensor>;

    /// Estimate of the mutual information in nats: a scalar without gradient, or `None` where there is none. Where it exists
    /// for other scores but not for these (a ratio below 0), it is NaN.
    ///
    /// # Errors
    /// What Candle or a script reports.
    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>>;

    /// Both at once; estimators that can share the passes over the scores override it.
    ///
    /// # Errors
    /// What Candle or a script reports.
    fn read(&self, scores: &Scores) -> Result<Reading> {
        Ok(Reading { objective: self.objective(scores)?, nats: self.nats(scores)? })
    }

    /// [`Self::read`] for a step of training: an estimator with a memory reads and renews it.
    ///
    /// # Errors
    /// What Candle or a script reports.
    fn train(&self, scores: &Scores, _state: &mut State) -> Result<Reading> {
        self.read(scores)
    }

    /// The largest value `nats` can reach with `k` negatives and scores clipped to ±`clip`; `None` where it has no bound.
    fn ceiling(&self, k: usize, clip: Option<f64>) -> Option<f64>;

    /// What each score says about ln p(x, y) / p(x)p(y), in the shapes of the scores and without gradient; `None` where the
    /// scores say nothing about it.
    ///
    /// # Errors
    /// What Candle or a script reports.
    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>>;

    /// How the scores that maximise the objective follow from ln r, up to a constant that the objective may leave free; `None`
    /// where no function of ln r maximises it.
    fn link(&self) -> Option<Link>;

    /// The clip without which the objective has no finite supremum; used where none is set.
    fn default_clip(&self) -> Option<f64> {
        None
    }
}
