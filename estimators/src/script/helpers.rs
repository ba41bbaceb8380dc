//! The functions that a script can call on tensors: one table that registers them, documents them and names them in messages.

use candle_core::{D, Tensor};
use rhai::Engine;

use super::{
    operators::raise,
    value::{Operand, Outcome, Value},
};
use crate::{Result, ops};

/// A function that scripts can call.
#[derive(Debug, Clone, Copy)]
pub struct Helper {
    /// As it is called; x and y are tensors, or numbers where `gives` says so.
    pub signature: &'static str,
    /// The shape of the result.
    pub gives: &'static str,
    /// What it computes.
    pub what: &'static str,
    register: fn(&mut Engine),
}

impl Helper {
    /// Its name alone.
    pub fn name(&self) -> &'static str {
        self.signature.split('(').next().unwrap_or(self.signature)
    }
}

const SAME: &str = "as x; a number of a number";
const SCALAR: &str = "scalar";
const COLUMN: &str = "[G, 1]";
const WIDER: &str = "the wider shape";

/// All helpers, in the order of the README's table.
pub const HELPERS: &[Helper] = &[
    Helper { signature: "mean(x)", gives: SCALAR, what: "mean of all elements", register: |e| reduction(e, "mean", Value::mean) },
    Helper {
        signature: "sum(x)",
        gives: SCALAR,
        what: "sum of all elements",
        register: |e| reduction(e, "sum", |x| x.reduce("sum", sum)),
    },
    Helper {
        signature: "log_sum_exp(x)",
        gives: SCALAR,
        what: "ln Σ e^x over all elements, safe at any score",
        register: |e| reduction(e, "log_sum_exp", |x| x.reduce("log_sum_exp", ops::log_sum_exp_all)),
    },
    Helper {
        signature: "log_mean_exp(x)",
        gives: SCALAR,
        what: "ln of the mean of e^x over all elements, safe at any score",
        register: |e| reduction(e, "log_mean_exp", |x| x.reduce("log_mean_exp", ops::log_mean_exp_all)),
    },
    Helper {
        signature: "mean_rows(x)",
        gives: COLUMN,
        what: "mean of each row",
        register: |e| reduction(e, "mean_rows", |x| x.reduce_rows("mean_rows", |t| Ok(t.mean_keepdim(D::Minus1)?))),
    },
    Helper {
        signature: "sum_rows(x)",
        gives: COLUMN,
        what: "sum of each row",
        register: |e| reduction(e, "sum_rows", |x| x.reduce_rows("sum_rows", |t| Ok(t.sum_keepdim(D::Minus1)?))),
    },
    Helper {
        signature: "log_sum_exp_rows(x)",
        gives: COLUMN,
        what: "ln Σ e^x of each row",
        register: |e| reduction(e, "log_sum_exp_rows", |x| x.reduce_rows("log_sum_exp_rows", ops::log_sum_exp_rows)),
    },
    Helper {
        signature: "log_mean_exp_rows(x)",
        gives: COLUMN,
        what: "ln of the mean of e^x of each row",
        register: |e| reduction(e, "log_mean_exp_rows", |x| x.reduce_rows("log_mean_exp_rows", log_mean_exp_rows)),
    },
    Helper {
        signature: "exp(x)",
        gives: SAME,
        what: "e^x; `mean(exp(x))` is one pass",
        register: |e| elementwise(e, "exp", Value::exp, f64::exp),
    },
    Helper {
        signature: "log(x)",
        gives: SAME,
        what: "natural logarithm",
        register: |e| elementwise(e, "log", |x| x.map("log", Operand::Nothing, |t| Ok(t.log()?)), f64::ln),
    },
    Helper {
        signature: "ln(x)",
        gives: SAME,
        what: "the same as log",
        register: |e| elementwise(e, "ln", |x| x.map("ln", Operand::Nothing, |t| Ok(t.log()?)), f64::ln),
    },
    Helper {
        signature: "sqrt(x)",
        gives: SAME,
        what: "square root",
        register: |e| elementwise(e, "sqrt", |x| x.map("sqrt", Operand::Nothing, |t| Ok(t.sqrt()?)), f64::sqrt),
    },
    Helper {
        signature: "sqr(x)",
        gives: SAME,
        what: "x²",
        register: |e| elementwise(e, "sqr", |x| x.map("sqr", Operand::Nothing, |t| Ok(t.sqr()?)), |x| x * x),
    },
    Helper {
        signature: "abs(x)",
        gives: SAME,
        what: "absolute value",
        register: |e| elementwise(e, "abs", |x| x.map("abs", Operand::Nothing, |t| Ok(t.abs()?)), f64::abs),
    },
    Helper {
        signature: "tanh(x)",
        gives: SAME,
        what: "hyperbolic tangent; `c * tanh(x / c)` clips softly",
        register: |e| elementwise(e, "tanh", |x| x.map("tanh", Operand::Nothing, |t| Ok(t.tanh()?)), f64::tanh),
    },
    Helper {
        signature: "softplus(x)",
        gives: SAME,
        what: "ln(1 + e^x); `mean(softplus(x))` is one pass",
        register: |e| elementwise(e, "softplus", Value::softplus, softplus),
    },
    Helper {
        signature: "sigmoid(x)",
        gives: SAME,
        what: "1/(1 + e^−x)",
        register: |e| elementwise(e, "sigmoid", |x| x.map("sigmoid", Operand::Nothing, sigmoid), |x| (-softplus(-x)).exp()),
    },
    Helper {
        signature: "clip(x, lo, hi)",
        gives: SAME,
        what: "min(max(x, lo), hi), lo and hi numbers; no gradient outside",
        register: register_clip,
    },
    Helper { signature: "max(x, y)", gives: WIDER, what: "the larger, elementwise; y may be a number", register: register_max },
    Helper { signature: "min(x, y)", gives: WIDER, what: "the smaller, elementwise; y may be a number", register: register_min },
    Helper {
        signature: "log_add_exp(x, y)",
        gives: WIDER,
        what: "ln(e^x + e^y), elementwise; y may be a number, also log(0)",
        register: register_log_add_exp,
    },
    Helper { signature: "rows(x)", gives: "number", what: "G", register: |e| size(e, "rows", |(rows, _)| rows) },
    Helper {
        signature: "columns(x)",
        gives: "number",
        what: "R of joint, K of marginal; a float, so that 1 / columns(x) is no integer division",
        register: |e| size(e, "columns", |(_, columns)| columns),
    },
    Helper {
        signature: "detach(x)",
        gives: "as x",
        what: "the same numbers without gradient",
        register: |e| reduction(e, "detach", Value::detach),
    },
];

