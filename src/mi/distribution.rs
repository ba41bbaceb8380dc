//! Pairs whose mutual information is known, and their draws.

use rand_chacha::ChaCha8Rng;

use super::{Error, special::ln_gamma_less_digamma};
use crate::nn;

/// What draws of pairs are named by: those of step s + 1 are draw s of the seed.
pub const PAIRS: &str = "mi-bench";

/// A family of pairs (x, y).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// d independent pairs of standard normal numbers, each with correlation ρ: I = −(d/2) ln(1 − ρ²).
    Gaussian,
    /// The same with y cubed, which is invertible and changes no information.
    Cubic,
    /// The first with d = 1.
    Bivariate,
    /// A correlated pair divided by one common √(χ²_ν/ν): Student's t with ν degrees of freedom. Each number goes through
    /// asinh, which is invertible and tames the tails.
    StudentT {
        /// ν.
        freedom: u32,
    },
}

impl Case {
    /// What is known only by the numbers: the information in nats at ρ = 0.
    ///
    /// Of Student's t: Ω = φ(ν) + φ(ν+2) − 2φ(ν+1) with φ(x) = lnΓ(x/2) − (x/2)ψ(x/2) (Arellano-Valle et al. 2013; Czyż et al.
    /// 2023, eq. 5, for one dimension a side).
    pub fn least_information(self) -> f64 {
        match self {
            Self::StudentT { freedom } => {
                let phi = |x: f64| ln_gamma_less_digamma(x / 2.0);
                let v = f64::from(freedom);
                phi(v) + phi(v + 2.0) - 2.0 * phi(v + 1.0)
            }
            _ => 0.0,
        }
    }

    /// Whether each side can have another dimension than 1.
    pub fn has_dimensions(self) -> bool {
        matches!(self, Self::Gaussian | Self::Cubic)
    }
}

/// One distribution of pairs.
#[derive(Debug, Clone, Copy)]
pub struct Distribution {
    case: Case,
    dim: usize,
    rho: f64,
}

impl Distribution {
    /// Single precision cannot hold a correlation closer to 1 than this leaves of 1 − ρ².
    const LEAST_REST: f64 = 1e-5;

    /// The one of this family with `dim` dimensions a side and correlation `rho`.
    ///
    /// # Errors
    /// [`Error::Input`] unless |ρ| < 1, `dim` ≥ 1 and, for one-dimensional families, `dim` = 1.
    pub fn new(case: Case, dim: usize, rho: f64) -> Result<Self, Error> {
        if rho.is_nan() || rho.abs() >= 1.0 {
            return Err(Error::Input(format!("the correlation must lie between -1 and 1, not at {rho}")));
        }
        if dim == 0 || (dim != 1 && !case.has_dimensions()) {
            return Err(Error::Input(format!("{case:?}: there is no such distribution of dimension {dim}")));
        }
        Ok(Self { case, dim, rho })
    }

    /// The one of this family with `nats` of mutual information.
    ///
    /// # Errors
    /// [`Error::Input`] where there is none, or none that single precision can hold.
    pub fn with_information(case: Case, dim: usize, nats: f64) -> Result<Self, Error> {
        let least = case.least_information();
        let rest = (-2.0 * (nats - least) / dim.max(1) as f64).exp();
        if nats.is_nan() || nats < least {
            let shown = (1e5 * least).ceil() / 1e5;
            return Err(Error::Input(format!("a level of {nats} nats: this case has at least {shown}")));
        }
        if rest < Self::LEAST_REST {
            let most = least - 0.5 * dim as f64 * Self::LEAST_REST.ln();
            return Err(Error::Input(format!(
                "a level of {nats:?} nats in dimension {dim}: above {most:.1} the correlation is too close to 1 for single precision"
            )));
        }
        Self::new(case, dim, (1.0 - rest).sqrt())
    }

    /// ρ.
    pub fn correlation(&self) -> f64 {
        self.rho
    }

