//! Principal components of codes, for a picture of them that does not jump from one step to the next.

use super::{
    features::Features,
    matmul::{Matrix, multiply},
    spectrum::{axes, centred, column_means, doubles},
};

/// The first components of a table of codes.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// The codes' mean, [dim].
    pub mean: Vec<f64>,
    /// Unit vectors, the one of largest variance first, row-major [k, dim]; zeros where the codes have no further direction.
    pub axes: Vec<f64>,
    /// Variance (over n) along each axis, [k].
    pub variance: Vec<f64>,
    /// The same as a share of the variance of all units, [k]; zeros if the codes do not vary.
    pub share: Vec<f64>,
}

impl Pca {
    /// The first `k` components of `codes`. `None` without codes or if a number is not finite. Costs min(n, dim)³.
    ///
    /// A principal axis has no sign of its own. With `like`, the components of a moment ago, each axis takes the sign that makes
    /// the smaller angle with the old one, so that a picture of codes that change little changes little. Without it (or if its
    /// shape is another), the entry of largest size, the first of several, is positive. Two axes may still change places when
    /// their variances cross.
    pub fn of(codes: &Features, k: usize, like: Option<&Pca>) -> Option<Self> {
        codes.check();
        if codes.n == 0 || codes.dim == 0 || !codes.finite() {
            return None;
        }
        let (n, dim) = (codes.n as f64, codes.dim);
        let values = doubles(codes);
        let around = centred(&values, dim);
        let total: f64 = around.iter().map(|v| v * v / n).sum();
        let mut found = axes(&around, dim);
        found.vectors.resize(k * dim, 0.0);
        found.squares.resize(k, 0.0);
        let old = like.filter(|old| old.axes.len() == k * dim).map(|old| old.axes.as_slice());
        for (i, axis) in found.vectors.chunks_exact_mut(dim).enumerate() {
            if backward(axis, old.map(|old| &old[i * dim..(i + 1) * dim])) {
                axis.iter_mut().for_each(|v| *v = -*v);
            }
        }
        let variance: Vec<f64> = found.squares.iter().map(|s| s / n).collect();
        let share = variance.iter().map(|v| if total > 0.0 { v / total } else { 0.0 }).collect();
        Some(Self { mean: column_means(&values, dim), axes: found.vectors, variance, share })
    }

    /// Where codes lie along the axes, row-major [n, k]: other codes than the fitted ones too.
    ///
    /// # Panics
    /// If the codes have another dimension.
    pub fn project(&self, codes: &Features) -> Vec<f32> {
        let (dim, k) = (self.mean.len(), self.variance.len());
        assert_eq!(codes.dim, dim, "codes of the fitted dimension");
        let around: Vec<f64> = doubles(codes).iter().enumerate().map(|(i, v)| v - self.mean[i % dim]).collect();
        let mut places = vec![0.0; codes.n * k];
        multiply(Matrix::row_major(&around, codes.n, dim), Matrix::row_major(&self.axes, k, dim).transposed(), &mut places);
        places.into_iter().map(|v| v as f32).collect()
    }
}

