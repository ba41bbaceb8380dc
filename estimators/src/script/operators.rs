//! + − * / between tensors and numbers.

use candle_core::Tensor;
use rhai::{Engine, EvalAltResult, Position};

use super::{
    Fault,
    value::{Operand, Outcome, Value},
};
use crate::Result;

/// As rhai carries it.
pub(super) fn raise<T>(outcome: Outcome<T>) -> std::result::Result<T, Box<EvalAltResult>> {
    // rhai fills in the place of the call.
    outcome.map_err(|fault| EvalAltResult::ErrorRuntime(rhai::Dynamic::from(fault), Position::NONE).into())
}

/// What one operator does.
struct Operator {
    sign: &'static str,
    tensors: fn(&Tensor, &Tensor) -> Result<Tensor>,
    /// tensor ∘ number
    number_right: fn(&Tensor, f64) -> Result<Tensor>,
    /// number ∘ tensor
    number_left: fn(f64, &Tensor) -> Result<Tensor>,
    /// The number on the right that changes nothing, and then costs nothing.
    identity: f64,
}

/// One shape needs no detour over strides.
macro_rules! zipped {
    ($same:tt, $broadcast:ident) => {
        |a, b| Ok(if a.dims() == b.dims() { (a $same b)? } else { a.$broadcast(b)? })
    };
}

const OPERATORS: &[Operator] = &[
    Operator {
        sign: "+",
        tensors: zipped!(+, broadcast_add),
        number_right: |t, x| Ok(t.affine(1., x)?),
        number_left: |x, t| Ok(t.affine(1., x)?),
        identity: 0.,
    },
    Operator {
        sign: "-",
        tensors: zipped!(-, broadcast_sub),
        number_right: |t, x| Ok(t.affine(1., -x)?),
        number_left: |x, t| Ok(t.affine(-1., x)?),
        identity: 0.,
    },
    Operator {
        sign: "*",
        tensors: zipped!(*, broadcast_mul),
        number_right: |t, x| Ok(t.affine(x, 0.)?),
        number_left: |x, t| Ok(t.affine(x, 0.)?),
        identity: 1.,
    },
    Operator {
        sign: "/",
        tensors: zipped!(/, broadcast_div),
        number_right: |t, x| Ok(t.affine(1. / x, 0.)?),
        number_left: |x, t| Ok(t.recip()?.affine(x, 0.)?),
        identity: 1.,
    },
];

fn right(t: &Value, x: f64, o: &Operator) -> Outcome {
    if x == o.identity {
        t.map("+", Operand::Nothing, |t| Ok(t.clone()))
    } else {
        t.map(o.sign, Operand::Right(x.to_bits()), |t| (o.number_right)(t, x))
    }
}

fn left(x: f64, t: &Value, o: &Operator) -> Outcome {
    t.map(o.sign, Operand::Left(x.to_bits()), |t| (o.number_left)(x, t))
}

/// Puts the operators into the engine.
pub(super) fn register(engine: &mut Engine) {
    for o in OPERATORS {
        engine.register_fn(o.sign, |a: Value, b: Value| raise(a.zip(o.sign, &b, o.tensors)));
        engine.register_fn(o.sign, |a: Value, x: f64| raise(right(&a, x, o)));
        engine.register_fn(o.sign, |a: Value, x: i64| raise(right(&a, x as f64, o)));
        engine.register_fn(o.sign, |x: f64, a: Value| raise(left(x, &a, o)));
        engine.register_fn(o.sign, |x: i64, a: Value| raise(left(x as f64, &a, o)));
    }
    engine.register_fn("-", |a: Value| raise(a.map("-", Operand::Nothing, |t| Ok(t.neg()?))));
    engine.register_fn("+", |a: Value| a);
    // Without these rhai answers every comparison of a tensor with a silent `false`.
    for sign in ["==", "!=", "<", "<=", ">", ">="] {
        engine.register_fn(sign, |_: Value, _: Value| raise::<bool>(Err(Fault::Comparison)));
        engine.register_fn(sign, |_: Value, _: f64| raise::<bool>(Err(Fault::Comparison)));
        engine.register_fn(sign, |_: Value, _: i64| raise::<bool>(Err(Fault::Comparison)));
        engine.register_fn(sign, |_: f64, _: Value| raise::<bool>(Err(Fault::Comparison)));
        engine.register_fn(sign, |_: i64, _: Value| raise::<bool>(Err(Fault::Comparison)));
    }
}
