//! Values and gradients against PyTorch in float64 (`tests/fixtures/estimators/make.py` wrote them).

mod common;

use candle_core::{DType, Tensor};
use common::{all, flat, gradients, matrix, nats, objective};
use dim_estimators::Scores;
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

/// Each number to `tolerance`, relative to the largest of its kind.
#[track_caller]
fn agree(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let largest = want.iter().fold(0f64, |m, v| m.max(v.abs()));
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * (largest + 1e-3), "{what}: got {g}, want {w}");
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
            agree(&[objective(&*e, &s)], &numbers(&want["objective"]), tolerance, &what("objective"));
            agree(&[nats(&*e, &s)], &numbers(&want["nats"]), tolerance, &what("nats"));
            let read = e.read(&s).unwrap();
            agree(&flat(&read.objective), &numbers(&want["objective"]), tolerance, &what("objective read"));
            agree(&flat(&read.nats.unwrap()), &numbers(&want["nats"]), tolerance, &what("nats read"));
            let (t, u) = gradients(&*e, &joint, &marginal);
            agree(&t, &numbers(&want["joint_gradient"]), tolerance, &what("joint gradient"));
            agree(&u, &numbers(&want["marginal_gradient"]), tolerance, &what("marginal gradient"));
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
