//! The row of a probe: how well small supervised models read the frozen features.

use serde::{Deserialize, Serialize};

use super::{
    Histogram,
    rows::{PerTerm, number},
};

/// Probe accuracy per layer, in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LinearAccuracy {
    #[serde(deserialize_with = "number")]
    pub conv: f64,
    #[serde(deserialize_with = "number")]
    pub fc: f64,
    #[serde(deserialize_with = "number")]
    pub y: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct KnnAccuracy {
    #[serde(deserialize_with = "number")]
    pub y: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    pub linear: LinearAccuracy,
    pub knn: KnnAccuracy,
}

/// One value per probed layer of the encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerLayer<T> {
    /// Last convolution's output.
    pub conv: T,
    /// The fully connected layer.
    pub fc: T,
    /// The code Y.
    pub y: T,
}

/// More classes than these make rows too long: `dim-tui eval` gives their confusion.
pub const CONFUSION_CLASSES: usize = 32;

/// Training images that factors are fitted on at most: the time grows with the third power of these, and it is taken from the training.
/// `dim-tui eval` takes more.
pub const FACTOR_ROWS: usize = 500;

/// What a factor's score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Share of test images read right, in [0, 1].
    Accuracy,
    /// Share of the test images' variance that a linear regression explains: at most 1, below 0 if it does harm.
    R2,
}

/// How well one factor is read off each layer by a linear model; `null` where that cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorScores {
    pub name: String,
    pub measure: Measure,
    pub score: PerLayer<Option<f64>>,
    /// What a constant answer reaches.
    pub baseline: Option<f64>,
}

/// One row of `probes.jsonl`. `step` is the number of steps trained when the features were taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRow {
    pub step: u64,
    pub accuracy: Accuracy,
    /// Share of the most frequent class among the test images.
    #[serde(deserialize_with = "number")]
    pub chance: f64,
    /// Estimates in nats on held-out images, BatchNorm in evaluation mode.
    pub mi_heldout: PerTerm<f64>,
    /// What held-out images guarantee, in nats: Ξ(JS − 2 standard errors) of terms trained by `jsd`.
    #[serde(default)]
    pub mi_guaranteed: PerTerm<f64>,
    /// Accuracy of a linear probe on the pixels themselves; with the probe of step 0 only, since no training moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<f64>,
    /// What the linear probes answered, test images by `[true class][answer]`; left out above [`CONFUSION_CLASSES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<PerLayer<Vec<Vec<u32>>>>,
    /// How well each factor that the images were drawn from is read; empty where none are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<FactorScores>,
    /// How the held-out scores of each term lie (`scores/local/joint`, `scores/local/marginal`, ...), and the standard deviations of the
    /// units of Y (`code/deviation`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histograms: Vec<Histogram>,
    /// Time spent on features and fit (a time field: not part of reproducibility).
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
}
