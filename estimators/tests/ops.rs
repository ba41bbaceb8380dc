//! The fused reductions on sizes around their partition, on views, and with different numbers of threads.

mod common;

use candle_core::{DType, Device, Result, Tensor, Var};
use common::{close, flat, matrix, scalar};
use dim_estimators::{Error, by_name, names, ops};

fn wave(n: usize) -> Vec<f64> {
    (0..n).map(|i| 6. * (i as f64 * 1.7).sin() + (i as f64 * 0.01).cos()).collect()
}

fn lse(x: &[f64]) -> f64 {
    x.iter().map(|v| v.exp()).sum::<f64>().ln()
}

/// Rows shorter and longer than a chunk (4,096), few and many.
#[test]
fn log_sum_exp_of_every_shape() {
    for (rows, columns) in [(1, 1), (1, 4_096), (1, 4_097), (3, 10_000), (5_000, 7), (4_097, 1), (64, 63), (200, 333)] {
        let x = wave(rows * columns);
        let t = Var::from_tensor(&matrix(rows, &x, DType::F64)).unwrap();
        let y = ops::log_sum_exp_rows(&t).unwrap();
        assert_eq!(y.dims(), [rows, 1]);
        let got = flat(&y);
        let weights: Vec<f64> = (0..rows).map(|i| 1. + i as f64 % 5.).collect();
        let loss = (&y * matrix(rows, &weights, DType::F64)).unwrap().sum_all().unwrap();
        let gradient = flat(loss.backward().unwrap().get(&t).unwrap());
        for (i, row) in x.chunks(columns).enumerate() {
            let want = lse(row);
            close(got[i], want, 1e-13, "lse");
            for (j, v) in row.iter().enumerate() {
                close(gradient[i * columns + j], weights[i] * (v - want).exp(), 1e-13, "softmax");
            }
        }
        close(scalar(&ops::log_sum_exp_all(&t).unwrap()), lse(&x), 1e-13, "lse of all");
        close(scalar(&ops::log_mean_exp_all(&t).unwrap()), lse(&x) - (x.len() as f64).ln(), 1e-13, "lme of all");
    }
}

#[test]
fn means_of_many() {
    let x = wave(50_001);
    let mean = |f: fn(f64) -> f64| x.iter().map(|v| f(*v)).sum::<f64>() / x.len() as f64;
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
        let t = matrix(1, &x, dtype);
        close(scalar(&ops::mean_all(&t).unwrap()), mean(|v| v), tolerance, "mean");
        close(scalar(&ops::exp_mean(&t).unwrap()), mean(f64::exp), tolerance, "exp");
        close(scalar(&ops::softplus_mean(&t).unwrap()), mean(|v| v.exp().ln_1p()), tolerance, "softplus");
        let (sp, exp) = ops::softplus_and_exp_mean(&t).unwrap();
        close(scalar(&sp), mean(|v| v.exp().ln_1p()), tolerance, "softplus with exp");
        close(scalar(&exp), mean(f64::exp), tolerance, "exp with softplus");
    }
}

/// Infinite scores have a limit; NaN has none.
#[test]
fn log_sum_exp_of_infinities() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let of = |x: &[f64]| scalar(&ops::log_sum_exp_all(&matrix(1, x, DType::F64)).unwrap());
    assert_eq!(of(&[-inf, -inf]), -inf);
    assert_eq!(of(&[-inf, 3.]), 3.);
    assert_eq!(of(&[inf, 3.]), inf);
    assert!(of(&[nan, 3.]).is_nan());
    let mut long = vec![-inf; 9_000];
    long[8_999] = -1_000.;
    assert_eq!(of(&long), -1_000.);
}

#[test]
fn nothing_has_no_log_sum_exp() {
    for shape in [(0, 3), (3, 0)] {
        let none = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(ops::log_sum_exp_rows(&none), Err(Error::Empty { .. })));
        assert!(matches!(ops::log_mean_exp_all(&none), Err(Error::Empty { .. })));
    }
}

/// A transposed and narrowed view gives what its copy gives, and the gradient finds its way back.
#[test]
fn views() -> Result<()> {
    let base = Var::from_tensor(&matrix(8, &wave(40), DType::F64))?;
    for f in [
        (|t| ops::softplus_mean(t)) as fn(&Tensor) -> dim_estimators::Result<Tensor>,
        |t| ops::log_mean_exp_all(t),
        |t| ops::mean_all(t),
        |t| Ok(ops::log_sum_exp_rows(t)?.sum_all()?),
        |t| Ok(ops::softplus(t)?.t()?.contiguous()?.sum_all()?),
    ] {
        let view = base.t()?.narrow(1, 2, 5)?;
        let copy = Var::from_tensor(&view.detach().force_contiguous()?)?;
        let (a, b) = (f(&view).unwrap(), f(&copy).unwrap());
        assert_eq!(scalar(&a), scalar(&b));
        let whole = a.backward()?.get(&base).unwrap().t()?;
        assert_eq!(flat(&whole.narrow(1, 2, 5)?.contiguous()?), flat(b.backward()?.get(&copy).unwrap()));
        assert_eq!(scalar(&whole.narrow(1, 0, 2)?.abs()?.sum_all()?), 0.);
    }
    Ok(())
}

/// The same bits whatever the number of threads, values and gradients.
#[test]
fn threads_change_no_bit() {
    let run = |threads: usize| -> Vec<u64> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (joint, marginal) = (matrix(1_024, &wave(1_024), DType::F32), matrix(1_024, &wave(1_024 * 63), DType::F32));
            names()
                .into_iter()
                .flat_map(|name| {
                    let e = by_name(&name).unwrap();
                    let s = dim_estimators::Scores::new(joint.clone(), marginal.clone()).unwrap();
                    let (t, u) = common::gradients(&*e, &joint, &marginal);
                    [t, u, vec![common::objective(&*e, &s), common::nats_if_any(&*e, &s).unwrap_or(0.)]].concat()
                })
                .map(f64::to_bits)
                .collect()
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}
