//! Critics: networks that score pairs of a feature and a code, T(feature, code).
//!
//! Both kinds take the same thing: `features` [P, C] (P = N·L rows of the local map, or N rows of the global layer),
//! `codes` [N, D], and the [`Pairs`] whose scores are wanted. They never materialise more than they must: see each file.

mod concat;
mod dot;
#[cfg(test)]
mod tests;

use candle_core::{Result, Tensor};
pub use concat::ConcatCritic;
pub use dot::DotCritic;

use crate::{
    config::{CriticKind, CriticNorm},
    nn::{Init, Stats},
};

/// Which pairs to score: `joint` [G, R] and `marginal` [G, K], row-major, each entry `code · rows + row`, where `code`
/// is the anchor's image and `row` the row of `features`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// P, the number of feature rows.
    pub rows: usize,
    pub groups: usize,
    pub positives: usize,
    pub negatives: usize,
    pub joint: Vec<u32>,
    pub marginal: Vec<u32>,
}

impl Pairs {
    /// True if the negatives of a feature are the same place of all other images, in order.
    fn all_others(&self, images: usize) -> bool {
        self.groups == self.rows && self.positives == 1 && self.negatives + 1 == images && images > 1
    }

    /// Entries as (feature row, code).
    fn split(&self, entries: &[u32]) -> Vec<(u32, u32)> {
        let rows = self.rows as u32;
        entries.iter().map(|e| (e % rows, e / rows)).collect()
    }
}

/// Sizes of a critic.
#[derive(Debug, Clone, Copy)]
pub struct CriticShape {
    pub feature: usize,
    pub code: usize,
    /// Embedding of the dot critic.
    pub units: usize,
    /// Hidden layers of the concat critic.
    pub hidden: usize,
    pub norm: CriticNorm,
}

#[derive(Debug)]
pub enum Critic {
    Dot(DotCritic),
    Concat(ConcatCritic),
}

impl Critic {
    /// `side` names the feature's side in the parameters: "map" for the local term, "feature" for the global one.
    pub fn new(mut init: Init<'_>, kind: CriticKind, shape: CriticShape, side: &str) -> Result<Self> {
        Ok(match kind {
            CriticKind::Dot => Self::Dot(DotCritic::new(init, shape, side)?),
            CriticKind::Concat => Self::Concat(ConcatCritic::new(init.sub("concat"), shape)?),
        })
    }

    pub fn kind(&self) -> CriticKind {
        match self {
            Self::Dot(_) => CriticKind::Dot,
            Self::Concat(_) => CriticKind::Concat,
        }
    }

    /// Scores of the joint pairs [G, R] and of the marginal pairs [G, K].
    pub fn score(&self, features: &Tensor, codes: &Tensor, pairs: &Pairs, stats: Stats) -> Result<(Tensor, Tensor)> {
        let (joint, marginal) = match self {
            Self::Dot(c) => c.score(features, codes, pairs, stats)?,
            Self::Concat(c) => c.score(features, codes, pairs)?,
        };
        Ok((joint.reshape((pairs.groups, pairs.positives))?, marginal.reshape((pairs.groups, pairs.negatives))?))
    }
}
