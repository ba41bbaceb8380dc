use candle_core::Device;

use super::*;
use crate::nn::{
    Draws, Gradients, Store,
    testing::{distance, numbers, random, weighted},
};

/// W and its norm, with γ of both signs: a unit whose γ is negative passes what lies below the mean.
fn layer(units: usize, features: usize, dtype: DType) -> (Store, Var, BatchNorm) {
    let mut store = Store::new(Draws { seed: 5, attempt: 0 }, &Device::Cpu, dtype);
    let norm = BatchNorm::new(store.root().sub("norm"), units).unwrap();
    norm.weight.set(&random("gamma", &[units]).to_dtype(dtype).unwrap()).unwrap();
    norm.bias.set(&random("beta", &[units]).to_dtype(dtype).unwrap()).unwrap();
    let w = Var::from_tensor(&random("w", &[units, features]).to_dtype(dtype).unwrap()).unwrap();
    (store, w, norm)
}

/// The definition, from layers that are tested for themselves.
fn plain(x: &Tensor, w: &Var, norm: &BatchNorm, a: &Tensor, b: &Tensor, stats: Stats) -> Result<Tensor> {
    let hidden = norm.forward_relu(&linear(x, w, None)?, stats)?;
    a.matmul(&hidden.t()?)? + b.matmul(&x.t()?)?
}

type Scores = fn(&Tensor, &Var, &BatchNorm, &Tensor, &Tensor, Stats) -> Result<Tensor>;

/// Scores, gradients by x, a, b, W, γ and β, and the running statistics after.
fn everything(scores: Scores, [units, features, positions, codes]: [usize; 4], dtype: DType, stats: Stats) -> Vec<Tensor> {
    let (store, w, norm) = layer(units, features, dtype);
    let var = |name: &str, shape: &[usize]| Var::from_tensor(&random(name, shape).to_dtype(dtype).unwrap()).unwrap();
    let (x, a, b) = (var("x", &[positions, features]), var("a", &[codes, units]), var("b", &[codes, features]));
    // So that evaluation is no identity.
    norm.forward(&linear(&x, &w, None).unwrap(), Stats::Train).unwrap();
    let y = scores(&x, &w, &norm, &a, &b, stats).unwrap();
    let gradients = Gradients::of(&weighted(&y).unwrap()).unwrap();
    let by = [&x, &a, &b, &w, &norm.weight, &norm.bias].map(|v| gradients.tensor(v).unwrap());
    let running = store.buffers().values().map(|v| v.as_tensor().copy().unwrap());
    std::iter::once(y).chain(by).chain(running).collect()
}

/// Fewer units than a block, several blocks, and numbers that nothing divides.
const SIZES: [[usize; 4]; 5] = [[7, 3, 5, 2], [16, 4, 33, 3], [150, 5, 9, 4], [300, 2, 6, 1], [1, 1, 2, 1]];

#[test]
fn it_is_the_layer_it_folds() {
    for sizes in SIZES {
        for stats in [Stats::Train, Stats::Eval] {
            let ours = everything(folded_scores, sizes, DType::F64, stats);
            let theirs = everything(plain, sizes, DType::F64, stats);
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                assert!(distance(a, b) < 1e-12, "{sizes:?} {stats:?}: result {i} differs by {}", distance(a, b));
            }
            let single = everything(folded_scores, sizes, DType::F32, stats);
            assert!(distance(&single[0], &theirs[0]) < 1e-4, "{sizes:?} {stats:?}");
        }
    }
}

/// Gradients by the parameters alone, where features and codes are constants, as for a critic that only monitors.
#[test]
fn what_is_constant_gets_no_gradient_and_the_parameters_still_do() {
    let (_store, w, norm) = layer(20, 3, DType::F64);
    let (x, b) = (random("x", &[6, 3]), random("b", &[2, 3]));
    let a = Var::from_tensor(&random("a", &[2, 20])).unwrap();
    let run = |scores: Scores| Gradients::of(&weighted(&scores(&x, &w, &norm, &a, &b, Stats::Train).unwrap()).unwrap()).unwrap();
    let (ours, theirs) = (run(folded_scores), run(plain));
    for v in [&a, &w, &norm.weight, &norm.bias] {
        assert!(distance(&ours.tensor(v).unwrap(), &theirs.tensor(v).unwrap()) < 1e-12);
    }
}

#[test]
fn candles_own_pass_is_refused_instead_of_losing_gradients() {
    let (_store, w, norm) = layer(4, 3, DType::F64);
    let a = Var::from_tensor(&random("a", &[2, 4])).unwrap();
    let y = folded_scores(&random("x", &[6, 3]), &w, &norm, &a, &random("b", &[2, 3]), Stats::Train).unwrap();
    let error = y.sum_all().unwrap().backward().unwrap_err().to_string();
    assert!(error.contains("nn::Gradients"), "{error}");
}

#[test]
fn a_nan_stays_one_and_what_does_not_fit_is_refused() {
    let (_store, w, norm) = layer(4, 3, DType::F64);
    let (a, b) = (random("a", &[2, 4]), random("b", &[2, 3]));
    let x = Tensor::new(&[[1.0, f64::NAN, 0.0], [1.0, 2.0, 3.0]], &Device::Cpu).unwrap();
    assert!(numbers(&folded_scores(&x, &w, &norm, &a, &b, Stats::Eval).unwrap())[0].is_nan());
    assert!(folded_scores(&random("x", &[6, 2]), &w, &norm, &a, &b, Stats::Eval).is_err());
    assert!(folded_scores(&random("x", &[1, 3]), &w, &norm, &a, &b, Stats::Train).is_err(), "one value has no variance");
}
