//! What an estimator makes of given scores.

use std::{fs, path::Path};

use candle_core::{DType, Device, Tensor, Var};
use dim_estimators::{Scores, State, jsd};
use serde::Serialize;

use super::{
    Choice, Error, finite,
    npy::{self, Array, Values},
};

/// The scores and what to do with them.
pub struct Request<'a> {
    pub choice: &'a Choice,
    /// `.npy`, scores T of P positive pairs: `[P]`, `[P, 1]`, or `[P, R]` for R positives that share their negatives.
    pub joint: &'a Path,
    /// `.npy` of the same type, scores T' of the negatives of each: `[P, K]`.
    pub marginal: &'a Path,
    /// c of c·tanh(T/c); `Some(0.0)`: off; `None`: the estimator's own default.
    pub clip: Option<f64>,
    /// Folder for the gradients of the objective that training uses.
    pub grad: Option<&'a Path>,
}

/// What came out. Numbers that are not finite are `None`, with a reason.
#[derive(Debug, Clone, Serialize)]
pub struct Estimate {
    pub estimator: String,
    /// The value that training maximises.
    pub objective: Option<f64>,
    /// Estimate of the mutual information.
    pub nats: Option<f64>,
    /// The largest value `nats` can reach; `None` where there is none.
    pub ceiling: Option<f64>,
    /// Joint scores in all.
    pub positives: usize,
    /// K, the negatives of each group.
    pub negatives: usize,
    /// c, if the scores were clipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Of jsd: the objective + 2 ln 2, an estimate of twice the Jensen-Shannon divergence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<Option<f64>>,
    /// Of jsd: Ξ of the plug-in divergence, the information that such a divergence guarantees. A guarantee only as far as these
    /// scores are fresh to the critic, and in expectation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_guaranteed: Option<Option<f64>>,
    /// Why something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reads the scores, in their own precision, and writes the gradients if asked to.
///
/// # Errors
/// [`Error::is_input`] of files that do not hold such scores and of a clip below 0; [`Error::Write`].
pub fn estimate(request: &Request<'_>) -> Result<Estimate, Error> {
    let joint = read(request.joint)?;
    let marginal = read(request.marginal)?;
    let scores = Inputs::new(request, &joint, &marginal)?;
    let clip = match request.clip {
        None => request.choice.estimator.default_clip(),
        Some(0.0) => None,
        given => given,
    };
    let used = match clip {
        Some(c) => scores.as_scores()?.clipped(c)?,
        None => scores.as_scores()?,
    };
    let mut result = numbers(request.choice, &used, clip)?;
    if joint.has_nan() || marginal.has_nan() {
        // Some formulas would pass over a NaN: max(NaN, 0) is 0.
        (result.objective, result.nats) = (None, None);
        for number in [&mut result.divergence, &mut result.nats_guaranteed] {
            *number = number.map(|_| None);
        }
        result.reason = Some("the scores hold NaN".into());
    }
    if let Some(dir) = request.grad {
        scores.write_gradients(request.choice, &used, dir, [&joint, &marginal])?;
    }
    Ok(result)
}

impl Array {
    fn has_nan(&self) -> bool {
        match &self.values {
            Values::F32(v) => v.iter().any(|v| v.is_nan()),
            Values::F64(v) | Values::Whole(v) => v.iter().any(|v| v.is_nan()),
        }
    }
}

/// A file of scores: floating-point numbers, at least one.
fn read(path: &Path) -> Result<Array, Error> {
    let array = npy::read(path)?;
    if matches!(array.values, Values::Whole(_)) {
        return Err(Error::file(path, "scores must be float32 or float64, these are integers or truth values"));
    }
    if array.values.len() == 0 {
        return Err(Error::file(path, format!("holds no scores: its shape is {:?}", array.shape)));
    }
    Ok(array)
}

/// The scores as variables, so that gradients can be taken.
struct Inputs {
    joint: Var,
    marginal: Var,
}

impl Inputs {
    fn new(request: &Request<'_>, joint: &Array, marginal: &Array) -> Result<Self, Error> {
        let (groups, negatives) = match marginal.shape[..] {
            [p, k] => (p, k),
            _ => return Err(Error::file(request.marginal, format!("marginal scores must be [P, K], not {:?}", marginal.shape))),
        };
        let positives = match joint.shape[..] {
            [_] => 1,
            [_, r] => r,
            _ => return Err(Error::file(request.joint, format!("joint scores must be [P] or [P, R], not {:?}", joint.shape))),
        };
        if joint.shape[0] != groups {
            return Err(Error::Input(format!(
                "{} has scores of {} positives, {} negatives of {groups}: row i of both must belong to the same anchor",
                request.joint.display(),
                joint.shape[0],
                request.marginal.display()
            )));
        }
        let var = |array: &Array, columns| -> Result<Var, Error> {
            let tensor = match &array.values {
                Values::F32(v) => Tensor::from_slice(v, (groups, columns), &Device::Cpu)?,
                Values::F64(v) | Values::Whole(v) => Tensor::from_slice(v, (groups, columns), &Device::Cpu)?,
            };
            Ok(Var::from_tensor(&tensor)?)
        };
        Ok(Self { joint: var(joint, positives)?, marginal: var(marginal, negatives)? })
    }

