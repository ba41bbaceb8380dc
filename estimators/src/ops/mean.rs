//! Means over all scores, summed in f64.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};

use super::{
    fused,
    kernel::{Real, by_dtype, elements, sum_chunks},
};
use crate::Result;

/// The mean of all elements, a scalar; differentiable.
///
/// # Errors
/// Only what Candle reports.
pub fn mean_all(t: &Tensor) -> Result<Tensor> {
    if fused(t) { Ok(t.contiguous()?.apply_op1(Mean { exp: false })?) } else { Ok(t.mean_all()?) }
}

/// E\[e^t\] over all elements, a scalar without gradient; +∞ where it has no number.
///
/// # Errors
/// Only what Candle reports.
pub fn exp_mean(t: &Tensor) -> Result<Tensor> {
    let t = t.detach();
    if fused(&t) { Ok(t.contiguous()?.apply_op1_no_bwd(&Mean { exp: true })?) } else { Ok(t.exp()?.mean_all()?) }
}

/// Mean of x, or of e^x; only the former has a gradient.
struct Mean {
    exp: bool,
}

impl CustomOp1 for Mean {
    fn name(&self) -> &'static str {
        "score-mean"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let x = elements::<T>(s, l)?;
            let [sum] = if self.exp {
                sum_chunks(x, |c| [c.iter().map(|v| v.to_f64().exp()).sum()])
            } else {
                sum_chunks(x, |c| [c.iter().map(|v| v.to_f64()).sum()])
            };
            Ok((T::storage(vec![T::from_f64(sum / x.len() as f64)]), Shape::from(())))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some((grad / x.elem_count() as f64)?.broadcast_as(x.shape())?))
    }
}
