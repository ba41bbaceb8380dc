//! What each objective estimates, at the critic that maximises it, on distributions whose divergences are known.
//!
//! p and q are Gaussians on the line. The divergences come from their definitions by Simpson's rule over densities; the objectives
//! are fed with the critic's values at quantiles, so that a mean over scores is the midpoint rule over probability. The two share no
//! code and no formula.

mod common;

use common::{all, close, get, nats, objective, scores};

/// N(mean, deviation²).
#[derive(Clone, Copy)]
struct Gaussian {
    mean: f64,
    deviation: f64,
}

const P: Gaussian = Gaussian { mean: 0.6, deviation: 0.9 };
const Q: Gaussian = Gaussian { mean: 0., deviation: 1. };

impl Gaussian {
    fn ln_density(self, x: f64) -> f64 {
        let z = (x - self.mean) / self.deviation;
        -0.5 * z * z - self.deviation.ln() - 0.5 * (2. * std::f64::consts::PI).ln()
    }

    fn density(self, x: f64) -> f64 {
        self.ln_density(x).exp()
    }

    /// Points of equal probability: the midpoint rule over u = F(x), by bisection on a table of F (Simpson over the density).
    fn quantiles(self, n: usize) -> Vec<f64> {
        let (low, high, cells) = (self.mean - 9. * self.deviation, self.mean + 9. * self.deviation, 200_000);
        let h = (high - low) / cells as f64;
        let mut below = vec![0.];
        for i in 0..cells {
            let x = low + h * i as f64;
            let cell = h / 6. * (self.density(x) + 4. * self.density(x + h / 2.) + self.density(x + h));
            below.push(below[i] + cell);
        }
        (0..n)
            .map(|i| {
                let u = (i as f64 + 0.5) / n as f64;
                let cell = below.partition_point(|b| *b < u).clamp(1, cells) - 1;
                low + h * (cell as f64 + (u - below[cell]) / (below[cell + 1] - below[cell]))
            })
            .collect()
    }
}

fn ln_r(x: f64) -> f64 {
    P.ln_density(x) - Q.ln_density(x)
}

/// ∫ f over the line, by Simpson's rule.
fn integral(f: impl Fn(f64) -> f64) -> f64 {
    let (low, high, cells) = (-14., 14., 40_000);
    let h = (high - low) / cells as f64;
    let part = |i: usize| {
        let x = low + h * i as f64;
        h / 6. * (f(x) + 4. * f(x + h / 2.) + f(x + h))
    };
    (0..cells).map(part).sum()
}

/// The divergence that `name` estimates, from its definition.
fn truth(name: &str) -> f64 {
    let (p, q) = (|x: f64| P.density(x), |x: f64| Q.density(x));
    let js = || {
        let half = |x: f64| ((p(x) + q(x)) / 2.).ln();
        0.5 * integral(|x| p(x) * (P.ln_density(x) - half(x)) + q(x) * (Q.ln_density(x) - half(x)))
    };
    match name {
        "dv" | "mine" | "nwj" => integral(|x| p(x) * ln_r(x)),
        "jsd" | "smile" => 2. * js() - 2. * std::f64::consts::LN_2,
        "rkl" => integral(|x| -q(x) * ln_r(x)),
        "hellinger" => integral(|x| (p(x).sqrt() - q(x).sqrt()).powi(2)),
        "chi2" => integral(|x| (p(x) - q(x)).powi(2) / q(x)),
        _ => panic!("{name} estimates no divergence of two densities"),
    }
}

/// Points at which the critics are read.
const POINTS: usize = 100_000;
/// Error of the midpoint rule: what lies beyond the last quantile.
const QUADRATURE: f64 = 2e-4;

fn points() -> (Vec<f64>, Vec<f64>) {
    (P.quantiles(POINTS), Q.quantiles(POINTS))
}

/// ln r as a tensor mapped to the estimator's own best critic, plus `bump` times a function of x.
fn value(name: &str, (p, q): &(Vec<f64>, Vec<f64>), bump: impl Fn(f64) -> f64) -> f64 {
    let e = get(name);
    let critic = |x: &[f64]| -> Vec<f64> {
        let ratios = common::matrix(1, &x.iter().map(|x| ln_r(*x)).collect::<Vec<_>>(), candle_core::DType::F64);
        let best = common::flat(&e.link().unwrap().critic(&ratios).unwrap());
        best.iter().zip(x).map(|(t, x)| t + bump(*x)).collect()
    };
    objective(&*e, &scores(1, &critic(p), &critic(q)))
}

