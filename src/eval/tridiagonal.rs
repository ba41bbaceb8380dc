//! A symmetric matrix as Q·T·Qᵀ, T tridiagonal: then (A + λ·1)·x = b costs n² for any λ and b, and so does the trace of the inverse.
//!
//! Householder's reduction (Golub & Van Loan, Matrix Computations, section 8.3.1), where each pass over the matrix does the last
//! reflection and multiplies by the next one's vector at once: the matrix is read and written once a column, not twice.

/// The matrix taken apart.
pub(super) struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Beside the diagonal, one fewer.
    beside: Vec<f64>,
    /// Unit vectors v of the reflections 1 − 2·v·vᵀ whose product is Q; the k-th acts on the rows after k.
    reflectors: Vec<Vec<f64>>,
}

/// A reflection that has not been done to the matrix yet: A ← A − v·qᵀ − q·vᵀ on the last rows and columns.
struct Pending {
    v: Vec<f64>,
    q: Vec<f64>,
}

impl Tridiagonal {
    /// Of the symmetric row-major `a` [size, size], of which the part above the diagonal is not read.
    pub fn of(mut a: Vec<f64>, size: usize) -> Self {
        assert_eq!(a.len(), size * size, "a [{size}, {size}] matrix");
        let mut this = Self { diagonal: Vec::new(), beside: Vec::new(), reflectors: Vec::new() };
        let mut pending = Pending { v: vec![0.0; size], q: vec![0.0; size] };
        for k in 0..size {
            // The pending vectors begin at row k.
            let (v, q) = (&pending.v, &pending.q);
            this.diagonal.push(a[k * size + k] - 2.0 * v[0] * q[0]);
            let mut column: Vec<f64> = (k + 1..size).map(|i| a[i * size + k] - v[i - k] * q[0] - q[i - k] * v[0]).collect();
            if column.is_empty() {
                break;
            }
            this.beside.push(reflect(&mut column));
            let product = pulp::Arch::new().dispatch(|| pass(&mut a, size, k + 1, (&v[1..], &q[1..]), &column));
            // With p = 2·A·v: A − v·qᵀ − q·vᵀ, q = p − (v·p)·v, is the matrix reflected from both sides.
            let along: f64 = 2.0 * product.iter().zip(&column).map(|(p, v)| p * v).sum::<f64>();
            let q = product.iter().zip(&column).map(|(p, v)| 2.0 * p - along * v).collect();
            pending = Pending { v: column.clone(), q };
            this.reflectors.push(column);
        }
        this
    }

    /// Qᵀ·b.
    pub fn turned(&self, mut b: Vec<f64>) -> Vec<f64> {
        self.reflectors.iter().enumerate().for_each(|(k, v)| mirror(&mut b[k + 1..], v));
        b
    }

    /// Q·u.
    pub fn turned_back(&self, mut u: Vec<f64>) -> Vec<f64> {
        self.reflectors.iter().enumerate().rev().for_each(|(k, v)| mirror(&mut u[k + 1..], v));
        u
    }

    /// (T + λ·1)⁻¹·c; T + λ·1 must be positive definite.
    pub fn solved(&self, lambda: f64, mut c: Vec<f64>) -> Vec<f64> {
        let pivots = self.pivots(lambda);
        for i in 1..c.len() {
            c[i] -= self.beside[i - 1] / pivots[i - 1] * c[i - 1];
        }
        for i in (0..c.len()).rev() {
            let after = if i + 1 < c.len() { self.beside[i] * c[i + 1] } else { 0.0 };
            c[i] = (c[i] - after) / pivots[i];
        }
        c
    }

    /// The trace of (T + λ·1)⁻¹: an entry of its diagonal is made of the pivots from above and from below.
    pub fn trace_of_inverse(&self, lambda: f64) -> f64 {
        let above = self.pivots(lambda);
        let mut trace = 0.0;
        let mut below = f64::INFINITY;
        for i in (0..self.diagonal.len()).rev() {
            let entry = self.diagonal[i] + lambda;
            below = entry - if i + 1 < self.diagonal.len() { self.beside[i].powi(2) / below } else { 0.0 };
            trace += 1.0 / (above[i] + below - entry);
        }
        trace
    }

    /// D of T + λ·1 = L·D·Lᵀ.
    fn pivots(&self, lambda: f64) -> Vec<f64> {
        let mut pivots: Vec<f64> = Vec::with_capacity(self.diagonal.len());
        for (i, d) in self.diagonal.iter().enumerate() {
            pivots.push(d + lambda - if i > 0 { self.beside[i - 1].powi(2) / pivots[i - 1] } else { 0.0 });
        }
        pivots
    }
}

/// Replaces `x` by the unit vector of the reflection that takes it to (α, 0, ..., 0), and gives α. Zeros stay, and reflect nothing.
fn reflect(x: &mut [f64]) -> f64 {
    let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
    if length == 0.0 {
        return 0.0;
    }
    let alpha = if x[0] > 0.0 { -length } else { length };
    x[0] -= alpha;
    let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
    x.iter_mut().for_each(|v| *v /= length);
    alpha
}

