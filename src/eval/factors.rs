//! How well known factors behind the images are read off their features by linear models.

use std::f64::consts::TAU;

use super::{chance, features::Features, linear_accuracy, ridge::Ridge};

/// How the values of a factor are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    /// A real number.
    Continuous,
    /// A place on a circle, in turns: 0 and 1 are the same. Its sine and cosine are regressed, not the number.
    Circular,
    /// The whole numbers below `classes`, at most 256.
    Categorical { classes: usize },
}

/// One factor, a value per row of each split.
#[derive(Debug, Clone, Copy)]
pub struct Factor<'a> {
    pub kind: FactorKind,
    pub train: &'a [f32],
    pub test: &'a [f32],
}

/// How well a factor was read on the test rows, and what is reached without looking at the features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactorRead {
    /// R² of a ridge regression, 1 − Σ(y − ŷ)²/Σ(y − ȳ)² with ȳ the mean of the *test* rows, not clamped: 1 if every value is
    /// hit, below 0 if their mean would have been closer. Circular: both sums over sine and cosine. Categorical: the accuracy in
    /// [0, 1] of the linear probe.
    pub value: f64,
    /// Likewise of the constant answer: the mean of the training rows (0 or a little below), or the share of the most frequent
    /// class.
    pub baseline: f64,
}

/// Reads each of `factors` off the features: fitted on `train`, judged on `test`, in the order of `factors`.
///
/// NaN where a split is empty, a number is not finite, or a continuous factor does not vary among the test rows. The penalty of
/// each regression is chosen on the training rows alone, by generalised cross-validation. Costs min(n, dim)³ once for all
/// factors.
///
/// # Panics
/// If a factor has not one value per row, a value of a categorical one is not one of its classes, or the splits differ in `dim`.
pub fn read_factors(train: &Features, test: &Features, factors: &[Factor]) -> Vec<FactorRead> {
    train.check();
    test.check();
    assert_eq!(train.dim, test.dim, "train and test features have the same dimension");
    let whole = train.n > 0 && test.n > 0 && train.finite() && test.finite();
    let regressed = factors.iter().any(|f| !matches!(f.kind, FactorKind::Categorical { .. }));
    let regression = (whole && regressed).then(|| {
        let ridge = Ridge::new(train);
        let test = ridge.standardised(test);
        (ridge, test)
    });
    let read = |factor: &Factor| {
        assert_eq!((factor.train.len(), factor.test.len()), (train.n, test.n), "one value per row");
        let targets: &[fn(f64) -> f64] = match factor.kind {
            FactorKind::Categorical { classes } => {
                let (labels, test_labels) = (classes_of(factor.train, classes), classes_of(factor.test, classes));
                let value = linear_accuracy(train, &labels, test, &test_labels, classes);
                return FactorRead { value, baseline: chance(&test_labels, classes) };
            }
            FactorKind::Continuous => &[|v| v],
            FactorKind::Circular => &[|v| (TAU * v).sin(), |v| (TAU * v).cos()],
        };
        let finite = factor.train.iter().chain(factor.test).all(|v| v.is_finite());
        match &regression {
            Some((ridge, test)) if finite => regress(ridge, test, factor, targets),
            _ => FactorRead { value: f64::NAN, baseline: f64::NAN },
        }
    };
    factors.iter().map(read).collect()
}

/// R² over all `targets`, functions of the factor's value, on standardised test rows.
fn regress(ridge: &Ridge, test: &Features, factor: &Factor, targets: &[fn(f64) -> f64]) -> FactorRead {
    let (mut missed, mut missed_by_mean, mut all) = (0.0, 0.0, 0.0);
    for target in targets {
        let of = |values: &[f32]| values.iter().map(|&v| target(f64::from(v))).collect::<Vec<f64>>();
        let (line, truth) = (ridge.fit(&of(factor.train)), of(factor.test));
        let mean = truth.iter().sum::<f64>() / truth.len() as f64;
        for (i, y) in truth.iter().enumerate() {
            missed += (y - line.at(test.row(i))).powi(2);
            missed_by_mean += (y - line.mean).powi(2);
            all += (y - mean).powi(2);
        }
    }
    let r2 = |missed: f64| if all > 0.0 { 1.0 - missed / all } else { f64::NAN };
    FactorRead { value: r2(missed), baseline: r2(missed_by_mean) }
}

