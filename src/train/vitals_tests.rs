//! The pulls are derivatives, and nobody notices that they were taken.

use candle_core::Device;

use super::{
    super::trainer::tests::{state, trainer},
    *,
};

fn scalar(t: &Tensor) -> f64 {
    t.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

fn all_on(more: &[(&str, toml::Value)]) -> Trainer {
    let all = [("objective.global.mode", "train".into()), ("objective.prior.weight", 0.25.into())];
    trainer(&all.into_iter().chain(more.iter().cloned()).collect::<Vec<_>>())
}

/// Each pull against central differences in every entry of the code, for losses of different kinds.
#[test]
fn a_pull_is_the_norm_of_the_derivative() {
    for (estimator, critic) in [("jsd", "dot"), ("infonce", "concat"), ("dv", "dot")] {
        let mut t = all_on(&[("objective.estimator", estimator.into()), ("objective.global.critic", critic.into())]);
        (0..3).for_each(|_| drop(t.step().unwrap()));
        let vitals = t.vitals().unwrap().unwrap();
        assert_eq!(vitals.step, 3);
        let features = t.newest_features().unwrap();
        let (y, shape) = (numbers(&features.y).unwrap(), features.y.shape().clone());
        let at = |i: usize, by: f64| {
            let moved: Vec<f32> = y.iter().enumerate().map(|(j, v)| (if i == j { v + by } else { *v }) as f32).collect();
            let losses = t.losses(&features, &Tensor::from_vec(moved, &shape, &Device::Cpu).unwrap()).unwrap();
            losses.map(|l| scalar(&l.unwrap()))
        };
        const H: f64 = 5e-3;
        let mut squares = [0.0; 3];
        for i in 0..y.len() {
            let (up, down) = (at(i, H), at(i, -H));
            for term in 0..3 {
                squares[term] += ((up[term] - down[term]) / (2.0 * H)).powi(2);
            }
        }
        for term in 0..3 {
            let (pull, wanted) = (vitals.pulls[term].unwrap(), f64::sqrt(squares[term]));
            assert!((pull.raw - wanted).abs() < 0.02 * wanted, "{estimator}, {}: {}, not {wanted}", TERMS[term], pull.raw);
            assert!((pull.weighted - [0.5, 1.0, 0.25][term] * pull.raw).abs() < 1e-12, "{}", TERMS[term]);
        }
    }
}

#[test]
fn cosines_are_those_of_school() {
    let v = [1.0, -2.0, 3.0];
    assert!((cosine(&v, &v).unwrap() - 1.0).abs() < 1e-12);
    assert!((cosine(&v, &v.map(|x| -5.0 * x)).unwrap() + 1.0).abs() < 1e-12);
    assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), Some(0.0));
    assert_eq!(cosine(&v, &[0.0; 3]), None, "no direction");
    // Two terms pull at the whole code along the derivative of their sum: |a + b|² = |a|² + |b|² + 2|a||b|cos.
    let mut t = all_on(&[]);
    t.step().unwrap();
    let vitals = t.vitals().unwrap().unwrap();
    let features = t.newest_features().unwrap();
    let y = Var::from_tensor(&features.y).unwrap();
    let losses = t.losses(&features, &y).unwrap().map(Option::unwrap);
    for ((a, b), cosine) in PAIRS.into_iter().zip(vitals.cosines) {
        let both = Gradients::of(&(&losses[a] + &losses[b]).unwrap()).unwrap().tensor(&y).unwrap();
        let (sum, [a, b]) = (norm(&numbers(&both).unwrap()), [a, b].map(|i| vitals.pulls[i].unwrap().raw));
        let wanted = (sum * sum - a * a - b * b) / (2.0 * a * b);
        assert!((cosine.unwrap() - wanted).abs() < 1e-3, "{cosine:?}, not {wanted}");
    }
}

#[test]
fn what_is_off_has_no_pull_and_what_monitors_none_that_is_felt() {
    let mut t = trainer(&[("objective.global.mode", "monitor".into()), ("objective.prior.mode", "off".into())]);
    assert_eq!(t.vitals().unwrap(), None, "before the first step");
    t.step().unwrap();
    let vitals = t.vitals().unwrap().unwrap();
    let global = vitals.pulls[0].unwrap();
    assert!(global.raw > 0.0 && global.weighted == 0.0, "{global:?}");
    assert_eq!((vitals.pulls[2], vitals.cosines[1], vitals.cosines[2]), (None, None, None));
    assert_eq!(vitals.spread.units, 4);
    assert!((0.0..=4.0).contains(&vitals.spread.effective_rank));
    let next = t.config.with(&[("objective.estimator".to_string(), "dv".into())]).unwrap();
    t.apply(std::sync::Arc::new(next)).unwrap();
    assert_eq!(t.vitals().unwrap(), None, "another objective has seen no batch");
}

/// Steps, statistics and weights are to the bit those of a run that nobody looks at.
#[test]
fn nobody_notices_that_they_were_measured() {
    for estimator in ["jsd", "mine"] {
        let run = |look: bool| {
            let mut t = all_on(&[("objective.estimator", estimator.into())]);
            let mut rows = Vec::new();
            for _ in 0..4 {
                rows.push(t.step().unwrap().row);
                if look {
                    let before = state(&t);
                    t.vitals().unwrap().unwrap();
                    t.readings().unwrap();
                    assert_eq!(state(&t), before);
                }
            }
            (rows, state(&t))
        };
        assert_eq!(run(true), run(false));
    }
}
