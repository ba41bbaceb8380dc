//! Text as an estimator's script: tried as at load, and what passes is used on scores that no trial has.

use candle_core::{Device, Tensor};
use dim_estimators::{Estimator, Scores, Script};

pub fn check(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    let script = match Script::from_source("hostile", &source) {
        Ok(script) => script,
        Err(e) => return super::sentence(&e.to_string(), "hostile.rhai:"),
    };
    let info = script.info();
    assert!(info.name == "hostile" && script.file_name().ends_with(".rhai"));
    for (joint, marginal) in
        [(vec![f32::NAN; 4], vec![0.0; 12]), (vec![1e30; 4], vec![-1e30; 12]), (vec![0.0; 4], vec![f32::INFINITY; 12])]
    {
        let on = |values: Vec<f32>| {
            let columns = values.len() / 2;
            Tensor::from_vec(values, (2, columns), &Device::Cpu).expect("a tensor")
        };
        let scores = Scores::new(on(joint), on(marginal)).expect("scores");
        // What fails here is told and pauses a run; its answers are scalars.
        for answer in [script.read(&scores).map(|r| vec![r.objective]), script.nats(&scores).map(|n| n.into_iter().collect())] {
            match answer {
                Ok(found) => assert!(found.iter().all(|t| t.rank() == 0)),
                Err(e) => super::sentence(&e.to_string(), "hostile.rhai:"),
            }
        }
        match script.log_ratio(&scores) {
            Ok(Some(found)) => assert_eq!(found.joint.dims(), scores.joint.dims()),
            Ok(None) => {}
            Err(e) => super::sentence(&e.to_string(), "hostile.rhai:"),
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let hard = [
        "fn objective(joint, marginal) { objective(joint, marginal) }",
        "fn objective(joint, marginal) { let x = joint; loop { x = x + 1.0; } }",
        "fn objective(joint, marginal) { let s = \"a\"; loop { s += s; } mean(joint) }",
        "fn objective(joint, marginal) { let a = []; loop { a.push(a); } mean(joint) }",
        "fn objective(j, m) { let f = |x| mean(x); f.call(j) - log_mean_exp(m) }",
        "const KIND = \"lower-bound\";\nfn objective(joint, marginal) { if mean(joint) > 0 { mean(joint) } else { 1 / 0 } }",
        "fn objective(joint, marginal) { mean(joint) - mean(exp(marginal)) }\nfn nats(joint, marginal) { 9223372036854775807 + 1 }",
    ];
    let mut seeds = super::files("estimators/scripts", "rhai");
    seeds.extend(hard.map(|text| text.as_bytes().to_vec()));
    seeds
}
