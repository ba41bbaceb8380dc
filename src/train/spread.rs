//! How the codes of a batch spread: units that stand still, and the effective rank. Plain arrays, no tensors.

/// A unit is idle if its standard deviation is below this share of the median unit's: what reads the code sees nothing of it.
const IDLE_SHARE: f64 = 0.01;
/// ... or below this, which single precision can hardly tell from a constant.
const IDLE: f64 = 1e-6;
/// Images that the effective rank is taken over, at most: eigenvalues cost the cube of it.
const MOST: usize = 128;
/// Jacobi converges quadratically; ten sweeps are plenty for a matrix of this size.
const SWEEPS: usize = 30;

/// The spread of the codes Y [N, D] over a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// D.
    pub units: usize,
    /// Units of Y whose standard deviation over the batch is below 1 % of the median unit's, or below 1e-6.
    pub idle: usize,
    /// exp(−Σ p ln p), p = σ/Σσ, σ the singular values of Y less its mean over the batch (of its first 128 images): how many
    /// directions the codes take up, 1 if they lie on a line, at most min(N − 1, D); 0 if all are the same.
    ///
    /// RankMe (Garrido et al. 2023, eq. 1) takes σ of Y itself and adds 1e-7 to each p. Here Y is centred, so that a common offset
    /// does not count as a direction.
    pub effective_rank: f64,
}

impl Spread {
    /// Of `codes` [N, units], row after row. The rank is NaN if a number is not finite.
    pub fn of(codes: &[f64], units: usize) -> Self {
        let deviations = deviations(codes, units);
        let mut sorted = deviations.clone();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(units / 2).copied().unwrap_or(0.0);
        let idle = deviations.iter().filter(|d| **d < IDLE.max(IDLE_SHARE * median)).count();
        Self { units, idle, effective_rank: effective_rank(&codes[..codes.len().min(MOST * units)], units) }
    }
}

/// The mean of each column.
fn means(codes: &[f64], units: usize) -> Vec<f64> {
    let n = (codes.len() / units.max(1)).max(1) as f64;
    let mut means = vec![0.0; units];
    for row in codes.chunks_exact(units.max(1)) {
        means.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
    }
    means
}

/// The standard deviation (biased) of each column.
fn deviations(codes: &[f64], units: usize) -> Vec<f64> {
    let n = (codes.len() / units.max(1)).max(1) as f64;
    let means = means(codes, units);
    let mut squares = vec![0.0; units];
    for row in codes.chunks_exact(units.max(1)) {
        squares.iter_mut().zip(row.iter().zip(&means)).for_each(|(s, (v, m))| *s += (v - m).powi(2) / n);
    }
    squares.into_iter().map(f64::sqrt).collect()
}

fn effective_rank(codes: &[f64], units: usize) -> f64 {
    if codes.iter().any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    let means = means(codes, units);
    let centred: Vec<f64> = codes.iter().enumerate().map(|(i, v)| v - means[i % units]).collect();
    let singular: Vec<f64> = eigenvalues(gram(&centred, units)).into_iter().map(|v| v.max(0.0).sqrt()).collect();
    let sum: f64 = singular.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let entropy: f64 = singular.iter().map(|s| s / sum).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    entropy.exp()
}

/// XXᵀ or XᵀX of `x` [n, units], whichever is smaller: both have the squares of x's singular values. Rows.
fn gram(x: &[f64], units: usize) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = x.chunks_exact(units.max(1)).map(<[f64]>::to_vec).collect();
    let vectors: Vec<Vec<f64>> =
        if rows.len() <= units { rows } else { (0..units).map(|j| rows.iter().map(|r| r[j]).collect()).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    vectors.iter().map(|a| vectors.iter().map(|b| dot(a, b)).collect()).collect()
}

/// The eigenvalues of a symmetric matrix, in no order: cyclic Jacobi (Golub & Van Loan, §8.5).
fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    let squares = |a: &[Vec<f64>]| a.iter().flatten().map(|v| v * v).sum::<f64>();
    let all = squares(&a);
    for _ in 0..SWEEPS {
        let diagonal: f64 = (0..n).map(|i| a[i][i] * a[i][i]).sum();
        if squares(&a) - diagonal <= 1e-24 * all {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, p, q);
            }
        }
    }
    (0..n).map(|i| a[i][i]).collect()
}

/// The rotation of axes p < q that makes a\[p]\[q] zero.
fn rotate(a: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for row in a.iter_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (upper, lower) = a.split_at_mut(q);
    for (at_p, at_q) in upper[p].iter_mut().zip(&mut lower[0]) {
        (*at_p, *at_q) = (c * *at_p - s * *at_q, s * *at_p + c * *at_q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ±`lengths[k]` on each axis: centred, with singular values √2·lengths.
    fn cross(lengths: &[f64]) -> Vec<f64> {
        let d = lengths.len();
        let mut codes = Vec::new();
        for (k, length) in lengths.iter().enumerate() {
            for sign in [1.0, -1.0] {
                codes.extend((0..d).map(|j| if j == k { sign * length } else { 0.0 }));
            }
        }
        codes
    }

    #[test]
    fn the_rank_is_the_exponential_of_the_entropy() {
        for d in 1..8 {
            assert!((Spread::of(&cross(&vec![3.0; d]), d).effective_rank - d as f64).abs() < 1e-9);
        }
        // p = ½, ¼, ¼: entropy 1.5 ln 2.
        assert!((Spread::of(&cross(&[2.0, 1.0, 1.0]), 3).effective_rank - 8f64.sqrt()).abs() < 1e-9);
        // Turned by an angle and moved away from the origin, the cross stays what it is.
        let (c, s) = (0.6, 0.8);
        let moved: Vec<f64> =
            cross(&[2.0, 1.0]).chunks(2).flat_map(|v| [c * v[0] - s * v[1] + 50.0, s * v[0] + c * v[1] - 9.0]).collect();
        let p: [f64; 2] = [2.0 / 3.0, 1.0 / 3.0];
        let entropy: f64 = p.iter().map(|p| -p * p.ln()).sum();
        assert!((Spread::of(&moved, 2).effective_rank - entropy.exp()).abs() < 1e-9);
    }

    #[test]
    fn codes_on_a_line_have_rank_one_and_equal_ones_none() {
        let line: Vec<f64> = (0..40).flat_map(|i| [f64::from(i), 2.0 * f64::from(i), -f64::from(i)]).collect();
        // Singular values that are zero come out as the root of the rounding.
        assert!((Spread::of(&line, 3).effective_rank - 1.0).abs() < 1e-5);
        assert_eq!(Spread::of(&[7.0; 12], 3), Spread { units: 3, idle: 3, effective_rank: 0.0 });
        assert!(Spread::of(&[f64::NAN, 1.0, 2.0, 3.0], 2).effective_rank.is_nan());
        // More images than the limit, and fewer images than units.
        assert!(Spread::of(&line.repeat(20), 3).effective_rank < 1.001);
        assert!(Spread::of(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 3).effective_rank < 1.001, "two points lie on a line");
    }

    #[test]
    fn a_unit_is_idle_beside_the_others() {
        let codes: Vec<f64> = (0..10).flat_map(|i| [f64::from(i), 0.5 * f64::from(i), 0.004 * f64::from(i), 3.0]).collect();
        // Deviations 2.87, 1.44, 0.0115 and 0; the median (upper) is 1.44, so that 0.0144 is the limit.
        assert_eq!(Spread::of(&codes, 4).idle, 2);
    }
}
