//! What can go wrong between scores and numbers.

use candle_core::DType;

/// Everything this crate returns on failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Scores must be matrices: joint `[G, R]`, marginal `[G, K]`.
    #[error("{which} scores must have two dimensions, {expected}, not {found:?}")]
    Rank { which: &'static str, expected: &'static str, found: Vec<usize> },
    /// Joint and marginal scores are of different groups.
    #[error("joint scores are of {joint} groups, marginal scores of {marginal}: both must be of the same anchors")]
    Groups { joint: usize, marginal: usize },
    /// No group, no positive or no negative at all.
    #[error("{which} scores {found:?} are empty: at least one group and one score in each are needed")]
    Empty { which: &'static str, found: Vec<usize> },
    /// Different or non-floating element types.
    #[error("joint scores are {joint:?}, marginal scores {marginal:?}: both must be of one floating-point type")]
    DType { joint: DType, marginal: DType },
    /// c of `c·tanh(T/c)`.
    #[error("score clip must be a finite number above 0, not {0}")]
    Clip(f64),
    /// Not a tunable number of any estimator.
    #[error("unknown option '{0}': there are ema (of mine) and tau (of smile)")]
    UnknownOption(String),
    /// A tunable number out of its range.
    #[error("option {name} must be {range}, not {value}")]
    Option { name: String, value: f64, range: &'static str },
    /// What is wrong with a script, and where.
    #[cfg(feature = "scripts")]
    #[error(transparent)]
    Script(#[from] crate::ScriptError),
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
