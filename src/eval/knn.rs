//! k nearest neighbours by cosine, with a vote in which they count the same or by their cosine.

use super::{
    features::Features,
    judge::{Answers, Task},
    matmul::{Matrix, multiply},
    share_right,
};

/// Test rows scored at once: bounds the table of similarities to `BLOCK · n`.
const BLOCK: usize = 256;
/// Training rows asked for the accuracy on the training split, at most.
const ASKED: usize = 2_000;

/// Who votes, and with what weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbourhood {
    /// Neighbours; all training rows, if there are fewer.
    pub k: usize,
    pub weight: Weight,
}

/// What a neighbour's vote counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// The same for all.
    Equal,
    /// Proportional to e^(cosine / temperature), usually with a temperature of 0.07 (Wu et al. 2018).
    Exponential { temperature: f64 },
}

impl Neighbourhood {
    /// The vote of the probe: [`neighbours`] of them, all equal.
    pub fn for_size(n: usize) -> Self {
        Self { k: neighbours(n), weight: Weight::Equal }
    }
}

/// Neighbours asked for a training split of `n`: 200, the usual number for CIFAR-sized sets, but at most a fifth of
/// the images, since a vote of all of them would know only the class frequencies.
pub fn neighbours(n: usize) -> usize {
    (n / 5).clamp(1, 200)
}

/// Accuracy in [0, 1] on `test` of the vote of the [`neighbours`] most similar training images.
/// NaN if a split is empty or a feature is not finite.
pub fn knn_accuracy(train: &Features, labels: &[u8], test: &Features, test_labels: &[u8], classes: usize) -> f64 {
    if train.n == 0 || test.n == 0 || !train.finite() || !test.finite() {
        return f64::NAN;
    }
    share_right(&vote(train, labels, test, classes, &Neighbourhood::for_size(train.n)), test_labels)
}

/// The class with most votes among the training rows with the largest cosine to each test row. A tie goes to the lower class,
/// equal cosines to the earlier row. The cosine with a row of zeros is 0.
///
/// # Panics
/// If the splits differ in `dim`, the training split is empty, or a label is not below `classes`.
pub fn vote(train: &Features, labels: &[u8], test: &Features, classes: usize, hood: &Neighbourhood) -> Vec<u8> {
    vote_without(train, labels, test, classes, hood, |_| None)
}

/// [`vote`] of the training rows other than `own(i)` for each test row `i`.
fn vote_without(
    train: &Features,
    labels: &[u8],
    test: &Features,
    classes: usize,
    hood: &Neighbourhood,
    own: impl Fn(usize) -> Option<usize>,
) -> Vec<u8> {
    assert_eq!(train.dim, test.dim, "train and test features have the same dimension");
    assert_eq!(train.n, labels.len(), "one label per image");
    let (train_unit, test_unit) = (unit_rows(train), unit_rows(test));
    let mut predicted = Vec::with_capacity(test.n);
    let mut order: Vec<u32> = Vec::with_capacity(train.n);
    for rows in test_unit.chunks(BLOCK * test.dim.max(1)) {
        let count = rows.len() / test.dim.max(1);
        let mut cosine = vec![0f32; count * train.n];
        let train_side = Matrix::row_major(&train_unit, train.n, train.dim).transposed();
        multiply(Matrix::row_major(rows, count, test.dim), train_side, &mut cosine);
        for cosine in cosine.chunks_exact(train.n) {
            let left_out = own(predicted.len()).map(|i| i as u32);
            order.clear();
            order.extend((0..train.n as u32).filter(|&i| Some(i) != left_out));
            let k = hood.k.min(order.len());
            if k < order.len() {
                let nearer = |a: &u32, b: &u32| cosine[*b as usize].total_cmp(&cosine[*a as usize]).then(a.cmp(b));
                order.select_nth_unstable_by(k, nearer);
            }
            let nearest = order[..k].iter().fold(f32::NEG_INFINITY, |best, &i| best.max(cosine[i as usize]));
            let votes = order[..k].iter().map(|&i| (labels[i as usize], hood.weight.of(cosine[i as usize] - nearest)));
            predicted.push(majority(votes, classes));
        }
    }
    predicted
}

impl Weight {
    /// Of a neighbour whose cosine is that much above (so: at most 0) the nearest one's, to whom all weights are relative.
    fn of(self, above: f32) -> f64 {
        match self {
            Weight::Equal => 1.0,
            Weight::Exponential { temperature } => (f64::from(above) / temperature).exp(),
        }
    }
}

/// The label with most votes, the lowest of several.
fn majority(votes: impl Iterator<Item = (u8, f64)>, classes: usize) -> u8 {
    let mut counts = vec![0f64; classes];
    votes.for_each(|(label, weight)| counts[usize::from(label)] += weight);
    let mut best = 0;
    for class in 1..classes {
        if counts[class] > counts[best] {
            best = class;
        }
    }
    best as u8
}

/// Accuracy on training rows, evenly spaced and at most [`ASKED`] of them, each judged by the others: a row is its own nearest
/// neighbour, and would know its label.
fn leave_one_out(train: &Features, labels: &[u8], classes: usize, hood: &Neighbourhood) -> f64 {
    let step = train.n.div_ceil(ASKED).max(1);
    let asked: Vec<usize> = (0..train.n).step_by(step).collect();
    let rows = Features::new(asked.len(), train.dim, asked.iter().flat_map(|&i| train.row(i).to_vec()).collect());
    let right: Vec<u8> = asked.iter().map(|&i| labels[i]).collect();
    share_right(&vote_without(train, labels, &rows, classes, hood, |i| Some(asked[i])), &right)
}

/// The probe: the features as they are, [`Neighbourhood::for_size`].
pub(super) fn answer(task: &Task) -> Answers {
    let hood = Neighbourhood::for_size(task.train.n);
    Answers {
        train_accuracy: leave_one_out(task.train, task.labels, task.classes, &hood),
        test: vote(task.train, task.labels, task.test, task.classes, &hood),
    }
}

/// Every row divided by its length; a row of zeros stays.
pub(super) fn unit_rows(features: &Features) -> Vec<f32> {
    let mut values = features.values.clone();
    for row in values.chunks_exact_mut(features.dim.max(1)) {
        let length = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|v| *v = (f64::from(*v) / length) as f32);
        }
    }
    values
}
