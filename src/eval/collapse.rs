//! Whether codes have collapsed: units that stand still, and how many directions the codes take up.

use super::{
    features::Features,
    spectrum::{centred, doubles, singular_values},
};

/// A unit is idle if its standard deviation is below this share of the median unit's: what reads the code sees nothing of it.
const IDLE_SHARE: f64 = 0.01;
/// ... or below this, which single precision can hardly tell from a constant.
const IDLE: f64 = 1e-6;
/// What RankMe adds to each share, against the logarithm of zero (Garrido et al. 2023, eq. 1).
pub const RANK_ME_FLOOR: f64 = 1e-7;

/// How codes [n, units] spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Collapse {
    /// Standard deviation (over n, not n − 1) of each unit.
    pub deviations: Vec<f64>,
    /// Units whose deviation is below 1 % of the median unit's, or below 1e-6.
    pub idle: usize,
    /// RankMe (Garrido et al. 2023, eq. 1): exp(−Σ p ln p), p = σ/Σσ + 1e-7, σ the min(n, units) singular values of the codes as
    /// they are, *not* centred, as in the paper. So a common offset counts as a direction: codes that are all the same (and not
    /// 0) have rank 1. 0 if all codes are zero.
    pub rank_me: f64,
    /// The same with σ of the codes less their mean, and nothing added to p: what the workbench shows while training. 0 if all
    /// codes are the same.
    pub centred_rank: f64,
    /// (Σλ)²/Σλ² of the eigenvalues λ of the codes' covariance: the directions that hold most of the variance. It weighs them by
    /// their variance, where the ranks weigh by deviation, and so is the smaller number. 0 if all codes are the same.
    pub participation: f64,
}

/// Measures `codes`. Ranks are NaN if a number is not finite.
///
/// Costs n·units·min(n, units): about 2 s for 5,000 codes of 1,024 units, nothing to speak of for 64.
pub fn collapse(codes: &Features) -> Collapse {
    codes.check();
    let values = doubles(codes);
    let deviations = deviations(&values, codes.dim);
    let spectrum = singular_values(&centred(&values, codes.dim), codes.dim);
    Collapse {
        idle: idle_units(&deviations),
        deviations,
        rank_me: effective_rank(&singular_values(&values, codes.dim), RANK_ME_FLOOR),
        centred_rank: effective_rank(&spectrum, 0.0),
        participation: participation(&spectrum),
    }
}

/// The standard deviation (over n, not n − 1) of each column of row-major `x` [n, units].
pub fn deviations(x: &[f64], units: usize) -> Vec<f64> {
    let n = (x.len() / units.max(1)).max(1) as f64;
    let mut squares = vec![0.0; units];
    for row in centred(x, units).chunks_exact(units.max(1)) {
        squares.iter_mut().zip(row).for_each(|(s, v)| *s += v * v / n);
    }
    squares.into_iter().map(f64::sqrt).collect()
}

/// How many deviations are below 1 % of their median (the upper one), or below 1e-6.
pub fn idle_units(deviations: &[f64]) -> usize {
    let mut sorted = deviations.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    deviations.iter().filter(|d| **d < IDLE.max(IDLE_SHARE * median)).count()
}

/// exp(−Σ p ln p), p = σ/Σσ + `floor` (0 ln 0 = 0): how many of the singular values count. 0 if all are zero, NaN if one is.
pub fn effective_rank(singular: &[f64], floor: f64) -> f64 {
    let sum: f64 = singular.iter().sum();
    if sum.is_nan() {
        return f64::NAN;
    }
    if sum <= 0.0 {
        return 0.0;
    }
    let shares = singular.iter().map(|s| s / sum + floor).filter(|p| *p > 0.0);
    shares.map(|p| -p * p.ln()).sum::<f64>().exp()
}