    fn as_scores(&self) -> Result<Scores, Error> {
        Ok(Scores::new(self.joint.as_tensor().clone(), self.marginal.as_tensor().clone())?)
    }

    /// `joint.npy` and `marginal.npy` in `dir`: in the type and shape of the inputs `like`.
    fn write_gradients(&self, choice: &Choice, used: &Scores, dir: &Path, like: [&Array; 2]) -> Result<(), Error> {
        let objective = choice.estimator.train(used, &mut State::default())?.objective;
        let grads = objective.backward()?;
        fs::create_dir_all(dir).map_err(|source| Error::Write { path: dir.into(), source })?;
        for ((name, var), like) in [("joint.npy", &self.joint), ("marginal.npy", &self.marginal)].into_iter().zip(like) {
            let flat = match grads.get(var) {
                Some(gradient) => gradient.flatten_all()?,
                None => var.zeros_like()?.flatten_all()?,
            };
            let values = match flat.dtype() {
                DType::F32 => Values::F32(flat.to_vec1()?),
                _ => Values::F64(flat.to_vec1()?),
            };
            npy::write(&dir.join(name), &Array { shape: like.shape.clone(), values })?;
        }
        Ok(())
    }
}

/// The numbers for `scores`, which are clipped already.
fn numbers(choice: &Choice, scores: &Scores, clip: Option<f64>) -> Result<Estimate, Error> {
    let estimator = &choice.estimator;
    let scalar = |t: Tensor| -> Result<f64, Error> { Ok(t.to_dtype(DType::F64)?.to_scalar()?) };
    let reading = estimator.read(&scores.detach())?;
    let objective = scalar(reading.objective)?;
    let nats = reading.nats.map(scalar).transpose()?;
    let is_jsd = choice.name() == "jsd";
    let guaranteed = is_jsd.then(|| jsd::guaranteed(jsd::jensen_shannon(objective)));
    let mut reasons = Vec::new();
    if !objective.is_finite() {
        reasons.push(format!("the objective is {objective}: {} has no number for such scores", choice.name()));
    }
    match nats {
        None => reasons.push(format!("{} has no estimate in nats", choice.name())),
        Some(v) if !v.is_finite() => {
            reasons.push(format!("the estimate is {v}: {} has no number for such scores", choice.name()))
        }
        Some(_) => {}
    }
    if guaranteed == Some(f64::INFINITY) {
        reasons.push("the guaranteed bound is infinite: these scores tell positives from negatives without error".into());
    }
    Ok(Estimate {
        estimator: choice.name().into(),
        objective: finite(objective),
        nats: nats.and_then(finite),
        ceiling: estimator.ceiling(scores.negatives(), clip),
        positives: scores.groups() * scores.positives(),
        negatives: scores.negatives(),
        clip,
        divergence: is_jsd.then(|| finite(jsd::divergence(objective))),
        nats_guaranteed: guaranteed.map(finite),
        reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
    })
}
