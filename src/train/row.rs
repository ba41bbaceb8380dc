//! What a step is recorded as: all its scalars, read at once, and whether they are finite.

use candle_core::Tensor;

use super::{
    objective::{StepValue, read_scalars},
    term_estimator::TermEstimator,
    trainer::{TrainError, Trainer},
};
use crate::record::{PerTerm, StepRow, TermLosses};

/// The scalars of a step, still where they were computed.
pub(super) struct Computed<'a> {
    pub value: &'a StepValue,
    /// The discriminator's loss and its gradient's norm.
    pub discriminator: Option<&'a (Tensor, Tensor)>,
    /// Norm of the gradient of what is trained.
    pub trained: Tensor,
    /// That of critics which only monitor.
    pub watched: Tensor,
}

/// The same as numbers.
pub(super) struct Recorded {
    pub row: StepRow,
    pub watched_norm: f64,
    /// What is not finite, if anything.
    pub nonfinite: Option<String>,
}

impl Trainer {
    /// The row of `metrics.jsonl`: one read of all scalars.
    pub(super) fn record(
        &self,
        step: u64,
        computed: Computed<'_>,
        negatives: PerTerm<usize>,
        lr: f64,
    ) -> Result<Recorded, TrainError> {
        let value = computed.value;
        let (g, l) = (value.global.as_ref(), value.local.as_ref());
        let scalars = read_scalars(&[
            Some(&value.loss),
            g.map(|t| &t.loss),
            l.map(|t| &t.loss),
            value.prior.as_ref(),
            computed.discriminator.map(|(loss, _)| loss),
            g.and_then(|t| t.nats.as_ref()),
            l.and_then(|t| t.nats.as_ref()),
            Some(&computed.trained),
            Some(&computed.watched),
            computed.discriminator.map(|(_, norm)| norm),
        ])?;
        let e = &self.estimators;
        let name = |e: &TermEstimator, on: bool| on.then(|| e.name());
        // With positives among the negatives the usual ceilings are out of reach, and none is known.
        let known = !self.config.objective.include_positives;
        let ceiling =
            |e: &TermEstimator, k: Option<usize>, clip| k.filter(|_| known).and_then(|k| e.estimator.ceiling(k, e.clip(clip)));
        let row = StepRow {
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
            grad_norm: scalars[7].unwrap_or(0.0),
            arena: None,
        };
        let watched_norm = scalars[8].unwrap_or(0.0);
        let nonfinite = nonfinite(&row, watched_norm, scalars[9]);
        Ok(Recorded { row, watched_norm, nonfinite })
    }
}

/// What in a row stops training: a read-out in nats may be infinite, an objective or a gradient may not.
fn nonfinite(row: &StepRow, watched_norm: f64, discriminator_norm: Option<f64>) -> Option<String> {
    let t = &row.terms;
    let named = [
        ("the global term's objective", t.global),
        ("the local term's objective", t.local),
        ("the prior term", t.prior),
        ("the discriminator's loss", t.discriminator),
        ("the norm of the discriminator's gradient", discriminator_norm),
        ("the loss", Some(row.loss)),
        ("the gradient's norm", Some(row.grad_norm)),
        ("the gradient's norm of a monitoring critic", Some(watched_norm)),
    ];
    let (name, value) = named.into_iter().find_map(|(n, v)| v.filter(|v| !v.is_finite()).map(|v| (n, v)))?;
    Some(format!("{name} is {value} at step {}", row.step))
}