/// b − 2·(v·b)·v.
fn mirror(b: &mut [f64], v: &[f64]) {
    let along: f64 = 2.0 * b.iter().zip(v).map(|(b, v)| b * v).sum::<f64>();
    b.iter_mut().zip(v).for_each(|(b, v)| *b -= along * v);
}

/// Does the pending reflection to the rows and columns of `a` from `first` on (below the diagonal), and gives their product with `next`.
#[inline(always)]
fn pass(a: &mut [f64], size: usize, first: usize, (v, q): (&[f64], &[f64]), next: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; size - first];
    for i in 0..size - first {
        let row = &mut a[(first + i) * size + first..][..=i];
        let (before, own) = row.split_at_mut(i);
        own[0] -= 2.0 * v[i] * q[i];
        let (others, mine) = product.split_at_mut(i);
        let sum = row_pass(before, (v[i], q[i], next[i]), (v, q, next), others);
        mine[0] += sum + own[0] * next[i];
    }
    product
}

/// One row left of the diagonal; its product with `next`. It also adds the column above the diagonal, which is the same, to `others`.
#[inline(always)]
fn row_pass(row: &mut [f64], (vi, qi, ni): (f64, f64, f64), (v, q, next): (&[f64], &[f64], &[f64]), others: &mut [f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let whole = row.len() / LANES * LANES;
    let blocks = row[..whole].chunks_exact_mut(LANES).zip(others[..whole].chunks_exact_mut(LANES));
    let given = v.chunks_exact(LANES).zip(q.chunks_exact(LANES)).zip(next.chunks_exact(LANES));
    for ((row, others), ((v, q), next)) in blocks.zip(given) {
        for lane in 0..LANES {
            let value = row[lane] - (vi * q[lane] + qi * v[lane]);
            row[lane] = value;
            sums[lane] += value * next[lane];
            others[lane] += value * ni;
        }
    }
    let mut sum: f64 = sums.iter().sum();
    for j in whole..row.len() {
        row[j] -= vi * q[j] + qi * v[j];
        sum += row[j] * next[j];
        others[j] += row[j] * ni;
    }
    sum
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;
    use crate::eval::draw;

    /// XᵀX of random X, of rank below its size where there are few rows.
    fn gram(rows: usize, size: usize) -> DMatrix<f64> {
        let mut rng = draw::rng(5, "gram");
        let x = DMatrix::from_fn(rows, size, |_, _| f64::from(draw::normal(&mut rng)));
        x.transpose() * x
    }

    #[test]
    fn q_t_q_is_the_matrix_again() {
        for (rows, size) in [(9, 1), (9, 2), (9, 3), (60, 40), (10, 40)] {
            let a = gram(rows, size);
            let found = Tridiagonal::of(a.as_slice().to_vec(), size);
            assert_eq!((found.diagonal.len(), found.beside.len()), (size, size - 1));
            for column in 0..size {
                let mut unit = vec![0.0; size];
                unit[column] = 1.0;
                let u = found.turned(unit);
                let times: Vec<f64> = (0..size)
                    .map(|i| {
                        let left = if i > 0 { found.beside[i - 1] * u[i - 1] } else { 0.0 };
                        let right = if i + 1 < size { found.beside[i] * u[i + 1] } else { 0.0 };
                        left + found.diagonal[i] * u[i] + right
                    })
                    .collect();
                let rebuilt = found.turned_back(times);
                rebuilt.iter().zip(a.column(column).iter()).for_each(|(r, t)| assert!((r - t).abs() < 1e-10, "{r} {t}"));
            }
        }
    }

    #[test]
    fn solutions_and_traces_are_those_of_the_inverse() {
        for (rows, size) in [(9, 1), (60, 33), (10, 33)] {
            let a = gram(rows, size);
            let found = Tridiagonal::of(a.as_slice().to_vec(), size);
            for lambda in [0.3, 20.0] {
                let inverse = (&a + DMatrix::identity(size, size) * lambda).try_inverse().unwrap();
                let b: Vec<f64> = (0..size).map(|i| (i as f64).sin()).collect();
                let x = found.turned_back(found.solved(lambda, found.turned(b.clone())));
                let truth = &inverse * DVector::from_vec(b);
                x.iter().zip(truth.iter()).for_each(|(x, t)| assert!((x - t).abs() < 1e-9, "{x} {t}"));
                assert!((found.trace_of_inverse(lambda) - inverse.trace()).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn zeros_have_the_inverse_of_lambda() {
        let found = Tridiagonal::of(vec![0.0; 16], 4);
        assert_eq!(found.solved(2.0, vec![1.0; 4]), [0.5; 4]);
        assert!((found.trace_of_inverse(2.0) - 2.0).abs() < 1e-15);
        let none = Tridiagonal::of(Vec::new(), 0);
        assert_eq!((none.trace_of_inverse(1.0), none.turned(Vec::new()).len()), (0.0, 0));
    }
}
