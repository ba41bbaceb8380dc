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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Info {
    /// What it is called in configs.
    pub name: &'static str,
    /// Other names of the same thing.
    pub aliases: &'static [&'static str],
    /// Its full name.
    pub title: &'static str,
    /// The objective that training maximises.
    pub formula: &'static str,
    /// The estimate of the mutual information, in nats.
    pub nats_formula: &'static str,
    /// What kind of number the nats are.
    pub kind: Kind,
    /// The largest value the nats can reach, in words; [`crate::Estimator::ceiling`] has the number.
    pub ceiling: &'static str,
    /// What one score says about ln r.
    pub log_ratio: &'static str,
    /// The critic at which the objective is largest.
    pub optimal_critic: &'static str,
    /// Paper and equation.
    pub source: &'static str,
    /// When to choose it.
    pub when: &'static str,
    /// What to mind when reading its numbers.
    pub caution: &'static str,
}
