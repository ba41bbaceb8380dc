//! Values and gradients against PyTorch in float64 (`tests/fixtures/estimators/make.py` wrote them).

mod common;

use candle_core::{DType, Tensor, Var};
use common::{all, flat, gradients, matrix, objective, scalar};
use dim_estimators::{Options, Scores, State, with_options};
use serde_json::Value;

fn fixture() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/estimators/torch.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(v: &Value) -> Vec<f64> {
    match v.as_array() {
        Some(items) => items.iter().flat_map(numbers).collect(),
        None => vec![v.as_f64().unwrap()],
    }
}

fn tensor(v: &Value, dtype: DType) -> Tensor {
    matrix(v.as_array().unwrap().len(), &numbers(v), dtype)
}

/// Each number to `tolerance`, relative to the largest of its kind; infinite where f32 ends.
#[track_caller]
fn agree(got: &[f64], want: &[f64], tolerance: f64, dtype: DType, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let beyond = |v: f64| dtype == DType::F32 && v.abs() > f64::from(f32::MAX);
    let largest = want.iter().filter(|w| !beyond(**w)).fold(0f64, |m, v| m.max(v.abs()));
    for (g, w) in got.iter().zip(want) {
        let right = if beyond(*w) { *g == f64::INFINITY.copysign(*w) } else { (g - w).abs() <= tolerance * (largest + 1e-3) };
        assert!(right, "{what}: got {g}, want {w}");
    }
}

/// An estimate, or that there is none.
#[track_caller]
fn agree_nats(got: Option<&Tensor>, want: &Value, tolerance: f64, dtype: DType, what: &str) {
    match (got.map(scalar), want.as_f64()) {
        (Some(got), Some(want)) => agree(&[got], &[want], tolerance, dtype, what),
        (got, None) => assert!(got.is_none_or(f64::is_nan), "{what}: {got:?}, but there is none"),
        (None, Some(want)) => panic!("{what}: none, want {want}"),
    }
}

fn compare(dtype: DType, tolerance: f64) {
    let fixture = fixture();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 7);
    for case in cases {
        let (joint, marginal) = (tensor(&case["joint"], dtype), tensor(&case["marginal"], dtype));
        let s = Scores::new(joint.clone(), marginal.clone()).unwrap();
        for e in all() {
            let want = &case["expected"][e.info().name];
            let what = |field: &str| format!("{} {field}, {}, {dtype:?}", e.info().name, case["name"]);
            let value = numbers(&want["objective"]);
            agree(&[objective(&*e, &s)], &value, tolerance, dtype, &what("objective"));
            agree_nats(e.nats(&s).unwrap().as_ref(), &want["nats"], tolerance, dtype, &what("nats"));
            for (how, read) in [("read", e.read(&s).unwrap()), ("train", e.train(&s, &mut State::default()).unwrap())] {
                agree(&flat(&read.objective), &value, tolerance, dtype, &what(&format!("objective, {how}")));
                agree_nats(read.nats.as_ref(), &want["nats"], tolerance, dtype, &what(&format!("nats, {how}")));
            }
            let (t, u) = gradients(&*e, &joint, &marginal);
            agree(&t, &numbers(&want["joint_gradient"]), tolerance, dtype, &what("joint gradient"));
            agree(&u, &numbers(&want["marginal_gradient"]), tolerance, dtype, &what("marginal gradient"));
        }
    }
}

#[test]
fn in_f64() {
    compare(DType::F64, 1e-12);
}

#[test]
fn in_f32() {
    compare(DType::F32, 5e-5);
}

/// MINE's running mean over a sequence of batches: its value is dv's, its gradient that of eq. 12.
#[test]
fn the_running_mean_of_mine() {
    let fixture = fixture();
    let sequences = fixture["mine"].as_array().unwrap();
    assert_eq!(sequences.len(), 3);
    for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 5e-6)] {
        for sequence in sequences {
            let mut options = Options::default();
            options.set("ema", sequence["ema"].as_f64().unwrap()).unwrap();
            let (mine, mut state) = (with_options("mine", &options).unwrap(), State::default());
            for (i, batch) in sequence["batches"].as_array().unwrap().iter().enumerate() {
                let what = |field: &str| format!("mine {field}, ema {}, batch {i}, {dtype:?}", options.ema);
                let t = Var::from_tensor(&tensor(&batch["joint"], dtype)).unwrap();
                let u = Var::from_tensor(&tensor(&batch["marginal"], dtype)).unwrap();
                let s = Scores::new(t.as_tensor().clone(), u.as_tensor().clone()).unwrap();
                let read = mine.train(&s, &mut state).unwrap();
                let value = numbers(&batch["objective"]);
                agree(&flat(&read.objective), &value, tolerance, dtype, &what("objective"));
                agree(&flat(&read.nats.unwrap()), &value, tolerance, dtype, &what("nats"));
                let log_mean = state.log_mean.as_ref().unwrap();
                assert!(!log_mean.track_op(), "a memory must not hold the graph of past batches");
                agree(&flat(log_mean), &numbers(&batch["log_mean"]), tolerance, dtype, &what("log mean"));
                let grads = read.objective.backward().unwrap();
                for (var, field) in [(&t, "joint_gradient"), (&u, "marginal_gradient")] {
                    agree(&flat(grads.get(var).unwrap()), &numbers(&batch[field]), tolerance, dtype, &what(field));
                }
            }
        }
    }
}
