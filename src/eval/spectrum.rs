//! Singular values and vectors of tables of codes, from the eigenvalues of the smaller of XᵀX and XXᵀ.
//!
//! Everything here is f64 and costs min(n, dim)³ beside the product: 0.6 s for the values of 1,024 × 1,024, 2 s with the vectors.
//! A singular value below about 1e-8 of the largest is rounding: squares are what the eigenvalues know to 1e-16.

use nalgebra::DMatrix;

use super::{
    features::Features,
    matmul::{Matrix, multiply},
};

/// Eigenvalues below this share of the largest are rounding, and have no vector.
const ROUNDING: f64 = 1e-13;

/// The right singular vectors of a table whose singular values are not zero.
pub(super) struct Axes {
    /// The squares of the singular values, descending.
    pub squares: Vec<f64>,
    /// A unit vector for each, row-major [squares, dim].
    pub vectors: Vec<f64>,
}

/// The numbers of `features` in double precision.
pub(super) fn doubles(features: &Features) -> Vec<f64> {
    features.values.iter().map(|&v| f64::from(v)).collect()
}

/// The mean of each column of row-major `x` [n, dim]; zeros without rows.
pub fn column_means(x: &[f64], dim: usize) -> Vec<f64> {
    let n = (x.len() / dim.max(1)).max(1) as f64;
    let mut means = vec![0.0; dim];
    for row in x.chunks_exact(dim.max(1)) {
        means.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
    }
    means
}

/// Row-major `x` [n, dim] less the mean of each column; a column of equal numbers becomes exact zeros.
pub fn centred(x: &[f64], dim: usize) -> Vec<f64> {
    let first = &x[..dim.min(x.len())];
    let mut around: Vec<f64> = x.chunks_exact(dim.max(1)).flat_map(|row| row.iter().zip(first).map(|(v, f)| v - f)).collect();
    let means = column_means(&around, dim);
    for row in around.chunks_exact_mut(dim.max(1)) {
        row.iter_mut().zip(&means).for_each(|(v, m)| *v -= m);
    }
    around
}

/// The min(n, dim) singular values of row-major `x` [n, dim], descending; all NaN if a number is not finite.
pub fn singular_values(x: &[f64], dim: usize) -> Vec<f64> {
    let (gram, size) = gram(x, dim);
    if gram.iter().any(|v| !v.is_finite()) {
        return vec![f64::NAN; size];
    }
    let squares = DMatrix::from_vec(size, size, gram).symmetric_eigenvalues();
    let mut values: Vec<f64> = squares.iter().map(|v| v.max(0.0).sqrt()).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// The right singular vectors of row-major `x` [n, dim]; none if a number is not finite.
pub(super) fn axes(x: &[f64], dim: usize) -> Axes {
    let (gram, size) = gram(x, dim);
    let mut found = Axes { squares: Vec::new(), vectors: Vec::new() };
    if gram.iter().any(|v| !v.is_finite()) || size == 0 {
        return found;
    }
    let eigen = DMatrix::from_vec(size, size, gram).symmetric_eigen();
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let largest = eigen.eigenvalues[order[0]];
    order.retain(|&i| eigen.eigenvalues[i] > ROUNDING * largest);
    found.squares = order.iter().map(|&i| eigen.eigenvalues[i]).collect();
    let columns: Vec<f64> =
        order.iter().flat_map(|&i| eigen.eigenvectors.column(i).iter().copied().collect::<Vec<_>>()).collect();
    let n = x.len() / dim;
    if dim <= n {
        found.vectors = columns;
        return found;
    }
    // These are the left ones, u; the right ones are Xᵀu over the singular value.
    found.vectors = vec![0.0; order.len() * dim];
    multiply(Matrix::row_major(&columns, order.len(), n), Matrix::row_major(x, n, dim), &mut found.vectors);
    for (vector, square) in found.vectors.chunks_exact_mut(dim).zip(&found.squares) {
        vector.iter_mut().for_each(|v| *v /= square.sqrt());
    }
    found
}

/// XᵀX or XXᵀ of `x` [n, dim], whichever is smaller, and its size: both have the squares of x's singular values.
pub(super) fn gram(x: &[f64], dim: usize) -> (Vec<f64>, usize) {
    let n = x.len() / dim.max(1);
    let rows = Matrix::row_major(x, n, dim);
    let (left, right) = if dim <= n { (rows.transposed(), rows) } else { (rows, rows.transposed()) };
    let size = n.min(dim);
    let mut gram = vec![0.0; size * size];
    multiply(left, right, &mut gram);
    // The two halves may differ by rounding.
    for i in 0..size {
        for j in 0..i {
            gram[i * size + j] = gram[j * size + i];
        }
    }
    (gram, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    #[test]
    fn a_diagonal_table_has_its_diagonal() {
        // 4 × 3, and its transpose.
        let tall = [3.0, 0.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0];
        let wide = [3.0, 0.0, 0.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0];
        for (x, dim) in [(tall, 3), (wide, 4)] {
            let values = singular_values(&x, dim);
            values.iter().zip([3.0, 2.0, 0.5]).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{values:?}"));
            assert_eq!(values.len(), 3);
        }
        assert!(singular_values(&[1.0, f64::NAN, 3.0, 4.0], 2).iter().all(|v| v.is_nan()));
    }

    #[test]
    fn axes_are_orthonormal_and_rebuild_the_gram_matrix() {
        let mut rng = draw::rng(1, "table");
        for (n, dim) in [(20, 7), (7, 20)] {
            let x: Vec<f64> = (0..n * dim).map(|_| f64::from(draw::normal(&mut rng))).collect();
            let Axes { squares, vectors } = axes(&x, dim);
            assert_eq!(squares.len(), 7);
            assert!(squares.is_sorted_by(|a, b| a >= b));
            let v: Vec<&[f64]> = vectors.chunks_exact(dim).collect();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            for i in 0..7 {
                for j in 0..7 {
                    assert!((dot(v[i], v[j]) - f64::from(u8::from(i == j))).abs() < 1e-10);
                }
            }
            for a in 0..dim {
                for b in 0..dim {
                    let truth: f64 = x.chunks_exact(dim).map(|row| row[a] * row[b]).sum();
                    let rebuilt: f64 = (0..7).map(|i| squares[i] * v[i][a] * v[i][b]).sum();
                    assert!((truth - rebuilt).abs() < 1e-9, "{truth} {rebuilt}");
                }
            }
        }
    }
}
