//! A perceptron with one hidden layer, trained by steps: the probe of Hjelm et al. 2019, section 4.
//!
//! softmax(W₂·drop(relu(W₁·x + b₁)) + b₂) with cross-entropy on the raw logits; 200 units, dropout 0.1. What the paper leaves
//! open: weights and biases start as PyTorch's, uniform in ±1/√fan-in; Adam's rate starts at 1e-3 and falls linearly to zero, so
//! that the outcome does not hang on the last few batches; no weight decay.

use rand_chacha::{ChaCha8Rng, rand_core::Rng};

use super::{
    draw,
    features::Features,
    judge::{Answers, Effort, Task, standardised},
    linear::{largest_of_each, softmax},
    matmul::{Matrix, multiply},
    share_right,
};

/// Rows that are read at once when nothing is trained: bounds the table of hidden units.
const BLOCK: usize = 1024;

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlpOptions {
    pub hidden: usize,
    /// Probability, below 1, with which a hidden unit is left out of a row in training.
    pub dropout: f64,
    /// Rows per step.
    pub batch: usize,
    /// Adam's rate at the first step.
    pub rate: f64,
    /// Steps, each of one batch; passes over the rows follow each other in a new order.
    pub steps: usize,
}

impl MlpOptions {
    /// The paper's 200 units, dropout and batches of 64, for `n` training rows.
    pub fn for_size(n: usize, effort: Effort) -> Self {
        let (passes, least) = match effort {
            Effort::Quick => (10, 1_000),
            Effort::Paper => (100, 10_000),
        };
        let batch = 64;
        Self { hidden: 200, dropout: 0.1, batch, rate: 1e-3, steps: (passes * n.div_ceil(batch)).max(least) }
    }
}

/// The network.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    dim: usize,
    hidden: usize,
    classes: usize,
    /// Row-major W₁ [hidden, dim], b₁ [hidden], W₂ [classes, hidden], b₂ [classes].
    parameters: Vec<f32>,
}

/// Where the four arrays end in `parameters`.
struct Ends {
    w1: usize,
    b1: usize,
    w2: usize,
}

/// Numbers of one batch that the reverse pass needs, kept from step to step.
#[derive(Default)]
struct Work {
    /// Hidden units after ReLU and dropout, [rows, hidden].
    units: Vec<f32>,
    /// 0 where a unit is left out, else 1/(1 − dropout).
    mask: Vec<f32>,
    /// Logits, then the loss's gradient by them, [rows, classes].
    logits: Vec<f32>,
    /// The loss's gradient by what goes into the ReLU, [rows, hidden].
    back: Vec<f32>,
}

impl Mlp {
    /// Trains on features that should already be standardised. Start, order of the rows and dropout are functions of `seed`.
    ///
    /// # Panics
    /// If there is not one label per row, or a label is not below `classes`.
    pub fn fit(features: &Features, labels: &[u8], classes: usize, options: &MlpOptions, seed: u64) -> Self {
        assert_eq!(features.n, labels.len(), "one label per image");
        let mut net = Self::start(features.dim, options.hidden, classes, &mut draw::rng(seed, "mlp start"));
        let mut batches = Batches::new(features, labels, options.batch, draw::rng(seed, "mlp order"));
        let mut drop = draw::rng(seed, "mlp dropout");
        let (mut work, mut adam) = (Work::default(), Adam::new(net.parameters.len()));
        let mut gradient = vec![0f32; net.parameters.len()];
        let steps = if features.n == 0 { 0 } else { options.steps };
        for step in 0..steps {
            let (x, labels) = batches.take();
            work.draw_mask(&mut drop, labels.len() * options.hidden, options.dropout);
            net.gradient(x, labels, &mut work, &mut gradient);
            let rate = options.rate * (1.0 - step as f64 / steps as f64);
            adam.step(&mut net.parameters, &gradient, rate);
        }
        net
    }

    /// Raw logits without dropout, row-major [n, classes].
    ///
    /// # Panics
    /// If the features' dimension is not that of the fit.
    pub fn logits(&self, features: &Features) -> Vec<f32> {
        assert_eq!(features.dim, self.dim, "train and test features have the same dimension");
        let mut logits = Vec::with_capacity(features.n * self.classes);
        let mut work = Work::default();
        for first in (0..features.n).step_by(BLOCK) {
            let rows = BLOCK.min(features.n - first);
            self.forward(&features.values[first * self.dim..(first + rows) * self.dim], rows, &mut work);
            logits.extend_from_slice(&work.logits);
        }
        logits
    }

