//! Nguyen, Wainwright and Jordan's bound of the Kullback-Leibler divergence.

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Reading, Result, Scores, ops};

/// E\[T\] − E\[e^(T'−1)\] (Nguyen et al. 2010; Poole et al. 2019, eq. 4).
#[derive(Debug, Clone, Copy, Default)]
pub struct Nwj;

static INFO: Info<'static> = Info {
    name: "nwj",
    aliases: &["kl"],
    title: "Nguyen-Wainwright-Jordan (KL)",
    formula: "E[T] − E[e^(T'−1)]",
    nats_formula: "the same",
    kind: Kind::LowerBound,
    ceiling: "none; c − e^(−c−1) with scores clipped to ±c",
    log_ratio: "v − 1",
    optimal_critic: "1 + ln r",
    source: "Nguyen, Wainwright & Jordan 2010; Nowozin et al. 2016 (f-GAN), KL; Belghazi et al. 2018 (MINE-f); Poole et al. 2019, eq. 4",
    options: &[],
    when: "You want a lower bound that holds in expectation for any batch size: no logarithm of a mean, so no bias upward.",
    caution: "Its variance grows like e^I: above some 5 nats single batches say little. One large T' sinks value and gradient, to −∞ \
              where e^T' has no number; clip the scores then.",
};

impl Estimator for Nwj {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Ok((ops::mean_all(&scores.joint)? - ops::exp_mean(&(&scores.marginal - 1.)?)?)?)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Ok(Some(self.objective(&scores.detach())?))
    }

    fn read(&self, scores: &Scores) -> Result<Reading> {
        let objective = self.objective(scores)?;
        let nats = Some(objective.detach());
        Ok(Reading { objective, nats })
    }

    /// T ≤ c and e^(T'−1) ≥ e^(−c−1).
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| c - (-c - 1.).exp())
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        let s = scores.detach();
        Ok(Some(Scores { joint: (s.joint - 1.)?, marginal: (s.marginal - 1.)? }))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::Log { scale: 1., offset: 1. })
    }
}
