//! Exchanging rows and columns: a matrix product reads fastest what lies in its order.

use rayon::prelude::*;

use super::host::Real;

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
    let mut out = vec![T::default(); x.len()];
    let bands = out.par_chunks_mut((SQUARE * rows).max(1)).enumerate();
    bands.for_each(|(band, out)| transpose(x, rows, columns, band * SQUARE, out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_whatever_the_sizes() {
        for (rows, columns) in [(1, 1), (3, 40), (16, 16), (17, 33), (50, 2)] {
            let x: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            let turned = transposed(&x, rows, columns);
            assert!((0..rows).all(|r| (0..columns).all(|c| turned[c * rows + r] == x[r * columns + c])), "{rows} × {columns}");
        }
    }
}
