//! What `dim-tui eval` finds out, as rows of numbers.

use serde::Serialize;

use super::reconstruction::Reconstruction;
use crate::mi;

/// Everything that was asked for; what was not is empty.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub step: u64,
    /// Passes over the training images at that step.
    pub epochs: f64,
    pub data: String,
    pub protocol: &'static str,
    /// Training and test images that were used.
    pub train: usize,
    pub test: usize,
    pub seeds: u64,
    pub classes: Vec<String>,
    /// Accuracy of always answering the most frequent class.
    pub chance: f64,
    pub probes: Vec<ProbeRow>,
    pub code: Vec<CodeRow>,
    /// NDM of trained and untrained code, nats.
    pub ndm: Vec<Named<Option<f64>>>,
    /// MINE(X; Y) of trained and untrained code, nats with a 95 % interval.
    pub mine: Vec<Named<mi::HeldOut>>,
    pub reconstruction: Vec<Named<Reconstruction>>,
    pub factors: Vec<FactorRow>,
    /// Training images that factors are fitted on.
    pub factor_train: usize,
    /// What was asked for and cannot be had here, and what to mind.
    pub notes: Vec<String>,
    pub seconds: f64,
}

/// A number of the trained or the untrained encoder.
#[derive(Debug, Clone, Serialize)]
pub struct Named<T> {
    pub encoder: &'static str,
    pub value: T,
}

/// One probe on one layer.
#[derive(Debug, Clone, Serialize)]
pub struct ProbeRow {
    /// `trained`, `untrained`, or `pixels`, which has one layer only.
    pub encoder: &'static str,
    pub layer: &'static str,
    pub probe: &'static str,
    /// On the images it was fitted on; of the first seed.
    pub train_accuracy: f64,
    /// Of a fit on all training images. The MLP, whose fit draws: the mean over the seeds.
    pub test_accuracy: f64,
    /// How far another fit would lie, with several seeds. The MLP: the standard error of the mean over seeds. The others, whose fit has
    /// no chance in it: their standard deviation over bootstraps of the training images, one for each seed, which is what the
    /// standard error of one fit is. What other test images would change is not in it.
    pub standard_error: Option<f64>,
    /// What the error is made of: test accuracies, in the order of the seeds. Those of bootstraps lie a little below `test_accuracy`, as
    /// about a third of the images are missing from each. Empty with one seed.
    pub by_seed: Vec<f64>,
    /// `[true][predicted]` test images, of the first fit.
    pub confusion: Vec<Vec<u32>>,
}

/// How the code of test images spreads.
#[derive(Debug, Clone, Serialize)]
pub struct CodeRow {
    pub encoder: &'static str,
    /// RankMe (Garrido et al. 2023) of the codes as they are, and the same less their mean.
    pub rank_me: f64,
    pub centred_rank: f64,
    /// Directions that hold most of the variance, (Σλ)²/Σλ².
    pub participation: f64,
    pub units: usize,
    /// Units that do not move: a deviation below a hundredth of the median unit's.
    pub idle: usize,
    /// Standard deviation of each unit.
    pub deviations: Vec<f64>,
    /// Mean squared distance of the normalised codes of two views of an image (Wang & Isola 2020): an image, and the same moved by two
    /// pixels and mirrored. 0: they are the same.
    pub alignment: f64,
    /// ln of the mean of e^(−2·squared distance) over pairs of images (ibid.): the lower the more evenly codes spread.
    pub uniformity: f64,
}

/// How well a factor that the images were drawn from is read from a layer.
#[derive(Debug, Clone, Serialize)]
pub struct FactorRow {
    /// As in [`ProbeRow`].
    pub encoder: &'static str,
    pub layer: &'static str,
    pub factor: &'static str,
    /// `R²` or `accuracy`.
    pub measure: &'static str,
    pub score: f64,
    /// What knowing nothing reaches.
    pub baseline: f64,
}