    /// I(x; y) in nats.
    pub fn information(&self) -> f64 {
        self.case.least_information() - 0.5 * self.dim as f64 * (-self.rho * self.rho).ln_1p()
    }

    /// `n` pairs, row by row: x [n, dim], y [n, dim].
    pub fn draw(&self, rng: &mut ChaCha8Rng, n: usize) -> (Vec<f32>, Vec<f32>) {
        let numbers = n * self.dim;
        let mut x = nn::normal(rng, numbers);
        let noise = nn::normal(rng, numbers);
        let rest = (1.0 - self.rho * self.rho).sqrt();
        let mut y: Vec<f32> =
            x.iter().zip(&noise).map(|(&x, &e)| (self.rho * f64::from(x) + rest * f64::from(e)) as f32).collect();
        match self.case {
            Case::Gaussian | Case::Bivariate => {}
            Case::Cubic => y.iter_mut().for_each(|y| *y = y.powi(3)),
            Case::StudentT { freedom } => {
                let squares = nn::normal(rng, n * freedom as usize);
                for (i, of_pair) in squares.chunks_exact(freedom as usize).enumerate() {
                    let chi2: f64 = of_pair.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
                    let scale = (f64::from(freedom) / chi2).sqrt();
                    x[i] = (f64::from(x[i]) * scale).asinh() as f32;
                    y[i] = (f64::from(y[i]) * scale).asinh() as f32;
                }
            }
        }
        (x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Draws;

    fn draw(d: &Distribution, n: usize) -> (Vec<f64>, Vec<f64>) {
        let (x, y) = d.draw(&mut Draws { seed: 3, attempt: 0 }.rng("test", 0), n);
        (x.into_iter().map(f64::from).collect(), y.into_iter().map(f64::from).collect())
    }

    fn correlation(x: &[f64], y: &[f64]) -> f64 {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (mx, my) = (mean(x), mean(y));
        let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(&x, &y)| f(x - mx, y - my)).sum::<f64>();
        sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
    }

    /// I = ∫∫ p ln(p / p_x p_y) of a density given by its logarithm, in u = asinh x, v = asinh y: the tails end there.
    fn quadrature(log_joint: impl Fn(f64, f64) -> f64, log_marginal: impl Fn(f64) -> f64) -> f64 {
        let (half, n) = (14.0, 1400);
        let h = 2.0 * half / f64::from(n);
        let at = |i: i32| (-half + h * (f64::from(i) + 0.5)).sinh();
        let mut sum = 0.0;
        for i in 0..n {
            let x = at(i);
            for j in 0..n {
                let y = at(j);
                let l = log_joint(x, y);
                // dx = cosh u du = √(1+x²) du.
                sum += l.exp() * (l - log_marginal(x) - log_marginal(y)) * ((1.0 + x * x) * (1.0 + y * y)).sqrt();
            }
        }
        sum * h * h
    }

    #[test]
    fn the_correction_of_students_t_is_the_published_number() {
        let of = |freedom| Case::StudentT { freedom }.least_information();
        assert!((of(1) - 0.22417).abs() < 5e-6, "{}", of(1));
        assert!(of(1) > of(2) && of(2) > of(30) && of(1000) > 0.0 && of(1000) < 1e-5, "it vanishes as ν grows");
    }

    #[test]
    fn closed_forms_agree_with_quadrature() {
        for rho in [0.0f64, 0.5, -0.8] {
            let rest = 1.0 - rho * rho;
            let tau = std::f64::consts::TAU;
            let q = |x: f64, y: f64| (x * x - 2.0 * rho * x * y + y * y) / rest;
            let gauss = quadrature(|x, y| -0.5 * q(x, y) - (tau * rest.sqrt()).ln(), |x| -0.5 * x * x - 0.5 * tau.ln());
            let closed = Distribution::new(Case::Bivariate, 1, rho).unwrap().information();
            assert!((gauss - closed).abs() < 1e-6, "Gaussian, ρ = {rho}: {gauss} and {closed}");
            // Student's t with ν = 3: densities with the constants Γ((ν+1)/2)/(√(πν) Γ(ν/2)) = 2/(π√3) and 1/(2π√(1−ρ²)).
            let student = quadrature(
                |x, y| -2.5 * (q(x, y) / 3.0).ln_1p() - (tau * rest.sqrt()).ln(),
                |x| -2.0 * (x * x / 3.0).ln_1p() + (2.0 / (std::f64::consts::PI * 3f64.sqrt())).ln(),
            );
            let closed = Distribution::new(Case::StudentT { freedom: 3 }, 1, rho).unwrap().information();
            assert!((student - closed).abs() < 1e-5, "Student's t, ρ = {rho}: {student} and {closed}");
        }
    }

    #[test]
    fn draws_have_the_correlation_they_should() {
        let d = Distribution::with_information(Case::Gaussian, 20, 4.0).unwrap();
        let (x, y) = draw(&d, 4000);
        // 80,000 pairs: the standard error of r is (1 − ρ²)/√80000.
        let tolerance = 4.0 * (1.0 - d.correlation().powi(2)) / 80_000f64.sqrt();
        assert!((correlation(&x, &y) - d.correlation()).abs() < tolerance);
        // Other dimensions know nothing of each other.
        assert!(correlation(&x[..79_999], &y[1..]).abs() < 4.0 / 80_000f64.sqrt());
        let cubic = Distribution::with_information(Case::Cubic, 20, 4.0).unwrap();
        let (x3, y3) = draw(&cubic, 4000);
        assert_eq!(x3, x);
        assert!(y3.iter().zip(&y).all(|(a, b)| (a.cbrt() - b).abs() < 1e-4), "y cubed");
    }

    /// E[ln p/(p_x p_y)] over draws is the information: density and draws are of the same distribution.
    #[test]
    fn draws_of_students_t_have_its_information() {
        let d = Distribution::new(Case::StudentT { freedom: 1 }, 1, 0.6).unwrap();
        let (u, v) = draw(&d, 100_000);
        let (rho, rest) = (0.6f64, 1.0 - 0.36f64);
        let log_ratios: Vec<f64> = (u.iter().map(|u| u.sinh()).zip(v.iter().map(|v| v.sinh())))
            .map(|(x, y)| {
                let q = (x * x - 2.0 * rho * x * y + y * y) / rest;
                // Cauchy: 1/(2π√rest) (1 + q)^(−3/2) against 1/(π(1 + x²)) a side.
                let joint = -1.5 * q.ln_1p() - (std::f64::consts::TAU * rest.sqrt()).ln();
                joint + (x * x).ln_1p() + (y * y).ln_1p() + 2.0 * std::f64::consts::PI.ln()
            })
            .collect();
        let n = log_ratios.len() as f64;
        let mean = log_ratios.iter().sum::<f64>() / n;
        let error = (log_ratios.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        assert!((mean - d.information()).abs() < 4.0 * error, "{mean} ± {error}, should be {}", d.information());
    }

    #[test]
    fn levels_are_reached_or_refused() {
        for (case, dim, nats) in [(Case::Gaussian, 20, 10.0), (Case::Bivariate, 1, 2.0), (Case::StudentT { freedom: 1 }, 1, 1.0)]
        {
            let d = Distribution::with_information(case, dim, nats).unwrap();
            assert!((d.information() - nats).abs() < 1e-9);
        }
        let refusal = |case, nats| Distribution::with_information(case, 1, nats).unwrap_err().to_string();
        assert_eq!(refusal(Case::StudentT { freedom: 1 }, 0.1), "a level of 0.1 nats: this case has at least 0.22418");
        assert!(refusal(Case::Bivariate, 10.0).contains("above 5.8 the correlation is too close to 1"));
        assert!(refusal(Case::Bivariate, -1.0).contains("at least 0"));
        assert!(refusal(Case::Bivariate, f64::NAN).contains("NaN"));
    }
}