    /// The class with the largest logit for every row, the lowest of several.
    pub fn predict(&self, features: &Features) -> Vec<u8> {
        largest_of_each(&self.logits(features), self.classes)
    }

    fn start(dim: usize, hidden: usize, classes: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut parameters = Vec::with_capacity(hidden * (dim + 1) + classes * (hidden + 1));
        for (count, fan_in) in [(hidden * (dim + 1), dim), (classes * (hidden + 1), hidden)] {
            let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
            parameters.extend((0..count).map(|_| draw::uniform(rng, -bound, bound)));
        }
        Self { dim, hidden, classes, parameters }
    }

    fn ends(&self) -> Ends {
        let (w1, b1) = (self.hidden * self.dim, self.hidden * (self.dim + 1));
        Ends { w1, b1, w2: b1 + self.classes * self.hidden }
    }

    /// Fills `units` and `logits` for `rows` rows of `x`. An empty mask leaves every unit in.
    fn forward(&self, x: &[f32], rows: usize, work: &mut Work) {
        let (ends, p) = (self.ends(), &self.parameters);
        work.units.resize(rows * self.hidden, 0.0);
        work.logits.resize(rows * self.classes, 0.0);
        let w1 = Matrix::row_major(&p[..ends.w1], self.hidden, self.dim);
        multiply(Matrix::row_major(x, rows, self.dim), w1.transposed(), &mut work.units);
        for row in work.units.chunks_exact_mut(self.hidden) {
            row.iter_mut().zip(&p[ends.w1..ends.b1]).for_each(|(h, b)| *h = (*h + b).max(0.0));
        }
        work.units.iter_mut().zip(&work.mask).for_each(|(h, m)| *h *= m);
        let w2 = Matrix::row_major(&p[ends.b1..ends.w2], self.classes, self.hidden);
        multiply(Matrix::row_major(&work.units, rows, self.hidden), w2.transposed(), &mut work.logits);
        for row in work.logits.chunks_exact_mut(self.classes) {
            row.iter_mut().zip(&p[ends.w2..]).for_each(|(z, b)| *z += b);
        }
    }

    /// The mean cross-entropy of the rows of `x` in nats, with the mask in `work`; its gradient by the parameters goes to
    /// `gradient`.
    fn gradient(&self, x: &[f32], labels: &[u8], work: &mut Work, gradient: &mut [f32]) -> f64 {
        let (ends, rows) = (self.ends(), labels.len());
        self.forward(x, rows, work);
        let loss = cross_entropy(&mut work.logits, labels, self.classes);
        let (first, second) = gradient.split_at_mut(ends.b1);
        let (w1, b1) = first.split_at_mut(ends.w1);
        let (w2, b2) = second.split_at_mut(ends.w2 - ends.b1);
        let by_logits = Matrix::row_major(&work.logits, rows, self.classes);
        multiply(by_logits.transposed(), Matrix::row_major(&work.units, rows, self.hidden), w2);
        column_sums(&work.logits, b2);
        work.back.resize(rows * self.hidden, 0.0);
        let weights = Matrix::row_major(&self.parameters[ends.b1..ends.w2], self.classes, self.hidden);
        multiply(by_logits, weights, &mut work.back);
        // A unit that is 0 was left out or did not fire; either way nothing flows through it.
        work.back.iter_mut().zip(&work.mask).for_each(|(g, m)| *g *= m);
        work.back.iter_mut().zip(&work.units).for_each(|(g, &h)| *g = if h > 0.0 { *g } else { 0.0 });
        let by_units = Matrix::row_major(&work.back, rows, self.hidden);
        multiply(by_units.transposed(), Matrix::row_major(x, rows, self.dim), w1);
        column_sums(&work.back, b1);
        loss
    }
}

impl Work {
    fn draw_mask(&mut self, rng: &mut ChaCha8Rng, count: usize, dropout: f64) {
        let (threshold, keep) = ((dropout * f64::from(u32::MAX)) as u32, (1.0 / (1.0 - dropout)) as f32);
        self.mask.clear();
        if dropout > 0.0 {
            self.mask.extend((0..count).map(|_| if rng.next_u32() < threshold { 0.0 } else { keep }));
        }
    }
}

