//! Multinomial logistic regression: softmax cross-entropy on the raw logits, L2 on the weights.
//!
//! Minimises F = (1/n)·Σ −ln softmax(W·x + b)[label] + (l2/2)·‖W‖², the bias unpenalised: scikit-learn's
//! `LogisticRegression` with C = 1/(n·l2).

use super::{
    features::Features,
    judge::{Answers, Task, standardised},
    linear::{Loss, Problem, largest_of_each, scores, softmax},
    share_right,
};

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Weight of the penalty.
    pub l2: f64,
    /// Iterations at most; each costs two products with the features.
    pub iterations: usize,
    /// Ends where the largest entry of the gradient is at most this.
    pub tolerance: f64,
}

impl Options {
    /// For `n` rows of `dim` standardised features: l2 = dim / (2n).
    ///
    /// It is the maximum-a-posteriori fit under independent Gaussian weights whose variance, 2/dim, gives logits the same
    /// prior variance for a layer of any width. A constant penalty cannot serve 64 and 4,096 features alike: what keeps the
    /// wide layer from overfitting (0.1) costs the code six points on CIFAR-10.
    pub fn for_size(n: usize, dim: usize) -> Self {
        Self { l2: dim as f64 / (2.0 * n.max(1) as f64), iterations: 150, tolerance: 1e-4 }
    }
}

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    classes: usize,
    /// Row-major [classes, dim], then the biases [classes].
    parameters: Vec<f32>,
}

/// A classifier and how its fit ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub model: LogisticRegression,
    /// F at the end, in nats.
    pub objective: f64,
    pub iterations: usize,
    /// The largest entry of the gradient came below the tolerance.
    pub converged: bool,
}

/// −ln softmax, in nats.
struct CrossEntropy;

impl Loss for CrossEntropy {
    fn row(&self, scores: &mut [f64], label: usize) -> f64 {
        let target = scores[label];
        let loss = softmax(scores) - target;
        scores[label] -= 1.0;
        loss
    }
}

impl LogisticRegression {
    /// Fits on features that should already be standardised, from zero weights.
    ///
    /// # Panics
    /// If there is not one label per row, or a label is not below `classes`.
    pub fn fit(features: &Features, labels: &[u8], classes: usize, options: &Options) -> Fit {
        let problem = Problem { features, labels, classes, loss: CrossEntropy, l2: options.l2, shrink_bias: false };
        let end = problem.minimise(options.iterations, options.tolerance);
        let model = Self { classes, parameters: end.parameters };
        Fit { model, objective: end.objective, iterations: end.iterations, converged: end.converged }
    }

    /// Raw logits, row-major [n, classes].
    ///
    /// # Panics
    /// If the features' dimension is not that of the fit.
    pub fn logits(&self, features: &Features) -> Vec<f32> {
        scores(features, &self.parameters, self.classes)
    }

    /// The class with the largest logit for every row, the lowest of several.
    pub fn predict(&self, features: &Features) -> Vec<u8> {
        largest_of_each(&self.logits(features), self.classes)
    }
}

/// The linear probe, of [`Options::for_size`] on standardised features.
pub(super) fn answer(task: &Task) -> Answers {
    let (train, test) = standardised(task);
    let model = LogisticRegression::fit(&train, task.labels, task.classes, &Options::for_size(train.n, train.dim)).model;
    Answers { train_accuracy: share_right(&model.predict(&train), task.labels), test: model.predict(&test) }
}
