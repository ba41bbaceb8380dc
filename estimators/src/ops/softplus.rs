//! softplus: sp(x) = ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|), elementwise and as a mean.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, IndexOp, Layout, Shape, Tensor};

use super::{
    exp_mean, fused,
    kernel::{Real, by_dtype, elements, fill_like, sum_chunks},
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
        Ok(composed(x)?.mean_all()?)
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
        Ok((softplus_mean(x)?, exp_mean(x)?))
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
                sum_chunks(x, |c| c.iter().fold([0.; 2], |[a, b], v| [a + sp(v.to_f64()), b + v.to_f64().exp()])).to_vec()
            } else {
                sum_chunks(x, |c| [c.iter().map(|v| sp(v.to_f64())).sum()]).to_vec()
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