/// Whether the axis is to be turned round.
fn backward(axis: &[f64], old: Option<&[f64]>) -> bool {
    let along = old.map_or(0.0, |old| axis.iter().zip(old).map(|(a, b)| a * b).sum());
    if along != 0.0 {
        return along < 0.0;
    }
    axis.iter().fold(0.0f64, |largest, &v| if v.abs() > largest.abs() { v } else { largest }) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    /// Codes around an offset with deviations 3, 2 and 1 along three axes turned by an angle in the plane of the first two.
    fn codes(n: usize, turn: f32, seed: u64) -> Features {
        let mut rng = draw::rng(seed, "codes");
        let values = (0..n).flat_map(|_| {
            let [a, b, c] = [3.0, 2.0, 1.0].map(|s| s * draw::normal(&mut rng));
            [5.0 + a * turn.cos() - b * turn.sin(), a * turn.sin() + b * turn.cos(), -7.0 + c]
        });
        Features::new(n, 3, values.collect())
    }

    #[test]
    fn axes_and_variances_are_those_the_codes_were_made_of() {
        let (n, turn) = (20_000, 0.4f64);
        let pca = Pca::of(&codes(n, turn as f32, 1), 2, None).unwrap();
        let truth = [turn.cos(), turn.sin(), 0.0, -turn.sin(), turn.cos(), 0.0];
        pca.axes.iter().zip(truth).for_each(|(a, t)| assert!((a - t).abs() < 0.03, "{pca:?}"));
        pca.variance.iter().zip([9.0, 4.0]).for_each(|(v, t)| assert!((v / t - 1.0).abs() < 0.04, "{pca:?}"));
        pca.share.iter().zip([9.0 / 14.0, 4.0 / 14.0]).for_each(|(v, t)| assert!((v - t).abs() < 0.02));
        pca.mean.iter().zip([5.0, 0.0, -7.0]).for_each(|(m, t)| assert!((m - t).abs() < 0.08));
    }

    /// Projections have mean zero, are uncorrelated, and have the told variances.
    #[test]
    fn projections_have_the_told_variances() {
        let x = codes(500, 1.0, 2);
        let pca = Pca::of(&x, 2, None).unwrap();
        let places = pca.project(&x);
        let mean = |f: &dyn Fn(&[f32]) -> f32| places.chunks_exact(2).map(|p| f64::from(f(p))).sum::<f64>() / 500.0;
        assert!(mean(&|p| p[0]).abs() < 1e-5 && mean(&|p| p[1]).abs() < 1e-5 && mean(&|p| p[0] * p[1]).abs() < 1e-4);
        assert!((mean(&|p| p[0] * p[0]) - pca.variance[0]).abs() < 1e-4);
        assert!((mean(&|p| p[1] * p[1]) - pca.variance[1]).abs() < 1e-4);
    }

    /// Half a turn in small steps: axes that keep their sign end opposite to where they began, and so the rule for the first
    /// picture must have flipped them on the way.
    #[test]
    fn signs_do_not_flip_from_step_to_step() {
        let mut old = Pca::of(&codes(400, 0.0, 3), 2, None).unwrap();
        let first = old.clone();
        let mut flips_of_the_rule = 0;
        for i in 1..=63 {
            let x = codes(400, i as f32 * 0.05, 3);
            let new = Pca::of(&x, 2, Some(&old)).unwrap();
            for (a, b) in new.axes.chunks(3).zip(old.axes.chunks(3)) {
                assert!(a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() > 0.99);
            }
            flips_of_the_rule += usize::from(Pca::of(&x, 2, None).unwrap().axes != new.axes);
            old = new;
        }
        assert!(old.axes.iter().zip(&first.axes).map(|(a, b)| a * b).sum::<f64>() < -1.9);
        assert!(flips_of_the_rule > 10);
    }

    #[test]
    fn codes_on_a_line_have_one_axis_and_constant_ones_none() {
        let line: Vec<f32> = (0..10).flat_map(|i| [i as f32, 0.0, -2.0 * i as f32]).collect();
        let pca = Pca::of(&Features::new(10, 3, line), 2, None).unwrap();
        assert!((pca.share[0] - 1.0).abs() < 1e-9 && pca.share[1] < 1e-9);
        let root = 5f64.sqrt();
        pca.axes.iter().zip([-1.0 / root, 0.0, 2.0 / root, 0.0, 0.0, 0.0]).for_each(|(a, t)| assert!((a - t).abs() < 1e-6));
        let constant = Features::new(4, 2, [0.1, 0.2].repeat(4));
        let pca = Pca::of(&constant, 2, None).unwrap();
        assert_eq!((pca.share.as_slice(), pca.project(&constant).as_slice()), (&[0.0; 2][..], &[0.0f32; 8][..]));
        assert!(Pca::of(&Features::new(1, 2, vec![f32::NAN, 0.0]), 2, None).is_none());
        // Fewer codes than units.
        let few = Pca::of(&Features::new(2, 3, vec![1.0, 1.0, 0.0, 3.0, 1.0, 0.0]), 2, None).unwrap();
        assert!((few.axes[0] - 1.0).abs() < 1e-9 && (few.variance[0] - 1.0).abs() < 1e-9);
    }
}