const DIVERGENCES: [&str; 8] = ["dv", "mine", "nwj", "jsd", "smile", "rkl", "hellinger", "chi2"];

/// Closed forms of the Kullback-Leibler divergence, so that the quadrature itself is known to be right.
#[test]
fn the_quadrature_is_right() {
    let kl = |a: Gaussian, b: Gaussian| {
        let (va, vb) = (a.deviation.powi(2), b.deviation.powi(2));
        0.5 * (vb / va).ln() + (va + (a.mean - b.mean).powi(2)) / (2. * vb) - 0.5
    };
    close(truth("dv"), kl(P, Q), 1e-10, "KL(p‖q)");
    close(truth("rkl"), kl(Q, P), 1e-10, "KL(q‖p)");
    // Bhattacharyya coefficient of two Gaussians.
    let sum = P.deviation.powi(2) + Q.deviation.powi(2);
    let bc = (2. * P.deviation * Q.deviation / sum).sqrt() * (-(P.mean - Q.mean).powi(2) / (4. * sum)).exp();
    close(truth("hellinger"), 2. - 2. * bc, 1e-10, "H²");
}

#[test]
fn the_best_critic_gives_the_divergence() {
    let points = points();
    for name in DIVERGENCES {
        close(value(name, &points, |_| 0.), truth(name), QUADRATURE, name);
    }
}

#[test]
fn no_other_critic_gives_more() {
    let points = points();
    type Bump = (&'static str, fn(f64) -> f64);
    let bumps: [Bump; 5] =
        [("constant", |_| 1.), ("x", |x| x), ("x²", |x| x * x - 1.), ("sin 3x", |x| (3. * x).sin()), ("step", f64::signum)];
    for name in DIVERGENCES {
        let best = value(name, &points, |_| 0.);
        for (shape, bump) in bumps {
            for size in [-0.3, -0.1, 0.1, 0.3] {
                let other = value(name, &points, |x| size * bump(x));
                // dv and mine do not see a constant.
                assert!(other <= best + 1e-6, "{name} with {size}·({shape}): {other} > {best}");
            }
        }
    }
}

/// Every estimator is either tested here, or has no density ratio as its optimum, or is tested below.
#[test]
fn none_is_left_out() {
    for e in all() {
        let name = e.info().name.to_string();
        assert!(DIVERGENCES.contains(&name.as_str()) || ["infonce", "wasserstein"].contains(&name.as_str()), "{name}");
    }
}

/// p and q on two points, the optimal critic ln r: InfoNCE's expectation over K negatives is a sum over a binomial distribution.
fn infonce(k: usize) -> f64 {
    let (p, q) = ([0.9f64, 0.1], [0.2f64, 0.8]);
    let ln_r = [(p[0] / q[0]).ln(), (p[1] / q[1]).ln()];
    let mut ln_choose = 0.;
    let mut sum = 0.;
    for first in 0..=k {
        let weight = (ln_choose + first as f64 * q[0].ln() + (k - first) as f64 * q[1].ln()).exp();
        let negatives: Vec<f64> = (0..k).map(|i| ln_r[usize::from(i >= first)]).collect();
        for at in 0..2 {
            sum += p[at] * weight * nats(&*get("infonce"), &scores(1, &[ln_r[at]], &negatives));
        }
        ln_choose += ((k - first) as f64 / (first + 1) as f64).ln();
    }
    sum
}

#[test]
fn infonce_climbs_to_the_information_under_its_ceiling() {
    let information = 0.9 * (0.9f64 / 0.2).ln() + 0.1 * (0.1f64 / 0.8).ln();
    let mut last = 0.;
    for k in [1usize, 2, 3, 5, 8, 16, 32, 64, 128, 256, 512] {
        let value = infonce(k);
        assert!(value >= last, "K = {k}: {value} after {last}");
        assert!(value <= information.min(((k + 1) as f64).ln()) + 1e-12, "K = {k}: {value}");
        last = value;
    }
    // The gap falls like Var(r)/2K under q: (e^{2 ln r} averaged, less one) over 2K.
    let variance = 0.2 * (0.9f64 / 0.2).powi(2) + 0.8 * (0.1f64 / 0.8).powi(2) - 1.;
    assert!(information - last < 1.1 * variance / (2. * 512.), "{last} against {information}");
}
