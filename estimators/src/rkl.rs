//! The reverse Kullback-Leibler divergence.

use candle_core::Tensor;

use crate::{Estimator, Info, Jsd, Kind, Link, Result, Scores, ops};

/// −E\[e^−T\] − E\[T'\] + 1, a lower bound of KL(q‖p) (Nowozin et al. 2016, tables 1 and 2). Its best critic is that of `jsd`, and it
/// is read out in the same way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rkl;

static INFO: Info<'static> = Info {
    name: "rkl",
    aliases: &[],
    title: "reverse Kullback-Leibler",
    formula: "1 − E[e^−T] − E[T']",
    nats_formula: "1 + E[T] − E[e^T'] (NWJ at this critic)",
    kind: Kind::LowerBound,
    ceiling: "none; 1 + c − e^−c with scores clipped to ±c",
    log_ratio: "v",
    optimal_critic: "ln r",
    source: "Nowozin et al. 2016 (f-GAN), tables 1 and 2",
    options: &[],
    when: "To see what a mode-seeking divergence does: it punishes negatives that look like positives.",
    caution: "The objective estimates KL(q‖p), not information. One very negative T sinks it, to −∞ where e^−T has no number; the \
              read-out is sunk by one large T'. Clip the scores then.",
};

impl Estimator for Rkl {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        let joint = ops::exp_mean(&scores.joint.neg()?)?;
        Ok(((joint + ops::mean_all(&scores.marginal)?)?.neg()? + 1.)?)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Jsd.nats(scores)
    }

    fn ceiling(&self, k: usize, clip: Option<f64>) -> Option<f64> {
        Jsd.ceiling(k, clip)
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        Jsd.log_ratio(scores)
    }

    fn link(&self) -> Option<Link> {
        Jsd.link()
    }
}
