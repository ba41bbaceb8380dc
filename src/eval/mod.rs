//! Probes, which tell how well small supervised models read frozen features, and measures of a representation.
//!
//! Plain arrays in, numbers out. Nothing here knows Candle, the screen or a file; everything runs on the one
//! thread that calls it and gives the same bits for the same input on the same CPU.

mod alignment;
mod collapse;
mod draw;
mod factors;
mod features;
mod judge;
mod knn;
mod lbfgs;
mod linear;
mod logistic;
mod matmul;
mod mlp;
mod pca;
mod probe;
mod ridge;
mod several;
mod spectrum;
mod ssim;
mod svm;
mod thread;
mod tridiagonal;

pub use alignment::{alignment, uniformity};
pub use collapse::{Collapse, RANK_ME_FLOOR, collapse, deviations, effective_rank, idle_units};
pub use factors::{Factor, FactorKind, FactorRead, read_factors};
pub use features::{Features, Split, Standardiser};
pub use judge::{Effort, Judged, PROBES, Probe, ProbeKind, Task, judge};
pub use knn::{Neighbourhood, Weight, knn_accuracy, neighbours, vote};
pub use logistic::{Fit, LogisticRegression, Options};
pub use mlp::{Mlp, MlpOptions};
pub use pca::Pca;
pub use probe::{BINS, FactorValues, ProbeInput, probe};
pub use several::{MeanAndError, seeded, several};
pub use spectrum::{centred, column_means, singular_values};
pub use ssim::{MsSsim, Shape, ms_ssim, ssim};
pub use svm::{LinearSvm, SvmOptions};
pub use thread::{ProbeError, ProbeThread};

/// Accuracy in [0, 1] on `test` of a multinomial logistic regression fitted on `train`, both scaled by the training
/// split's mean and deviation. NaN if a split is empty or a feature is not finite.
pub fn linear_accuracy(train: &Features, labels: &[u8], test: &Features, test_labels: &[u8], classes: usize) -> f64 {
    if train.n == 0 || test.n == 0 || !train.finite() || !test.finite() {
        return f64::NAN;
    }
    let (scale, options) = (Standardiser::fit(train), Options::for_size(train.n, train.dim));
    let model = LogisticRegression::fit(&scale.apply(train), labels, classes, &options).model;
    share_right(&model.predict(&scale.apply(test)), test_labels)
}

/// Share of the most frequent class: what a constant answer reaches. 0 without labels.
pub fn chance(labels: &[u8], classes: usize) -> f64 {
    let mut counts = vec![0usize; classes];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    counts.into_iter().max().unwrap_or(0) as f64 / labels.len().max(1) as f64
}

/// Share of equal entries.
fn share_right(predicted: &[u8], labels: &[u8]) -> f64 {
    assert_eq!(predicted.len(), labels.len(), "one prediction per label");
    predicted.iter().zip(labels).filter(|(p, l)| p == l).count() as f64 / labels.len() as f64
}

#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod tests;
