//! The Jensen-Shannon objective of Deep InfoMax (and of GANs), its read-out in nats, and what it guarantees.

use std::f64::consts::LN_2;

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Reading, Result, Scores, ops};

/// E\[−sp(−T)\] − E\[sp(T')\] (Hjelm et al. 2019, eq. 4), read out in nats by NWJ at the same critic.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jsd;

static INFO: Info<'static> = Info {
    name: "jsd",
    aliases: &["gan"],
    title: "Jensen-Shannon (GAN)",
    formula: "E[−sp(−T)] − E[sp(T')]",
    nats_formula: "1 + E[T] − E[e^T'] (NWJ at the JSD critic)",
    kind: Kind::LowerBound,
    ceiling: "none; 1 + c − e^−c with scores clipped to ±c",
    log_ratio: "v",
    optimal_critic: "ln r",
    source: "Nowozin et al. 2016 (f-GAN), table 2; Hjelm et al. 2019, eq. 4; read-out: Nguyen et al. 2010, Poole et al. 2019; \
             guaranteed bound: arXiv 2510.20644",
    options: &[],
    when: "The default for learning features: stable, bounded, and hardly in need of many negatives.",
    caution: "The objective is not information: + 2 ln 2 it estimates twice the Jensen-Shannon divergence (≤ 2 ln 2). The read-out \
              holds in expectation for any critic, but one large T' sinks it, to −∞ where e^T' has no number.",
};

impl Estimator for Jsd {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        let joint = ops::softplus_mean(&scores.joint.neg()?)?;
        let marginal = ops::softplus_mean(&scores.marginal)?;
        Ok((joint + marginal)?.neg()?)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Ok(Some(nwj_of_ratio(&scores.detach())?))
    }

    /// One pass over the marginal scores gives both sp(T') and e^T'.
    fn read(&self, scores: &Scores) -> Result<Reading> {
        let joint = ops::softplus_mean(&scores.joint.neg()?)?;
        let (marginal, exp_mean) = ops::softplus_and_exp_mean(&scores.marginal)?;
        let nats = nwj_readout(&scores.detach(), &exp_mean)?;
        Ok(Reading { objective: (joint + marginal)?.neg()?, nats: Some(nats) })
    }

    /// T ≤ c and e^T' ≥ e^−c.
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| 1. + c - (-c).exp())
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        Ok(Some(scores.detach()))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::IDENTITY)
    }
}

/// 1 + E\[ln r̂\] − E\[r̂'\], NWJ at log-ratios that some critic was trained to give.
pub(crate) fn nwj_of_ratio(log_ratio: &Scores) -> Result<Tensor> {
    nwj_readout(log_ratio, &ops::exp_mean(&log_ratio.marginal)?)
}

fn nwj_readout(scores: &Scores, exp_mean: &Tensor) -> Result<Tensor> {
    Ok(((ops::mean_all(&scores.joint)? + 1.)? - exp_mean)?)
}

/// The estimate of 2·JS that an objective value stands for: objective + 2 ln 2. At most 2 ln 2, negative for a bad critic, never
/// clamped.
pub fn divergence(objective: f64) -> f64 {
    objective + 2. * LN_2
}

/// JS, in nats, of an objective value that was averaged over batches: ln 2 + objective/2.
pub fn jensen_shannon(objective: f64) -> f64 {
    LN_2 + objective / 2.
}

/// The information in nats that held-out pairs guarantee: Ξ(JS − 2 standard errors), from the objective's values on independent
/// batches of pairs that the critic was not trained on. `None` below two batches, where there is no standard error.
pub fn guaranteed_by_batches(objectives: &[f64]) -> Option<f64> {
    let n = objectives.len() as f64;
    if objectives.len() < 2 {
        return None;
    }
    let mean = objectives.iter().sum::<f64>() / n;
    let variance = objectives.iter().map(|o| (o - mean).powi(2)).sum::<f64>() / (n - 1.);
    // JS moves half as much as the objective.
    let standard_error = (variance / n).sqrt() / 2.;
    Some(guaranteed(jensen_shannon(mean) - 2. * standard_error))
}

/// Ξ: the information in nats that a Jensen-Shannon divergence of `js` nats guarantees (arXiv 2510.20644).
///
/// It inverts JS(k) = ln 2 − ½(1+e^−k) ln(1+e^−k) − ½ k e^−k; 0 for js ≤ 0, infinite from ln 2 up (where samples are told apart
/// without error), NaN for NaN. It holds in expectation on fresh samples: hand in JS − 2 standard errors of held-out pairs, and call
/// a value of training scores "plug-in".
pub fn guaranteed(js: f64) -> f64 {
    if js.is_nan() || js <= 0. {
        return if js.is_nan() { js } else { 0. };
    }
    // The distance to ln 2 falls strictly in k; working with it keeps digits where JS is close to ln 2.
    let gap = LN_2 - js;
    if gap <= 0. {
        return f64::INFINITY;
    }
    let distance = |k: f64| {
        let q = (-k).exp();
        0.5 * ((1. + q) * q.ln_1p() + k * q)
    };
    let mut low = 0.;
    let mut high = 1.;
    while distance(high) > gap {
        low = high;
        high *= 2.;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if distance(middle) > gap {
            low = middle;
        } else {
            high = middle;
        }
    }
}
