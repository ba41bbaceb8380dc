//! Training a critic on batches of pairs.

use candle_core::{DType, Device, Tensor};
use dim_estimators::{Estimator, Scores, State};

use super::{Critic, CriticKind, Error};
use crate::nn::{Adam, Draws, Gradients, Store, grad_norm};

/// A critic, what it is trained on, and the optimiser.
pub(super) struct Fit {
    critic: Critic,
    store: Store,
    params: Vec<(String, candle_core::Var)>,
    adam: Adam,
    gradients: Gradients,
    state: State,
    lr: f64,
}

/// What one step gave.
pub(super) enum Step {
    /// The scores of the batch before the update, without gradient.
    Taken(Scores),
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
        Ok(Self { critic, store, params, adam: Adam::new(), gradients: Gradients::default(), state: State::default(), lr })
    }

    /// One step of Adam up the objective of `estimator` on the pairs `x` [n, dx], `y` [n, dy].
    ///
    /// # Errors
    /// Candle's.
    pub fn step(&mut self, estimator: &dyn Estimator, x: &Tensor, y: &Tensor) -> Result<Step, Error> {
        let scores = self.critic.scores(x, y)?;
        let mut state = self.state.clone();
        let objective = estimator.train(&scores, &mut state)?.objective;
        if !objective.to_scalar::<f32>()?.is_finite() {
            return Ok(Step::NonFinite);
        }
        self.gradients.update(&objective.neg()?)?;
        if !grad_norm(&self.params, &self.gradients)?.is_finite() {
            return Ok(Step::NonFinite);
        }
        self.adam.step(&self.params, &self.gradients, self.lr, 1.0)?;
        self.state = state;
        Ok(Step::Taken(scores.detach()))
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
pub(super) fn matrix(values: Vec<f32>, columns: usize) -> Result<Tensor, Error> {
    let rows = values.len() / columns.max(1);
    Ok(Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)
}

/// A scalar as a double.
pub(super) fn number(scalar: &Tensor) -> Result<f64, Error> {
    Ok(scalar.to_dtype(DType::F64)?.to_scalar()?)
}
