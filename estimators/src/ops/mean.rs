//! Means over all scores, plain or of a function of each score, summed in f64.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Shape, Tensor};

use super::{
    fused,
    kernel::{Real, by_dtype, elements, fill_like, sum_chunks},
};
use crate::Result;

/// A function of one score with its slope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pointwise {
    pub value: fn(f64) -> f64,
    pub slope: fn(f64) -> f64,
    /// The same in Candle's operations, for other devices.
    pub composed: fn(&Tensor) -> candle_core::Result<Tensor>,
}

const EXP: Pointwise = Pointwise { value: f64::exp, slope: f64::exp, composed: Tensor::exp };

/// The mean of all elements, a scalar; differentiable.
///
/// # Errors
/// Only what Candle reports.
pub fn mean_all(t: &Tensor) -> Result<Tensor> {
    if fused(t) { Ok(t.contiguous()?.apply_op1(Mean)?) } else { mean_by_rows(t) }
}

/// E\[e^t\] over all elements, a scalar, differentiable; +∞ where it has no number, never NaN.
///
/// # Errors
/// Only what Candle reports.
pub fn exp_mean(t: &Tensor) -> Result<Tensor> {
    mean_of(t, EXP)
}

/// The mean of a function of every element, a scalar; differentiable.
pub(crate) fn mean_of(t: &Tensor, f: Pointwise) -> Result<Tensor> {
    if fused(t) { Ok(t.contiguous()?.apply_op1(MeanOf(f))?) } else { mean_by_rows(&(f.composed)(t)?) }
}

/// The mean in Candle's operations, by rows first: a GPU has one block of threads for each sum.
pub(super) fn mean_by_rows(t: &Tensor) -> Result<Tensor> {
    let rows = if t.rank() > 1 { t.sum(candle_core::D::Minus1)? } else { t.clone() };
    Ok((rows.sum_all()? / t.elem_count() as f64)?)
}

struct Mean;

impl CustomOp1 for Mean {
    fn name(&self) -> &'static str {
        "score-mean"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let x = elements::<T>(s, l)?;
            let [sum] = sum_chunks(x, |c| [c.iter().map(|v| v.to_f64()).sum()]);
            Ok((T::storage(vec![T::from_f64(sum / x.len() as f64)]), Shape::from(())))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some((grad / x.elem_count() as f64)?.broadcast_as(x.shape())?))
    }
}

struct MeanOf(Pointwise);

impl CustomOp1 for MeanOf {
    fn name(&self) -> &'static str {
        "score-mean-of"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let x = elements::<T>(s, l)?;
            let [sum] = sum_chunks(x, |c| [c.iter().map(|v| (self.0.value)(v.to_f64())).sum()]);
            Ok((T::storage(vec![T::from_f64(sum / x.len() as f64)]), Shape::from(())))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let grad = (grad / x.elem_count() as f64)?;
        Ok(Some(x.apply_op2_no_bwd(&grad, &MeanOfBackward(self.0))?))
    }
}

/// g·f'(x), g a scalar.
struct MeanOfBackward(Pointwise);

impl CustomOp2 for MeanOfBackward {
    fn name(&self) -> &'static str {
        "score-mean-of-backward"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout, gs: &CpuStorage, gl: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        by_dtype!(s, T => {
            let (x, g) = (elements::<T>(s, l)?, elements::<T>(gs, gl)?[0].to_f64());
            let slope = self.0.slope;
            let grad = fill_like(x, |_, x, y| y.iter_mut().zip(x).for_each(|(y, x)| *y = T::from_f64(g * slope(x.to_f64()))));
            Ok((T::storage(grad), l.shape().clone()))
        })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    /// What runs on other devices gives what the fused pass gives.
    #[test]
    fn composed_agrees_with_fused() -> Result<()> {
        let x = Var::new(&[[0f64, 0.5, -3.], [2., -1.5, 1.]], &Device::Cpu)?;
        let results = [exp_mean(&x)?, x.exp()?.mean_all()?].map(|y| -> Result<(f64, Vec<f64>)> {
            let grads = y.backward()?;
            let slopes = grads.get(&x).map(|g| g.flatten_all()?.to_vec1()).transpose()?.unwrap_or_default();
            Ok((y.to_scalar()?, slopes))
        });
        let [a, b] = results;
        let (a, b) = (a?, b?);
        assert!((a.0 - b.0).abs() < 1e-14 && a.1.len() == 6);
        a.1.iter().zip(&b.1).for_each(|(a, b)| assert!((a - b).abs() < 1e-14, "{a} {b}"));
        Ok(())
    }
}
