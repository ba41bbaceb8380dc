//! InfoNCE: pick the positive out of K + 1 candidates.

use candle_core::Tensor;

use crate::{Estimator, Info, Kind, Link, Reading, Result, Scores, ops};

/// E\[T − ln(e^T + Σ_K e^T')\]; plus ln(K+1) it bounds the information (van den Oord et al. 2018, eq. 4 and section 2.3).
#[derive(Debug, Clone, Copy, Default)]
pub struct InfoNce;

static INFO: Info<'static> = Info {
    name: "infonce",
    aliases: &[],
    title: "InfoNCE",
    formula: "E[T − ln(e^T + Σ_K e^T')]",
    nats_formula: "E[T − ln(e^T + Σ_K e^T')] + ln(K+1)",
    kind: Kind::LowerBound,
    ceiling: "ln(K+1); ln(K+1) − ln(1 + K e^−2c) with scores clipped to ±c",
    log_ratio: "v − lme over the candidates of its group (the positive and the K negatives)",
    optimal_critic: "ln r + any function of the anchor",
    source: "van den Oord et al. 2018 (CPC), eq. 4 and section 2.3; Hjelm et al. 2019, eq. 5; Poole et al. 2019, eq. 10",
    options: &[],
    when: "Many negatives are cheap (large batch, dot critic): low variance and the best features where K is large.",
    caution: "It cannot report more than ln(K+1) nats, whatever the truth: an estimate near its ceiling says only that K is too \
              small. A bound if the negatives of a group are independent; with several locations of one image among them \
              (`any`) it is a contrastive score and bounds nothing.",
};

impl InfoNce {
    /// −E[sp(lse(T') − T)], which is the formula above; the log-sum-exp is taken once per group and shared by its R positives.
    fn value(scores: &Scores) -> Result<Tensor> {
        let rivals = ops::log_sum_exp_rows(&scores.marginal)?;
        let deficit = rivals.broadcast_sub(&scores.joint)?;
        Ok(ops::softplus_mean(&deficit)?.neg()?)
    }

    fn candidates(scores: &Scores) -> f64 {
        scores.negatives() as f64 + 1.
    }
}

impl Estimator for InfoNce {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Self::value(scores)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Ok(Some((Self::value(&scores.detach())? + Self::candidates(scores).ln())?))
    }

    fn read(&self, scores: &Scores) -> Result<Reading> {
        let objective = Self::value(scores)?;
        let nats = Some((objective.detach() + Self::candidates(scores).ln())?);
        Ok(Reading { objective, nats })
    }

    /// Largest when the positive is at +c and all negatives at −c.
    fn ceiling(&self, k: usize, clip: Option<f64>) -> Option<f64> {
        let k = k as f64;
        Some((k + 1.).ln() - clip.map_or(0., |c| (k * (-2. * c).exp()).ln_1p()))
    }

    /// Joint: each positive among its own candidates, so that their mean is `nats`. Marginal: with R > 1 the candidates differ from
    /// positive to positive, and a negative is compared with the mean of e^T over the positives.
    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        let s = scores.detach();
        let ln_n = Self::candidates(scores).ln();
        let rivals = ops::log_sum_exp_rows(&s.marginal)?;
        let own = ops::log_add_exp(&s.joint, &rivals)?;
        let mean_positive = (ops::log_sum_exp_rows(&s.joint)? - (s.positives() as f64).ln())?;
        let shared = ops::log_add_exp(&mean_positive, &rivals)?;
        let joint = ((&s.joint - own)? + ln_n)?;
        let marginal = (s.marginal.broadcast_sub(&shared)? + ln_n)?;
        Ok(Some(Scores { joint, marginal }))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::IDENTITY)
    }
}
