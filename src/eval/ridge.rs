//! Ridge regression of several targets on the same features, each with a penalty of its own by generalised cross-validation.

use super::{
    features::{Features, Standardiser},
    matmul::{Matrix, multiply},
    spectrum::{doubles, gram},
    tridiagonal::Tridiagonal,
};

/// Penalties tried, relative to n: from next to none to nothing but the mean. Standardised features have eigenvalues around 1.
const POWERS: std::ops::RangeInclusive<i32> = -12..=8;

/// Features taken apart once, for any number of targets.
pub(super) struct Ridge {
    scale: Standardiser,
    n: usize,
    dim: usize,
    /// Standardised, row-major [n, dim].
    z: Vec<f64>,
    /// Of ZᵀZ, or of ZZᵀ where there are fewer rows than features.
    gram: Tridiagonal,
    /// Each penalty times n, and the degrees of freedom that it leaves, n − 1 − Σ s/(s + λ·n).
    penalties: Vec<(f64, f64)>,
}

/// A fitted target: y = mean + standardised features · weights.
pub(super) struct Line {
    pub mean: f64,
    /// \[dim\]
    pub weights: Vec<f64>,
}

impl Ridge {
    /// `features` have at least one row, and are finite. Costs min(n, dim)³ beside the product.
    pub fn new(features: &Features) -> Self {
        let scale = Standardiser::fit(features);
        let (n, dim) = (features.n, features.dim);
        let z = doubles(&scale.apply(features));
        let (gram, size) = gram(&z, dim);
        let gram = Tridiagonal::of(gram, size);
        let penalties = POWERS.map(|p| {
            let penalty = n as f64 * 10f64.powf(f64::from(p) / 2.0);
            (penalty, n as f64 - 1.0 - size as f64 + penalty * gram.trace_of_inverse(penalty))
        });
        Self { scale, n, dim, z, penalties: penalties.collect(), gram }
    }

    /// Least squares with penalty λ·n·‖w‖², λ the one of 10^(−6, −5.5, ..., 4) with the smallest n·RSS/(n − 1 − df)² (Golub,
    /// Heath & Wahba 1979), df = Σ s/(s + λ·n) over the squares s of the singular values. The mean is not penalised.
    pub fn fit(&self, target: &[f64]) -> Line {
        let mean = target.iter().sum::<f64>() / self.n as f64;
        let target: Vec<f64> = target.iter().map(|y| y - mean).collect();
        let all: f64 = target.iter().map(|y| y * y).sum();
        // w = (ZᵀZ + λn)⁻¹·Zᵀy = Zᵀ·(ZZᵀ + λn)⁻¹·y.
        let wide = self.n < self.dim;
        let known = self.gram.turned(if wide { target } else { self.columns_times(&target) });
        let score = |(penalty, freedom): &(f64, f64)| {
            let solved = self.gram.solved(*penalty, known.clone());
            let squares: f64 = solved.iter().map(|u| u * u).sum();
            let residue = if wide {
                penalty * penalty * squares
            } else {
                let explained: f64 = known.iter().zip(&solved).map(|(c, u)| c * u).sum();
                (all - explained - penalty * squares).max(0.0)
            };
            residue / freedom.powi(2)
        };
        let scored = self.penalties.iter().map(|p| (p.0, score(p)));
        let best = scored.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(self.n as f64, |(penalty, _)| penalty);
        let solved = self.gram.turned_back(self.gram.solved(best, known));
        Line { mean, weights: if wide { self.columns_times(&solved) } else { solved } }
    }

    /// Zᵀ·y.
    fn columns_times(&self, y: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.dim];
        multiply(Matrix::row_major(y, 1, self.n), Matrix::row_major(&self.z, self.n, self.dim), &mut out);
        out
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
