//! The few special functions that closed forms and intervals need.

/// lnΓ(x) − x ψ(x) for x > 0.
///
/// Both by their asymptotic series (Abramowitz & Stegun 6.1.41 and 6.3.18), after raising x to at least 10 by
/// Γ(x+1) = xΓ(x), ψ(x+1) = ψ(x) + 1/x; the error is below 1e-13.
pub(super) fn ln_gamma_less_digamma(x: f64) -> f64 {
    ln_gamma(x) - x * digamma(x)
}

fn ln_gamma(mut x: f64) -> f64 {
    let mut down = 0.0;
    while x < 10.0 {
        down += x.ln();
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - down
}

fn digamma(mut x: f64) -> f64 {
    let mut down = 0.0;
    while x < 10.0 {
        down += 1.0 / x;
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = s * (1.0 / 12.0 - s * (1.0 / 120.0 - s * (1.0 / 252.0 - s * (1.0 / 240.0 - s / 132.0))));
    x.ln() - 0.5 / x - series - down
}

/// The 97.5 % quantile of Student's t with `freedom` ≥ 3 degrees of freedom (Abramowitz & Stegun 26.7.5, to four terms; at 3
/// it is 1 % low, from 5 on right to three digits).
pub(super) fn t_quantile(freedom: usize) -> f64 {
    let (z, v) = (1.959_963_984_540_054_f64, freedom as f64);
    let term = |p: i32| z.powi(p);
    z + (term(3) + z) / (4.0 * v)
        + (5.0 * term(5) + 16.0 * term(3) + 3.0 * z) / (96.0 * v * v)
        + (3.0 * term(7) + 19.0 * term(5) + 17.0 * term(3) - 15.0 * z) / (384.0 * v.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_tables() {
        // Γ(1/2) = √π, Γ(5) = 24; ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2.
        let euler = 0.577_215_664_901_532_9;
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-12);
        assert!((ln_gamma(5.0) - 24f64.ln()).abs() < 1e-12);
        assert!((digamma(1.0) + euler).abs() < 1e-12);
        assert!((digamma(0.5) + euler + 2.0 * std::f64::consts::LN_2).abs() < 1e-12);
        // Two-sided 5 % points: 3.182, 2.365, 2.042 with 3, 7, 30 degrees of freedom.
        assert!((t_quantile(3) - 3.182).abs() < 0.04);
        assert!((t_quantile(7) - 2.365).abs() < 2e-3);
        assert!((t_quantile(30) - 2.042).abs() < 1e-3);
    }
}
