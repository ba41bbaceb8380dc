//! softplus: sp(x) = ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|), elementwise and as a mean.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, IndexOp, Layout, Shape, Tensor};

use super::{
    exp_mean, fused,
    kernel::{Real, by_dtype, elements, fill_like, sum_chunks},
    mean::mean_by_rows,
};
use crate::Result;

/// ln(1 + e^x), elementwise, any shape; its gradient is σ(x), ½ at 0.
///
/// # Errors
/// Only what Candle reports.
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    if fused(x) { Ok(x.contiguous()?.apply_op1(Softplus)?) } else { composed(x) }
}

/// The mean of ln(1 + e^x) over all elements, a scalar; differentiable.
///
/// # Errors
/// Only what Candle reports.
pub fn softplus_mean(x: &Tensor) -> Result<Tensor> {
    if fused(x) {
        Ok(x.contiguous()?.apply_op1(SoftplusMean { with_exp: false })?.squeeze(D::Minus1)?)
    } else {
        mean_by_rows(&composed(x)?)
    }
}

/// The means of ln(1 + e^x), differentiable, and of e^x, without gradient, in one pass; two scalars.
///
/// # Errors
/// Only what Candle reports.
pub fn softplus_and_exp_mean(x: &Tensor) -> Result<(Tensor, Tensor)> {
    if fused(x) {
        let both = x.contiguous()?.apply_op1(SoftplusMean { with_exp: true })?;
        Ok((both.i(0)?, both.i(1)?.detach()))
    } else {
        Ok((softplus_mean(x)?, exp_mean(&x.detach())?))
    }
}

/// In Candle's operations. Candle's relu' and |x|' are both 1 at 0, which makes the gradient there 1 − ½, as it must be.
fn composed(x: &Tensor) -> Result<Tensor> {
    let tail = (x.abs()?.neg()?.exp()? + 1.)?.log()?;
    Ok((x.relu()? + tail)?)
}

fn sp(x: f64) -> f64 {
    // max() would swallow a NaN.
    (if x < 0. { 0. } else { x }) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0. { e } else { 1. }) / (1. + e)
}

/// \[Σ sp(x), Σ e^x (0 unless `EXP`)\]. The logarithms of up to 512 elements are taken at once, of the product of their 1 + e^−|x| (each
/// at most 2, so that it stays below 2^512): absolute error 1e-16 an element, which is nothing to f32; f64 takes them one by one.
fn sums<T: Real, const EXP: bool>(x: &[T]) -> [f64; 2] {
    let [mut sp_sum, mut exp_sum] = [0.; 2];
    for block in x.chunks(512) {
        let [mut linear, mut product] = [0., 1.];
        for v in block {
            let v = v.to_f64();
            let e = (-v.abs()).exp();
            linear += if v < 0. { 0. } else { v };
            if T::SINGLE {
                product *= 1. + e
            } else {
                linear += e.ln_1p()
            }
            if EXP {
                exp_sum += if v < 0. { e } else { 1. / e };
            }
        }
        sp_sum += linear + f64::ln(product);
    }
    [sp_sum, exp_sum]
}

struct Softplus;

impl CustomOp1 for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let x = elements::<T>(s, l)?;
            let y = fill_like(x, |_, x, y| y.iter_mut().zip(x).for_each(|(y, x)| *y = T::from_f64(sp(x.to_f64()))));
            Ok((T::storage(y), l.shape().clone()))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some(x.apply_op2_no_bwd(&grad.contiguous()?, &SoftplusBackward)?))
    }
}

/// Means over all elements: `[sp]`, or `[sp, exp]` of which only the first has a gradient.
struct SoftplusMean {
    with_exp: bool,
}

impl CustomOp1 for SoftplusMean {
    fn name(&self) -> &'static str {
        "softplus-mean"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let x = elements::<T>(s, l)?;
            let n = x.len() as f64;
            let means = if self.with_exp {
                sum_chunks(x, sums::<T, true>).to_vec()
            } else {
                sum_chunks(x, sums::<T, false>)[..1].to_vec()
            };
            let shape = Shape::from(means.len());
            Ok((T::storage(means.into_iter().map(|m| T::from_f64(m / n)).collect()), shape))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let grad = (grad.i(0)? / x.elem_count() as f64)?;
        Ok(Some(x.apply_op2_no_bwd(&grad, &SoftplusBackward)?))
    }
}

/// g·σ(x), g of the shape of x or a scalar.
struct SoftplusBackward;

impl CustomOp2 for SoftplusBackward {
    fn name(&self) -> &'static str {
        "softplus-backward"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout, gs: &CpuStorage, gl: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let (x, g) = (elements::<T>(s, l)?, elements::<T>(gs, gl)?);
            let grad = if gl.shape().rank() == 0 {
                let g = g[0].to_f64();
                fill_like(x, |_, x, y| y.iter_mut().zip(x).for_each(|(y, x)| *y = T::from_f64(g * sigmoid(x.to_f64()))))
            } else {
                fill_like(x, |at, x, y| {
                    let g = &g[at..at + x.len()];
                    y.iter_mut().zip(x).zip(g).for_each(|((y, x), g)| *y = T::from_f64(g.to_f64() * sigmoid(x.to_f64())));
                })
            };
            Ok((T::storage(grad), l.shape().clone()))
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    const POINTS: [f64; 9] = [-1e4, -40., -3., -1e-9, 0., 0.5, 3., 40., 1e4];

    fn gradient(f: impl Fn(&Tensor) -> Result<Tensor>, dtype: candle_core::DType) -> Result<(Vec<f64>, Vec<f64>)> {
        let x = Var::from_tensor(&Tensor::new(&POINTS, &Device::Cpu)?.to_dtype(dtype)?)?;
        let y = f(&x)?;
        let grads = y.sum_all()?.backward()?;
        let wide = |t: &Tensor| t.flatten_all()?.to_dtype(candle_core::DType::F64)?.to_vec1::<f64>();
        Ok((wide(&y)?, grads.get(&x).map(wide).transpose()?.unwrap_or_default()))
    }

    /// Values and slopes by the closed forms, elementwise, as a mean, and as composed for other devices.
    #[test]
    fn closed_forms() -> Result<()> {
        let value = |x: f64| if x > 0. { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
        let slope = |x: f64| 1. / (1. + (-x).exp());
        for (dtype, tolerance) in [(candle_core::DType::F64, 1e-15), (candle_core::DType::F32, 2e-7)] {
            for f in [softplus, composed] {
                let (y, g) = gradient(f, dtype)?;
                for (i, x) in POINTS.into_iter().enumerate() {
                    assert!((y[i] - value(x)).abs() <= tolerance * (1. + value(x)), "sp({x}) = {}", y[i]);
                    assert!((g[i] - slope(x)).abs() <= tolerance, "sp'({x}) = {}", g[i]);
                }
                assert_eq!(g[4], 0.5, "the slope at 0");
            }
            let (y, g) = gradient(softplus_mean, dtype)?;
            let mean = POINTS.iter().map(|x| value(*x)).sum::<f64>() / 9.;
            assert!((y[0] - mean).abs() <= tolerance * mean, "{} {mean}", y[0]);
            POINTS.iter().zip(&g).for_each(|(x, g)| assert!((g - slope(*x) / 9.).abs() <= tolerance));
        }
        Ok(())
    }
}