/// The mean of −ln softmax\[label] in nats; replaces the logits by its gradient.
fn cross_entropy(logits: &mut [f32], labels: &[u8], classes: usize) -> f64 {
    let mut row = vec![0f64; classes];
    let mut loss = 0.0;
    for (z, &label) in logits.chunks_exact_mut(classes).zip(labels) {
        row.iter_mut().zip(&*z).for_each(|(r, &v)| *r = f64::from(v));
        let target = row[usize::from(label)];
        loss += softmax(&mut row) - target;
        row[usize::from(label)] -= 1.0;
        z.iter_mut().zip(&row).for_each(|(z, r)| *z = (r / labels.len() as f64) as f32);
    }
    loss / labels.len() as f64
}

/// The sum of each column of row-major `values` into `sums`.
fn column_sums(values: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    for row in values.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(s, v)| *s += v);
    }
}

/// Batches of copied rows; every pass over them is in a new order, its last batch possibly short.
struct Batches<'a> {
    features: &'a Features,
    labels: &'a [u8],
    size: usize,
    rng: ChaCha8Rng,
    order: Vec<usize>,
    at: usize,
    rows: Vec<f32>,
    row_labels: Vec<u8>,
}

impl<'a> Batches<'a> {
    fn new(features: &'a Features, labels: &'a [u8], size: usize, rng: ChaCha8Rng) -> Self {
        let order = (0..features.n).collect();
        Self { features, labels, size, rng, order, at: features.n, rows: Vec::new(), row_labels: Vec::new() }
    }

    fn take(&mut self) -> (&[f32], &[u8]) {
        if self.at >= self.order.len() {
            draw::shuffle(&mut self.rng, &mut self.order);
            self.at = 0;
        }
        let batch = &self.order[self.at..self.order.len().min(self.at + self.size)];
        self.at += batch.len();
        self.rows.clear();
        self.row_labels.clear();
        for &i in batch {
            self.rows.extend_from_slice(self.features.row(i));
            self.row_labels.push(self.labels[i]);
        }
        (&self.rows, &self.row_labels)
    }
}

/// Adam (Kingma & Ba 2015, algorithm 1) with its usual β of 0.9 and 0.999 and ε of 1e-8.
struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    /// β₁ᵗ and β₂ᵗ.
    powers: (f64, f64),
}

impl Adam {
    fn new(count: usize) -> Self {
        Self { mean: vec![0.0; count], square: vec![0.0; count], powers: (1.0, 1.0) }
    }

    fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f64) {
        self.powers = (self.powers.0 * 0.9, self.powers.1 * 0.999);
        let scale = (rate / (1.0 - self.powers.0)) as f32;
        let correction = (1.0 / (1.0 - self.powers.1)) as f32;
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((p, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m += 0.1 * (g - *m);
            *v += 0.001 * (g * g - *v);
            *p -= scale * *m / ((*v * correction).sqrt() + 1e-8);
        }
    }
}

