//! The arena's part of the config tree: pairs whose mutual information is known, instead of images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Config;

/// The data set that has no images.
pub(super) const GAUSSIAN: &str = "gaussian";

/// With `data.name = "gaussian"` no encoder is trained: critics of several estimators meet the same pairs (x, y), drawn fresh
/// for every batch, and the truth is known: I = −(d/2) ln(1 − ρ²).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// I(x; y) in nats. ρ follows from it and the dimension.
    pub information: f64,
    /// d, numbers a side.
    pub dimension: usize,
    /// y cubed: another distribution, the same information.
    pub cubed: bool,
    pub critic: PairCritic,
    /// Names, options and scripts, parted by commas: `infonce, smile:tau=1, mine-own.rhai`.
    pub estimators: String,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self {
            information: 2.0,
            dimension: 20,
            cubed: false,
            critic: PairCritic::Separable,
            estimators: "infonce, dv, nwj, smile".into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PairCritic {
    /// g(x)·h(y): two MLPs whose outputs are multiplied.
    Separable,
    /// One MLP of x and y side by side.
    Joint,
}

impl Config {
    /// True if an encoder is trained; false in the arena.
    pub fn has_encoder(&self) -> bool {
        self.data.name != GAUSSIAN
    }

    /// Whether a setting does anything with this data set.
    pub fn heeds(&self, key: &str) -> bool {
        let arena = !self.has_encoder();
        match key {
            "objective.on_nonfinite" | "data.name" => true,
            "optim.epochs" | "optim.clip_norm" => !arena,
            "data.side" => matches!(self.data.name.as_str(), "folder" | "parquet"),
            _ => match key.split('.').next() {
                Some("gaussian") => arena,
                Some("data" | "encoder" | "critic" | "objective" | "probe") => !arena,
                _ => true,
            },
        }
    }
}
