//! Shared by the tests of this module: seeded tensors and finite differences.

use candle_core::{DType, Device, Result, Tensor, Var};

use super::rng::{self, Draws};

/// Seeded standard normal numbers in f64.
pub fn random(name: &str, shape: &[usize]) -> Tensor {
    let numbers = rng::normal(&mut Draws { seed: 11, attempt: 0 }.rng(name, 0), shape.iter().product());
    Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap()
}

/// A scalar in which every number of `out` counts differently.
pub fn weighted(out: &Tensor) -> Result<Tensor> {
    (out * random("weights", out.dims()).to_dtype(out.dtype())?)?.sum_all()
}

pub fn numbers(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference of two tensors, relative to the larger of 1 and their largest number.
pub fn distance(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.dims(), b.dims());
    let (a, b) = (numbers(a), numbers(b));
    let size = a.iter().chain(&b).fold(1f64, |m, v| m.max(v.abs()));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size
}

/// Compares the gradient of `loss` by each f64 variable with central differences, at up to 40 places of each.
pub fn check_gradients(what: &str, vars: &[&Var], loss: impl Fn() -> Result<Tensor>) {
    const H: f64 = 1e-5;
    let grads = loss().unwrap().backward().unwrap();
    for (index, var) in vars.iter().enumerate() {
        let grad = numbers(grads.get(var).unwrap_or_else(|| panic!("{what}: no gradient by variable {index}")));
        let start = numbers(var);
        let largest = grad.iter().fold(1e-3f64, |m, g| m.max(g.abs()));
        for place in (0..start.len()).step_by(start.len().div_ceil(40)) {
            let at = |delta: f64| {
                let mut moved = start.clone();
                moved[place] += delta;
                var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap()).unwrap();
                loss().unwrap().to_scalar::<f64>().unwrap()
            };
            let slope = (at(H) - at(-H)) / (2.0 * H);
            assert!(
                (slope - grad[place]).abs() < 1e-6 * largest,
                "{what}: variable {index} at {place}: gradient {}, finite difference {slope}",
                grad[place]
            );
        }
        var.set(&Tensor::from_vec(start, var.shape(), &Device::Cpu).unwrap()).unwrap();
    }
}

thread_local! {
    static ELSEWHERE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs `work` with the layers as they are made on devices without kernels of ours.
pub(crate) fn elsewhere<R>(work: impl FnOnce() -> R) -> R {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            ELSEWHERE.set(false);
        }
    }
    ELSEWHERE.set(true);
    let _back = Back;
    work()
}

/// Whether [`elsewhere`] is at work on this thread.
pub(super) fn as_elsewhere() -> bool {
    ELSEWHERE.get()
}
