//! The rows a run writes and the screen shows: plain data, no Candle, no screen.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::ProbeRow;

/// A number that is written as `null` where it is not finite, and read back as NaN.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

/// One value per term. Absent where the term is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PerTerm<T> {
    pub global: Option<T>,
    pub local: Option<T>,
}

/// Losses of one step as they enter the sum, before their weights: what is minimised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TermLosses {
    /// −objective of the global estimator.
    pub global: Option<f64>,
    /// −objective of the local estimator.
    pub local: Option<f64>,
    /// −E[ln D(E(x))], the encoder's side of prior matching.
    pub prior: Option<f64>,
    /// The discriminator's own loss.
    pub discriminator: Option<f64>,
}

/// One row of `metrics.jsonl`: one recorded training step. Non-finite numbers are written as `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    pub step: u64,
    /// Training time since step 1, pauses excluded.
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
    /// Passes over the training images done; none in the arena, and in files of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub examples_per_second: f64,
    /// What the encoder minimises: −α·Î_global − β·Î_local + γ·prior over the terms in mode `train`.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    pub terms: TermLosses,
    /// Estimates in nats on the training batch.
    pub mi: PerTerm<f64>,
    /// The largest value the estimate can reach (InfoNCE: ln(K+1)), where there is one.
    pub ceiling: PerTerm<f64>,
    /// Estimator in force.
    pub estimator: PerTerm<String>,
    /// Negatives per positive, resolved.
    pub negatives: PerTerm<usize>,
    /// Learning rate of this step after schedule and warm-up.
    #[serde(deserialize_with = "number")]
    pub lr: f64,
    /// Norm of the gradient of encoder and critics before clipping.
    #[serde(deserialize_with = "number")]
    pub grad_norm: f64,
    /// With `data.name = "gaussian"`: truth and estimates side by side. Then `loss` is the sum of all −objectives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arena: Option<ArenaRow>,
}

/// Estimators beside the truth, nats, each by its name with options; `null` where there is no finite number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ArenaRow {
    /// The information of the pairs.
    pub truth: f64,
    /// Estimates on this step's batch.
    pub nats: BTreeMap<String, Option<f64>>,
    /// Mean of estimate less truth over the last 200 steps, or those since the truth was moved.
    pub bias: BTreeMap<String, Option<f64>>,
    /// Standard deviation of the estimate over the same steps.
    pub deviation: BTreeMap<String, Option<f64>>,
    /// The largest value each can reach.
    pub ceiling: BTreeMap<String, Option<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalKind {
    Start,
    Change,
    Refused,
    Checkpoint,
    Pause,
    Resume,
    Nonfinite,
    Resumed,
    End,
}

/// One row of `journal.jsonl`. `step` is the step *before* which it took effect (changes), or the last step done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalRow {
    pub step: u64,
    /// Wall clock, RFC 3339 UTC.
    pub time: String,
    pub kind: JournalKind,
    pub key: Option<String>,
    pub from: Option<serde_json::Value>,
    pub to: Option<serde_json::Value>,
    /// key, file, command, set, schedule, policy.
    pub source: Option<String>,
    pub reason: Option<String>,
}

/// `summary.json`, written at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub version: String,
    pub steps: u64,
    #[serde(deserialize_with = "number")]
    pub epochs: f64,
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
    pub outcome: String,
    pub last: Option<StepRow>,
    pub probe: Option<ProbeRow>,
    /// Free facts: data, encoder, device, threads.
    pub facts: BTreeMap<String, String>,
}