/// (Σσ²)²/Σσ⁴; 0 if all are zero.
fn participation(singular: &[f64]) -> f64 {
    let squares = || singular.iter().map(|s| s * s);
    let (sum, of_squares) = (squares().sum::<f64>(), squares().map(|v| v * v).sum::<f64>());
    if sum == 0.0 { 0.0 } else { sum * sum / of_squares }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    fn gaussian(n: usize, dim: usize, seed: u64) -> Features {
        let mut rng = draw::rng(seed, "codes");
        Features::new(n, dim, (0..n * dim).map(|_| draw::normal(&mut rng)).collect())
    }

    #[test]
    fn isotropic_codes_take_up_every_direction() {
        let found = collapse(&gaussian(20_000, 16, 1));
        // Singular values of n Gaussian rows lie within √(D/n) = 3 % of each other; the rank loses the square of that.
        for rank in [found.rank_me, found.centred_rank, found.participation] {
            assert!((15.95..=16.0001).contains(&rank), "{found:?}");
        }
        assert_eq!(found.idle, 0);
        // The error of a deviation is 1/√(2n) = 0.005.
        assert!(found.deviations.iter().all(|d| (d - 1.0).abs() < 0.025));
    }

    #[test]
    fn codes_of_k_directions_have_rank_k() {
        // Each code is one of ±e₁ ... ±e₅ of 12 units, turned into a general position by a Householder reflection.
        let (k, dim) = (5, 12);
        let axis = gaussian(1, dim, 2).values;
        let length: f32 = axis.iter().map(|v| v * v).sum();
        let reflect = |x: &[f32]| {
            let along: f32 = x.iter().zip(&axis).map(|(a, b)| a * b).sum();
            x.iter().zip(&axis).map(|(v, a)| v - 2.0 * along / length * a).collect::<Vec<f32>>()
        };
        let rows = (0..400).flat_map(|i| {
            let mut e = vec![0.0; dim];
            e[i / 2 % k] = if i % 2 == 0 { 3.0 } else { -3.0 };
            reflect(&e)
        });
        let found = collapse(&Features::new(400, dim, rows.collect()));
        // RankMe's 1e-7 on each of seven zero shares adds 1e-7·ln(1e7)·7 to the entropy: 1e-5.
        assert!((found.rank_me - 5.0).abs() < 2e-4, "{found:?}");
        assert!((found.centred_rank - 5.0).abs() < 2e-4 && (found.participation - 5.0).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn a_constant_code_has_rank_one_about_zero_and_none_about_its_mean() {
        let found = collapse(&Features::new(50, 4, [0.1f32, -2.0, 3.0, 0.7].repeat(50)));
        assert!((found.rank_me - 1.0).abs() < 2e-5, "{found:?}");
        assert_eq!((found.centred_rank, found.participation, found.idle), (0.0, 0.0, 4));
        let zero = collapse(&Features::new(50, 4, vec![0.0; 200]));
        assert_eq!((zero.rank_me, zero.centred_rank, zero.idle), (0.0, 0.0, 4));
    }

    #[test]
    fn one_hot_codes_count_their_classes() {
        let classes = 10;
        let one_hot = (0..300).flat_map(|i| (0..classes).map(move |c| f32::from(u8::from(i % classes == c))));
        let found = collapse(&Features::new(300, classes, one_hot.collect()));
        // Ten equal singular values; less the mean, the direction (1, ..., 1) is gone.
        assert!((found.rank_me - 10.0).abs() < 2e-4, "{found:?}");
        assert!((found.centred_rank - 9.0).abs() < 1e-4 && (found.participation - 9.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn shares_follow_the_formula() {
        // p = ½, ¼, ¼: entropy 1.5 ln 2; λ = 4, 1, 1: 36/18.
        assert!((effective_rank(&[2.0, 1.0, 1.0], 0.0) - 8f64.sqrt()).abs() < 1e-12);
        assert!((participation(&[2.0, 1.0, 1.0]) - 2.0).abs() < 1e-12);
        // With the floor, (½ + ε) and twice (¼ + ε); ε large enough to be seen.
        let (a, b): (f64, f64) = (0.6, 0.35);
        assert!((effective_rank(&[2.0, 1.0, 1.0], 0.1) - (-a * a.ln() - 2.0 * b * b.ln()).exp()).abs() < 1e-12);
        assert!(collapse(&Features::new(2, 2, vec![1.0, f32::NAN, 0.0, 1.0])).rank_me.is_nan());
    }

    #[test]
    fn a_unit_is_idle_beside_the_others() {
        // The median is 1.44, so that 0.0144 is the limit.
        assert_eq!(idle_units(&[2.87, 1.44, 2.0, 0.0145, 0.0143, 0.0, 1.5]), 2);
        assert_eq!(idle_units(&[1e-7, 1e-7, 1e-7]), 3);
    }
}
