//! Linear classifiers by a convex loss of their scores: the fit that logistic regression and the support vector machine share.
//!
//! Minimises F = (1/n)·Σ loss(W·x + b, label) + (l2/2)·‖W‖² by L-BFGS. Storage is f32; losses, sums over rows and inner products
//! are f64.

use super::{
    features::Features,
    lbfgs::{Memory, add_scaled, dot},
    matmul::{Matrix, multiply},
};

/// A convex, once differentiable loss of one row's scores.
pub(super) trait Loss {
    /// The loss of `scores` for the class `label`; replaces them by its gradient.
    fn row(&self, scores: &mut [f64], label: usize) -> f64;
}

/// What is minimised.
pub(super) struct Problem<'a, L> {
    pub features: &'a Features,
    pub labels: &'a [u8],
    pub classes: usize,
    pub loss: L,
    pub l2: f64,
    /// Whether the penalty takes in b as if it were the weight of one more feature that is always 1.
    pub shrink_bias: bool,
}

/// How a fit ended.
pub(super) struct Minimum {
    /// Row-major W [classes, dim], then b [classes].
    pub parameters: Vec<f32>,
    pub objective: f64,
    pub iterations: usize,
    /// The largest entry of the gradient came below the tolerance.
    pub converged: bool,
}

impl<L: Loss> Problem<'_, L> {
    /// From zero weights, at most `iterations` steps (each costs two products with the features), until the largest entry of the
    /// gradient is at most `tolerance`.
    ///
    /// # Panics
    /// If there is not one label per row, or a label is not below `classes`.
    pub fn minimise(&self, iterations: usize, tolerance: f64) -> Minimum {
        assert_eq!(self.features.n, self.labels.len(), "one label per image");
        let mut state = State::at(self, vec![0.0; self.classes * (self.features.dim + 1)]);
        let mut memory = Memory::new(10);
        let (mut done, mut converged) = (0, false);
        while done < iterations {
            converged = largest(&state.gradient) <= tolerance;
            if converged {
                break;
            }
            done += 1;
            let direction = memory.direction(&state.gradient);
            match state.search(self, &direction, memory.is_empty()) {
                Some(next) => {
                    memory.push(difference(&next.parameters, &state.parameters), difference(&next.gradient, &state.gradient));
                    state = next;
                }
                // Rounding leaves nothing to gain along this direction: once more downhill, then it is the end.
                None if memory.is_empty() => break,
                None => memory.clear(),
            }
        }
        Minimum { parameters: state.parameters, objective: state.objective, iterations: done, converged }
    }

    /// What of W and b the penalty takes in.
    fn penalised<'b>(&self, parameters: &'b [f32]) -> &'b [f32] {
        if self.shrink_bias { parameters } else { &parameters[..self.classes * self.features.dim] }
    }

    fn objective(&self, parameters: &[f32], scores: &[f32]) -> f64 {
        let mut row = vec![0f64; self.classes];
        let mut loss = 0f64;
        for (z, &label) in scores.chunks_exact(self.classes).zip(self.labels) {
            row.iter_mut().zip(z).for_each(|(r, &v)| *r = f64::from(v));
            loss += self.loss.row(&mut row, usize::from(label));
        }
        let weights = self.penalised(parameters);
        loss / self.features.n.max(1) as f64 + 0.5 * self.l2 * dot(weights, weights)
    }

    /// ∂F/∂(W, b): Rᵀ·X/n + l2·W and the column means of R, where R is the loss's gradient by the scores.
    fn gradient(&self, parameters: &[f32], scores: &[f32]) -> Vec<f32> {
        let (n, dim, classes) = (self.features.n, self.features.dim, self.classes);
        let mut residual = vec![0f32; n * classes];
        let mut bias = vec![0f64; classes];
        let mut row = vec![0f64; classes];
        let rows = residual.chunks_exact_mut(classes).zip(scores.chunks_exact(classes));
        for ((out, z), &label) in rows.zip(self.labels) {
            row.iter_mut().zip(z).for_each(|(r, &v)| *r = f64::from(v));
            self.loss.row(&mut row, usize::from(label));
            for c in 0..classes {
                out[c] = (row[c] / n as f64) as f32;
                bias[c] += row[c] / n as f64;
            }
        }
        let mut gradient = vec![0f32; classes * (dim + 1)];
        let (weights, biases) = gradient.split_at_mut(classes * dim);
        let residual = Matrix::row_major(&residual, n, classes).transposed();
        multiply(residual, Matrix::row_major(&self.features.values, n, dim), weights);
        biases.iter_mut().zip(bias).for_each(|(b, v)| *b = v as f32);
        let weights = self.penalised(parameters);
        add_scaled(&mut gradient[..weights.len()], self.l2, weights);
        gradient
    }
}

