//! The config tree: every setting of a run, with its default.
//!
//! This is the single place where a key exists. Layering, validation, `--set`, `:set`, hot reload, the JSON
//! schema and the reference in the README all follow from these structs. It knows nothing of Candle or the screen.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, Gaussian, Lesson, Objective, Sweep};

/// A whole run. Serialises to the same TOML that a user writes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seed of every random draw: initial weights, order of images, negatives, prior samples.
    pub seed: u64,
    pub data: Data,
    pub encoder: Encoder,
    pub critic: Critic,
    pub objective: Objective,
    pub gaussian: Gaussian,
    pub optim: Optim,
    pub probe: Probe,
    pub metrics: Metrics,
    pub checkpoint: Checkpoint,
    pub start: Start,
    pub run: Run,
    /// Changes made at given steps: `[[schedule]]` entries, in order of `at`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<ScheduleEntry>,
    /// Other runs that this config stands for under `--batch`. A run itself has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// A guided experiment on this run, shown by the workbench. A run itself has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Lesson>,
}

/// The encoder E = f ∘ C.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Encoder {
    /// `auto` takes the one that fits the images.
    pub kind: EncoderChoice,
    /// Channels of the first convolution; the paper's is 64. Later ones are multiples.
    pub width: usize,
    /// Units of the fully connected layer (paper: 1024).
    pub fc: usize,
    /// Dimension of the code Y (paper: 64).
    pub code: usize,
}
impl Default for Encoder {
    fn default() -> Self {
        Self { kind: EncoderChoice::Auto, width: 32, fc: 512, code: 64 }
    }
}

/// `auto`, or one of the encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderChoice {
    Auto,
    /// 32×32 images; three 4×4 stride-2 convolutions (the paper's CIFAR-10 encoder).
    Conv32,
    /// 28×28 grey images; two 5×5 stride-2 convolutions.
    Conv28,
    /// 64×64 images; four 4×4 stride-2 convolutions.
    Conv64,
    /// 64×64 images; five 3×3 convolutions with max pooling, two fully connected layers (the official code's for STL-10 and
    /// Tiny ImageNet; there its width is 96 and `fc` 4096).
    Alex64,
}

/// What both kinds of critic share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Critic {
    /// Units of the dot critic's embedding (paper: 2048).
    pub units: usize,
    /// Units of the concat critic's hidden layers (paper: 512).
    pub hidden: usize,
    /// `none`, or `layer`: a LayerNorm at the end of each side of the dot critic (as the official code has it;
    /// it cannot be folded and costs accordingly).
    pub norm: CriticNorm,
}
impl Default for Critic {
    fn default() -> Self {
        Self { units: 256, hidden: 512, norm: CriticNorm::None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CriticNorm {
    None,
    Layer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CriticKind {
    /// Encode both sides, take the dot product.
    Dot,
    /// Concatenate, then an MLP (1×1 convolutions for the local term).
    Concat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LrSchedule {
    Constant,
    /// Half a cosine from `lr` to 0 over the run's steps.
    Cosine,
}

/// Adam (β 0.9, 0.999; ε 1e-8) and the length of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Optim {
    /// Base learning rate.
    pub lr: f64,
    /// Images per step.
    pub batch: usize,
    /// Length of the run; raise it to extend a finished run.
    pub steps: u64,
    /// Length in passes over the training images instead (0: `steps` counts).
    pub epochs: u64,
    pub lr_schedule: LrSchedule,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// Largest norm of the encoder's and critics' gradient; 0: off.
    pub clip_norm: f64,
}
impl Default for Optim {
    fn default() -> Self {
        Self { lr: 1e-4, batch: 64, steps: 3000, epochs: 0, lr_schedule: LrSchedule::Constant, warmup: 0, clip_norm: 0.0 }
    }
}

/// The probe while training: how well a small supervised model reads the frozen features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Steps between probes; 0: never.
    pub every: u64,
    /// Images the probe is fitted on.
    pub train: usize,
    /// Held-out images it is judged on.
    pub test: usize,
}
impl Default for Probe {
    fn default() -> Self {
        Self { every: 200, train: 1000, test: 1024 }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Steps between rows of `metrics.jsonl` and points on the charts.
    pub every: u64,
    /// The rows also as `metrics.csv`, `probes.csv`, ..., for spreadsheets.
    pub csv: bool,
}
impl Default for Metrics {
    fn default() -> Self {
        Self { every: 1, csv: false }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Checkpoint {
    /// Steps between checkpoints; 0: only at the end.
    pub every: u64,
    /// How many to keep. Those asked for by hand are kept besides, and so is the newest that a rollback goes back to.
    pub keep: usize,
    /// Keep, besides, the one whose step has the best probe: the highest accuracy of the linear probe on Y.
    pub keep_best: bool,
}
impl Default for Checkpoint {
    fn default() -> Self {
        Self { every: 1000, keep: 3, keep_best: true }
    }
}

/// What the run begins with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// A fork: begin with the state of this checkpoint, under the settings of this config. A file, or a run directory (its
    /// newest whole checkpoint); a relative path is looked for beside the config, then in the folder the program was started in. Empty: begin
    /// untrained. Steps count on from the checkpoint's; entries of the schedule up to that step are behind and are left out.
    pub checkpoint: PathBuf,
}

/// Where and on what it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// CPU threads; 0: one per physical core.
    pub threads: usize,
    /// `auto` (a GPU if the build can use one and it answers, else the CPU), `cpu`, `cuda`, `cuda:N` or `metal`.
    pub device: String,
    /// On NVIDIA GPUs: matrix products in TF32, with 10 bits of mantissa instead of 23.
    pub tf32: bool,
    /// Folder in which run directories are made.
    pub dir: PathBuf,
}
impl Default for Run {
    fn default() -> Self {
        Self { threads: 0, device: "auto".into(), tf32: false, dir: "runs".into() }
    }
}

/// One `[[schedule]]` entry: these keys change before step `at` is computed. The first step is 1. After a rollback, entries
/// that were applied stay applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleEntry {
    pub at: u64,
    /// Wait for this many rollbacks before `at` counts. `replay.toml` uses it: a step repeated after a rollback is another
    /// step than the first one of that number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u64,
    /// Key → value; each key is one that can change live.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, toml::Value>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
