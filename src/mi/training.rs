//! Training a critic, and keeping it at its best on pairs set aside.

use candle_core::Tensor;
use dim_estimators::{Estimator, Scores};

use super::{
    Error,
    fit::{Fit, Step, number},
};

/// How long a training is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub steps: u64,
    /// The best of so many states of the critic is kept, by its objective on pairs set aside from the training part.
    pub checks: u64,
}

/// x [n, dx] and y [n, dy]: row i of both is one pair.
pub(super) type Pairs = (Tensor, Tensor);

/// A critic at its best, or how its training ended.
pub(super) struct Trained {
    pub fit: Fit,
    /// The step at which the objective was no number any more.
    diverged: Option<u64>,
    /// Whether there was a state worth keeping.
    usable: bool,
}

impl Trained {
    /// How the training broke off, in words.
    pub fn ended(&self) -> Option<String> {
        self.diverged.map(|step| format!("at step {step} of the training the objective was no finite number any more"))
    }

    /// Why there is no critic to ask, in words.
    pub fn unusable(&self) -> Option<String> {
        let never = || "the objective was never a finite number on pairs set aside".into();
        (!self.usable).then(|| self.ended().unwrap_or_else(never))
    }
}

/// Trains `fit` up the objective of `estimator`, on the pairs that `draw` gives for each step (the first is 1), and
/// puts it back to its best state by the objective on the batches `watch`; `on_step` is called after each step.
///
/// # Errors
/// Candle's, and those of `draw`.
pub(super) fn train(
    mut fit: Fit,
    estimator: &dyn Estimator,
    pace: Pace,
    draw: &dyn Fn(u64) -> Result<Pairs, Error>,
    watch: &[Pairs],
    on_step: &mut dyn FnMut(),
) -> Result<Trained, Error> {
    let Pace { steps, checks } = pace;
    let every = (steps / checks).max(1);
    let mut best: Option<(f64, Vec<Tensor>)> = None;
    let mut diverged = None;
    for step in 1..=steps {
        let (x, y) = draw(step)?;
        if let Step::NonFinite = fit.step(estimator, &x, &y)? {
            diverged = Some(step);
            break;
        }
        if step % every == 0 || step == steps {
            let value = number(&estimator.objective(&joined(&scores(&fit, watch)?)?)?)?;
            if value.is_finite() && best.as_ref().is_none_or(|(top, _)| value > *top) {
                best = Some((value, fit.weights()?));
            }
        }
        on_step();
    }
    if let Some((_, weights)) = &best {
        fit.set_weights(weights)?;
    }
    Ok(Trained { fit, diverged, usable: best.is_some() })
}

/// The scores of each of these batches.
pub(super) fn scores(fit: &Fit, batches: &[Pairs]) -> Result<Vec<Scores>, Error> {
    batches.iter().map(|(x, y)| fit.scores(x, y)).collect()
}

/// The scores of several batches as those of one.
pub(super) fn joined(batches: &[Scores]) -> Result<Scores, Error> {
    let joint = Tensor::cat(&batches.iter().map(|s| &s.joint).collect::<Vec<_>>(), 0)?;
    let marginal = Tensor::cat(&batches.iter().map(|s| &s.marginal).collect::<Vec<_>>(), 0)?;
    Ok(Scores { joint, marginal })
}
