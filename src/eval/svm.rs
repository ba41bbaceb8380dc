//! Linear support vector machines, one against the rest, with the squared hinge.
//!
//! Minimises ½·‖(W, b)‖² + C·Σ max(0, 1 − ±(w·x + b))² over all rows and classes, the sign + for the row's own class:
//! scikit-learn's `LinearSVC(C=C, loss="squared_hinge", dual=False)`, whose intercept is shrunk like the weight of one more
//! feature that is always 1. Classes do not meet in the sum, so that fitting them together gives what each gives alone.

use super::{
    features::Features,
    judge::{Answers, Task, standardised},
    linear::{Loss, Problem, largest_of_each, scores},
    share_right,
};

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvmOptions {
    /// Weight of the hinges against the penalty.
    pub c: f64,
    /// Iterations at most; each costs two products with the features.
    pub iterations: usize,
    /// Ends where the largest entry of the gradient of the objective, divided by C·n, is at most this.
    pub tolerance: f64,
}

impl Default for SvmOptions {
    /// scikit-learn's C of 1.
    fn default() -> Self {
        Self { c: 1.0, iterations: 300, tolerance: 1e-4 }
    }
}

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearSvm {
    classes: usize,
    /// Row-major [classes, dim], then the biases [classes].
    parameters: Vec<f32>,
}

/// Σ over classes of the squared hinge.
struct SquaredHinges;

impl Loss for SquaredHinges {
    fn row(&self, scores: &mut [f64], label: usize) -> f64 {
        let mut loss = 0.0;
        for (class, score) in scores.iter_mut().enumerate() {
            let sign = if class == label { 1.0 } else { -1.0 };
            let slack = (1.0 - sign * *score).max(0.0);
            loss += slack * slack;
            *score = -2.0 * sign * slack;
        }
        loss
    }
}

impl LinearSvm {
    /// Fits on features that should already be standardised, from zero weights.
    ///
    /// # Panics
    /// If there is not one label per row, or a label is not below `classes`.
    pub fn fit(features: &Features, labels: &[u8], classes: usize, options: &SvmOptions) -> Self {
        let l2 = 1.0 / (options.c * features.n.max(1) as f64);
        let problem = Problem { features, labels, classes, loss: SquaredHinges, l2, shrink_bias: true };
        Self { classes, parameters: problem.minimise(options.iterations, options.tolerance).parameters }
    }

    /// Row-major W [classes, dim], then b [classes].
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Distances from each class's plane in units of the margin, row-major [n, classes].
    ///
    /// # Panics
    /// If the features' dimension is not that of the fit.
    pub fn decisions(&self, features: &Features) -> Vec<f32> {
        scores(features, &self.parameters, self.classes)
    }

    /// The class with the largest decision value for every row, the lowest of several.
    pub fn predict(&self, features: &Features) -> Vec<u8> {
        largest_of_each(&self.decisions(features), self.classes)
    }
}

/// The probe, with C = 1 on standardised features.
pub(super) fn answer(task: &Task) -> Answers {
    let (train, test) = standardised(task);
    let model = LinearSvm::fit(&train, task.labels, task.classes, &SvmOptions::default());
    Answers { train_accuracy: share_right(&model.predict(&train), task.labels), test: model.predict(&test) }
}
