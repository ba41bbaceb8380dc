//! k nearest neighbours by cosine, with a plain majority vote.

use super::{
    features::Features,
    matmul::{Matrix, multiply},
    share_right,
};

/// Test rows scored at once: bounds the table of similarities to `BLOCK · n`.
const BLOCK: usize = 256;

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
    share_right(&vote(train, labels, test, classes, neighbours(train.n)), test_labels)
}

/// The class of most of the `k` training rows (all, if there are fewer) with the largest cosine to each test row. Every
/// neighbour counts the same; a tie goes to the lower class, equal cosines to the earlier row. The cosine with a row of
/// zeros is 0.
///
/// # Panics
/// If the splits differ in `dim`, or a label is not below `classes`.
pub(super) fn vote(train: &Features, labels: &[u8], test: &Features, classes: usize, k: usize) -> Vec<u8> {
    assert_eq!(train.dim, test.dim, "train and test features have the same dimension");
    assert_eq!(train.n, labels.len(), "one label per image");
    let (train_unit, test_unit) = (unit_rows(train), unit_rows(test));
    let k = k.min(train.n);
    let mut predicted = Vec::with_capacity(test.n);
    let mut order: Vec<u32> = Vec::with_capacity(train.n);
    for rows in test_unit.chunks(BLOCK * test.dim.max(1)) {
        let count = rows.len() / test.dim.max(1);
        let mut cosine = vec![0f32; count * train.n];
        let train_side = Matrix::row_major(&train_unit, train.n, train.dim).transposed();
        multiply(Matrix::row_major(rows, count, test.dim), train_side, &mut cosine);
        for cosine in cosine.chunks_exact(train.n) {
            order.clear();
            order.extend(0..train.n as u32);
            if k < train.n {
                let nearer = |a: &u32, b: &u32| cosine[*b as usize].total_cmp(&cosine[*a as usize]).then(a.cmp(b));
                order.select_nth_unstable_by(k, nearer);
            }
            predicted.push(majority(order[..k].iter().map(|&i| labels[i as usize]), classes));
        }
    }
    predicted
}

/// The most frequent label, the lowest of several.
fn majority(labels: impl Iterator<Item = u8>, classes: usize) -> u8 {
    let mut counts = vec![0u32; classes];
    labels.for_each(|l| counts[usize::from(l)] += 1);
    let mut best = 0;
    for class in 1..classes {
        if counts[class] > counts[best] {
            best = class;
        }
    }
    best as u8
}

/// Every row divided by its length; a row of zeros stays.
fn unit_rows(features: &Features) -> Vec<f32> {
    let mut values = features.values.clone();
    for row in values.chunks_exact_mut(features.dim.max(1)) {
        let length = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|v| *v = (f64::from(*v) / length) as f32);
        }
    }
    values
}
