//! MINE: Donsker and Varadhan's bound with the gradient's bias corrected by a running mean.

use candle_core::Tensor;

use crate::{Dv, Estimator, Info, Kind, Link, Options, Reading, Result, Scores, State, ops};

/// The value of `dv`; in training, the gradient of ln E\[e^T'\] is divided by a running mean of E\[e^T'\] instead of the batch's
/// own (Belghazi et al. 2018, section 3.2, eq. 12).
#[derive(Debug, Clone, Copy)]
pub struct Mine {
    /// How much of the running mean a batch keeps.
    ema: f64,
}

static INFO: Info<'static> = Info {
    name: "mine",
    aliases: &[],
    title: "MINE (Donsker-Varadhan, running mean)",
    formula: "E[T] − ln E[e^T'], with the gradient E[∇T] − E[e^T' ∇T'] / (running mean of E[e^T'])",
    nats_formula: "E[T] − ln E[e^T']",
    kind: Kind::LowerBound,
    ceiling: "none; 2c with scores clipped to ±c",
    log_ratio: "v − ln E[e^T']",
    optimal_critic: "ln r + any constant",
    source: "Belghazi et al. 2018 (MINE), section 3.2, eq. 12",
    options: &["ema"],
    when: "You want dv and its batches are small: the running mean takes most of the bias out of the gradient.",
    caution: "The printed value is that of dv, with dv's bias and variance: only the gradient is corrected. The running mean lags \
              behind a critic that moves fast; a batch whose mean of e^T' exceeds it weighs more than in dv, up to 1/(1 − ema) times.",
};

impl Mine {
    /// With `options.ema`.
    pub fn new(options: &Options) -> Self {
        Self { ema: options.ema }
    }

    /// m ← ln(a·e^m + (1 − a)·e^lme); the first batch starts it.
    fn renew(&self, state: &mut State, lme: &Tensor) -> Result<Tensor> {
        let mean = match &state.log_mean {
            Some(m) if self.ema > 0.0 => ops::log_add_exp(&(m + self.ema.ln())?, &(lme + (-self.ema).ln_1p())?)?,
            _ => lme.clone(),
        };
        state.log_mean = Some(mean.clone());
        Ok(mean)
    }
}

impl Estimator for Mine {
    fn info(&self) -> Info<'_> {
        INFO
    }

    /// That of a first batch, where the running mean is the batch's own: dv.
    fn objective(&self, scores: &Scores) -> Result<Tensor> {
        Dv.objective(scores)
    }

    fn nats(&self, scores: &Scores) -> Result<Option<Tensor>> {
        Dv.nats(scores)
    }

    fn train(&self, scores: &Scores, state: &mut State) -> Result<Reading> {
        let joint = ops::mean_all(&scores.joint)?;
        let lme = ops::log_mean_exp_all(&scores.marginal)?;
        let value = (joint.detach() - lme.detach())?;
        let weight = (lme.detach() - self.renew(state, &lme.detach())?)?.exp()?;
        // The gradient of `surrogate`, the value of `value`.
        let surrogate = (joint - (lme * weight)?)?;
        let objective = ((&surrogate - surrogate.detach())? + &value)?;
        Ok(Reading { objective, nats: Some(value) })
    }

    fn ceiling(&self, k: usize, clip: Option<f64>) -> Option<f64> {
        Dv.ceiling(k, clip)
    }

    fn log_ratio(&self, scores: &Scores) -> Result<Option<Scores>> {
        Dv.log_ratio(scores)
    }

    fn link(&self) -> Option<Link> {
        Some(Link::IDENTITY)
    }
}
