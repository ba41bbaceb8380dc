//! Training a critic on batches of pairs.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use dim_estimators::{Estimator, Scores, State};

use super::{Critic, CriticKind, Error};
use crate::nn::{Adam, Draws, Gradients, Store, grad_norm};

/// A critic, what it is trained on, and the optimiser.
pub struct Fit {
    critic: Critic,
    store: Store,
    params: Vec<(String, candle_core::Var)>,
    adam: Adam,
    gradients: Gradients,
    state: State,
    /// The state after the step that is prepared.
    next_state: State,
    lr: f64,
}

/// The name of a tensor that is missing or of another shape, and the shape it should have.
pub type Misfit = (String, Vec<usize>);

/// What one step gave.
pub enum Step {
    /// The scores of the batch before the update, without gradient; −objective, and its gradient's norm.
    Taken { scores: Scores, loss: f64, grad_norm: f64 },
    /// The objective or its gradient is not finite; nothing has been changed.
    NonFinite,
}

impl Fit {
    /// A critic whose initial values depend on `seed` alone, for x and y of `dims` numbers.
    ///
    /// # Errors
    /// Candle's.
    pub fn new(kind: CriticKind, dims: [usize; 2], seed: u64, lr: f64) -> Result<Self, Error> {
        let mut store = Store::new(Draws { seed, attempt: 0 }, &Device::Cpu, DType::F32);
        let critic = Critic::new(store.root().sub("critic"), kind, dims)?;
        let params = store.group("critic");
        Ok(Self {
            critic,
            store,
            params,
            adam: Adam::new(),
            gradients: Gradients::default(),
            state: State::default(),
            next_state: State::default(),
            lr,
        })
    }

    /// One step of Adam up the objective of `estimator` on the pairs `x` [n, dx], `y` [n, dy].
    ///
    /// # Errors
    /// Candle's, and the estimator's.
    pub fn step(&mut self, estimator: &dyn Estimator, x: &Tensor, y: &Tensor) -> Result<Step, Error> {
        let step = self.prepare(estimator, x, y)?;
        if let Step::Taken { .. } = step {
            self.take()?;
        }
        Ok(step)
    }

    /// The scores, the objective and its gradient of a step that [`Self::take`] takes; nothing that another step depends on changes.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn prepare(&mut self, estimator: &dyn Estimator, x: &Tensor, y: &Tensor) -> Result<Step, Error> {
        let scores = self.critic.scores(x, y)?;
        self.next_state = self.state.clone();
        let objective = estimator.train(&scores, &mut self.next_state)?.objective;
        let loss = -number(&objective)?;
        if !loss.is_finite() {
            return Ok(Step::NonFinite);
        }
        self.gradients.update(&objective.neg()?)?;
        let grad_norm = grad_norm(&self.params, &self.gradients)?.to_scalar::<f64>()?;
        Ok(if grad_norm.is_finite() { Step::Taken { scores: scores.detach(), loss, grad_norm } } else { Step::NonFinite })
    }

    /// Takes the step that was prepared.
    ///
    /// # Errors
    /// Candle's.
    pub fn take(&mut self) -> Result<(), Error> {
        self.adam.step(&self.params, &self.gradients, self.lr, 1.0)?;
        self.state = self.next_state.clone();
        Ok(())
    }

    /// Adam's rate from the next step on.
    pub fn set_rate(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// Forgets what the estimator remembers: another one follows.
    pub fn forget_state(&mut self) {
        self.state = State::default();
    }

    /// Numbers that are trained.
    pub fn parameters(&self) -> usize {
        self.params.iter().map(|(_, param)| param.elem_count()).sum()
    }

    /// Everything that another step depends on, by name.
    ///
    /// # Errors
    /// Only those of the device.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>, candle_core::Error> {
        let mut all: Vec<_> = self.params.iter().map(|(name, param)| (name.clone(), param.as_tensor().clone())).collect();
        all.extend(self.adam.state()?.into_iter().map(|(name, tensor)| (format!("adam/{name}"), tensor)));
        all.extend(self.state.log_mean.clone().map(|mean| ("log_mean".to_owned(), mean)));
        Ok(all)
    }

    /// Takes back what [`Self::tensors`] gave; or what is missing or of another shape.
    ///
    /// # Errors
    /// Candle's.
    pub fn load(&mut self, saved: &HashMap<String, Tensor>) -> Result<std::result::Result<(), Misfit>, candle_core::Error> {
        for (name, param) in &self.params {
            match saved.get(name).filter(|tensor| tensor.shape() == param.shape()) {
                Some(tensor) => param.set(tensor)?,
                None => return Ok(Err((name.clone(), param.dims().to_vec()))),
            }
        }
        let moments = saved.iter().filter_map(|(name, t)| Some((name.strip_prefix("adam/")?.to_owned(), t.clone())));
        self.adam.load(&moments.collect())?;
        self.state = State { log_mean: saved.get("log_mean").cloned() };
        Ok(Ok(()))
    }

    /// The scores of these pairs, without gradient.
    ///
    /// # Errors
    /// Candle's.
    pub fn scores(&self, x: &Tensor, y: &Tensor) -> Result<Scores, Error> {
        Ok(self.critic.scores(x, y)?.detach())
    }

    /// A copy of the weights.
    ///
    /// # Errors
    /// Candle's.
    pub fn weights(&self) -> Result<Vec<Tensor>, Error> {
        Ok(self.store.params().values().map(|p| p.copy()).collect::<Result<_, _>>()?)
    }

    /// Puts back what [`Self::weights`] gave.
    ///
    /// # Errors
    /// Candle's.
    pub fn set_weights(&self, weights: &[Tensor]) -> Result<(), Error> {
        Ok(self.store.params().values().zip(weights).try_for_each(|(param, value)| param.set(value))?)
    }
}

/// `values` as [rows, columns].
pub fn matrix(values: Vec<f32>, columns: usize) -> Result<Tensor, Error> {
    let rows = values.len() / columns.max(1);
    Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
}

/// A scalar as a double.
pub fn number(scalar: &Tensor) -> Result<f64, Error> {
    Ok(scalar.to_dtype(DType::F64)?.to_scalar()?)
}