fn classes_of(values: &[f32], classes: usize) -> Vec<u8> {
    let class = |&v: &f32| {
        assert!(v >= 0.0 && v.fract() == 0.0 && v < classes.min(256) as f32, "{v} is not one of {classes} classes");
        v as u8
    };
    values.iter().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::draw;

    fn features(n: usize, dim: usize, seed: u64) -> Features {
        let mut rng = draw::rng(seed, "features");
        Features::new(n, dim, (0..n * dim).map(|_| 2.0 + draw::normal(&mut rng)).collect())
    }

    fn read(train: &Features, test: &Features, kind: FactorKind, of: impl Fn(&[f32]) -> f32) -> FactorRead {
        let values = |x: &Features| (0..x.n).map(|i| of(x.row(i))).collect::<Vec<f32>>();
        read_factors(train, test, &[Factor { kind, train: &values(train), test: &values(test) }])[0]
    }

    #[test]
    fn a_linear_function_of_features_is_read_whole() {
        let (train, test) = (features(300, 10, 1), features(200, 10, 2));
        let found = read(&train, &test, FactorKind::Continuous, |row| 50.0 - 3.0 * row[4] + row[0]);
        assert!(found.value > 0.99999, "{found:?}");
        // The training mean misses the test mean by some 3.2·√(1/300 + 1/200).
        assert!(found.baseline <= 0.0 && found.baseline > -0.05, "{found:?}");
    }

    /// Signal and noise of the same variance: half of it can be explained.
    #[test]
    fn half_the_variance_is_half_an_r_squared() {
        let (mut train, mut test) = (features(3_000, 6, 1), features(3_000, 6, 2));
        // The sixth feature is part of the factor but is hidden from the model.
        let values = |x: &Features| (0..x.n).map(|i| x.row(i)[0] + x.row(i)[5]).collect::<Vec<f32>>();
        let (train_values, test_values) = (values(&train), values(&test));
        for x in [&mut train, &mut test] {
            x.values.chunks_exact_mut(6).for_each(|row| row[5] = 0.0);
        }
        let factor = Factor { kind: FactorKind::Continuous, train: &train_values, test: &test_values };
        let found = read_factors(&train, &test, &[factor])[0];
        assert!((found.value - 0.5).abs() < 0.05, "{found:?}");
    }

    #[test]
    fn an_independent_factor_is_not_read_even_off_more_features_than_rows() {
        for (n, dim) in [(300, 10), (100, 150)] {
            let (train, test) = (features(n, dim, 1), features(400, dim, 2));
            let noise = |n: usize, seed| features(n, 1, seed).values;
            let (train_noise, test_noise) = (noise(n, 3), noise(400, 4));
            let factor = Factor { kind: FactorKind::Continuous, train: &train_noise, test: &test_noise };
            let found = read_factors(&train, &test, &[factor])[0];
            assert!((-0.1..0.05).contains(&found.value), "{n} × {dim}: {found:?}");
        }
    }

    #[test]
    fn a_circle_is_read_by_its_sine_and_cosine() {
        let circle = |n: usize, seed| {
            let mut rng = draw::rng(seed, "circle");
            let turns: Vec<f32> = (0..n).map(|_| draw::uniform(&mut rng, 0.0, 1.0)).collect();
            let at = turns.iter().flat_map(|t| [5.0 * (std::f32::consts::TAU * t).cos(), (std::f32::consts::TAU * t).sin()]);
            (Features::new(n, 2, at.collect()), turns)
        };
        let ((train, train_turns), (test, test_turns)) = (circle(300, 1), circle(300, 2));
        let factor = |kind| Factor { kind, train: &train_turns, test: &test_turns };
        let found = read_factors(&train, &test, &[factor(FactorKind::Circular), factor(FactorKind::Continuous)]);
        assert!(found[0].value > 0.99999, "{found:?}");
        // A line through t by sin and cos of 2πt: t's first harmonic, −sin(2πt)/π, has 1/(2π²) of its variance 1/12, 61 %.
        assert!((found[1].value - 6.0 / std::f64::consts::PI.powi(2)).abs() < 0.06, "{found:?}");
    }

    #[test]
    fn classes_are_read_by_the_linear_probe() {
        let (train, test) = (features(400, 5, 1), features(400, 5, 2));
        let kind = FactorKind::Categorical { classes: 2 };
        let found = read(&train, &test, kind, |row| if row[3] > 2.0 { 1.0 } else { 0.0 });
        assert!(found.value > 0.95 && (found.baseline - 0.5).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn what_cannot_be_read_is_not_a_number() {
        let (train, test) = (features(30, 5, 1), features(30, 5, 2));
        assert!(read(&train, &test, FactorKind::Continuous, |_| 4.0).value.is_nan());
        assert!(read(&train, &Features::new(0, 5, vec![]), FactorKind::Circular, |row| row[0]).value.is_nan());
        assert!(read(&train, &test, FactorKind::Continuous, |row| (row[0] - 2.0).sqrt()).value.is_nan());
        // Features that say nothing leave the mean.
        let constant = |n: usize| Features::new(n, 2, [1.0, -3.0].repeat(n));
        let values: Vec<f32> = (0..30).map(|i| i as f32).collect();
        let factor = Factor { kind: FactorKind::Continuous, train: &values, test: &values };
        let found = read_factors(&constant(30), &constant(30), &[factor])[0];
        assert_eq!((found.value, found.baseline), (0.0, 0.0));
    }

    #[test]
    fn r_squared_is_about_the_mean_of_the_test_rows() {
        // Training values ±1, test values 10 ± 1, features that say nothing: 1 − (10² + 1²)/1².
        let constant = Features::new(30, 1, vec![4.0; 30]);
        let around = |mean: f32| (0..30).map(|i| mean + if i % 2 == 0 { 1.0 } else { -1.0 }).collect::<Vec<f32>>();
        let factor = Factor { kind: FactorKind::Continuous, train: &around(0.0), test: &around(10.0) };
        let found = read_factors(&constant, &constant, &[factor])[0];
        assert!((found.value + 100.0).abs() < 1e-9 && (found.baseline + 100.0).abs() < 1e-9, "{found:?}");
    }
}
