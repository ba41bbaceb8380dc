//! Alignment and uniformity of codes on the unit sphere (Wang & Isola 2020), both the lower the better.

use super::{
    features::Features,
    knn::unit_rows,
    matmul::{Matrix, multiply},
};

/// Rows whose distances are taken at once: bounds the table of cosines to `BLOCK · n`.
const BLOCK: usize = 256;

/// The mean of ‖u − v‖² over pairs of codes of two views of one image, each divided by its length (α = 2): 0 if they agree, 2 if
/// they are orthogonal, 4 if they are opposite. A code of zeros stays where it is. NaN without codes.
///
/// # Panics
/// If the two are not of the same shape.
pub fn alignment(one: &Features, other: &Features) -> f64 {
    assert_eq!((one.n, one.dim), (other.n, other.dim), "two views of the same images");
    let squares = unit_rows(one).iter().zip(&unit_rows(other)).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    squares / one.n as f64
}

/// ln of the mean of e^(−2·‖u − v‖²) over all pairs of different codes, each divided by its length (t = 2): 0 if all are the
/// same, −8 if there were only opposite ones, about −4 where many codes fill a sphere of many dimensions. NaN with fewer than two
/// codes.
///
/// Costs n²·dim; single-threaded.
pub fn uniformity(codes: &Features) -> f64 {
    codes.check();
    let (n, dim) = (codes.n, codes.dim);
    let unit = unit_rows(codes);
    // 1, or 0 for a code of zeros.
    let square: Vec<f64> = unit.chunks_exact(dim.max(1)).map(|row| f64::from(u8::from(row.iter().any(|v| *v != 0.0)))).collect();
    let all = Matrix::row_major(&unit, n, dim).transposed();
    let mut sum = 0f64;
    for first in (0..n).step_by(BLOCK) {
        let rows = BLOCK.min(n - first);
        let mut cosine = vec![0f32; rows * n];
        multiply(Matrix::row_major(&unit[first * dim..(first + rows) * dim], rows, dim), all, &mut cosine);
        for (i, row) in cosine.chunks_exact(n).enumerate().map(|(i, row)| (first + i, row)) {
            let after = row.iter().zip(&square).skip(i + 1);
            sum += after.map(|(&c, s)| (-2.0 * (square[i] + s - 2.0 * f64::from(c)).max(0.0)).exp()).sum::<f64>();
        }
    }
    (sum / (n as f64 * (n as f64 - 1.0) / 2.0)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    #[test]
    fn alignment_is_the_squared_chord() {
        // Turned by an angle, whatever the lengths: 2 − 2 cos.
        let rows = |turn: f32, length: f32| {
            let angles = (0..7).map(|i| i as f32 + turn);
            Features::new(7, 2, angles.flat_map(|a| [length * a.cos(), length * a.sin()]).collect())
        };
        for turn in [0.0f32, 0.3, 1.5, std::f32::consts::PI] {
            let expected = 2.0 - 2.0 * f64::from(turn).cos();
            assert!((alignment(&rows(0.0, 1.0), &rows(turn, 9.0)) - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn orthogonal_codes_are_two_apart() {
        let one_hot: Vec<f32> = (0..36).map(|i| if i % 7 == 0 { 5.0 } else { 0.0 }).collect();
        let codes = Features::new(6, 6, one_hot);
        assert!((uniformity(&codes) + 4.0).abs() < 1e-6);
        let moved = Features::new(6, 6, [&codes.values[6..], &codes.values[..6]].concat());
        assert!((alignment(&codes, &moved) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn uniformity_of_a_point_two_poles_and_a_sphere() {
        assert!(uniformity(&Features::new(300, 3, [0.3, 0.4, -2.0].repeat(300))).abs() < 1e-6);
        assert!((uniformity(&Features::new(2, 2, vec![1.0, 0.0, -3.0, 0.0])) + 8.0).abs() < 1e-6);
        // Of 2 codes at each pole 2 pairs coincide and 4 are opposite.
        let poles = Features::new(4, 1, vec![1.0, 1.0, -1.0, -2.0]);
        assert!((uniformity(&poles) - ((2.0 + 4.0 * (-8f64).exp()) / 6.0).ln()).abs() < 1e-6);
        assert!(uniformity(&Features::new(1, 2, vec![1.0, 0.0])).is_nan());
        // On the sphere in three dimensions the cosine c is uniform in [−1, 1]: E e^(−2(2 − 2c)) = e⁻⁴ sinh(4)/4.
        let mut rng = draw::rng(3, "sphere");
        let codes = Features::new(3_000, 3, (0..9_000).map(|_| draw::normal(&mut rng)).collect());
        let truth = ((-4f64).exp() * 4f64.sinh() / 4.0).ln();
        assert!((uniformity(&codes) - truth).abs() < 0.02, "{} for {truth}", uniformity(&codes));
    }
}
