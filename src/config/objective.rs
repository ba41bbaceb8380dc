//! The part of the config tree that says what is maximised: the terms, their estimators, their negatives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CriticKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Trains its critic and the encoder.
    Train,
    /// Trains its critic on detached features; the encoder is left alone.
    Monitor,
    /// Computes nothing.
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnSwap {
    /// Critics and their moments stay.
    Keep,
    /// The critics of the swapped term start anew.
    ResetCritics,
    /// Keep them, and map their scores from then on: old log-ratio to the new estimator's best scores, so that the swap makes no
    /// jump (clipped scores may jump: the clip comes after the map). To or from an estimator without a log-ratio, and for a term that
    /// is off, it is `keep`.
    Align,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnNonfinite {
    /// Wait for the user (under `--batch`: stop).
    Pause,
    /// End the run with exit code 3.
    Stop,
    /// Back to the last checkpoint with half the learning rate; after three times, stop.
    Rollback,
}

/// The objective −α·Î_global − β·Î_local + γ·prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Objective {
    /// Estimator of both terms, by its name in the table of `estimators/`.
    pub estimator: String,
    pub options: Options,
    /// Score clipping T ← c·tanh(T/c); 0: off (`wasserstein` then takes 10).
    pub clip: f64,
    /// Put the positive among its own negatives too (to see the harm).
    pub include_positives: bool,
    pub on_swap: OnSwap,
    /// What a non-finite objective or gradient does.
    pub on_nonfinite: OnNonfinite,
    pub global: Global,
    pub local: Local,
    pub prior: Prior,
}
impl Default for Objective {
    fn default() -> Self {
        Self {
            estimator: "jsd".into(),
            options: Options::default(),
            clip: 0.0,
            include_positives: false,
            on_swap: OnSwap::Keep,
            on_nonfinite: OnNonfinite::Pause,
            global: Global::default(),
            local: Local::default(),
            prior: Prior::default(),
        }
    }
}

/// What some estimators can be tuned by; the others ignore it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How much of its running mean `mine` keeps at each batch.
    pub ema: f64,
    /// Where `smile` cuts the marginal scores, ±τ.
    pub tau: f64,
}
impl Default for Options {
    fn default() -> Self {
        Self { ema: 0.99, tau: 5.0 }
    }
}

/// The same for one term, or `inherit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct TermOptions {
    pub ema: OwnNumber,
    pub tau: OwnNumber,
}
impl Default for TermOptions {
    fn default() -> Self {
        Self { ema: OwnNumber::Named(Inherit::Inherit), tau: OwnNumber::Named(Inherit::Inherit) }
    }
}

/// Number of negatives per positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Negatives {
    /// So many, drawn anew at every step.
    Count(usize),
    /// `"all"`: the whole pool. `"auto"`: all where that is cheap, 1 for the local concat critic.
    Named(NegativesNamed),
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NegativesNamed {
    All,
    Auto,
}

/// A number of a term's own, or the shared one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OwnNumber {
    Value(f64),
    Named(Inherit),
}
impl OwnNumber {
    /// The term's own number, or the `shared` one.
    pub fn or(self, shared: f64) -> f64 {
        match self {
            Self::Value(own) => own,
            Self::Named(_) => shared,
        }
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inherit {
    Inherit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GlobalLayer {
    /// The last convolution's map (the default).
    Conv,
    /// The fully connected layer.
    Fc,
}

/// The global term: information between the code and the whole feature map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Global {
    pub mode: Mode,
    /// α.
    pub weight: f64,
    pub critic: CriticKind,
    /// K from 1 to batch − 1, `"all"` or `"auto"`.
    pub negatives: Negatives,
    pub layer: GlobalLayer,
    /// An estimator of its own, or `inherit`.
    pub estimator: String,
    pub options: TermOptions,
    /// A clip of its own, or `inherit`.
    pub clip: OwnNumber,
}
impl Default for Global {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            weight: 0.5,
            critic: CriticKind::Concat,
            negatives: Negatives::Named(NegativesNamed::Auto),
            layer: GlobalLayer::Conv,
            estimator: "inherit".into(),
            options: TermOptions::default(),
            clip: OwnNumber::Named(Inherit::Inherit),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Locations {
    /// The same location of K other images, drawn per location.
    Same,
    /// One random location of each of K other images, shared by the image's locations.
    One,
    /// K locations of any other image: a contrastive score, not a bound.
    Any,
}

/// The local term: information between the code and each location of an earlier feature map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Local {
    pub mode: Mode,
    /// β.
    pub weight: f64,
    pub critic: CriticKind,
    /// K from 1 to the pool, `"all"` or `"auto"`.
    pub negatives: Negatives,
    pub locations: Locations,
    /// An estimator of its own, or `inherit`.
    pub estimator: String,
    pub options: TermOptions,
    /// A clip of its own, or `inherit`.
    pub clip: OwnNumber,
}
impl Default for Local {
    fn default() -> Self {
        Self {
            mode: Mode::Train,
            weight: 1.0,
            critic: CriticKind::Dot,
            negatives: Negatives::Named(NegativesNamed::Auto),
            locations: Locations::Same,
            estimator: "inherit".into(),
            options: TermOptions::default(),
            clip: OwnNumber::Named(Inherit::Inherit),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PriorKind {
    /// U[0,1] on σ(Y) (the paper's choice).
    Uniform,
    /// N(0, 1) on Y.
    Gaussian,
}

/// The prior term: adversarial matching of the code's distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prior {
    pub mode: Mode,
    /// γ.
    pub weight: f64,
    pub kind: PriorKind,
}
impl Default for Prior {
    fn default() -> Self {
        Self { mode: Mode::Train, weight: 0.1, kind: PriorKind::Uniform }
    }
}
