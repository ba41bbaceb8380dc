//! What every estimator says about scores that one of them trained.

use candle_core::{D, DType, Device, Tensor};

use crate::{Estimator, Kind, Options, Result, Scores, all, ops};

/// One estimator's reading of scores that another trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Whose reading it is.
    pub name: String,
    /// What kind of number its nats are.
    pub kind: Kind,
    /// Its estimate, nats, if its own best critic knew the ln r̂ that the trained critic knows; `None` if either has none.
    pub fitted: Option<f64>,
    /// Its estimate, nats, of the scores as they are.
    pub raw: Option<f64>,
    /// The largest value that `raw` can reach with as many negatives and this clip.
    pub ceiling: Option<f64>,
}

/// Every built-in estimator, and before them `trained` if it is none of them, on the same scores: scores → ln r̂ of `trained` → each one's own best critic → its estimate.
///
/// A difference between two rows is then a difference of the estimators, not of their critics' scales.
///
/// # Errors
/// Only what Candle reports.
pub fn compare(scores: &Scores, trained: &dyn Estimator, options: &Options, clip: Option<f64>) -> Result<Vec<Compared>> {
    let scores = scores.detach();
    let known = trained.log_ratio(&scores)?;
    let one = |e: &dyn Estimator| -> Result<Compared> {
        let fitted = match (&known, e.link()) {
            (Some(l), Some(link)) => {
                number(e.nats(&Scores { joint: link.critic(&l.joint)?, marginal: link.critic(&l.marginal)? })?.as_ref())?
            }
            _ => None,
        };
        let info = e.info();
        let ceiling = e.ceiling(scores.negatives(), clip);
        Ok(Compared { name: info.name.into(), kind: info.kind, fitted, raw: number(e.nats(&scores)?.as_ref())?, ceiling })
    };
    let built_in = all(options);
    let own = Some(trained).filter(|t| built_in.iter().all(|e| e.info().name != t.info().name));
    own.into_iter().chain(built_in.iter().map(|e| &**e)).map(one).collect()
}

fn number(t: Option<&Tensor>) -> Result<Option<f64>> {
    Ok(t.map(|t| t.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar::<f64>()).transpose()?)
}

/// How many negatives of a group count, on the average over groups: 1/Σw², w the softmax over a group's negatives. 1 where one
/// negative drowns the others, K where all weigh the same.
///
/// # Errors
/// Only what Candle reports.
pub fn effective_negatives(scores: &Scores) -> Result<f64> {
    let x = scores.marginal.detach();
    let (once, twice) = (ops::log_sum_exp_rows(&x)?, ops::log_sum_exp_rows(&(&x * 2.)?)?);
    let counts = ((once * 2.)? - twice)?.exp()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    Ok(counts.squeeze(D::Minus1)?.mean_all()?.to_scalar()?)
}
