//! The squared Hellinger distance.

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Result, Scores, jsd, ops};

/// E\[1 − e^−T\] − E\[e^T' − 1\], a lower bound of H²(p, q) ≤ 2 (Nowozin et al. 2016, tables 1 and 2).
#[derive(Debug, Clone, Copy, Default)]
pub struct Hellinger;

static INFO: Info<'static> = Info {
    name: "hellinger",
    aliases: &[],
    title: "squared Hellinger",
    formula: "E[1 − e^−T] − E[e^T' − 1]",
    nats_formula: "1 + E[2T] − E[e^2T'] (NWJ at this critic)",
    kind: Kind::LowerBound,
    ceiling: "none; 1 + 2c − e^−2c with scores clipped to ±c",
    log_ratio: "2v",
    optimal_critic: "½ ln r",
    source: "Nowozin et al. 2016 (f-GAN), tables 1 and 2",
    options: &[],
    when: "A bounded divergence like jsd, symmetric, with a critic half as steep.",
    caution: "The objective estimates H² ≤ 2, not information. Scores wrong by some tens of nats sink it, to −∞ where e^T' or e^−T has no \
              number; the read-out squares e^T' and is sunk earlier. Clip the scores then.",
};

/// 2T and 2T', the log-ratios.
fn doubled(scores: &Scores) -> Result<Scores> {
    let s = scores.detach();
    Ok(Scores { joint: (s.joint * 2.)?, marginal: (s.marginal * 2.)? })
}

impl Estimator for Hellinger {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        let joint = ops::exp_mean(&scores.joint.neg()?)?;
        Ok(((joint + ops::exp_mean(&scores.marginal)?)?.neg()? + 2.)?)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Ok(Some(jsd::nwj_of_ratio(&doubled(scores)?)?))
    }

    /// 2T ≤ 2c and e^2T' ≥ e^−2c.
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| 1. + 2. * c - (-2. * c).exp())
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        Ok(Some(doubled(scores)?))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::Log { scale: 0.5, offset: 0. })
    }
}
