//! Ridge regression of several targets on the same features, each with a penalty of its own by generalised cross-validation.

use super::{
    features::{Features, Standardiser},
    matmul::{Matrix, multiply},
    spectrum::{axes, doubles},
};

/// Penalties tried, relative to n: from next to none to nothing but the mean. Standardised features have eigenvalues around 1.
const POWERS: std::ops::RangeInclusive<i32> = -12..=8;

/// Features taken apart once, for any number of targets.
pub(super) struct Ridge {
    scale: Standardiser,
    n: usize,
    /// The right singular vectors of the standardised features, row-major [r, dim], and the squares of the singular values.
    vectors: Vec<f64>,
    squares: Vec<f64>,
    /// The features along them, row-major [n, r].
    along: Vec<f64>,
}

/// A fitted target: y = mean + standardised features · weights.
pub(super) struct Line {
    pub mean: f64,
    /// \[dim\]
    pub weights: Vec<f64>,
}

impl Ridge {
    /// `features` have at least one row, and are finite.
    pub fn new(features: &Features) -> Self {
        let scale = Standardiser::fit(features);
        let (n, dim) = (features.n, features.dim);
        let z = doubles(&scale.apply(features));
        let found = axes(&z, dim);
        let mut along = vec![0.0; n * found.squares.len()];
        let vectors = Matrix::row_major(&found.vectors, found.squares.len(), dim);
        multiply(Matrix::row_major(&z, n, dim), vectors.transposed(), &mut along);
        Self { scale, n, vectors: found.vectors, squares: found.squares, along }
    }

    /// Least squares with penalty λ·n·‖w‖², λ the one of 10^(−6, −5.5, ..., 4) with the smallest n·RSS/(n − 1 − df)² (Golub,
    /// Heath & Wahba 1979), df = Σ s/(s + λ·n). The mean is not penalised.
    pub fn fit(&self, target: &[f64]) -> Line {
        let n = self.n as f64;
        let mean = target.iter().sum::<f64>() / n;
        let mut inner = vec![0.0; self.squares.len()];
        for (row, y) in self.along.chunks_exact(self.squares.len().max(1)).zip(target) {
            inner.iter_mut().zip(row).for_each(|(i, v)| *i += v * (y - mean));
        }
        // What of the target lies along each direction, squared, and what lies along none.
        let parts: Vec<f64> = inner.iter().zip(&self.squares).map(|(i, s)| i * i / s).collect();
        let all: f64 = target.iter().map(|y| (y - mean).powi(2)).sum();
        let rest = (all - parts.iter().sum::<f64>()).max(0.0);
        let score = |penalty: f64| {
            let left = |s: &f64| penalty / (s + penalty);
            let residue = rest + parts.iter().zip(&self.squares).map(|(p, s)| p * left(s).powi(2)).sum::<f64>();
            let freedom = n - 1.0 - self.squares.len() as f64 + self.squares.iter().map(left).sum::<f64>();
            residue / freedom.powi(2)
        };
        let penalties = POWERS.map(|p| n * 10f64.powf(f64::from(p) / 2.0));
        let best = penalties.min_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap_or(n);
        let dim = self.vectors.len() / self.squares.len().max(1);
        let mut weights = vec![0.0; dim];
        for ((vector, i), s) in self.vectors.chunks_exact(dim.max(1)).zip(&inner).zip(&self.squares) {
            weights.iter_mut().zip(vector).for_each(|(w, v)| *w += v * i / (s + best));
        }
        Line { mean, weights }
    }

    /// Other features on the scale of the fitted ones.
    pub fn standardised(&self, features: &Features) -> Features {
        self.scale.apply(features)
    }
}

impl Line {
    /// The target of a standardised row.
    pub fn at(&self, row: &[f32]) -> f64 {
        self.mean + self.weights.iter().zip(row).map(|(w, &v)| w * f64::from(v)).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    /// The weights solve the normal equations (ZᵀZ + λn)w = Zᵀy of one of the penalties, with many rows and with few.
    #[test]
    fn weights_solve_the_normal_equations() {
        for (n, dim) in [(40, 6), (6, 40)] {
            let mut rng = draw::rng(1, "ridge");
            let x = Features::new(n, dim, (0..n * dim).map(|_| draw::normal(&mut rng)).collect());
            let y: Vec<f64> = (0..n).map(|i| f64::from(x.row(i)[1] + draw::normal(&mut rng))).collect();
            let ridge = Ridge::new(&x);
            let line = ridge.fit(&y);
            let z = ridge.standardised(&x);
            // Zᵀ(y − fit) = λn·w: the ratio is the same for every weight.
            let pulls = (0..dim).map(|d| {
                let pull: f64 = (0..n).map(|i| f64::from(z.row(i)[d]) * (y[i] - line.at(z.row(i)))).sum();
                pull / line.weights[d] / n as f64
            });
            let penalties: Vec<f64> = pulls.collect();
            let power = 2.0 * penalties[0].log10();
            assert!((power - power.round()).abs() < 1e-3 && POWERS.contains(&(power.round() as i32)), "{penalties:?}");
            penalties.iter().for_each(|p| assert!((p / penalties[0] - 1.0).abs() < 1e-3, "{penalties:?}"));
        }
    }
}
