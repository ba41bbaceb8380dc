//! The difference of mean scores of a bounded critic.

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Result, Scores, ops};

/// E\[T\] − E\[T'\]: an integral probability metric over critics bounded by the clip c, which is 2c times the total variation
/// distance. Not the Wasserstein distance W₁, whose critics are 1-Lipschitz.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wasserstein;

/// c where the user sets none.
const CLIP: f64 = 10.;

static INFO: Info<'static> = Info {
    name: "wasserstein",
    aliases: &[],
    title: "difference of means of a bounded critic",
    formula: "E[T] − E[T'], scores clipped to ±c (c = 10 if unset)",
    nats_formula: "none",
    kind: Kind::Divergence,
    ceiling: "no estimate in nats; the objective is at most 2c",
    log_ratio: "none: a score says nothing about ln r",
    optimal_critic: "c·sign(ln r)",
    source: "Müller 1997 (integral probability metrics); Arjovsky et al. 2017; Ozair et al. 2019 (with a Lipschitz critic)",
    options: &[],
    when: "To compare with an objective whose gradient never saturates: every pair pulls equally hard.",
    caution: "Named after the objective's form: with a clipped instead of a Lipschitz critic it is 2c times the total variation, not \
              W₁. It has no reading in nats.",
};

impl Estimator for Wasserstein {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Ok((ops::mean_all(&scores.joint)? - ops::mean_all(&scores.marginal)?)?)
    }

    fn nats(&self, _scores: &Scores) -> Result<Option<Tensor>> {
        Ok(None)
    }

    fn ceiling(&self, _k: usize, _clip: Option<f64>) -> Option<f64> {
        None
    }

    fn log_ratio(&self, _scores: &Scores) -> Result<Option<Scores>> {
        Ok(None)
    }

    /// Only its sign is a function of ln r, and scores within ±c reach it nowhere.
    fn link(&self) -> Option<Link> {
        None
    }

    fn default_clip(&self) -> Option<f64> {
        Some(CLIP)
    }
}
