//! Small helpers of the tests. Not every test uses all of them.
#![allow(dead_code)]

use candle_core::{DType, Device, Tensor, Var};
use dim_estimators::{Estimator, Options, Scores, by_name};

/// Every estimator of the table, with the default options.
pub fn all() -> Vec<Box<dyn Estimator>> {
    dim_estimators::all(&Options::default())
}

pub fn get(name: &str) -> Box<dyn Estimator> {
    by_name(name).unwrap_or_else(|| panic!("no estimator {name}"))
}

pub fn matrix(rows: usize, values: &[f64], dtype: DType) -> Tensor {
    Tensor::from_slice(values, (rows, values.len() / rows), &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

/// Scores of `groups` groups from flat slices, f64.
pub fn scores(groups: usize, joint: &[f64], marginal: &[f64]) -> Scores {
    Scores::new(matrix(groups, joint, DType::F64), matrix(groups, marginal, DType::F64)).unwrap()
}

pub fn scalar(t: &Tensor) -> f64 {
    assert_eq!(t.rank(), 0, "not a scalar: {t}");
    t.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

pub fn flat(t: &Tensor) -> Vec<f64> {
    t.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

pub fn objective(e: &dyn Estimator, s: &Scores) -> f64 {
    scalar(&e.objective(s).unwrap())
}

pub fn nats(e: &dyn Estimator, s: &Scores) -> f64 {
    scalar(&e.nats(s).unwrap().unwrap())
}

/// The estimate, of estimators that have one.
pub fn nats_if_any(e: &dyn Estimator, s: &Scores) -> Option<f64> {
    e.nats(s).unwrap().as_ref().map(scalar)
}

/// Gradients of the objective with respect to the joint and the marginal scores.
pub fn gradients(e: &dyn Estimator, joint: &Tensor, marginal: &Tensor) -> (Vec<f64>, Vec<f64>) {
    let (t, u) = (Var::from_tensor(joint).unwrap(), Var::from_tensor(marginal).unwrap());
    let s = Scores::new(t.as_tensor().clone(), u.as_tensor().clone()).unwrap();
    let grads = e.read(&s).unwrap().objective.backward().unwrap();
    (flat(grads.get(&t).unwrap()), flat(grads.get(&u).unwrap()))
}

#[track_caller]
pub fn close(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!((got - want).abs() <= tolerance * (1. + want.abs()), "{what}: got {got}, want {want}");
}
