//! SMILE: the critic of jsd, read out by Donsker and Varadhan with cut marginal scores.

use candle_core::Tensor;

use crate::{Estimator, Info, Jsd, Kind, Link, Options, Result, Scores, ops};

/// Trained as `jsd`; the estimate is E\[T\] − lme(min(max(T', −τ), τ)) (Song & Ermon 2020, eq. 14).
#[derive(Debug, Clone, Copy)]
pub struct Smile {
    tau: f64,
}

static INFO: Info<'static> = Info {
    name: "smile",
    aliases: &[],
    title: "SMILE (jsd critic, clipped Donsker-Varadhan)",
    formula: "E[−sp(−T)] − E[sp(T')], as jsd",
    nats_formula: "E[T] − ln E[e^min(max(T', −τ), τ)]",
    kind: Kind::Surrogate,
    ceiling: "none; c + min(τ, c) with scores clipped to ±c",
    log_ratio: "v",
    optimal_critic: "ln r",
    source: "Song & Ermon 2020 (SMILE), eq. 14",
    options: &["tau"],
    when: "You want a number for a large information and can live with a bias: small τ for little variance, large τ for little bias.",
    caution: "Not a bound: cutting T' takes variance out of ln E[e^T'] and puts bias in, upward where large T' are cut.",
};

impl Smile {
    /// With `options.tau`.
    pub fn new(options: &Options) -> Self {
        Self { tau: options.tau }
    }
}

impl Estimator for Smile {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Jsd.objective(scores)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        let s = scores.detach();
        let cut = ops::at_least(&ops::at_most(&s.marginal, self.tau)?, -self.tau)?;
        Ok(Some((ops::mean_all(&s.joint)? - ops::log_mean_exp_all(&cut)?)?))
    }

    /// T ≤ c and the cut T' ≥ −min(τ, c).
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| c + c.min(self.tau))
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        Jsd.log_ratio(scores)
    }

    fn link(&self) -> Option<Link> {
        Jsd.link()
    }
}
