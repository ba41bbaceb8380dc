//! Tensors as a script sees them: a tensor, what its call has spent, and what it has computed already.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use candle_core::{Tensor, TensorId};

use super::{Fault, limits};
use crate::{Result, Scores, ops};

/// Results of one reading by operation and input, so that `nats` does not repeat what `objective` has computed. Tensors never
/// change, and an id is never given twice: a result found here is the result.
pub(super) type Memo = Arc<Mutex<HashMap<(&'static str, TensorId), Tensor>>>;

/// What one call of a script has spent.
pub(super) struct Call {
    operations: AtomicUsize,
    made: AtomicUsize,
    input: usize,
    started: Instant,
    /// The first limit that was passed, should the script's own `try` hide it.
    passed: OnceLock<Fault>,
    memo: Memo,
}

impl Call {
    /// The parameters `joint` and `marginal` of a new call.
    pub(super) fn parameters(scores: &Scores, memo: &Memo) -> [Value; 2] {
        let call = Arc::new(Self {
            operations: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            input: scores.joint.elem_count() + scores.marginal.elem_count(),
            started: Instant::now(),
            passed: OnceLock::new(),
            memo: memo.clone(),
        });
        [&scores.joint, &scores.marginal].map(|t| Value { form: Form::Plain(t.clone()), call: call.clone() })
    }

    /// One operation more, with a result of `elements`. A call runs on one thread, so relaxed counting is exact.
    fn charge(&self, elements: usize) -> Outcome<()> {
        let operations = self.operations.fetch_add(1, Ordering::Relaxed);
        let made = self.made.fetch_add(elements, Ordering::Relaxed) + elements;
        let fault = if operations >= limits::TENSOR_OPERATIONS {
            Fault::TensorOperations
        } else if made > self.input * limits::ELEMENTS_PER_SCORE {
            Fault::Elements { made, input: self.input }
        } else if self.started.elapsed() > limits::WALL {
            Fault::Time
        } else {
            return Ok(());
        };
        Err(self.passed.get_or_init(|| fault).clone())
    }

    fn once(&self, name: &'static str, input: &Tensor, make: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let key = (name, input.id());
        if let Some(known) = self.memo.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let made = make(input)?;
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
        Ok(made)
    }
}

/// softplus and exp wait for their use: what follows is mostly a mean, and the two are one fused pass then.
#[derive(Clone)]
enum Form {
    Plain(Tensor),
    Softplus(Tensor),
    Exp(Tensor),
}

/// The script type `tensor`.
#[derive(Clone)]
pub(super) struct Value {
    form: Form,
    call: Arc<Call>,
}

pub(super) type Outcome<T = Value> = std::result::Result<T, Fault>;

impl Value {
    /// The tensor itself.
    pub(super) fn tensor(&self) -> Result<Tensor> {
        match &self.form {
            Form::Plain(t) => Ok(t.clone()),
            Form::Softplus(x) => self.call.once("softplus", x, ops::softplus),
            Form::Exp(x) => self.call.once("exp", x, |x| Ok(x.exp()?)),
        }
    }

    /// The limit that the call has passed.
    pub(super) fn passed(&self) -> Option<Fault> {
        self.call.passed.get().cloned()
    }

    pub(super) fn dims(&self) -> &[usize] {
        let (Form::Plain(t) | Form::Softplus(t) | Form::Exp(t)) = &self.form;
        t.dims()
    }

    fn count(&self) -> usize {
        self.dims().iter().product()
    }

    fn wrap(&self, form: Form) -> Self {
        Self { form, call: self.call.clone() }
    }

    /// An elementwise operation.
    pub(super) fn map(&self, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        self.call.charge(self.count())?;
        Ok(self.wrap(Form::Plain(f(&self.tensor()?)?)))
    }

    pub(super) fn softplus(&self) -> Outcome {
        self.call.charge(self.count())?;
        Ok(self.wrap(Form::Softplus(self.tensor()?)))
    }

    pub(super) fn exp(&self) -> Outcome {
        self.call.charge(self.count())?;
        Ok(self.wrap(Form::Exp(self.tensor()?)))
    }

    /// Over all elements, a scalar.
    pub(super) fn mean(&self) -> Outcome {
        self.call.charge(1)?;
        let mean = match &self.form {
            Form::Plain(t) => self.call.once("mean", t, ops::mean_all),
            Form::Softplus(x) => self.call.once("mean softplus", x, ops::softplus_mean),
            Form::Exp(x) => self.call.once("mean exp", x, ops::exp_mean),
        }?;
        Ok(self.wrap(Form::Plain(mean)))
    }

    /// Another reduction to a scalar.
    pub(super) fn reduce(&self, name: &'static str, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        self.call.charge(1)?;
        Ok(self.wrap(Form::Plain(self.call.once(name, &self.tensor()?, f)?)))
    }

    /// A reduction of each row, `[G, K]` to `[G, 1]`.
    pub(super) fn reduce_rows(&self, name: &'static str, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        let (rows, _) = self.matrix(name)?;
        self.call.charge(rows)?;
        Ok(self.wrap(Form::Plain(self.call.once(name, &self.tensor()?, f)?)))
    }

    /// Rows and columns.
    pub(super) fn matrix(&self, helper: &'static str) -> Outcome<(usize, usize)> {
        match self.dims() {
            [rows, columns] => Ok((*rows, *columns)),
            shape => Err(Fault::Matrix { helper, shape: shape.to_vec() }),
        }
    }

    /// Two tensors, elementwise: of one shape by `same`, else by `broadcast`.
    pub(super) fn zip(&self, other: &Self, f: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Outcome {
        let (left, right) = (self.dims(), other.dims());
        let fits = left.is_empty() || right.is_empty() || left.iter().zip(right).all(|(l, r)| l == r || *l == 1 || *r == 1);
        if !fits {
            return Err(Fault::Shapes { left: left.to_vec(), right: right.to_vec() });
        }
        let wide = (0..2).map(|i| left.get(i).unwrap_or(&1).max(right.get(i).unwrap_or(&1))).product();
        self.call.charge(wide)?;
        Ok(self.wrap(Form::Plain(f(&self.tensor()?, &other.tensor()?)?)))
    }

    /// The same numbers without gradient.
    pub(super) fn detach(&self) -> Outcome {
        Ok(self.wrap(Form::Plain(self.tensor()?.detach())))
    }
}
