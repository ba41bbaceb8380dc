//! How the codes of a batch spread: units that stand still, and the effective rank. Plain arrays, no tensors.

use crate::eval::{centred, deviations, effective_rank, idle_units, singular_values};

/// Images that the effective rank is taken over, at most: eigenvalues cost the cube of it.
const MOST: usize = 128;

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
        let first = centred(&codes[..codes.len().min(MOST * units)], units);
        Self {
            units,
            idle: idle_units(&deviations(codes, units)),
            effective_rank: effective_rank(&singular_values(&first, units), 0.0),
        }
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