/// A point, with everything known there.
struct State {
    parameters: Vec<f32>,
    scores: Vec<f32>,
    gradient: Vec<f32>,
    objective: f64,
}

impl State {
    fn at<L: Loss>(problem: &Problem<L>, parameters: Vec<f32>) -> Self {
        let scores = scores(problem.features, &parameters, problem.classes);
        Self::with_scores(problem, parameters, scores)
    }

    fn with_scores<L: Loss>(problem: &Problem<L>, parameters: Vec<f32>, scores: Vec<f32>) -> Self {
        let objective = problem.objective(&parameters, &scores);
        let gradient = problem.gradient(&parameters, &scores);
        Self { parameters, scores, gradient, objective }
    }

    /// A point along `direction` with enough decrease (Armijo) and, where a few doublings find it, little slope left
    /// (so that the pair has curvature). Scores are linear in the parameters, so that a trial costs no product with
    /// the features. `None` if no trial decreases the objective.
    fn search<L: Loss>(&self, problem: &Problem<L>, direction: &[f32], first: bool) -> Option<State> {
        let slope = dot(&self.gradient, direction);
        if slope >= 0.0 {
            return None;
        }
        let change = scores(problem.features, direction, problem.classes);
        let line = Line::new(self, problem, direction, &change);
        let length = dot(direction, direction).sqrt();
        let mut t = if first { 1f64.min(1.0 / length) } else { 1.0 };
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut best = None;
        for _ in 0..25 {
            let (value, slope_t) = line.at(t);
            // Sums of f32 scores know the value to about 1e-7 of its size; asking for more would never be granted.
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
        let mut scores = self.scores.clone();
        add_scaled(&mut scores, t, &change);
        Some(Self::with_scores(problem, parameters, scores))
    }
}

/// The objective along one direction, from scores alone.
struct Line<'a, L> {
    state: &'a State,
    problem: &'a Problem<'a, L>,
    change: &'a [f32],
    /// ‖W‖², W·D and ‖D‖², of what the penalty takes in.
    squares: (f64, f64, f64),
}

impl<'a, L: Loss> Line<'a, L> {
    fn new(state: &'a State, problem: &'a Problem<'a, L>, direction: &'a [f32], change: &'a [f32]) -> Self {
        let (w, d) = (problem.penalised(&state.parameters), problem.penalised(direction));
        Self { state, problem, change, squares: (dot(w, w), dot(w, d), dot(d, d)) }
    }

    /// Value and slope at distance `t`.
    fn at(&self, t: f64) -> (f64, f64) {
        let (ww, wd, dd) = self.squares;
        let classes = self.problem.classes;
        let (mut loss, mut slope) = (0f64, 0f64);
        let mut row = vec![0f64; classes];
        let rows = self.state.scores.chunks_exact(classes).zip(self.change.chunks_exact(classes));
        for ((z, dz), &label) in rows.zip(self.problem.labels) {
            for c in 0..classes {
                row[c] = f64::from(z[c]) + t * f64::from(dz[c]);
            }
            loss += self.problem.loss.row(&mut row, usize::from(label));
            slope += row.iter().zip(dz).map(|(g, &d)| g * f64::from(d)).sum::<f64>();
        }
        let n = self.problem.features.n.max(1) as f64;
        let l2 = self.problem.l2;
        (loss / n + 0.5 * l2 * (ww + 2.0 * t * wd + t * t * dd), slope / n + l2 * (wd + t * dd))
    }
}

/// X·Wᵀ + b, row-major [n, classes], for `parameters` = W [classes, dim], then b [classes].
///
/// # Panics
/// If the features' dimension is not that of the weights.
pub(super) fn scores(features: &Features, parameters: &[f32], classes: usize) -> Vec<f32> {
    assert_eq!(parameters.len(), classes * (features.dim + 1), "train and test features have the same dimension");
    let (weights, bias) = parameters.split_at(classes * features.dim);
    let mut out = vec![0f32; features.n * classes];
    let x = Matrix::row_major(&features.values, features.n, features.dim);
    multiply(x, Matrix::row_major(weights, classes, features.dim).transposed(), &mut out);
    for row in out.chunks_exact_mut(classes) {
        row.iter_mut().zip(bias).for_each(|(z, b)| *z += b);
    }
    out
}

/// The place of the largest of each `classes` scores, the lowest of several.
pub(super) fn largest_of_each(scores: &[f32], classes: usize) -> Vec<u8> {
    let best = |row: &[f32]| (1..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u8;
    scores.chunks_exact(classes).map(best).collect()
}

/// Replaces scores by their softmax probabilities, and gives their log-sum-exp.
pub(super) fn softmax(row: &mut [f64]) -> f64 {
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
