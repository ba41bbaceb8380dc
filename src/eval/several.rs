//! One probe several times: mean and standard error of its accuracy.

use super::{
    draw,
    features::Features,
    judge::{Judged, ProbeKind, Task, judge},
};

/// Mean of accuracies, and how they scatter.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanAndError {
    pub mean: f64,
    /// Standard deviation (over m − 1) of one value. NaN with fewer than two values.
    pub deviation: f64,
    /// Standard error of the mean, deviation/√m: it shrinks with every further seed, the deviation does not.
    pub error: f64,
    /// The values, in the order of the seeds.
    pub values: Vec<f64>,
}

impl MeanAndError {
    /// Of `values`; the mean of none is NaN.
    pub fn of(values: Vec<f64>) -> Self {
        let m = values.len() as f64;
        let mean = values.iter().sum::<f64>() / m;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let deviation = if values.len() < 2 { f64::NAN } else { (squares / (m - 1.0)).sqrt() };
        Self { mean, deviation, error: deviation / m.sqrt(), values }
    }
}

/// Test accuracies of the probe over `seeds`, in place of the task's own seed.
///
/// What a seed changes: for a probe that draws (the MLP), its start, the order of its batches and its dropout, on the same
/// training rows. The other probes give the same answer every time; for them a seed draws a bootstrap of the training rows (as
/// many, with replacement), so that the deviation tells how much another training sample of this size would change the accuracy.
/// Its mean lies a little below [`judge`]'s on all rows, as about a third of the rows are missing from each bootstrap. The test
/// split is the same throughout, and its own sampling error, √(a(1 − a)/n), is not in the numbers.
///
/// # Panics
/// As [`judge`].
pub fn several(kind: ProbeKind, task: &Task, seeds: &[u64]) -> MeanAndError {
    MeanAndError::of(seeds.iter().map(|&seed| seeded(kind, task, seed).test_accuracy).collect())
}

/// One of the fits of [`several`].
///
/// # Panics
/// As [`judge`].
pub fn seeded(kind: ProbeKind, task: &Task, seed: u64) -> Judged {
    if kind.probe().draws || task.train.n == 0 {
        return judge(kind, &Task { seed, ..*task });
    }
    let (train, labels) = bootstrap(task.train, task.labels, seed);
    judge(kind, &Task { train: &train, labels: &labels, seed, ..*task })
}

/// As many rows as there are, drawn with replacement.
fn bootstrap(features: &Features, labels: &[u8], seed: u64) -> (Features, Vec<u8>) {
    let mut rng = draw::rng(seed, "bootstrap");
    let drawn: Vec<usize> = (0..features.n).map(|_| draw::below(&mut rng, features.n)).collect();
    let mut values = Vec::with_capacity(features.values.len());
    drawn.iter().for_each(|&i| values.extend_from_slice(features.row(i)));
    (Features::new(features.n, features.dim, values), drawn.iter().map(|&i| labels[i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Effort;

    #[test]
    fn mean_deviation_and_error_of_four_numbers() {
        let found = MeanAndError::of(vec![1.0, 2.0, 3.0, 6.0]);
        // Squares 4 + 1 + 0 + 9 = 14 over 3.
        assert!((found.mean - 3.0).abs() < 1e-12 && (found.deviation - (14f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((found.error - found.deviation / 2.0).abs() < 1e-12);
        let one = MeanAndError::of(vec![0.5]);
        assert!(one.mean == 0.5 && one.error.is_nan());
    }

    /// Two overlapping classes on one axis among four that say nothing.
    fn rows(n: usize, seed: u64) -> (Features, Vec<u8>) {
        let mut rng = draw::rng(seed, "rows");
        let labels: Vec<u8> = (0..n).map(|i| (i % 2) as u8).collect();
        let values = (0..n * 5).map(|at| {
            let shift = if at % 5 == 0 { f32::from(labels[at / 5]) } else { 0.0 };
            draw::normal(&mut rng) + shift
        });
        (Features::new(n, 5, values.collect()), labels)
    }

    /// The deviation over bootstraps is that over fresh training samples, within what 40 of each can tell (and the bootstrap's
    /// own lack of a third of the rows).
    #[test]
    fn bootstraps_scatter_as_fresh_samples_do() {
        let (test, test_labels) = rows(2_000, 1);
        let accuracy = |seed| {
            let (train, labels) = rows(60, seed);
            crate::eval::linear_accuracy(&train, &labels, &test, &test_labels, 2)
        };
        let fresh = MeanAndError::of((100..140).map(accuracy).collect());
        let (train, labels) = rows(60, 100);
        let task = Task {
            train: &train,
            labels: &labels,
            test: &test,
            test_labels: &test_labels,
            classes: 2,
            seed: 0,
            effort: Effort::Quick,
        };
        let drawn = several(ProbeKind::Linear, &task, &(0..40).collect::<Vec<u64>>());
        let ratio = drawn.deviation / fresh.deviation;
        assert!((0.5..2.0).contains(&ratio), "{} over {}", drawn.deviation, fresh.deviation);
        assert!((drawn.mean - fresh.mean).abs() < 4.0 * fresh.deviation);
        for kind in [ProbeKind::Svm, ProbeKind::Knn, ProbeKind::Mlp] {
            let two = several(kind, &task, &[3, 4]);
            assert!(two.values[0] != two.values[1], "{two:?}");
            assert_eq!(two, several(kind, &task, &[3, 4]));
        }
    }
}
