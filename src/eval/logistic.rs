//! Multinomial logistic regression: softmax cross-entropy on the raw logits, L2 on the weights, L-BFGS.
//!
//! Minimises F = (1/n)·Σ −ln softmax(W·x + b)[label] + (l2/2)·‖W‖², the bias unpenalised: scikit-learn's
//! `LogisticRegression` with C = 1/(n·l2). Storage is f32; losses, sums over rows and inner products are f64.

use super::{
    features::Features,
    lbfgs::{Memory, add_scaled, dot},
    matmul::{Matrix, multiply},
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
    dim: usize,
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

impl LogisticRegression {
    /// Fits on features that should already be standardised, from zero weights.
    ///
    /// # Panics
    /// If there is not one label per row, or a label is not below `classes`.
    pub fn fit(features: &Features, labels: &[u8], classes: usize, options: &Options) -> Fit {
        assert_eq!(features.n, labels.len(), "one label per image");
        let problem = Problem { features, labels, classes, l2: options.l2 };
        let mut state = State::at(&problem, vec![0.0; classes * (features.dim + 1)]);
        let mut memory = Memory::new(10);
        let (mut iterations, mut converged) = (0, false);
        while iterations < options.iterations {
            converged = largest(&state.gradient) <= options.tolerance;
            if converged {
                break;
            }
            iterations += 1;
            let direction = memory.direction(&state.gradient);
            match state.search(&problem, &direction, memory.is_empty()) {
                Some(next) => {
                    memory.push(difference(&next.parameters, &state.parameters), difference(&next.gradient, &state.gradient));
                    state = next;
                }
                // Rounding leaves nothing to gain along this direction: once more downhill, then it is the end.
                None if memory.is_empty() => break,
                None => memory.clear(),
            }
        }
        let model = Self { dim: features.dim, classes, parameters: state.parameters };
        Fit { model, objective: state.objective, iterations, converged }
    }

    /// Raw logits, row-major [n, classes].
    ///
    /// # Panics
    /// If the features' dimension is not that of the fit.
    pub fn logits(&self, features: &Features) -> Vec<f32> {
        assert_eq!(features.dim, self.dim, "train and test features have the same dimension");
        logits(features, &self.parameters, self.classes)
    }

    /// The class with the largest logit for every row, the lowest of several.
    pub fn predict(&self, features: &Features) -> Vec<u8> {
        let best = |row: &[f32]| (1..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u8;
        self.logits(features).chunks_exact(self.classes).map(best).collect()
    }
}

/// What is minimised.
struct Problem<'a> {
    features: &'a Features,
    labels: &'a [u8],
    classes: usize,
    l2: f64,
}

/// A point, with everything known there.
struct State {
    parameters: Vec<f32>,
    logits: Vec<f32>,
    gradient: Vec<f32>,
    objective: f64,
}

impl State {
    fn at(problem: &Problem, parameters: Vec<f32>) -> Self {
        let logits = logits(problem.features, &parameters, problem.classes);
        Self::with_logits(problem, parameters, logits)
    }

    fn with_logits(problem: &Problem, parameters: Vec<f32>, logits: Vec<f32>) -> Self {
        let objective = problem.objective(&parameters, &logits);
        let gradient = problem.gradient(&parameters, &logits);
        Self { parameters, logits, gradient, objective }
    }

    /// A point along `direction` with enough decrease (Armijo) and, where a few doublings find it, little slope left
    /// (so that the pair has curvature). Logits are linear in the parameters, so that a trial costs no product with
    /// the features. `None` if no trial decreases the objective.
    fn search(&self, problem: &Problem, direction: &[f32], first: bool) -> Option<State> {
        let slope = dot(&self.gradient, direction);
        if slope >= 0.0 {
            return None;
        }
        let change = logits(problem.features, direction, problem.classes);
        let line = Line::new(self, problem, direction, &change);
        let length = dot(direction, direction).sqrt();
        let mut t = if first { 1f64.min(1.0 / length) } else { 1.0 };
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut best = None;
        for _ in 0..25 {
            let (value, slope_t) = line.at(t);
            // Sums in f32 logits know the value to about 1e-7 of its size; asking for more would never be granted.
            if value > self.objective + 1e-4 * t * slope + 1e-9 * self.objective.abs() {
                high = t;
            } else {
                best = Some(t);
                if slope_t < 0.9 * slope {
                    low = t;
                } else {
                    break;
                }
            }
            t = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * t };
        }
        let t = best?;
        let mut parameters = self.parameters.clone();
        add_scaled(&mut parameters, t, direction);
        let mut logits = self.logits.clone();
        add_scaled(&mut logits, t, &change);
        Some(Self::with_logits(problem, parameters, logits))
    }
}

