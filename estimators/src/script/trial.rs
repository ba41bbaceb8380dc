//! The trial of a new script on small scores, before it may replace a good one.

use candle_core::{DType, Device, Tensor, Var};

use super::{
    Fault, ScriptError,
    program::{LOG_RATIO, NATS, OBJECTIVE, Outcome, Program},
    value::{Memo, Purpose},
};
use crate::Scores;

/// R and K of the trials; G is 4, so that a column `[G, 1]` is not a number by chance.
const SHAPES: [(usize, usize); 4] = [(3, 5), (1, 5), (3, 1), (1, 1)];
const GROUPS: usize = 4;

/// Calls every function of the script on scores of several shapes.
pub(super) fn run(program: &Program) -> Result<(), ScriptError> {
    let mut moved = [false; 2];
    for (positives, negatives) in SHAPES {
        let variables = [(positives, 0.3), (negatives, 1.9)].map(|(columns, phase)| variable(columns, phase));
        let [joint, marginal] = variables;
        let (joint, marginal) = candle(program, joint.and_then(|j| Ok((j, marginal?))))?;
        let scores = Scores { joint: joint.as_tensor().clone(), marginal: marginal.as_tensor().clone() };
        let memo = Memo::default();
        let objective = match program.call(OBJECTIVE, Purpose::ObjectiveOfReading, &scores, &memo)? {
            Outcome::Tensor(t) => t,
            other => return Err(not_a_number(program, OBJECTIVE, &other)),
        };
        finite(program, OBJECTIVE, &objective, &scores)?;
        let grads = candle(program, objective.backward())?;
        for (i, (to, variable)) in [("joint", &joint), ("marginal", &marginal)].into_iter().enumerate() {
            let Some(gradient) = grads.get(variable) else {
                return Err(program.fault(OBJECTIVE, Fault::NoGradient { to }));
            };
            let values = candle(program, numbers(gradient))?;
            if let Some(value) = values.iter().find(|v| !v.is_finite()) {
                let shape = gradient.dims().to_vec();
                return Err(program.fault(OBJECTIVE, Fault::NonFiniteGradient { to, value: value.to_string(), shape }));
            }
            moved[i] |= values.iter().any(|v| *v != 0.);
        }
        read_outs(program, &scores, &memo)?;
    }
    // With one negative a softmax over negatives has no slope: only a gradient that is 0 in every shape is missing.
    match moved {
        [false, _] => Err(program.fault(OBJECTIVE, Fault::NoGradient { to: "joint" })),
        [_, false] => Err(program.fault(OBJECTIVE, Fault::NoGradient { to: "marginal" })),
        _ => Ok(()),
    }
}

/// `nats` and `log_ratio`, if the script has them.
fn read_outs(program: &Program, scores: &Scores, memo: &Memo) -> Result<(), ScriptError> {
    if program.has(NATS) {
        match program.call(NATS, Purpose::ReadOut, scores, memo)? {
            Outcome::Tensor(t) => finite(program, NATS, &t, scores)?,
            Outcome::Number(v) if v.is_finite() => {}
            other => return Err(not_a_number(program, NATS, &other)),
        }
    }
    if program.has(LOG_RATIO) {
        for (of_joint, wanted) in [(true, &scores.joint), (false, &scores.marginal)] {
            shape_of_ratio(program, program.ratio(of_joint, scores, memo)?, wanted)?;
        }
    }
    Ok(())
}

/// The ratio, if it has the shape of the scores.
pub(super) fn shape_of_ratio(program: &Program, found: Outcome, wanted: &Tensor) -> Result<Tensor, ScriptError> {
    let found = match found {
        Outcome::Tensor(t) if t.dims() == wanted.dims() => return Ok(t.detach()),
        Outcome::Tensor(t) => format!("{:?}", t.dims()),
        Outcome::Number(v) => format!("the number {v}"),
        Outcome::Other(what) => what.to_string(),
    };
    Err(program.fault(LOG_RATIO, Fault::RatioShape { wanted: wanted.dims().to_vec(), found }))
}

/// A result that is no tensor.
pub(super) fn not_a_number(program: &Program, function: &'static str, found: &Outcome) -> ScriptError {
    let found = match found {
        Outcome::Number(v) => format!("the constant {v}"),
        Outcome::Other(what) => (*what).to_string(),
        Outcome::Tensor(t) => format!("{:?}", t.dims()),
    };
    program.fault(function, Fault::NotNumeric { function, found })
}

/// A tensor that is one number.
pub(super) fn scalar(program: &Program, function: &'static str, t: &Tensor) -> Result<(), ScriptError> {
    if t.rank() == 0 { Ok(()) } else { Err(program.fault(function, Fault::NotScalar { function, shape: t.dims().to_vec() })) }
}

fn finite(program: &Program, function: &'static str, t: &Tensor, scores: &Scores) -> Result<(), ScriptError> {
    scalar(program, function, t)?;
    let shape = [scores.groups(), scores.positives(), scores.negatives()];
    match candle(program, numbers(t))?.into_iter().find(|v| !v.is_finite()) {
        Some(v) => Err(program.fault(function, Fault::NonFinite { function, value: v.to_string(), shape })),
        None => Ok(()),
    }
}

fn numbers(t: &Tensor) -> candle_core::Result<Vec<f32>> {
    t.flatten_all()?.to_dtype(DType::F32)?.to_vec1()
}

/// Scores between −1 and 1, none of them alike.
fn variable(columns: usize, phase: f32) -> candle_core::Result<Var> {
    let values: Vec<f32> = (0..GROUPS * columns).map(|i| (phase + 1.7 * i as f32).sin()).collect();
    Var::from_tensor(&Tensor::from_vec(values, (GROUPS, columns), &Device::Cpu)?)
}

fn candle<T>(program: &Program, result: candle_core::Result<T>) -> Result<T, ScriptError> {
    result.map_err(|e| program.fault(OBJECTIVE, e.into()))
}
