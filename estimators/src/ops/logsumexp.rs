//! log-sum-exp with max shift, by rows and over all scores.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, D, Layout, Shape, Tensor, bail};

use super::{
    fused,
    kernel::{CHUNK, Real, by_dtype, elements, fill_like, flat_map_blocks, map_chunks},
    softplus,
};
use crate::{Error, Result};

/// ln Σ e^x of each row: `[G, K]` to `[G, 1]`; its gradient is the row's softmax.
///
/// # Errors
/// [`Error::Empty`] without any element; what Candle reports, also if x has not two dimensions.
pub fn log_sum_exp_rows(x: &Tensor) -> Result<Tensor> {
    let (rows, columns) = x.dims2()?;
    if rows * columns == 0 {
        return Err(Error::Empty { which: "log-sum-exp", found: vec![rows, columns] });
    }
    if fused(x) { Ok(x.contiguous()?.apply_op1(LogSumExpRows::default())?) } else { composed(x) }
}

/// ln Σ e^x over all elements, a scalar.
///
/// # Errors
/// [`Error::Empty`] without any element, or what Candle reports.
pub fn log_sum_exp_all(x: &Tensor) -> Result<Tensor> {
    if !fused(x) && x.rank() == 2 {
        // By rows first: a GPU has one block of threads for each sum.
        let rows = log_sum_exp_rows(x)?;
        return Ok(log_sum_exp_rows(&rows.reshape((1, rows.elem_count()))?)?.reshape(())?);
    }
    Ok(log_sum_exp_rows(&x.reshape((1, x.elem_count()))?)?.reshape(())?)
}

/// ln of the mean of e^x over all elements, a scalar.
///
/// # Errors
/// [`Error::Empty`] without any element, or what Candle reports.
pub fn log_mean_exp_all(x: &Tensor) -> Result<Tensor> {
    Ok((log_sum_exp_all(x)? - (x.elem_count() as f64).ln())?)
}

/// ln(e^a + e^b), elementwise, the smaller shape broadcast to the larger; finite arguments.
///
/// # Errors
/// Shapes that do not broadcast.
pub fn log_add_exp(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok(a.broadcast_add(&softplus(&b.broadcast_sub(a)?)?)?)
}

/// In Candle's operations; the shift is cut from the graph, where it would only cost.
fn composed(x: &Tensor) -> Result<Tensor> {
    let shift = x.detach().max_keepdim(D::Minus1)?;
    let sum = x.broadcast_sub(&shift)?.exp()?.sum_keepdim(D::Minus1)?;
    Ok((sum.log()? + shift)?)
}

/// The values in f64 are kept for the backward pass: rounded to f32 they would cost digits of the softmax at large scores.
#[derive(Default)]
struct LogSumExpRows {
    values: OnceLock<Vec<f64>>,
}

impl CustomOp1 for LogSumExpRows {
    fn name(&self) -> &'static str {
        "log-sum-exp-rows"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (rows, columns) = l.shape().dims2()?;
        by_dtype!(s, T => {
            let values = by_rows(elements::<T>(s, l)?, columns);
            let out = values.iter().map(|v| T::from_f64(*v)).collect();
            if self.values.set(values).is_err() {
                bail!("one log-sum-exp op serves one forward pass");
            }
            Ok((T::storage(out), Shape::from((rows, 1))))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let Some(values) = self.values.get() else { bail!("log-sum-exp: backward before forward") };
        Ok(Some(x.apply_op2_no_bwd(&grad.contiguous()?, &LogSumExpBackward { values })?))
    }
}

/// g·e^(x − lse), row by row.
struct LogSumExpBackward<'a> {
    values: &'a [f64],
}

impl CustomOp2 for LogSumExpBackward<'_> {
    fn name(&self) -> &'static str {
        "log-sum-exp-backward"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout, gs: &CpuStorage, gl: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (_, columns) = l.shape().dims2()?;
        by_dtype!(s, T => {
            let (x, g) = (elements::<T>(s, l)?, elements::<T>(gs, gl)?);
            let grad = fill_like(x, |at, x, y| {
                let (mut from, mut row) = (0, at / columns);
                while from < x.len() {
                    let to = ((row + 1) * columns - at).min(x.len());
                    let (value, g) = (self.values[row], g[row].to_f64());
                    for (y, x) in y[from..to].iter_mut().zip(&x[from..to]) {
                        *y = T::from_f64(g * (x.to_f64() - value).exp());
                    }
                    (from, row) = (to, row + 1);
                }
            });
            Ok((T::storage(grad), l.shape().clone()))
        })
    }
}

/// The values of all rows of `columns` elements. Short rows are shared out in blocks, long ones in pieces.
fn by_rows<T: Real>(x: &[T], columns: usize) -> Vec<f64> {
    if columns > CHUNK {
        return x.chunks(columns).map(|row| merge(&map_chunks(row, shifted_sum))).collect();
    }
    let block = (CHUNK / columns).max(1) * columns;
    flat_map_blocks(x, block, |rows| rows.chunks(columns).map(|row| merge(&[shifted_sum(row)])).collect())
}

/// (max, Σ e^(x − max)) of a piece of a row.
fn shifted_sum<T: Real>(x: &[T]) -> (f64, f64) {
    let max = x.iter().fold(f64::NEG_INFINITY, |m, v| m.max(v.to_f64()));
    let shift = finite_or_zero(max);
    let sum = x.iter().map(|v| (v.to_f64() - shift).exp()).sum();
    (if max == f64::NEG_INFINITY { max } else { shift }, sum)
}

/// ln Σ over the pieces, in their order.
fn merge(pieces: &[(f64, f64)]) -> f64 {
    let shift = finite_or_zero(pieces.iter().fold(f64::NEG_INFINITY, |m, p| m.max(p.0)));
    shift + pieces.iter().map(|(own, sum)| sum * (own - shift).exp()).sum::<f64>().ln()
}

/// An infinite shift would turn ∞ − ∞ into NaN where the answer is ±∞; a NaN among the scores still stays one.
fn finite_or_zero(v: f64) -> f64 {
    if v.is_finite() { v } else { 0. }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    /// What runs on other devices gives what the fused pass gives.
    #[test]
    fn composed_agrees_with_fused() -> Result<()> {
        let x = Var::new(&[[0f64, 0., -3.], [1e4, -1e4, 1e4], [-1e4, -1e4, -1e4 + 1.]], &Device::Cpu)?;
        let (a, b) = (log_sum_exp_rows(&x)?, composed(&x)?);
        let weights = Tensor::new(&[[1f64], [2.], [-3.]], &Device::Cpu)?;
        let gradient = |y: &Tensor| -> Result<Vec<Vec<f64>>> {
            let grads = (y * &weights)?.sum_all()?.backward()?;
            Ok(grads.get(&x).map(Tensor::to_vec2).transpose()?.unwrap_or_default())
        };
        for (a, b) in [(a.to_vec2::<f64>()?, b.to_vec2::<f64>()?), (gradient(&a)?, gradient(&b)?)] {
            let (a, b) = (a.concat(), b.concat());
            assert_eq!(a.len(), b.len());
            a.iter().zip(&b).for_each(|(a, b)| assert!((a - b).abs() <= 1e-12 * (1. + b.abs()), "{a} {b}"));
        }
        Ok(())
    }
}
