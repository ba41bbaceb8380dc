//! Exchanging rows and columns: a matrix product reads fastest what lies in its order.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::host::{Held, Real, on_host, slice_of, tensor, zeros};

/// Side of the squares worked on at a time, so that neither side is read or written across the cache.
const SQUARE: usize = 16;

/// Columns from `first` on of `x` [rows, columns] as the rows of `out` [.., rows], as many as it holds.
pub(super) fn transpose<T: Real>(x: &[T], rows: usize, columns: usize, first: usize, out: &mut [T]) {
    for (band, out) in out.chunks_mut((SQUARE * rows).max(1)).enumerate() {
        for r in (0..rows).step_by(SQUARE) {
            for (c, out) in out.chunks_exact_mut(rows).enumerate() {
                let from = x[r * columns + first + band * SQUARE + c..].iter().step_by(columns);
                out[r..rows.min(r + SQUARE)].iter_mut().zip(from).for_each(|(o, &v)| *o = v);
            }
        }
    }
}

/// `x` [rows, columns] with rows and columns exchanged, on all threads.
pub(super) fn transposed<T: Real>(x: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut out = zeros(x.len());
    transpose_into(x, rows, columns, &mut out);
    out
}

/// [`transposed`], written to `out` [columns, rows].
pub(super) fn transpose_into<T: Real>(x: &[T], rows: usize, columns: usize, out: &mut [T]) {
    let bands = out.par_chunks_mut((SQUARE * rows).max(1)).enumerate();
    bands.for_each(|(band, out)| transpose(x, rows, columns, band * SQUARE, out));
}

/// Channels last, a row a location: `x` [N, C, H, W] as [N·H·W, C], row i·H·W + l being location l (row-major) of image i.
///
/// # Errors
/// If `x` has not four dimensions.
pub fn location_rows(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    if on_host(&[x]) {
        return x.contiguous()?.apply_op1(LocationRows { channels: c, locations: h * w });
    }
    x.reshape((n, c, h * w))?.transpose(1, 2)?.contiguous()?.reshape((n * h * w, c))
}

struct LocationRows {
    channels: usize,
    locations: usize,
}

/// Every [rows, columns] of `x`, one after the other, turned round.
fn each_transposed<T: Real>(x: &[T], rows: usize, columns: usize) -> Vec<T> {
    let mut out = zeros(x.len());
    let size = (rows * columns).max(1);
    out.par_chunks_mut(size).zip(x.par_chunks(size)).for_each(|(out, x)| transpose(x, rows, columns, 0, out));
    out
}

impl CustomOp1 for LocationRows {
    fn name(&self) -> &'static str {
        "location-rows"
    }

    fn cpu_fwd(&self, x: &CpuStorage, at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, columns) = (self.channels, self.locations);
        let storage = match x {
            CpuStorage::F32(_) => CpuStorage::F32(each_transposed(slice_of(x, at)?, rows, columns)),
            _ => CpuStorage::F64(each_transposed(slice_of(x, at)?, rows, columns)),
        };
        Ok((storage, Shape::from((at.shape().elem_count() / rows.max(1), rows))))
    }

    fn bwd(&self, x: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let held = Held::new(&grad)?;
        let (rows, columns) = (self.locations, self.channels);
        Ok(Some(match grad.dtype() {
            DType::F32 => tensor(each_transposed(held.slice::<f32>()?, rows, columns), x.shape())?,
            _ => tensor(each_transposed(held.slice::<f64>()?, rows, columns), x.shape())?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::nn::testing::{check_gradients, distance, random, weighted};

    #[test]
    fn location_rows_are_candles_own_permutation_both_ways() {
        let x = Var::from_tensor(&random("x", &[3, 5, 2, 4])).unwrap();
        let theirs = x.permute((0, 2, 3, 1)).unwrap().reshape((24, 5)).unwrap();
        assert_eq!(distance(&location_rows(&x).unwrap(), &theirs), 0.0);
        check_gradients("location rows", &[&x], || weighted(&location_rows(&x)?));
    }

    #[test]
    fn rows_become_columns_whatever_the_sizes() {
        for (rows, columns) in [(1, 1), (3, 40), (16, 16), (17, 33), (50, 2)] {
            let x: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            let turned = transposed(&x, rows, columns);
            assert!((0..rows).all(|r| (0..columns).all(|c| turned[c * rows + r] == x[r * columns + c])), "{rows} × {columns}");
        }
    }
}