/// The probe on standardised features.
pub(super) fn answer(task: &Task) -> Answers {
    let (train, test) = standardised(task);
    let net = Mlp::fit(&train, task.labels, task.classes, &MlpOptions::for_size(train.n, task.effort), task.seed);
    Answers { train_accuracy: share_right(&net.predict(&train), task.labels), test: net.predict(&test) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: usize = 5;
    const CLASSES: usize = 3;

    fn rows(n: usize, seed: u64) -> (Features, Vec<u8>) {
        let mut rng = draw::rng(seed, "rows");
        let values = (0..n * DIM).map(|_| draw::normal(&mut rng)).collect();
        (Features::new(n, DIM, values), (0..n).map(|i| (i % CLASSES) as u8).collect())
    }

    /// Central differences of the loss by every parameter, with dropout in force. Where a unit crosses zero within the step, the
    /// loss has a kink and no derivative to compare: those parameters are left out, and must be few.
    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (x, labels) = rows(12, 1);
        let net = Mlp::start(DIM, 9, CLASSES, &mut draw::rng(2, "start"));
        let mut work = Work::default();
        work.draw_mask(&mut draw::rng(3, "mask"), 12 * 9, 0.3);
        assert!(work.mask.contains(&0.0) && work.mask.iter().any(|m| *m > 1.4));
        let mut gradient = vec![0f32; net.parameters.len()];
        net.gradient(&x.values, &labels, &mut work, &mut gradient);
        let fired = |work: &Work| work.units.iter().map(|h| *h > 0.0).collect::<Vec<bool>>();
        let (h, mut kinks) = (4e-3f32, 0);
        for i in 0..gradient.len() {
            let mut at = |change: f32| {
                let mut moved = net.clone();
                moved.parameters[i] += change;
                let mut unused = vec![0f32; gradient.len()];
                (moved.gradient(&x.values, &labels, &mut work, &mut unused), fired(&work))
            };
            let ((up, up_fired), (down, down_fired)) = (at(h), at(-h));
            if up_fired != down_fired {
                kinks += 1;
                continue;
            }
            let slope = (up - down) / (2.0 * f64::from(h));
            assert!((slope - f64::from(gradient[i])).abs() < 2e-4, "parameter {i}: {slope} for {}", gradient[i]);
        }
        assert!(kinks < gradient.len() / 5, "{kinks} of {}", gradient.len());
        assert!(gradient.iter().filter(|g| g.abs() > 0.01).count() > gradient.len() / 2);
    }

    #[test]
    fn the_loss_is_cross_entropy_of_raw_logits() {
        // ln(1 + 2e⁻³) where the right class is 3 ahead of two others; a softmax before it could not go below ln(1 + 2/e).
        let mut logits = vec![3.0f32, 0.0, 0.0];
        let loss = cross_entropy(&mut logits, &[0], 3);
        assert!((loss - (1.0 + 2.0 * (-3f64).exp()).ln()).abs() < 1e-9);
    }

    #[test]
    fn dropout_leaves_out_its_share_and_keeps_the_mean() {
        let mut work = Work::default();
        work.draw_mask(&mut draw::rng(3, "mask"), 100_000, 0.1);
        let dropped = work.mask.iter().filter(|m| **m == 0.0).count() as f64 / 1e5;
        let mean = work.mask.iter().map(|&m| f64::from(m)).sum::<f64>() / 1e5;
        // Four standard errors of a share of 0.1.
        assert!((dropped - 0.1).abs() < 0.004 && (mean - 1.0).abs() < 0.005, "{dropped} {mean}");
    }

    /// Adam's first step is the rate in the direction of the gradient's sign, whatever its size (ε aside).
    #[test]
    fn the_first_step_of_adam_is_its_rate() {
        let mut p = vec![1.0f32, 1.0];
        Adam::new(2).step(&mut p, &[1e-3, -40.0], 0.25);
        assert!((p[0] - 0.75).abs() < 1e-4 && (p[1] - 1.25).abs() < 1e-4, "{p:?}");
    }

    /// Opposite corners of a square share a class: no linear probe reads that, one hidden layer does.
    #[test]
    fn it_reads_what_no_line_divides() {
        let mut rng = draw::rng(7, "square");
        let values: Vec<f32> = (0..800).map(|_| draw::uniform(&mut rng, -1.0, 1.0)).collect();
        let labels: Vec<u8> = values.chunks(2).map(|v| u8::from(v[0] * v[1] > 0.0)).collect();
        let x = Features::new(400, 2, values);
        let net = Mlp::fit(&x, &labels, 2, &MlpOptions::for_size(400, Effort::Quick), 1);
        assert!(share_right(&net.predict(&x), &labels) > 0.95);
        assert!(crate::eval::linear_accuracy(&x, &labels, &x, &labels, 2) < 0.65);
    }

    #[test]
    fn every_row_is_seen_once_a_pass() {
        let (x, labels) = rows(10, 1);
        let mut batches = Batches::new(&x, &labels, 4, draw::rng(0, "order"));
        let mut firsts: Vec<f32> = Vec::new();
        for size in [4, 4, 2] {
            let (rows, labels) = batches.take();
            assert_eq!((rows.len(), labels.len()), (size * DIM, size));
            firsts.extend(rows.iter().step_by(DIM));
        }
        let mut all: Vec<f32> = (0..10).map(|i| x.row(i)[0]).collect();
        assert_ne!(firsts, all, "in a new order");
        firsts.sort_by(f32::total_cmp);
        all.sort_by(f32::total_cmp);
        assert_eq!(firsts, all);
    }
}
