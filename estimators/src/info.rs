//! What an estimator is, for help texts, tables and the README.

use serde::Serialize;

/// What kind of number the nats are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A lower bound of the mutual information (its `caution` says under which condition).
    LowerBound,
    /// An estimate that is neither a lower nor an upper bound.
    Surrogate,
    /// Another divergence between joint and product of the marginals, not in nats of information.
    Divergence,
    /// A score that ranks positives above negatives and bounds nothing.
    Contrastive,
}

impl Kind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LowerBound => "lower bound",
            Self::Surrogate => "surrogate, not a bound",
            Self::Divergence => "divergence, not information",
            Self::Contrastive => "contrastive score, not a bound",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.words())
    }
}

/// The description of one estimator. T: joint score, T': marginal score, sp: softplus, lme: log-mean-exp, r: density ratio.
/// A script describes itself, hence the lifetime; those of the table are `'static`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Info<'a> {
    /// What it is called in configs.
    pub name: &'a str,
    /// Other names of the same thing.
    pub aliases: &'a [&'a str],
    /// Its full name.
    pub title: &'a str,
    /// The objective that training maximises.
    pub formula: &'a str,
    /// The estimate of the mutual information, in nats.
    pub nats_formula: &'a str,
    /// What kind of number the nats are.
    pub kind: Kind,
    /// The largest value the nats can reach, in words; [`crate::Estimator::ceiling`] has the number.
    pub ceiling: &'a str,
    /// What one score says about ln r.
    pub log_ratio: &'a str,
    /// The critic at which the objective is largest.
    pub optimal_critic: &'a str,
    /// Paper and equation.
    pub source: &'a str,
    /// Names of the [`crate::Options`] it heeds.
    pub options: &'a [&'a str],
    /// When to choose it.
    pub when: &'a str,
    /// What to mind when reading its numbers.
    pub caution: &'a str,
}
