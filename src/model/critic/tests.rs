//! Critics against finite differences and against their unfolded form, in float64.

use candle_core::{DType, Device, Result, Tensor, Var};

use super::*;
use crate::nn::{Draws, Gradients, Store};

const N: usize = 4;
const L: usize = 3;
const SHAPE: CriticShape = CriticShape { feature: 5, code: 3, units: 7, hidden: 6, norm: CriticNorm::None };

fn store() -> Store {
    Store::new(Draws { seed: 1, attempt: 0 }, &Device::Cpu, DType::F64)
}

fn input(name: &str, rows: usize, columns: usize) -> Result<Var> {
    let mut rng = Draws { seed: 9, attempt: 0 }.rng(name, 0);
    let values = crate::nn::normal(&mut rng, rows * columns);
    Var::from_tensor(&Tensor::from_vec(values, (rows, columns), &Device::Cpu)?.to_dtype(DType::F64)?)
}

/// One negative per positive: the same location of the next image.
fn pairs() -> Pairs {
    let rows = N * L;
    let entry = |i: usize, row: usize| (i * rows + row) as u32;
    let joint = (0..rows).map(|r| entry(r / L, r)).collect();
    let marginal = (0..rows).map(|r| entry(r / L, (r + L) % rows)).collect();
    Pairs { rows, groups: rows, positives: 1, negatives: 1, joint, marginal }
}

/// A scalar in which every score counts differently.
fn scalar(critic: &Critic, features: &Tensor, codes: &Tensor) -> Result<Tensor> {
    let (joint, marginal) = critic.score(features, codes, &pairs(), Stats::Train)?;
    let weights = Tensor::arange(1u32, (N * L + 1) as u32, &Device::Cpu)?.to_dtype(DType::F64)?.unsqueeze(1)?;
    (joint.sin()? * &weights)?.sum_all()? + (marginal.cos()? * weights)?.sum_all()?
}

fn finite_differences(kind: CriticKind, norm: CriticNorm) -> Result<()> {
    let mut store = store();
    let critic = Critic::new(store.root(), kind, CriticShape { norm, ..SHAPE }, "map")?;
    let (features, codes) = (input("features", N * L, SHAPE.feature)?, input("codes", N, SHAPE.code)?);
    let gradients = Gradients::of(&scalar(&critic, &features, &codes)?)?;
    let mut vars: Vec<(String, Var)> = store.params().iter().map(|(n, v)| (n.clone(), v.clone())).collect();
    vars.push(("features".into(), features.clone()));
    vars.push(("codes".into(), codes.clone()));
    const H: f64 = 1e-5;
    for (name, var) in vars {
        let gradient = gradients.tensor(&var).expect("every input has a gradient").flatten_all()?.to_vec1::<f64>()?;
        let values = var.as_tensor().copy()?.flatten_all()?.to_vec1::<f64>()?;
        for i in 0..values.len() {
            let at = |delta: f64| -> Result<f64> {
                let mut moved = values.clone();
                moved[i] += delta;
                var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu)?)?;
                scalar(&critic, &features, &codes)?.to_scalar()
            };
            let numeric = (at(H)? - at(-H)?) / (2.0 * H);
            assert!(
                (numeric - gradient[i]).abs() <= 1e-5 * (1.0 + numeric.abs()),
                "{kind:?} {name}[{i}]: {numeric} by differences, {} by backward",
                gradient[i]
            );
        }
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu)?)?;
    }
    Ok(())
}

#[test]
fn gradients_of_the_dot_critic_are_those_of_finite_differences() {
    finite_differences(CriticKind::Dot, CriticNorm::None).unwrap();
    finite_differences(CriticKind::Dot, CriticNorm::Layer).unwrap();
}

#[test]
fn gradients_of_the_concat_critic_are_those_of_finite_differences() {
    finite_differences(CriticKind::Concat, CriticNorm::None).unwrap();
}

#[test]
fn the_folded_dot_critic_is_the_plain_one() {
    let mut store = store();
    let critic = DotCritic::new(store.root(), SHAPE, "map").unwrap();
    let (features, codes) = (input("features", N * L, SHAPE.feature).unwrap(), input("codes", N, SHAPE.code).unwrap());
    let folded = critic.matrix(&features, &codes, Stats::Train).unwrap();
    let plain = critic.plain(&features, &codes, Stats::Train).unwrap();
    let (folded, plain) = (folded.to_vec2::<f64>().unwrap(), plain.to_vec2::<f64>().unwrap());
    for (f, p) in folded.iter().flatten().zip(plain.iter().flatten()) {
        assert!((f - p).abs() <= 1e-12 * (1.0 + p.abs()), "{f} folded, {p} plain");
    }
}