/// The README's table of helpers, in Markdown.
pub fn helper_table() -> String {
    let rows = HELPERS.iter().map(|h| format!("| `{}` | {} | {} |\n", h.signature, h.gives, h.what));
    format!("| helper | gives | what |\n| --- | --- | --- |\n{}", rows.collect::<String>())
}

/// Puts all helpers into the engine.
pub(super) fn register(engine: &mut Engine) {
    HELPERS.iter().for_each(|h| (h.register)(engine));
}

fn reduction(engine: &mut Engine, name: &'static str, f: fn(&Value) -> Outcome) {
    engine.register_fn(name, move |x: Value| raise(f(&x)));
}

/// Of tensors and of numbers: rhai's own `log` of a number has base 10, which these replace.
fn elementwise(engine: &mut Engine, name: &'static str, f: fn(&Value) -> Outcome, number: fn(f64) -> f64) {
    reduction(engine, name, f);
    engine.register_fn(name, move |x: f64| number(x));
    engine.register_fn(name, move |x: i64| number(x as f64));
}

fn size(engine: &mut Engine, name: &'static str, pick: fn((usize, usize)) -> usize) {
    engine.register_fn(name, move |x: Value| raise(x.matrix(name).map(|size| pick(size) as f64)));
}

/// Two tensors, or a tensor and a number in either order, which `f` of a symmetric function does not mind.
fn symmetric(
    engine: &mut Engine,
    name: &'static str,
    tensors: fn(&Tensor, &Tensor) -> Result<Tensor>,
    number: fn(&Tensor, f64) -> Result<Tensor>,
) {
    engine.register_fn(name, move |x: Value, y: Value| raise(x.zip(name, &y, tensors)));
    engine.register_fn(name, move |x: Value, y: f64| raise(with_number(&x, name, y, number)));
    engine.register_fn(name, move |x: Value, y: i64| raise(with_number(&x, name, y as f64, number)));
    engine.register_fn(name, move |x: f64, y: Value| raise(with_number(&y, name, x, number)));
    engine.register_fn(name, move |x: i64, y: Value| raise(with_number(&y, name, x as f64, number)));
}

fn with_number(t: &Value, name: &'static str, x: f64, f: fn(&Tensor, f64) -> Result<Tensor>) -> Outcome {
    t.map(name, Operand::Right(x.to_bits()), |t| f(t, x))
}

fn register_max(engine: &mut Engine) {
    symmetric(engine, "max", |a, b| Ok(a.broadcast_maximum(b)?), |t, x| Ok(t.maximum(x)?));
}

fn register_min(engine: &mut Engine) {
    symmetric(engine, "min", |a, b| Ok(a.broadcast_minimum(b)?), |t, x| Ok(t.minimum(x)?));
}

fn register_log_add_exp(engine: &mut Engine) {
    // x + sp(y − x) with the number in the softplus: there −∞ is harmless.
    symmetric(engine, "log_add_exp", ops::log_add_exp, |t, y| Ok((t + ops::softplus(&t.affine(-1., y)?)?)?));
}

fn register_clip(engine: &mut Engine) {
    fn clip(x: &Value, lo: f64, hi: f64) -> Outcome {
        x.map("clip", Operand::Range(lo.to_bits(), hi.to_bits()), |t| Ok(t.clamp(lo, hi)?))
    }
    engine.register_fn("clip", |x: Value, lo: f64, hi: f64| raise(clip(&x, lo, hi)));
    engine.register_fn("clip", |x: Value, lo: i64, hi: f64| raise(clip(&x, lo as f64, hi)));
    engine.register_fn("clip", |x: Value, lo: f64, hi: i64| raise(clip(&x, lo, hi as f64)));
    engine.register_fn("clip", |x: Value, lo: i64, hi: i64| raise(clip(&x, lo as f64, hi as f64)));
    engine.register_fn("clip", |x: f64, lo: f64, hi: f64| x.max(lo).min(hi));
}

/// By the mean, whose sum is taken in f64.
fn sum(t: &Tensor) -> Result<Tensor> {
    Ok((ops::mean_all(t)? * t.elem_count() as f64)?)
}

fn log_mean_exp_rows(t: &Tensor) -> Result<Tensor> {
    Ok((ops::log_sum_exp_rows(t)? - (t.dims2()?.1 as f64).ln())?)
}

/// As e^−sp(−x), which keeps its digits where σ(x) is tiny.
fn sigmoid(t: &Tensor) -> Result<Tensor> {
    Ok(ops::softplus(&t.neg()?)?.neg()?.exp()?)
}

fn softplus(x: f64) -> f64 {
    x.max(0.) + (-x.abs()).exp().ln_1p()
}
