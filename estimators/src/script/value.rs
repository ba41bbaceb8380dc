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

/// Results of one reading by operation and operands, so that `nats` does not repeat what `objective` has computed of the same
/// scores. Tensors never change, and an id is never given twice: a result found here is the result.
pub(super) type Memo = Arc<Mutex<HashMap<(&'static str, TensorId, Operand), Tensor>>>;

/// What an operation takes beside its tensor. Numbers are told apart by their bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operand {
    Nothing,
    Tensor(TensorId),
    /// number ∘ tensor
    Left(u64),
    /// tensor ∘ number
    Right(u64),
    /// Between two numbers.
    Range(u64, u64),
}

/// What a function is called for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A differentiable result.
    Objective,
    /// The same, with a read-out of the same scores to follow.
    ObjectiveOfReading,
    /// A result without gradient.
    ReadOut,
}

/// What one call of a script has spent.
pub(super) struct Call {
    operations: AtomicUsize,
    made: AtomicUsize,
    input: usize,
    purpose: Purpose,
    started: Instant,
    /// The first limit that was passed, should the script's own `try` hide it.
    passed: OnceLock<Fault>,
    memo: Memo,
}

impl Call {
    /// The parameters `joint` and `marginal` of a new call.
    pub(super) fn parameters(scores: &Scores, purpose: Purpose, memo: &Memo) -> [Value; 2] {
        let call = Arc::new(Self {
            operations: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            input: scores.joint.elem_count() + scores.marginal.elem_count(),
            purpose,
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

    fn known(&self, name: &'static str, input: &Tensor, operand: Operand) -> Option<Tensor> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).get(&(name, input.id(), operand)).cloned()
    }

    fn learn(&self, name: &'static str, input: &Tensor, operand: Operand, result: &Tensor) {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).insert((name, input.id(), operand), result.clone());
    }

    fn once(
        &self,
        name: &'static str,
        x: &Tensor,
        operand: Operand,
        make: impl FnOnce(&Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        if let Some(known) = self.known(name, x, operand) {
            return Ok(known);
        }
        let made = make(x)?;
        self.learn(name, x, operand, &made);
        Ok(made)
    }

    /// For a reading in one pass with the mean of e^x, which a read-out by NWJ asks for next; it has no gradient.
    fn softplus_mean(&self, x: &Tensor) -> Result<Tensor> {
        if self.purpose != Purpose::ObjectiveOfReading {
            return ops::softplus_mean(x);
        }
        let (softplus, exp) = ops::softplus_and_exp_mean(x)?;
        self.learn("mean exp without gradient", x, Operand::Nothing, &exp);
        Ok(softplus)
    }

    fn exp_mean(&self, x: &Tensor) -> Result<Tensor> {
        if self.purpose == Purpose::ReadOut
            && let Some(known) = self.known("mean exp without gradient", x, Operand::Nothing)
        {
            return Ok(known);
        }
        ops::exp_mean(x)
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
            Form::Softplus(x) => self.call.once("softplus", x, Operand::Nothing, ops::softplus),
            Form::Exp(x) => self.call.once("exp", x, Operand::Nothing, |x| Ok(x.exp()?)),
        }
    }

    /// `f` of the tensor, unless this reading has it already. Costs `elements` either way: what is allowed must not depend on what
    /// was called before.
    fn make(&self, name: &'static str, operand: Operand, elements: usize, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        self.call.charge(elements)?;
        Ok(self.wrap(Form::Plain(self.call.once(name, &self.tensor()?, operand, f)?)))
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
    pub(super) fn map(&self, name: &'static str, operand: Operand, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        self.make(name, operand, self.count(), f)
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
            Form::Plain(t) => self.call.once("mean", t, Operand::Nothing, ops::mean_all),
            Form::Softplus(x) => self.call.once("mean softplus", x, Operand::Nothing, |x| self.call.softplus_mean(x)),
            Form::Exp(x) => self.call.once("mean exp", x, Operand::Nothing, |x| self.call.exp_mean(x)),
        }?;
        Ok(self.wrap(Form::Plain(mean)))
    }

    /// Another reduction to a scalar.
    pub(super) fn reduce(&self, name: &'static str, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        self.make(name, Operand::Nothing, 1, f)
    }

    /// A reduction of each row, `[G, K]` to `[G, 1]`.
    pub(super) fn reduce_rows(&self, name: &'static str, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Outcome {
        let (rows, _) = self.matrix(name)?;
        self.make(name, Operand::Nothing, rows, f)
    }

    /// Rows and columns.
    pub(super) fn matrix(&self, helper: &'static str) -> Outcome<(usize, usize)> {
        match self.dims() {
            [rows, columns] => Ok((*rows, *columns)),
            shape => Err(Fault::Matrix { helper, shape: shape.to_vec() }),
        }
    }

    /// Two tensors, elementwise, the narrower stretched.
    pub(super) fn zip(&self, name: &'static str, other: &Self, f: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Outcome {
        let (left, right) = (self.dims(), other.dims());
        let fits = left.is_empty() || right.is_empty() || left.iter().zip(right).all(|(l, r)| l == r || *l == 1 || *r == 1);
        if !fits {
            return Err(Fault::Shapes { left: left.to_vec(), right: right.to_vec() });
        }
        let wide = (0..2).map(|i| left.get(i).unwrap_or(&1).max(right.get(i).unwrap_or(&1))).product();
        let other = other.tensor()?;
        self.make(name, Operand::Tensor(other.id()), wide, |t| f(t, &other))
    }

    /// The same numbers without gradient.
    pub(super) fn detach(&self) -> Outcome {
        Ok(self.wrap(Form::Plain(self.tensor()?.detach())))
    }
}
