//! Donsker and Varadhan's representation of the Kullback-Leibler divergence.

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Reading, Result, Scores, ops};

/// E\[T\] − lme(T'), one log-mean-exp over all marginal scores handed in (Belghazi et al. 2018, theorem 1).
#[derive(Debug, Clone, Copy, Default)]
pub struct Dv;

static INFO: Info<'static> = Info {
    name: "dv",
    aliases: &[],
    title: "Donsker-Varadhan",
    formula: "E[T] − ln E[e^T']",
    nats_formula: "the same",
    kind: Kind::LowerBound,
    ceiling: "none; 2c with scores clipped to ±c",
    log_ratio: "v − ln E[e^T']",
    optimal_critic: "ln r + any constant",
    source: "Donsker & Varadhan 1983; Belghazi et al. 2018 (MINE), theorem 1; Hjelm et al. 2019, eq. 2",
    options: &[],
    when: "Many negatives, and you want an estimate without a ceiling.",
    caution: "A lower bound only as samples → ∞: the logarithm of a batch mean is biased down, so a batch value is biased \
              upward. Its variance grows like e^I, and its gradient is that of few large negatives: with small K it is unstable.",
};

impl Estimator for Dv {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Ok((ops::mean_all(&scores.joint)? - ops::log_mean_exp_all(&scores.marginal)?)?)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Ok(Some(self.objective(&scores.detach())?))
    }

    fn read(&self, scores: &Scores) -> Result<Reading> {
        let objective = self.objective(scores)?;
        let nats = Some(objective.detach());
        Ok(Reading { objective, nats })
    }

    /// T ≤ c and lme(T') ≥ −c.
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| 2. * c)
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        let s = scores.detach();
        let lme = ops::log_mean_exp_all(&s.marginal)?;
        Ok(Some(Scores { joint: s.joint.broadcast_sub(&lme)?, marginal: s.marginal.broadcast_sub(&lme)? }))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::IDENTITY)
    }
}
