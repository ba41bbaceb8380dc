//! What a step may touch, and what it must leave alone.

use super::*;
use crate::data::{self, Request};

fn trainer(edits: &[(&str, toml::Value)]) -> Trainer {
    let tiny = [("encoder.width", 2), ("encoder.fc", 8), ("encoder.code", 4), ("critic.units", 8), ("optim.batch", 8)];
    let tiny = tiny.map(|(key, value)| (key.to_string(), toml::Value::Integer(value)));
    let edits = edits.iter().map(|(key, value)| (key.to_string(), value.clone()));
    let config = Config::default().with(&tiny.into_iter().chain(edits).collect::<Vec<_>>()).unwrap();
    let request = Request { dir: std::path::Path::new(""), train_limit: 64, seed: 0, phase: &|_| {} };
    let dataset = Arc::new(data::load("shapes", &request).unwrap());
    Trainer::new(Arc::new(config), dataset, Device::Cpu).unwrap()
}

fn state(t: &Trainer) -> Vec<(String, Vec<f32>)> {
    let values = |var: &Var| var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    t.networks.tensors().iter().map(|(name, var)| (name.clone(), values(var))).collect()
}

#[test]
fn a_step_that_is_not_finite_leaves_no_trace() {
    let mut t = trainer(&[]);
    t.step().unwrap();
    // An encoder whose last layer is infinite makes every score NaN.
    let (_, last) = t.networks.tensors().into_iter().find(|(name, _)| name == "encoder.y.weight").unwrap();
    let sound = last.as_tensor().copy().unwrap();
    last.set(&(sound.ones_like().unwrap() * f64::INFINITY).unwrap()).unwrap();
    let before = state(&t);
    let outcome = t.step().unwrap();
    assert!(outcome.nonfinite.is_some());
    assert_eq!((t.step, t.examples_seen), (1, 8), "the step does not count");
    for ((name, was), (_, is)) in before.iter().zip(state(&t)) {
        assert!(was.iter().zip(&is).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} has moved");
    }
    last.set(&sound).unwrap();
    assert!(t.step().unwrap().nonfinite.is_none());
}

/// The encoder of a run with a monitoring critic is, to the bit, that of a run without, gradient clipping or not.
#[test]
fn a_monitoring_critic_leaves_the_encoder_alone() {
    for clip in [0.0, 0.01] {
        let run = |mode: &str| {
            let mut t = trainer(&[("objective.global.mode", mode.into()), ("optim.clip_norm", clip.into())]);
            let losses: Vec<f64> = (0..4).map(|_| t.step().unwrap().row.loss).collect();
            let encoder: Vec<_> = state(&t).into_iter().filter(|(name, _)| name.starts_with("encoder.")).collect();
            (losses, encoder)
        };
        assert_eq!(run("monitor"), run("off"));
        assert_ne!(run("train").1, run("off").1);
    }
}

/// A name the config takes and no estimator has would fail a run that has begun.
#[test]
fn the_config_names_every_estimator_there_is() {
    let mut offered = crate::config::ESTIMATORS.to_vec();
    let mut there = dim_estimators::names();
    offered.sort_unstable();
    there.sort_unstable();
    assert_eq!(offered, there);
}
