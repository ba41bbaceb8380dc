//! Scores held above or below a number, NaN staying NaN.

use candle_core::{Result, Tensor};

use super::fused;

/// max(t, `least`), element by element; differentiable.
///
/// # Errors
/// Only what Candle reports.
pub fn at_least(t: &Tensor, least: f64) -> Result<Tensor> {
    if fused(t) { t.maximum(least) } else { elsewhere(t, &t.lt(least)?, least) }
}

/// min(t, `most`), element by element; differentiable.
///
/// # Errors
/// Only what Candle reports.
pub fn at_most(t: &Tensor, most: f64) -> Result<Tensor> {
    if fused(t) { t.minimum(most) } else { elsewhere(t, &t.gt(most)?, most) }
}

/// CUDA's own maximum of a number and NaN is the number, which would hide that a run has gone wrong.
fn elsewhere(t: &Tensor, beyond: &Tensor, bound: f64) -> Result<Tensor> {
    beyond.where_cond(&t.zeros_like()?.affine(1., bound)?.detach(), t)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn a_nan_stays_one_and_gradients_pass_inside_only() {
        let x = Var::new(&[-3f64, -1.0, 2.0, f64::NAN], &Device::Cpu).unwrap();
        let numbers = |t: &Tensor| t.to_vec1::<f64>().unwrap();
        let least = |t: &Tensor| elsewhere(t, &t.lt(-2.0).unwrap(), -2.0).unwrap();
        for held in [least(&x), at_least(&x, -2.0).unwrap()] {
            assert_eq!(numbers(&held)[..3], [-2.0, -1.0, 2.0]);
            assert!(numbers(&held)[3].is_nan());
            let grads = held.narrow(0, 0, 3).unwrap().sum_all().unwrap().backward().unwrap();
            assert_eq!(numbers(grads.get(&x).unwrap())[..3], [0.0, 1.0, 1.0]);
        }
        let most = at_most(&x, 1.0).unwrap();
        assert_eq!(numbers(&most)[..3], [-3.0, -1.0, 1.0]);
        assert!(numbers(&most)[3].is_nan());
    }
}
