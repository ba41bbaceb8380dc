//! Pearson's χ² divergence.

use candle_core::Tensor;

use crate::{
    Estimator, Info, Kind, Link, Result, Scores,
    ops::{self, Pointwise},
};

/// E\[T\] − E\[f*(T')\] with f*(t) = t²/4 + t from −2 up and −1 below, a lower bound of χ²(p‖q) (Nowozin et al. 2016, tables 1
/// and 2; below −2 the conjugate is that of f on ratios ≥ 0).
#[derive(Debug, Clone, Copy, Default)]
pub struct Chi2;

static INFO: Info<'static> = Info {
    name: "chi2",
    aliases: &[],
    title: "Pearson χ²",
    formula: "E[T] − E[f*(T')], f*(t) = t²/4 + t for t ≥ −2, else −1",
    nats_formula: "1 + E[ln(1 + T/2)] − E[max(1 + T'/2, 0)] (NWJ at this critic); none if a joint score is ≤ −2",
    kind: Kind::LowerBound,
    ceiling: "none; with scores clipped to ±c, 1 + ln(1 + c/2) − max(1 − c/2, 0)",
    log_ratio: "ln(1 + v/2)",
    optimal_critic: "2(r − 1)",
    source: "Nowozin et al. 2016 (f-GAN), tables 1 and 2",
    options: &[],
    when: "To see a divergence that grows with r itself: it rewards the few surest positives.",
    caution: "The objective estimates χ², not information, and χ² grows like e^I: its variance is the largest of all. The scores are \
              ratios less one, so that the critic must grow exponentially where others grow linearly.",
};

/// f*(t) = ((t + 2)⁺)²/4 − 1.
const CONJUGATE: Pointwise = Pointwise {
    value: |t| if t < -2. { -1. } else { t * t / 4. + t },
    slope: |t| if t < -2. { 0. } else { t / 2. + 1. },
    composed: |t| (ops::at_least(&(t + 2.)?, 0.)?.sqr()? / 4.)? - 1.,
};

/// max(1 + t/2, 0): no ratio is below 0.
const RATIO: Pointwise = Pointwise {
    value: |t| if t < -2. { 0. } else { t / 2. + 1. },
    slope: |t| if t < -2. { 0. } else { 0.5 },
    composed: |t| (ops::at_least(t, -2.)? / 2.)? + 1.,
};

/// 1 + v/2, the density ratio a score stands for.
fn ratio(v: &Tensor) -> Result<Tensor> {
    Ok(((v / 2.)? + 1.)?)
}

impl Estimator for Chi2 {
    fn info(&self) -> Info<'_> {
        INFO
    }

    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Ok((ops::mean_all(&scores.joint)? - ops::mean_of(&scores.marginal, CONJUGATE)?)?)
    }

    /// NaN if a joint score is at most −2, a ratio of nothing.
    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        let s = scores.detach();
        let joint = ratio(&s.joint)?;
        // ln 0 = −∞ would pass for a value.
        let known = joint.gt(0.)?.where_cond(&joint, &joint.ones_like()?.affine(f64::NAN, 0.)?)?;
        let marginal = ops::mean_of(&s.marginal, RATIO)?;
        Ok(Some(((ops::mean_all(&known.log()?)? + 1.)? - marginal)?))
    }

    /// T ≤ c, and the ratio of T' ≥ −c is at least 1 − c/2, and 0.
    fn ceiling(&self, _k: usize, clip: Option<f64>) -> Option<f64> {
        clip.map(|c| 1. + (c / 2.).ln_1p() - (1. - c / 2.).max(0.))
    }

    /// −∞ for scores of −2 and below.
    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        let s = scores.detach();
        let log = |v: &Tensor| -> Result<Tensor> { Ok(ops::at_least(&ratio(v)?, 0.)?.log()?) };
        Ok(Some(Scores { joint: log(&s.joint)?, marginal: log(&s.marginal)? }))
    }

    fn link(&self) -> Option<Link> {
        Some(Link::Ratio)
    }
}