/// The objective along one direction, from logits alone.
struct Line<'a> {
    state: &'a State,
    problem: &'a Problem<'a>,
    change: &'a [f32],
    /// ‖W‖², W·D and ‖D‖², without the biases.
    squares: (f64, f64, f64),
}

impl<'a> Line<'a> {
    fn new(state: &'a State, problem: &'a Problem, direction: &'a [f32], change: &'a [f32]) -> Self {
        let weights = problem.classes * problem.features.dim;
        let (w, d) = (&state.parameters[..weights], &direction[..weights]);
        Self { state, problem, change, squares: (dot(w, w), dot(w, d), dot(d, d)) }
    }

    /// Value and slope at distance `t`.
    fn at(&self, t: f64) -> (f64, f64) {
        let (ww, wd, dd) = self.squares;
        let classes = self.problem.classes;
        let (mut loss, mut slope) = (0f64, 0f64);
        let mut row = vec![0f64; classes];
        let rows = self.state.logits.chunks_exact(classes).zip(self.change.chunks_exact(classes));
        for ((z, dz), &label) in rows.zip(self.problem.labels) {
            for c in 0..classes {
                row[c] = f64::from(z[c]) + t * f64::from(dz[c]);
            }
            let target = row[usize::from(label)];
            loss += softmax(&mut row) - target;
            slope += row.iter().zip(dz).map(|(p, &d)| p * f64::from(d)).sum::<f64>() - f64::from(dz[usize::from(label)]);
        }
        let n = self.problem.features.n.max(1) as f64;
        let l2 = self.problem.l2;
        (loss / n + 0.5 * l2 * (ww + 2.0 * t * wd + t * t * dd), slope / n + l2 * (wd + t * dd))
    }
}

impl Problem<'_> {
    fn objective(&self, parameters: &[f32], logits: &[f32]) -> f64 {
        let mut row = vec![0f64; self.classes];
        let mut loss = 0f64;
        for (z, &label) in logits.chunks_exact(self.classes).zip(self.labels) {
            row.iter_mut().zip(z).for_each(|(r, &v)| *r = f64::from(v));
            let target = row[usize::from(label)];
            loss += softmax(&mut row) - target;
        }
        let weights = &parameters[..self.classes * self.features.dim];
        loss / self.features.n.max(1) as f64 + 0.5 * self.l2 * dot(weights, weights)
    }

    /// ∂F/∂(W, b): Pᵀ·X/n + l2·W and the column means of P, where P = softmax − one-hot.
    fn gradient(&self, parameters: &[f32], logits: &[f32]) -> Vec<f32> {
        let (n, dim, classes) = (self.features.n, self.features.dim, self.classes);
        let mut residual = vec![0f32; n * classes];
        let mut bias = vec![0f64; classes];
        let mut row = vec![0f64; classes];
        let rows = residual.chunks_exact_mut(classes).zip(logits.chunks_exact(classes));
        for ((out, z), &label) in rows.zip(self.labels) {
            row.iter_mut().zip(z).for_each(|(r, &v)| *r = f64::from(v));
            softmax(&mut row);
            row[usize::from(label)] -= 1.0;
            for c in 0..classes {
                out[c] = (row[c] / n as f64) as f32;
                bias[c] += row[c] / n as f64;
            }
        }
        let mut gradient = vec![0f32; classes * (dim + 1)];
        let (weights, biases) = gradient.split_at_mut(classes * dim);
        let residual = Matrix::row_major(&residual, n, classes).transposed();
        multiply(residual, Matrix::row_major(&self.features.values, n, dim), weights);
        add_scaled(weights, self.l2, &parameters[..classes * dim]);
        biases.iter_mut().zip(bias).for_each(|(b, v)| *b = v as f32);
        gradient
    }
}

/// X·Wᵀ + b, row-major [n, classes].
fn logits(features: &Features, parameters: &[f32], classes: usize) -> Vec<f32> {
    let (weights, bias) = parameters.split_at(classes * features.dim);
    let mut out = vec![0f32; features.n * classes];
    let x = Matrix::row_major(&features.values, features.n, features.dim);
    multiply(x, Matrix::row_major(weights, classes, features.dim).transposed(), &mut out);
    for row in out.chunks_exact_mut(classes) {
        row.iter_mut().zip(bias).for_each(|(z, b)| *z += b);
    }
    out
}

/// Replaces logits by probabilities, and gives their log-sum-exp.
fn softmax(row: &mut [f64]) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for v in row.iter_mut() {
        *v = (*v - max).exp();
        sum += *v;
    }
    row.iter_mut().for_each(|v| *v /= sum);
    max + sum.ln()
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0f64, |m, &v| m.max(f64::from(v.abs())))
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(x, y)| x - y).collect()
}
